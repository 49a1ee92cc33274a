"""The harbour's rows in Django's admin, to be looked at by those who run the installation. What is to be changed is changed in the
sync console, which knows what follows from it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from connectors.models import (
    Alarm,
    ChannelHealth,
    DeadItem,
    DeliveryAttempt,
    Gap,
    Receipt,
    SyncRun,
    SyncSchedule,
)
from inbox import access


class Readable(admin.ModelAdmin):  # type: ignore[type-arg]
    show_full_result_count = False  # it would count millions
    ordering = ("-pk",)
    list_per_page = 50

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access.runs_installation(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access.runs_installation(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SyncSchedule)
class SyncScheduleAdmin(Readable):
    list_display = ("channel", "task", "next_run_at", "paused", "is_slow", "failures", "last_error")
    list_filter = ("task", "paused")
    list_select_related = ("channel",)


@admin.register(SyncRun)
class SyncRunAdmin(Readable):
    list_display = ("channel", "task", "state", "started_at", "ended_at", "new_messages", "error")
    list_filter = ("task", "state")
    list_select_related = ("channel",)


@admin.register(Gap)
class GapAdmin(Readable):
    list_display = ("channel", "cause", "since", "until", "healed_at", "brought", "lost")
    list_select_related = ("channel",)


@admin.register(Alarm)
class AlarmAdmin(Readable):
    list_display = ("channel", "kind", "task", "said", "raised_at", "cleared_at", "mailed_at")
    list_select_related = ("channel",)


@admin.register(ChannelHealth)
class ChannelHealthAdmin(Readable):
    list_display = ("channel", "last_receipt_at", "complete_until", "subscribed", "bad_signatures")
    list_select_related = ("channel",)


@admin.register(Receipt)
class ReceiptAdmin(Readable):
    """Without its body: what customers wrote is for those who answer them."""

    list_display = ("id", "channel", "received_at", "state", "items", "reason", "delivery")
    list_select_related = ("channel",)
    exclude = ("body",)


@admin.register(DeadItem)
class DeadItemAdmin(Readable):
    list_display = ("id", "channel", "reason", "created_at", "replayed_at")
    list_select_related = ("channel",)
    exclude = ("payload",)
    raw_id_fields = ("receipt",)


@admin.register(DeliveryAttempt)
class DeliveryAttemptAdmin(Readable):
    list_display = ("id", "started_at", "ended_at", "outcome", "code", "reason")
    raw_id_fields = ("message",)
