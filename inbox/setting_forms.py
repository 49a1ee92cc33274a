"""What the settings' pages send. What makes no sense is refused with what to write instead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms

from inbox import platforms
from inbox.learning import languages
from inbox.models import (
    Brand,
    BusinessHours,
    Channel,
    ConversationKind,
    Person,
    Priority,
    SlaPolicy,
    Tag,
    TagRule,
)
from inbox.queries import holds
from inbox.rules import language_names, priority, tagging
from inbox.setting_fields import (
    ColleagueField,
    HolidaysField,
    IntervalsField,
    LengthField,
    WarningsField,
    WordsField,
    ZoneField,
)

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HEAVIEST = 100


class PolicyForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    first_response = LengthField(required=False, label="First response within", initial=600)
    next_response = LengthField(required=False, label="Each next response within")
    resolution = LengthField(required=False, label="Resolved within")
    hours = forms.ModelChoiceField(
        BusinessHours.objects.none(), required=False, label="Counted in", empty_label="Around the clock", to_field_name="public_id"
    )  # fmt: skip
    priorities = forms.TypedMultipleChoiceField(
        choices=Priority.choices, coerce=int, required=False, label="Only these priorities", widget=forms.CheckboxSelectMultiple
    )  # fmt: skip
    channels = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="Only these channels", widget=forms.CheckboxSelectMultiple
    )
    tags = forms.MultipleChoiceField(
        required=False, label="Only with one of these tags", widget=forms.CheckboxSelectMultiple
    )
    position = forms.IntegerField(
        min_value=0, max_value=999, initial=0, label="Place in the order", help_text="The first that fits is kept."
    )  # fmt: skip
    warnings = WarningsField(
        required=False, initial=[50, 80], label="Warn at percent used up", help_text="Such as “50, 80”."
    )
    pauses_for_customer = forms.BooleanField(
        required=False, initial=True, label="Resolution stands still while the customer has the word"
    )
    pauses_snoozed = forms.BooleanField(
        required=False, initial=True, label="Stands still while it is snoozed"
    )
    pauses_pending = forms.BooleanField(
        required=False, initial=True, label="Stands still while it is pending (a bot or the customer has it)"
    )
    raises_priority = forms.BooleanField(
        required=False, initial=True, label="A broken promise makes it urgent"
    )
    unassigns_late = forms.BooleanField(required=False, label="A broken promise takes it from its assignee")
    reassigns_to = ColleagueField(
        Person.objects.none(), required=False, label="A broken promise gives it to", empty_label="Nobody in particular",
        to_field_name="public_id", help_text="Whoever has left by then is passed over: it goes to nobody.",
    )  # fmt: skip
    notifies_assignee = forms.BooleanField(
        required=False, initial=True, label="Its assignee is told of warnings and of a broken promise"
    )
    notifies_managers = forms.BooleanField(
        required=False, initial=True, label="Managers and administrators are told of a broken promise"
    )
    notifies = forms.TypedMultipleChoiceField(
        coerce=int, required=False, label="Told of both, too", widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, brand: Brand, policy: SlaPolicy | None = None, **kwargs: Any) -> None:
        if policy:
            kwargs["initial"] = {name: getattr(policy, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        hours = self.fields["hours"]
        assert isinstance(hours, forms.ModelChoiceField)
        hours.queryset = BusinessHours.objects.filter(brand=brand).order_by("name")
        self._choose(
            "channels", [(each.pk, str(each)) for each in Channel.objects.of_brand(brand).order_by("pk")]
        )
        names = Tag.objects.filter(brand=brand).order_by("name").values_list("name", flat=True)
        self._choose("tags", [(name, name) for name in names])
        colleagues = Person.objects.filter(memberships__brand=brand, is_active=True).order_by("name", "email")
        to = self.fields["reassigns_to"]
        assert isinstance(to, ColleagueField)
        to.offer(colleagues, before=policy.reassigns_to_id if policy else None)
        self._choose("notifies", [(each.pk, each.short_name) for each in colleagues])

    def _choose(self, name: str, choices: list[tuple[Any, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(
            told[name] for name in ("first_response", "next_response", "resolution")
        ):
            self.add_error(None, "Promise something: a first response, a next response or a resolution.")
        if not self.errors and told["unassigns_late"] and told["reassigns_to"]:
            self.add_error(
                "reassigns_to", "It cannot be given to somebody and to nobody: choose one of the two."
            )
        return told


class HoursForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    time_zone = ZoneField(max_length=64, label="Time zone", help_text="Such as “Europe/Berlin”.")
    holidays = HolidaysField(
        required=False, label="Holidays",
        help_text="A line for each: “2026-12-25 Christmas”, or with other times “2026-12-24 Christmas Eve: 9–12”.",
    )  # fmt: skip

    def __init__(self, *args: Any, brand: Brand, hours: BusinessHours | None = None, **kwargs: Any) -> None:
        week = hours.week if hours else {str(day): [[540, 1080]] for day in range(5)}
        kwargs["initial"] = {
            "name": hours.name if hours else "", "time_zone": hours.time_zone if hours else brand.time_zone,
            "holidays": [(each.day, each.name, each.intervals) for each in hours.holidays.all()] if hours else [],
            **{f"day-{day}": week.get(str(day), []) for day in range(7)},
        }  # fmt: skip
        super().__init__(*args, **kwargs)
        for number, day in enumerate(DAYS):
            self.fields[f"day-{number}"] = IntervalsField(required=False, label=day, max_length=200)

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[f"day-{number}"] for number in range(7)]

    @property
    def week(self) -> dict[str, Any]:
        return {str(number): found for number in range(7) if (found := self.cleaned_data[f"day-{number}"])}


class ZoneForm(forms.Form):
    time_zone = ZoneField(
        max_length=64, label="Time zone of the brand’s days", help_text="Such as “Europe/Berlin”.",
        widget=forms.TextInput(attrs={"list": "zones"}),
    )  # fmt: skip


class WeightsForm(forms.Form):
    def __init__(self, *args: Any, brand: Brand, saved: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tags = {f"tag-{tag.pk}": tag for tag in Tag.objects.filter(brand=brand).order_by("name")}
        told = [(weight.key, weight.label, saved[weight.key]) for weight in priority.WEIGHTS.values()]
        told += [(name, tag.name, tag.weight) for name, tag in self.tags.items()]
        for name, label, value in told:
            self.fields[name] = forms.IntegerField(
                min_value=-HEAVIEST, max_value=HEAVIEST, initial=value, label=label,
                error_messages={
                    "required": f"{label}: type a number, 0 for none.", "invalid": f"{label}: type a whole number.",
                    "min_value": f"{label}: not below -{HEAVIEST}.", "max_value": f"{label}: not above {HEAVIEST}.",
                },
            )  # fmt: skip

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
        for group in priority.GROUPS:
            yield group.title, [self[weight.key] for weight in group.weights]
        if self.tags:
            yield "Tags", [self[name] for name in self.tags]
        yield "From which score on", [self[weight.key] for weight in priority.THRESHOLDS]

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not self.errors and not told["normal_from"] < told["high_from"] < told["urgent_from"]:
            self.add_error(None, "Normal must begin below high, and high below urgent.")
        return told

    @property
    def facts(self) -> dict[str, int]:
        return {key: self.cleaned_data[key] for key in priority.WEIGHTS}

    @property
    def tag_weights(self) -> dict[str, int]:
        return {tag.name: self.cleaned_data[name] for name, tag in self.tags.items()}


class TagRuleForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    tag = forms.CharField(
        max_length=60, label="Sets the tag", help_text="A new name makes a new tag.", widget=forms.TextInput(attrs={"list": "tags"})
    )  # fmt: skip
    words = WordsField(
        required=False, label="When one of these is said",
        help_text="Commas between them. Whole words, whatever their case and accents; “refund*” is every word that begins so.",
    )  # fmt: skip
    without = WordsField(required=False, label="And none of these")
    languages = forms.MultipleChoiceField(
        required=False, label="Only in these languages", widget=forms.CheckboxSelectMultiple
    )
    platforms = forms.MultipleChoiceField(
        required=False, label="Only on these networks", widget=forms.CheckboxSelectMultiple
    )
    kinds = forms.MultipleChoiceField(
        required=False, label="Only in", choices=ConversationKind.choices, widget=forms.CheckboxSelectMultiple
    )
    position = forms.IntegerField(min_value=0, max_value=999, initial=0, label="Place in the order")

    def __init__(self, *args: Any, brand: Brand, rule: TagRule | None = None, **kwargs: Any) -> None:
        if rule:
            kwargs["initial"] = {
                "name": rule.name, "tag": rule.tag.name, "position": rule.position, **rule.condition,
            }  # fmt: skip
        super().__init__(*args, **kwargs)
        self.condition: tagging.Condition | None = None
        self.tags = list(Tag.objects.filter(brand=brand).order_by("name").values_list("name", flat=True))
        # What is ticked stays on offer though it has gone since: without it the rule would hold everywhere when it is saved.
        told = rule.condition if rule else {}
        codes = dict.fromkeys([*brand.languages, *told.get("languages", [])])
        labels = {each.key: each.label for each in platforms.installed()}
        keys = dict.fromkeys([*labels, *told.get("platforms", [])])
        self._choose("languages", [(code, language_names.named(code)) for code in codes])
        self._choose("platforms", [(key, labels.get(key, key)) for key in keys])

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = choices

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if not self.errors:
            try:
                self.condition = tagging.parse({part: told[part] for part in tagging.LISTS})
            except tagging.InvalidCondition as refused:
                self.add_error("words", str(refused))
        return told


class LanguagesForm(forms.Form):
    languages = WordsField(
        label="Languages", widget=forms.TextInput, help_text="Codes such as “en, de, fr”: a message is taken to be in one of them."
    )  # fmt: skip

    def clean_languages(self) -> list[str]:
        codes = [code.lower() for code in self.cleaned_data["languages"]]
        # Without the packages the names say what is a language: once they are there, the brand's are as they should be.
        if unknown := sorted(set(codes) - (languages.known() or language_names.NAMES.keys())):
            raise forms.ValidationError(f"“{unknown[0]}” is no language that can be told apart.")
        return list(dict.fromkeys(codes))


_WAITS = [(0, "not at all"), *((seconds, f"{seconds} seconds") for seconds in holds.OFFERED if seconds)]


class HoldForm(forms.Form):
    seconds = forms.TypedChoiceField(
        label="Replies of this brand wait", coerce=int, choices=_WAITS, widget=forms.Select
    )


class OwnHoldForm(forms.Form):
    """Empty: as the brand says."""

    seconds = forms.TypedChoiceField(
        label="My replies wait", coerce=int, choices=[("", "as the brand says"), *_WAITS], required=False, empty_value=None
    )  # fmt: skip


class KeysForm(forms.Form):
    letters = forms.BooleanField(label="Single-letter keys", required=False)
