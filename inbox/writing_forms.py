"""What the pages for canned replies and macros send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django import forms

from inbox import access
from inbox.actions import canning
from inbox.models import Brand, CannedReply, Channel, Macro, Person, Priority, Tag, Team
from inbox.queries import macros
from inbox.rules import language_names, snooze_times, variables


class TextWithVariables(forms.CharField):
    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=canning.LONGEST, strip=False, **kwargs)
        self.widget.attrs["dir"] = "auto"

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace("\r\n", "\n").strip()
        try:
            variables.check(text)
        except variables.InvalidText as refused:
            raise forms.ValidationError(str(refused)) from refused
        return text


class CannedReplyForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    shortcut = forms.CharField(
        max_length=30, required=False, label="Shortcut", help_text="Typed after / in the composer, such as “refund”. Letters and digits."
    )  # fmt: skip
    for_all = forms.BooleanField(required=False, label="For everybody in the brand")
    text = TextWithVariables(label="Text")
    channels = forms.TypedMultipleChoiceField(
        required=False, coerce=int, label="Only on these channels", widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, brand: Brand, reply: CannedReply | None, may_set_up: bool, **kwargs: Any
    ) -> None:
        if reply:
            kwargs["initial"] = {
                "name": reply.name, "shortcut": reply.shortcut, "text": reply.text, "channels": reply.channels,
                **{f"text-{code}": words for code, words in reply.translations.items()},
            }  # fmt: skip
        else:
            kwargs["initial"] = {"for_all": may_set_up}
        super().__init__(*args, **kwargs)
        if reply or not may_set_up:
            del self.fields["for_all"]
        channels = self.fields["channels"]
        assert isinstance(channels, forms.TypedMultipleChoiceField)
        channels.choices = [(each.pk, str(each)) for each in Channel.objects.of_brand(brand).order_by("pk")]
        kept = reply.translations if reply else {}
        self.languages = list(dict.fromkeys([*brand.languages, *kept]))
        for code in self.languages:
            self.fields[f"text-{code}"] = TextWithVariables(
                required=False, label=f"In {language_names.named(code)}"
            )

    def clean_shortcut(self) -> str:
        shortcut: str = self.cleaned_data["shortcut"].lstrip("/").strip().lower()
        if not re.fullmatch(r"[\w-]*", shortcut):
            raise forms.ValidationError(
                "A shortcut is one word of letters, digits and hyphens, such as “refund”."
            )
        return shortcut

    @property
    def translated(self) -> Iterator[forms.BoundField]:
        return (self[f"text-{code}"] for code in self.languages)

    @property
    def named_languages(self) -> list[str]:
        return [language_names.named(code) for code in self.languages]

    @property
    def has_translations(self) -> bool:
        return any(field.value() or field.errors for field in self.translated)

    @property
    def translations(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"text-{code}"] for code in self.languages}


class MacroForm(forms.Form):
    name = forms.CharField(max_length=80, label="Name")
    shortcut = forms.CharField(
        max_length=30, required=False, label="Shortcut", help_text="Typed after / in the composer."
    )
    for_all = forms.BooleanField(required=False, label="For everybody in the brand")
    reply = forms.ModelChoiceField(
        CannedReply.objects.none(), required=False, label="Answers with", empty_label="No answer", to_field_name="public_id"
    )  # fmt: skip
    note = TextWithVariables(required=False, label="Leaves the note")
    puts_on = forms.TypedMultipleChoiceField(
        required=False, coerce=int, label="Puts on the tags", widget=forms.CheckboxSelectMultiple
    )
    takes_off = forms.TypedMultipleChoiceField(
        required=False, coerce=int, label="Takes off the tags", widget=forms.CheckboxSelectMultiple
    )
    assigns = forms.ChoiceField(required=False, label="Assigns it to")
    priority = forms.TypedChoiceField(
        required=False, coerce=int, empty_value=None, label="Sets the priority",
        choices=[("", "Leaves it as it is"), *Priority.choices, (0, "As the score says")],
    )  # fmt: skip
    snoozes = forms.CharField(
        max_length=80, required=False, label="Snoozes it until", help_text="As in the snooze: “2h”, “tomorrow”, “after reply”."
    )  # fmt: skip
    resolves = forms.BooleanField(required=False, label="Resolves it")

    def __init__(
        self,
        *args: Any,
        brand: Brand,
        macro: Macro | None,
        by: Person,
        may_set_up: bool,
        now: datetime,
        **kwargs: Any,
    ) -> None:
        kwargs["initial"] = {"for_all": may_set_up}
        if macro:
            kwargs["initial"] = {name: getattr(macro, name) for name in self.base_fields if name != "for_all"}
            kwargs["initial"]["reply"] = macro.reply.public_id if macro.reply else None
        super().__init__(*args, **kwargs)
        self._brand, self._by, self._now = brand, by, now
        if macro or not may_set_up:
            del self.fields["for_all"]
        reply = self.fields["reply"]
        assert isinstance(reply, forms.ModelChoiceField)
        reply.queryset = access.canned_replies_of(by, brand).order_by("name")
        tags = list(Tag.objects.filter(brand=brand).order_by("name").values_list("pk", "name"))
        people = [(f"person:{each.pk}", each.short_name) for each in access.colleagues_of(by, brand)]
        teams = [
            (f"team:{each.pk}", each.name)
            for each in Team.objects.staying().filter(brand=brand).order_by("name")
        ]
        whom = [("", "Leaves it as it is"), ("me", "Whoever runs it"), ("nobody", "Nobody"), *people]
        before = macro.assigns if macro else ""
        if before not in dict([*whom, *teams]):  # else saving something else would drop the step
            whom.append((before, macros.gone(before)))
        if teams:
            whom.append(("Teams", teams))  # type: ignore[arg-type]
        for name, choices in (("puts_on", tags), ("takes_off", tags), ("assigns", whom)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices

    clean_shortcut = CannedReplyForm.clean_shortcut

    def clean_snoozes(self) -> str:
        typed: str = self.cleaned_data["snoozes"].strip()
        if typed:
            try:
                macros.check(typed, self._by, self._brand, self._now)
            except snooze_times.NotUnderstood as refused:
                raise forms.ValidationError(str(refused)) from refused
        return typed

    def clean(self) -> dict[str, Any]:
        told: dict[str, Any] = super().clean() or {}
        if self.errors:
            return told
        snoozes, resolves = told["snoozes"], told["resolves"]
        does = ("reply", "note", "puts_on", "takes_off", "assigns", "snoozes", "resolves")
        if not any(told[name] for name in does) and told["priority"] is None:
            self.add_error(None, "Choose at least one thing that it does.")
        if snoozes and resolves:
            self.add_error("snoozes", "It is snoozed or resolved, not both.")
        if both := set(told["puts_on"]) & set(told["takes_off"]):
            name = Tag.objects.get(pk=both.pop()).name
            self.add_error("takes_off", f"“{name}” is put on and taken off. Choose one.")
        return told

    @property
    def columns(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "for_all"}
