"""What the workspace's pages send. A form checks shape; rules and actions decide."""

from __future__ import annotations

import sys
from typing import Any

from django import forms

from inbox.models import BulkAct, Priority


def _number(**more: Any) -> forms.IntegerField:
    """Of an event or of a version: the database has none that is greater."""
    return forms.IntegerField(min_value=0, max_value=sys.maxsize, **more)


class UuidListField(forms.Field):
    """Several values of one name, each a UUID."""

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> list[Any]:
        single = forms.UUIDField()
        return [single.clean(item) for item in value or []]


class PassedField(forms.Field):
    """Several `UUID:number`, as {UUID: number}; a value may hold many, with spaces between: Django counts values, and takes only so many.

    Without a number it is the highest: an older page names none.
    """

    widget = forms.MultipleHiddenInput

    def clean(self, value: Any) -> dict[Any, int]:
        pairs = [item.partition(":") for many in value or [] for item in many.split()]
        number = _number(required=False)
        said = [number.clean(after) for _, _, after in pairs]
        ids = UuidListField().clean([public_id for public_id, _, _ in pairs])
        return {key: sys.maxsize if seq is None else seq for key, seq in zip(ids, said, strict=True)}


class SentDraftForm(forms.Form):
    """The page's draft of what it sends, as actions.drafting.Sent. An older page names the version alone."""

    draft = _number(required=False)
    tab = forms.UUIDField(required=False)
    step = forms.IntegerField(required=False, min_value=0, max_value=2_000_000_000)


class ReplyForm(SentDraftForm):
    client_id = forms.UUIDField()
    text = forms.CharField(required=False, strip=False, max_length=100_000)
    written_against = _number()
    reply_to = forms.CharField(required=False, max_length=400)
    attachments = UuidListField(required=False)


class NoteForm(SentDraftForm):
    client_id = forms.UUIDField()
    text = forms.CharField(strip=False, max_length=100_000)


class MacroRunForm(forms.Form):
    """`plan` is the mark of what was shown; `seen_seq` as for a reply."""

    seen_seq = _number()
    client_id = forms.UUIDField(required=False)
    plan = forms.CharField(required=False, max_length=64)


class DraftForm(forms.Form):
    """`base`: the version of the draft that the page began from, 0 for none."""

    text = forms.CharField(required=False, strip=False, max_length=100_000)
    uploads = UuidListField(required=False)
    reply_to = forms.CharField(required=False, max_length=400)
    written_against = _number()
    base = _number()
    tab = forms.UUIDField()
    step = forms.IntegerField(min_value=0, max_value=2_000_000_000)


class AssignmentForm(forms.Form):
    """To a person, or to a team; to nobody, when both are left out."""

    person = forms.UUIDField(required=False)
    team = forms.UUIDField(required=False)


class PresenceForm(forms.Form):
    away = forms.BooleanField(required=False)


class ResolutionForm(forms.Form):
    """Up to which event the conversation had been seen by whoever resolves it."""

    seen_seq = _number(required=False)


class AttemptForm(forms.Form):
    """`seen_seq` as for a reply; a page from before it was told does not say."""

    seen_seq = _number(required=False)


class ReadingForm(forms.Form):
    up_to_seq = _number()


class PriorityForm(forms.Form):
    priority = forms.TypedChoiceField(choices=Priority.choices, coerce=int)


class SnoozeForm(forms.Form):
    """Until when, as it was typed, and up to which event the conversation had been seen."""

    until = forms.CharField(required=False, max_length=80)
    seen_seq = _number(required=False)


class FocusForm(forms.Form):
    """Which view in which order, what the page shows or wants to show, and what was passed over with the newest number it had."""

    view = forms.CharField(max_length=80)
    sort = forms.CharField(required=False, max_length=20)
    conversation = forms.UUIDField(required=False)
    passed = PassedField(required=False)
    stays = forms.BooleanField(required=False)
    page = forms.UUIDField(required=False)


class FocusLeftForm(forms.Form):
    """Which page gives back what it had."""

    page = forms.UUIDField(required=False)


class BulkForm(forms.Form):
    """On a whole view, or on conversations named one by one."""

    act = forms.ChoiceField(choices=[choice for choice in BulkAct.choices if choice[0] != BulkAct.UNDO])
    value = forms.CharField(required=False, max_length=80)
    view = forms.CharField(required=False, max_length=120)
    ids = PassedField(
        required=False
    )  # each with the number up to which its row had been seen when it was selected
    seen_seq = _number()


class UndoForm(forms.Form):
    """The newest, when none is named: an action by its own id, the one that wrote a message, or a bulk."""

    undo = forms.UUIDField(required=False)
    message = forms.UUIDField(required=False)
    run = forms.UUIDField(required=False)


class UploadForm(forms.Form):
    file = forms.FileField(allow_empty_file=True)
