"""What the pages of teams and routing send. What makes no sense is refused with what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet

from inbox.models import Brand, Channel, ConversationKind, Desk, Person, RoutingSettings, Tag, Team
from inbox.rules import language_names, routing

MOST = 200  # of a person's capacity and of a conversation's weight
_WEIGHTS = {
    "direct": "A direct conversation", "group": "A group", "comment": "A public comment",
    "urgent": "Urgent adds", "high": "High adds", "normal": "Normal adds", "low": "Low adds",
}  # fmt: skip


def _ticks(label: str, **more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(required=False, label=label, widget=forms.CheckboxSelectMultiple, **more)


def _whole(label: str, lowest: int, highest: int, **more: Any) -> forms.IntegerField:
    told = f"{label}: type a whole number from {lowest} to {highest}."
    errors = dict.fromkeys(("required", "invalid", "min_value", "max_value"), told)
    return forms.IntegerField(min_value=lowest, max_value=highest, label=label, error_messages=errors, **more)


class TeamForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    position = _whole(
        "Place in the order", 0, 999, initial=0, help_text="The first team that takes such a conversation gets it."
    )  # fmt: skip
    is_active = forms.BooleanField(required=False, initial=True, label="Takes new conversations")
    members = _ticks("Members")
    channels = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="Only from these channels", widget=forms.CheckboxSelectMultiple
    )
    kinds = _ticks("Only these kinds", choices=ConversationKind.choices)
    tags = _ticks("Only with one of these tags")
    languages = _ticks("Only in these languages")

    def __init__(
        self, *args: Any, brand: Brand, colleagues: QuerySet[Person], team: Team | None = None, **kwargs: Any
    ) -> None:
        self._colleagues = {str(person.public_id): person for person in colleagues}
        if team:
            took = ("name", "position", "is_active", "channels", "kinds", "tags", "languages")
            members = team.members.values_list("public_id", flat=True)
            kwargs["initial"] = {
                **{name: getattr(team, name) for name in took},
                "members": [str(pk) for pk in members],
            }
        super().__init__(*args, **kwargs)
        names = _tags_of(brand, team.tags if team else [])
        _offer(self, "members", [(key, person.short_name) for key, person in self._colleagues.items()])
        channels = Channel.objects.of_brand(brand).order_by("platform", "pk")
        _offer(self, "channels", [(channel.pk, str(channel)) for channel in channels])
        _offer(self, "tags", [(name, name) for name in names])
        _offer(self, "languages", _languages_of(brand, team.languages if team else []))

    @property
    def columns(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "members"}

    @property
    def people(self) -> list[Person]:
        return [self._colleagues[key] for key in self.cleaned_data["members"]]


class DeskForm(forms.Form):
    capacity = _whole(
        "Can take at a time", 0, MOST, initial=Desk.CAPACITY,
        help_text="In the weights of the routing page: with the usual ones, so many direct conversations. 0: nothing by routing.",
    )  # fmt: skip
    languages = _ticks("Speaks")
    skills = _ticks("Skilled in")

    def __init__(self, *args: Any, brand: Brand, desk: Desk | None, **kwargs: Any) -> None:
        if desk:
            kwargs["initial"] = {
                "capacity": desk.capacity, "languages": desk.languages, "skills": desk.skills
            }  # fmt: skip
        super().__init__(*args, **kwargs)
        _offer(self, "languages", _languages_of(brand, desk.languages if desk else []))
        _offer(self, "skills", [(name, name) for name in _tags_of(brand, desk.skills if desk else [])])


class RoutingForm(forms.Form):
    is_on = forms.BooleanField(required=False, label="Parley hands out what nobody has")
    sticky_hours = _whole(
        "Hours for which a customer goes back to whoever answered them", 0, 720,
        help_text="Counted from that answer. 0: nobody is preferred.",
    )  # fmt: skip
    offline_minutes = _whole(
        "Minutes without an open page until somebody is offline", 1, 240,
        help_text="They get nothing new from 45 seconds on.",
    )  # fmt: skip
    requeue_minutes = _whole(
        "Minutes after that until what waits with them is taken back", 0, 1440,
        help_text="Only conversations whose customers wait for an answer. 0: at once.",
    )  # fmt: skip

    def __init__(self, *args: Any, saved: RoutingSettings, **kwargs: Any) -> None:
        weights = {**routing.WEIGHTS, **saved.weights}
        kwargs["initial"] = {
            "is_on": saved.is_on, "sticky_hours": saved.sticky_seconds // 3600,
            "offline_minutes": max(1, saved.offline_after // 60), "requeue_minutes": saved.requeue_after // 60,
            **{f"weight-{key}": weight for key, weight in weights.items()},
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        for key, label in _WEIGHTS.items():
            lowest = 1 if key in ConversationKind.values else 0
            self.fields[f"weight-{key}"] = _whole(label, lowest, MOST)

    def weights(self) -> Iterator[forms.BoundField]:
        yield from (self[f"weight-{key}"] for key in _WEIGHTS)

    @property
    def figures(self) -> dict[str, Any]:
        told = self.cleaned_data
        return {
            "is_on": told["is_on"], "sticky_seconds": told["sticky_hours"] * 3600,
            "offline_after": told["offline_minutes"] * 60, "requeue_after": told["requeue_minutes"] * 60,
            "weights": {key: told[f"weight-{key}"] for key in _WEIGHTS},
        }  # fmt: skip


def _offer(form: forms.Form, name: str, choices: list[tuple[Any, str]]) -> None:
    field = form.fields[name]
    assert isinstance(field, forms.MultipleChoiceField)
    field.choices = choices


def _languages_of(brand: Brand, told: list[str]) -> list[tuple[str, str]]:
    """The brand's languages, and those that are ticked already though the brand has them no more: a team of none takes everything."""
    return [(code, language_names.named(code)) for code in dict.fromkeys([*brand.languages, *told])]


def _tags_of(brand: Brand, told: list[str]) -> list[str]:
    """The brand's tags, and those that are ticked already though they have gone since."""
    names = Tag.objects.filter(brand=brand).order_by("name").values_list("name", flat=True)
    return list(dict.fromkeys([*names, *told]))
