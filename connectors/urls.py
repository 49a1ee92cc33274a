"""Pages of the harbour: a brand's channels, and the way to a platform's consent and back."""

from __future__ import annotations

from django.urls import path

from connectors.views import channels, consents, syncs

app_name = "connectors"

urlpatterns = [
    path("b/<slug:brand_slug>/channels/", channels.show, name="channels"),
    path("b/<slug:brand_slug>/channels/<str:platform>/consent/", consents.create, name="consent"),
    path("b/<slug:brand_slug>/channels/<uuid:public_id>/sync/", syncs.create, name="sync"),
    path("connect/<str:platform>/callback/", consents.callback, name="callback"),
]
