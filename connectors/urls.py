"""Pages of the harbour: a brand's channels and their syncs, and the way to a platform's consent and back."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from connectors.views import (
    audit,
    channels,
    connections,
    consents,
    coverage,
    dead_items,
    runs,
    schedules,
    syncs,
)

app_name = "connectors"

channel: list[URLPattern | URLResolver] = [
    path("", connections.show, name="connection"),
    path("look/", connections.look, name="look"),
    path("automatic/", connections.automatic, name="automatic"),
    path("retire/", connections.retire, name="retire"),
    path("sync/", syncs.create, name="sync"),
    path("backfills/", runs.backfill, name="backfills"),
]
sync: list[URLPattern | URLResolver] = [
    path("schedules/", schedules.index, name="schedules"),
    path("schedules/<int:pk>/", schedules.edit, name="schedule"),
    path("schedules/<int:pk>/pause/", schedules.pause, name="schedule-pause"),
    path("schedules/<int:pk>/runs/", schedules.run, name="schedule-run"),
    path("runs/", runs.index, name="runs"),
    path("runs/<int:pk>/", runs.show, name="run"),
    path("runs/<int:pk>/stop/", runs.stop, name="run-stop"),
    path("coverage/", coverage.index, name="coverage"),
    path("coverage/<uuid:public_id>/", coverage.show, name="coverage-of"),
    path("dead-items/", dead_items.index, name="dead-items"),
    path("dead-items/replay/", dead_items.replay_all, name="dead-items-replay"),
    path("dead-items/<int:pk>/replay/", dead_items.replay, name="dead-item-replay"),
]

urlpatterns = [
    path("b/<slug:brand_slug>/channels/", channels.show, name="channels"),
    path("b/<slug:brand_slug>/channels/<uuid:public_id>/", include(channel)),
    path("b/<slug:brand_slug>/channels/<str:platform>/consent/", consents.create, name="consent"),
    path("b/<slug:brand_slug>/sync/", include(sync)),
    path("b/<slug:brand_slug>/audit/", audit.index, name="audit"),
    path("b/<slug:brand_slug>/audit/export/", audit.export, name="audit-export"),
    path("connect/<str:platform>/callback/", consents.callback, name="callback"),
]
