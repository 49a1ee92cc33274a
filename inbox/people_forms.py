"""What the pages of a brand's people send."""

from __future__ import annotations

from typing import Any

from django import forms

from inbox.models import Membership, Role

ROLES_TOLD = (
    "Agents answer customers. Managers answer, see reports and set up how the brand works. Operations answer, and connect and sync "
    "channels. Administrators do all of this, and say who works here."
)


def _role(**more: Any) -> forms.ChoiceField:
    return forms.ChoiceField(choices=Role.choices, label="Role", help_text=ROLES_TOLD, **more)


class InvitationForm(forms.Form):
    email = forms.EmailField(
        max_length=254, label="E-mail address", help_text="They sign in with it, and it stays theirs."
    )
    name = forms.CharField(
        max_length=120,
        required=False,
        label="Name",
        help_text="As colleagues read it. Whoever has an account keeps their own.",
    )
    role = _role(initial=Role.AGENT)


class RoleForm(forms.Form):
    role = _role()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        kwargs["initial"] = {"role": membership.role}
        super().__init__(*args, **kwargs)
