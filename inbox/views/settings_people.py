"""Who works for the brand: for those who administer it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from inbox import access, mail_server
from inbox.actions import employing
from inbox.models import Membership, Person, Role
from inbox.people_forms import InvitationForm, RoleForm
from inbox.queries import members
from inbox.views import _invitation, _settings
from inbox.views._door import AgentRequest, signed_in

HERE = "settings-people"


@require_GET
@signed_in
def index(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_administering(request.user, brand_slug)
    return _settings.page(request, "people.html", brand, HERE, members=members.of_brand(brand))


@require_http_methods(["GET", "POST"])
@signed_in
def create(request: AgentRequest, brand_slug: str) -> HttpResponse:
    brand = access.brand_for_administering(request.user, brand_slug)
    form = InvitationForm(request.POST or None)
    if form.is_valid():
        told = form.cleaned_data
        try:
            person = employing.invite(
                brand=brand, email=told["email"], name=told["name"], role=Role(told["role"]), by=request.user, now=timezone.now()
            )  # fmt: skip
        except employing.Refused as refused:
            form.add_error("email", str(refused))
        else:
            messages.success(
                request, f"{person.short_name} works here now. {_invitation.send(request, person, brand)}"
            )
            return redirect("inbox:settings-people", brand_slug=brand.slug)
    status = 422 if form.is_bound else 200
    return _settings.page(
        request, "invitation.html", brand, HERE, status=status, form=form, mail_leaves=mail_server.is_set()
    )


@require_http_methods(["GET", "POST"])
@signed_in
def edit(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    membership = access.membership_for_administering(request.user, brand_slug, public_id)
    person = membership.person
    form = RoleForm(request.POST or None, membership=membership)
    if form.is_valid():
        role = Role(form.cleaned_data["role"])
        try:
            employing.give_role(
                brand=membership.brand, person=person, role=role, by=request.user, now=timezone.now()
            )
        except employing.Refused as refused:
            form.add_error("role", str(refused))
        else:
            messages.success(request, f"{person.short_name} is {role.label} here.")
            if not access.may(person, membership.brand, access.Permission.RUN_CHANNELS):
                _warn_of_staff(request, person)
            return _onwards(request, brand_slug)
    return _shown(request, membership, form, status=422 if form.is_bound else 200)


@require_POST
@signed_in
def invitation(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    """The mail once more, for whoever has no password yet."""
    membership = access.membership_for_administering(request.user, brand_slug, public_id)
    messages.info(request, _invitation.send(request, membership.person, membership.brand))
    return redirect("inbox:settings-person", brand_slug=brand_slug, public_id=public_id)


@require_POST
@signed_in
def removal(request: AgentRequest, brand_slug: str, public_id: UUID) -> HttpResponse:
    membership = access.membership_for_administering(request.user, brand_slug, public_id)
    person, brand = membership.person, membership.brand
    try:
        employing.remove(brand=brand, person=person, by=request.user, now=timezone.now())
    except employing.Refused as refused:
        form = RoleForm(membership=membership)
        return _shown(request, membership, form, status=422, refused=str(refused))
    messages.success(
        request,
        f"{person.short_name} does not work for {brand.name} any more. What they had under way is given back.",
    )
    _warn_of_staff(request, person)
    return _onwards(request, brand_slug)


def _warn_of_staff(request: AgentRequest, person: Person) -> None:
    """No brand gives that right, so none takes it."""
    if person.is_staff or person.is_superuser:
        messages.warning(
            request,
            f"{person.short_name} is still staff of this installation, and its pages show every brand. Whoever runs it closes them "
            f"with manage.py person {person.email} --no-staff",
        )


def _onwards(request: AgentRequest, brand_slug: str) -> HttpResponse:
    """To the list, for whoever may still see it after what they did to themselves."""
    brand = access.brands_of(request.user).filter(slug=brand_slug).first()
    if brand is None or not access.may(request.user, brand, access.Permission.ADMINISTER):
        return redirect("inbox:home")
    return redirect("inbox:settings-people", brand_slug=brand_slug)


def _shown(
    request: AgentRequest, membership: Membership, form: RoleForm, *, status: int, refused: str = ""
) -> HttpResponse:
    person = membership.person
    return _settings.page(
        request, "person.html", membership.brand, HERE, status=status, form=form, person=person, refused=refused,
        has_password=person.has_usable_password(), mail_leaves=mail_server.is_set(),
    )  # fmt: skip
