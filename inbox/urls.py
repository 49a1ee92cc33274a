"""Addresses of the workspace. What is created or deleted is a thing: an assignment, a resolution, an attempt."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from inbox.views import (
    assignments,
    attachments,
    attempts,
    conversations,
    focus,
    inbox,
    merges,
    palette,
    platforms,
    priorities,
    promises,
    readings,
    replies,
    resolutions,
    settings_canned,
    settings_hours,
    settings_policies,
    settings_priority,
    settings_tags,
    snoozes,
    tags,
    vips,
    writing,
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
    path("promise/", promises.promise, name="promise"),
    path("promise/preview/", promises.preview, name="promise-preview"),
    path("no-reply-needed/", promises.no_reply_needed, name="no-reply-needed"),
    path("tags/", tags.tags, name="tags"),
    path("tags/<int:tag_id>/", tags.tag, name="tag"),
    path("vip/", vips.vip, name="vip"),
    path("writing/", writing.offers, name="writing"),
    path("merges/", merges.choices, name="merges"),
    path("merges/<uuid:other_id>/", merges.merge, name="merge"),
    path("readings/", readings.reading, name="readings"),
    path("focus/", focus.take_over, name="focus-takeover"),
]
settings: list[URLPattern | URLResolver] = [
    path("", settings_priority.home, name="settings"),
    path("priority/", settings_priority.weights, name="settings-priority"),
    path("priority/preview/", settings_priority.preview, name="settings-priority-preview"),
    path("policies/", settings_policies.index, name="settings-policies"),
    path("policies/new/", settings_policies.create, name="settings-policy-new"),
    path("policies/<uuid:public_id>/", settings_policies.edit, name="settings-policy"),
    path(
        "policies/<uuid:public_id>/retirement/",
        settings_policies.retirement,
        name="settings-policy-retirement",
    ),
    path("tags/", settings_tags.index, name="settings-tag-rules"),
    path("tags/new/", settings_tags.create, name="settings-tag-rule-new"),
    path("tags/languages/", settings_tags.languages, name="settings-languages"),
    path("tags/<uuid:public_id>/", settings_tags.edit, name="settings-tag-rule"),
    path("tags/<uuid:public_id>/switch/", settings_tags.switch, name="settings-tag-rule-switch"),
    path("tags/<uuid:public_id>/removal/", settings_tags.removal, name="settings-tag-rule-removal"),
    path("canned/", settings_canned.index, name="settings-canned"),
    path("canned/new/", settings_canned.create, name="settings-canned-new"),
    path("canned/<uuid:public_id>/", settings_canned.edit, name="settings-canned-reply"),
    path("canned/<uuid:public_id>/removal/", settings_canned.removal, name="settings-canned-removal"),
    path("hours/", settings_hours.index, name="settings-hours"),
    path("hours/new/", settings_hours.create, name="settings-hours-new"),
    path("hours/<uuid:public_id>/", settings_hours.edit, name="settings-hours-edit"),
    path("hours/<uuid:public_id>/removal/", settings_hours.removal, name="settings-hours-removal"),
]
brand: list[URLPattern | URLResolver] = [
    path("inbox/<str:view_name>/", inbox.show, name="list"),
    path("inbox/<str:view_name>/rows/", inbox.rows, name="rows"),
    path("inbox/<str:view_name>/rows/<slug:sort_name>/", inbox.rows, name="sorted-rows"),
    path("conversations/<uuid:public_id>/", include(conversation)),
    path("settings/", include(settings)),
    path("focus/", focus.focus, name="focus"),
    path("palette/", palette.offers, name="palette"),
    path("canned/<uuid:public_id>/use/", writing.use, name="canned-use"),
    path("messages/<uuid:public_id>/attempt/", attempts.attempt, name="attempt"),
]
urlpatterns = [
    path("", inbox.home, name="home"),
    path("b/<slug:brand_slug>/", include(brand)),
    path("platforms.css", platforms.colours, name="platform-colours"),
    path("media/<uuid:public_id>/", attachments.show, name="media"),
    path("out/<str:token>/", attachments.hand_over, name="outgoing-file"),
]
