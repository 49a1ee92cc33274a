"""Who may see and do what. Every lookup made for a person starts here: what you may not see does not exist for you."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404

from inbox.models import (
    Attachment,
    Brand,
    BulkRun,
    BusinessHours,
    CannedReply,
    Channel,
    Contact,
    ContactMerge,
    Conversation,
    Handle,
    Macro,
    Membership,
    Message,
    Person,
    Role,
    SavedView,
    SlaPolicy,
    Tag,
    TagRule,
    Team,
)
from inbox.models.conversations import ConversationQuerySet

Asker = Person | AnonymousUser


class Permission(StrEnum):
    ANSWER = "answer"  # read and answer conversations
    SEE_REPORTS = "see_reports"
    RUN_CHANNELS = "run_channels"  # connect, sync, replay
    SET_UP = "set_up"  # tags, rules, weights, hours, promises
    ADMINISTER = "administer"  # people, roles, settings


_GRANTED: dict[str, frozenset[Permission]] = {
    Role.AGENT: frozenset({Permission.ANSWER}),
    Role.MANAGER: frozenset({Permission.ANSWER, Permission.SEE_REPORTS, Permission.SET_UP}),
    Role.OPERATIONS: frozenset({Permission.ANSWER, Permission.RUN_CHANNELS}),
    Role.ADMINISTRATOR: frozenset(Permission),
}


def brands_of(person: Asker) -> QuerySet[Brand]:
    if not person.is_active:
        return Brand.objects.none()
    return Brand.objects.filter(memberships__person_id=person.pk).order_by("name", "pk")


def brand_for(person: Asker, slug: str) -> Brand:
    return get_object_or_404(brands_of(person), slug=slug)


def granted_to(person: Asker, brand: Brand) -> frozenset[Permission]:
    """Everything this person may do in the brand, asked once."""
    if person.pk is None or not person.is_active:
        return frozenset()
    roles = brand.memberships.filter(person__pk=person.pk).values_list("role", flat=True)
    return frozenset[Permission]().union(*(_GRANTED[role] for role in roles))


def who_may(brand: Brand, permission: Permission) -> list[Person]:
    """Everybody who may do this in the brand, for what Parley itself has to tell them."""
    roles = [role for role, granted in _GRANTED.items() if permission in granted]
    found = Person.objects.filter(memberships__brand=brand, memberships__role__in=roles, is_active=True)
    return list(found.order_by("pk").distinct())


def may(person: Asker, brand: Brand, permission: Permission) -> bool:
    return permission in granted_to(person, brand)


def runs_installation(person: Asker) -> bool:
    """Operations and administrators who were also made staff of the whole installation: what they open there shows every brand."""
    if not person.is_active or not isinstance(person, Person):
        return False
    runs = [role for role, granted in _GRANTED.items() if Permission.RUN_CHANNELS in granted]
    return person.is_superuser or (person.is_staff and person.memberships.filter(role__in=runs).exists())


def _brand_where(person: Asker, slug: str, permission: Permission) -> Brand:
    brand = brand_for(person, slug)
    if not may(person, brand, permission):
        raise Http404
    return brand


def brand_for_running(person: Asker, slug: str) -> Brand:
    """The brand, for those who run its channels; 404 for everybody else."""
    return _brand_where(person, slug, Permission.RUN_CHANNELS)


def brand_for_setting_up(person: Asker, slug: str) -> Brand:
    """The brand, for those who decide how it works; 404 for everybody else."""
    return _brand_where(person, slug, Permission.SET_UP)


def brand_for_reports(person: Asker, slug: str) -> Brand:
    """The brand, for those who see its figures; 404 for everybody else."""
    return _brand_where(person, slug, Permission.SEE_REPORTS)


def brand_for_administering(person: Asker, slug: str) -> Brand:
    """The brand, for those who say who works for it; 404 for everybody else."""
    return _brand_where(person, slug, Permission.ADMINISTER)


def membership_for_administering(person: Asker, brand_slug: str, public_id: UUID | str) -> Membership:
    """Of anybody who works for the brand, whether they may sign in or not."""
    found = Membership.objects.select_related("brand", "person")
    brand = brand_for_administering(person, brand_slug)
    return get_object_or_404(found, brand=brand, person__public_id=public_id)


def policy_for(person: Asker, brand_slug: str, public_id: UUID | str) -> SlaPolicy:
    brand = brand_for_setting_up(person, brand_slug)
    found = SlaPolicy.objects.select_related("brand", "hours")
    return get_object_or_404(found, brand=brand, public_id=public_id)


def tag_rule_for(person: Asker, brand_slug: str, public_id: UUID | str) -> TagRule:
    brand = brand_for_setting_up(person, brand_slug)
    return get_object_or_404(TagRule.objects.select_related("brand", "tag"), brand=brand, public_id=public_id)


def hours_for(person: Asker, brand_slug: str, public_id: UUID | str) -> BusinessHours:
    brand = brand_for_setting_up(person, brand_slug)
    return get_object_or_404(BusinessHours.objects.select_related("brand"), brand=brand, public_id=public_id)


def canned_replies_of(person: Asker, brand: Brand) -> QuerySet[CannedReply]:
    """The brand's and one's own."""
    found = CannedReply.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk))
    return found.filter(Q(owner=None) | Q(owner_id=person.pk))


def canned_reply_for(person: Asker, brand_slug: str, public_id: UUID | str) -> CannedReply:
    """To insert. To change it, see canned_reply_to_change."""
    brand = brand_for(person, brand_slug)
    return get_object_or_404(
        canned_replies_of(person, brand).select_related("brand", "owner"), public_id=public_id
    )


def canned_reply_to_change(person: Asker, brand_slug: str, public_id: UUID | str) -> CannedReply:
    """One's own, and the brand's for those who set it up."""
    reply = canned_reply_for(person, brand_slug, public_id)
    if reply.owner_id is None and not may(person, reply.brand, Permission.SET_UP):
        raise Http404
    return reply


def saved_view_for(person: Asker, brand_slug: str, public_id: UUID | str) -> SavedView:
    """A view that this person may change: one's own, one's teams', or the brand's for those who set it up."""
    brand = brand_for(person, brand_slug)
    found = SavedView.objects.select_related("brand", "owner").filter(brand=brand)
    mine = Q(owner_id=person.pk) | Q(team__in=own_teams_of(person, brand))
    if may(person, brand, Permission.SET_UP):
        mine |= Q(owner__isnull=True)
    return get_object_or_404(found.filter(mine), public_id=public_id)


def team_for_setting_up(person: Asker, brand_slug: str, public_id: UUID | str) -> Team:
    brand = brand_for_setting_up(person, brand_slug)
    return get_object_or_404(Team.objects.select_related("brand"), brand=brand, public_id=public_id)


def macros_of(person: Asker, brand: Brand) -> QuerySet[Macro]:
    """The brand's and one's own."""
    found = Macro.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk))
    return found.filter(Q(owner=None) | Q(owner_id=person.pk))


def macro_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Macro:
    """To run. To change it, see macro_to_change."""
    brand = brand_for(person, brand_slug)
    return get_object_or_404(macros_of(person, brand).select_related("brand", "reply"), public_id=public_id)


def macro_to_change(person: Asker, brand_slug: str, public_id: UUID | str) -> Macro:
    """One's own, and the brand's for those who set it up."""
    macro = macro_for(person, brand_slug, public_id)
    if macro.owner_id is None and not may(person, macro.brand, Permission.SET_UP):
        raise Http404
    return macro


def colleagues_of(person: Asker, brand: Brand) -> QuerySet[Person]:
    """Everybody who works for the brand, if the asker does too."""
    if not brands_of(person).filter(pk=brand.pk).exists():
        return Person.objects.none()
    return Person.objects.filter(memberships__brand=brand, is_active=True).order_by("name", "email", "pk")


def conversations_of(person: Asker, brand: Brand) -> ConversationQuerySet:
    return Conversation.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk))


def conversation_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Conversation:
    found = Conversation.objects.filter(brand__in=brands_of(person)).select_related("brand", "channel")
    return get_object_or_404(found, brand__slug=brand_slug, public_id=public_id)


def message_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Message:
    return get_object_or_404(
        Message.objects.filter(conversation__brand__in=brands_of(person)).select_related(
            "conversation", "channel"
        ),
        conversation__brand__slug=brand_slug,
        public_id=public_id,
    )


def channel_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Channel:
    found = Channel.objects.filter(brand__in=brands_of(person)).select_related("brand")
    return get_object_or_404(found, brand__slug=brand_slug, public_id=public_id)


def channel_for_running(person: Asker, brand_slug: str, public_id: UUID | str) -> Channel:
    """The channel, for those who run it; 404 for everybody else."""
    brand = brand_for_running(person, brand_slug)
    return get_object_or_404(Channel.objects.select_related("brand"), brand=brand, public_id=public_id)


def channels_of(person: Asker, brand: Brand) -> QuerySet[Channel]:
    return Channel.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk)).order_by(
        "platform", "name", "pk"
    )


def teams_of(person: Asker, brand: Brand) -> QuerySet[Team]:
    """Those that something may be given to."""
    return Team.objects.staying().filter(brand__in=brands_of(person).filter(pk=brand.pk)).order_by("position", "pk")  # fmt: skip


def own_teams_of(person: Asker, brand: Brand) -> QuerySet[Team]:
    """The teams of the brand that this person is in."""
    teams = teams_of(person, brand)
    return teams.filter(members=person) if isinstance(person, Person) else teams.none()


def bulk_run_for(person: Asker, brand_slug: str, public_id: UUID | str) -> BulkRun:
    """One's own; what a colleague has under way is theirs to stop."""
    runs = BulkRun.objects.filter(brand__in=brands_of(person), person_id=person.pk)
    return get_object_or_404(runs.select_related("brand"), brand__slug=brand_slug, public_id=public_id)


