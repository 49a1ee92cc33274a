"""What the filters of a search mean: a question to the conversations of the brand."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from inbox import access
from inbox.models import Brand, Channel, Conversation, ConversationTag, Person, TagState
from inbox.models.conversations import ConversationQuerySet
from inbox.queries import inbox_list, search
from inbox.rules import people_words
from inbox.rules.search_query import BadQuery, Query


def narrows(query: Query) -> bool:
    """Whether it asks anything of the conversation; days and sides are of the message."""
    return bool(query.channels or query.tags or query.states or query.handle)


def conversations(query: Query, *, person: Person, brand: Brand) -> ConversationQuerySet:
    """Those that the filters leave. The brand must be one of this person's."""
    found = Conversation.objects.of_brand(brand)
    if query.states:
        found = found.filter(state__in=query.states)
    if query.channels:
        found = found.filter(channel__in=_channels(query.channels, person, brand))
    for name in query.tags:
        found &= _tagged(name, person, brand)
    if query.handle:
        ids = search.contact_ids(people_words.exact(brand.pk, [query.handle]), limit=100)
        if not ids:
            raise BadQuery(f"Nobody here is called {query.handle}. Type the name alone to look for people.")
        found = found.filter(contact__in=ids)
    return found


def start(day: date | None, person: Person) -> datetime | None:
    """When a day begins for this person."""
    return datetime.combine(day, time(), ZoneInfo(person.time_zone)) if day else None


def _channels(names: tuple[str, ...], person: Person, brand: Brand) -> list[int]:
    """By platform, its label or its mark, or by the account's name or handle."""
    channels = list(access.channels_of(person, brand))
    found = []
    for name in names:
        wanted = name.lower().lstrip("@")
        called = [channel.pk for channel in channels if wanted in _names(channel)]
        if not called:
            known = sorted({channel.platform for channel in channels})
            raise BadQuery(f"There is no channel “{name}”. This brand has {', '.join(known) or 'none'}.")
        found += called
    return found


def _names(channel: Channel) -> set[str]:
    manifest = inbox_list.manifest_of(channel.platform)
    names = [channel.platform, channel.name, channel.handle]
    names += [manifest.label, manifest.mark] if manifest else []
    return {name.lower().lstrip("@") for name in names if name}


def _tagged(name: str, person: Person, brand: Brand) -> ConversationQuerySet:
    tag = access.tags_of(person, brand).filter(name__iexact=name).first()
    if tag is None:
        raise BadQuery(f'There is no tag “{name}”. Tags with spaces stand in quotes: tag:"late parcel".')
    tagged = ConversationTag.objects.filter(tag=tag, state=TagState.SET)
    return Conversation.objects.filter(pk__in=tagged.values("conversation"))
