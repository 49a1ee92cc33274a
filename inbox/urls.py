"""Addresses of the workspace. What is created or deleted is a thing: an assignment, a resolution, an attempt."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from inbox.views import (
    assignments,
    attachments,
    attempts,
    conversations,
    inbox,
    platforms,
    priorities,
    readings,
    replies,
    resolutions,
    snoozes,
    vips,
)

app_name = "inbox"

conversation: list[URLPattern | URLResolver] = [
    path("", conversations.show, name="conversation"),
    path("messages/", conversations.messages, name="messages"),
    path("composer/", conversations.composer, name="composer"),
    path("replies/", replies.create, name="replies"),
    path("notes/", replies.create_note, name="notes"),
    path("attachments/", attachments.create, name="attachments"),
    path("assignment/", assignments.assignment, name="assignment"),
    path("resolution/", resolutions.resolution, name="resolution"),
    path("priority/", priorities.priority, name="priority"),
    path("snooze/", snoozes.snooze, name="snooze"),
    path("snooze/preview/", snoozes.preview, name="snooze-preview"),
    path("vip/", vips.vip, name="vip"),
    path("readings/", readings.reading, name="readings"),
]
brand: list[URLPattern | URLResolver] = [
    path("inbox/<str:view_name>/", inbox.show, name="list"),
    path("inbox/<str:view_name>/rows/", inbox.rows, name="rows"),
    path("conversations/<uuid:public_id>/", include(conversation)),
    path("messages/<uuid:public_id>/attempt/", attempts.attempt, name="attempt"),
]
urlpatterns = [
    path("", inbox.home, name="home"),
    path("b/<slug:brand_slug>/", include(brand)),
    path("platforms.css", platforms.colours, name="platform-colours"),
    path("media/<uuid:public_id>/", attachments.show, name="media"),
    path("out/<str:token>/", attachments.hand_over, name="outgoing-file"),
]
