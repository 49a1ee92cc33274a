"""Texts of the settings as people write them, read into what the rules know; what is not understood says what to write instead."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Model, Q, QuerySet

from inbox.models import Person
from inbox.rules import length_text, week_text, zones


class LengthField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        try:
            return length_text.read(super().to_python(value) or "")
        except length_text.NotUnderstood as refused:
            raise forms.ValidationError(str(refused)) from refused

    def prepare_value(self, value: Any) -> Any:
        return length_text.say(value) if isinstance(value, int) else value


class IntervalsField(forms.CharField):
    def to_python(self, value: Any) -> Any:
        try:
            return week_text.read(super().to_python(value) or "")
        except week_text.NotUnderstood as refused:
            raise forms.ValidationError(str(refused)) from refused

    def prepare_value(self, value: Any) -> Any:
        return week_text.say(value) if isinstance(value, list) else value


class HolidaysField(forms.CharField):
    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        try:
            return week_text.read_holidays(super().to_python(value) or "")
        except week_text.NotUnderstood as refused:
            raise forms.ValidationError(str(refused)) from refused

    def prepare_value(self, value: Any) -> Any:
        return week_text.say_holidays(value) if isinstance(value, list) else value


class WarningsField(forms.CharField):
    """ "50, 80": percent of the target that is used up."""

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        parts = [part.strip().rstrip("%").strip() for part in text.split(",") if part.strip()]
        if not all(part.isdecimal() and len(part) < 4 and 0 < int(part) < 100 for part in parts):
            raise forms.ValidationError("Warnings are percents between 1 and 99, such as “50, 80”.")
        return sorted({int(part) for part in parts})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list) else value


class WordsField(forms.CharField):
    """Words and phrases with commas or line ends between them."""

    widget = forms.Textarea

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value) or ""
        return [word.strip() for word in text.replace("\n", ",").split(",") if word.strip()]

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class ZoneField(forms.CharField):
    def validate(self, value: Any) -> None:
        super().validate(value)
        if value and not zones.is_one(value):
            raise forms.ValidationError(zones.refusal(value))


class ColleagueField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django knows no arguments of it when it runs
    """One of those who work here. Who was chosen before stays on offer though they have left since: saving something else chooses nobody new."""

    gone: int | None = None

    def offer(self, colleagues: QuerySet[Person], *, before: int | None) -> None:
        if before is not None and not colleagues.filter(pk=before).exists():
            self.gone = before
        here = colleagues.order_by().values("pk")
        self.queryset = Person.objects.filter(Q(pk__in=here) | Q(pk=self.gone)).order_by("name", "email")

    def label_from_instance(self, obj: Model) -> str:
        return f"{obj} (has left)" if obj.pk == self.gone else str(obj)