def tags_of(person: Asker, brand: Brand) -> QuerySet[Tag]:
    return Tag.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk))


def contact_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Contact:
    return get_object_or_404(
        Contact.objects.filter(brand__in=brands_of(person)), brand__slug=brand_slug, public_id=public_id
    )


def merges_of(person: Asker, brand: Brand) -> QuerySet[ContactMerge]:
    return ContactMerge.objects.filter(brand__in=brands_of(person).filter(pk=brand.pk))


def handles_of(person: Asker, brand: Brand) -> QuerySet[Handle]:
    return Handle.objects.filter(contact__brand__in=brands_of(person).filter(pk=brand.pk))


def attachment_for(person: Asker, public_id: UUID | str) -> Attachment:
    """A file of a brand one works for; one that still waits in a composer is its uploader's alone."""
    attachment = get_object_or_404(
        Attachment.objects.filter(channel__brand__in=brands_of(person)).select_related("message", "channel"),
        public_id=public_id,
    )
    if attachment.message_id is None and attachment.uploaded_by_id != person.pk:
        raise Http404
    return attachment


@sync_to_async
def abrand_for(person: Asker, slug: str) -> Brand | None:
    return brands_of(person).filter(slug=slug).first()


@sync_to_async
def aconversation_for(person: Asker, brand_slug: str, public_id: UUID | str) -> Conversation | None:
    return Conversation.objects.filter(
        brand__in=brands_of(person), brand__slug=brand_slug, public_id=public_id
    ).first()
