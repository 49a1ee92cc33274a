"""What the pages for canned replies send."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django import forms

from inbox.actions import canning
from inbox.models import Brand, CannedReply, Channel
from inbox.rules import variables


class TextWithVariables(forms.CharField):
    widget = forms.Textarea

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=canning.LONGEST, strip=False, **kwargs)

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
            self.fields[f"text-{code}"] = TextWithVariables(required=False, label=f"In {code}")

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
    def has_translations(self) -> bool:
        return any(field.value() or field.errors for field in self.translated)

    @property
    def translations(self) -> dict[str, str]:
        return {code: self.cleaned_data[f"text-{code}"] for code in self.languages}
