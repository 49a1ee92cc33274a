"""A batch of arrivals of one brand, sorted out, and the people in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass, field, replace
from datetime import UTC, datetime

from inbox.actions import _sql
from inbox.exchange import (
    Delivered,
    Edited,
    InboundEvent,
    InboundMessage,
    Party,
    ProfileSeen,
    ReachChanged,
    Reacted,
    ReadUpTo,
    Typing,
    Unsent,
)
from inbox.models.fields import new_public_id
from inbox.rules.cleaning import clean

Key = tuple[int, str]  # (channel id, platform id)
_AS_OF_NOW = datetime.max.replace(tzinfo=UTC)


@dataclass(slots=True)
class Batch:
    """What came, by kind, each platform message once."""

    messages: dict[Key, InboundMessage] = field(default_factory=dict)
    amendments: list[tuple[int, Edited | Unsent | Reacted]] = field(default_factory=list)
    reads: list[tuple[int, ReadUpTo]] = field(default_factory=list)
    delivered: list[Key] = field(default_factory=list)
    typing: list[tuple[int, Typing]] = field(default_factory=list)
    parties: dict[Key, Party] = field(default_factory=dict)
    told_at: dict[Key, datetime] = field(default_factory=dict)  # as of when the newest telling of a party is
    reach: list[tuple[int, ReachChanged]] = field(default_factory=list)

    @classmethod
    def sort(cls, arrivals: Iterable[tuple[int, InboundEvent]]) -> Batch:
        batch = cls()
        arrivals = list(arrivals)
        first_told = _first_told(arrivals)
        for channel_id, event in arrivals:
            match event:
                case InboundMessage():
                    told = batch.messages.setdefault((channel_id, event.external_id), event)
                    better = told
                    if told.aside and told.aside == told.thread_id != event.thread_id:
                        better = event  # it knows the root of the talk
                    if told.dated_by_delivery:
                        better = _dated_as_well_as_either(better, told, event)
                    batch.messages[(channel_id, event.external_id)] = better
                    if party := customer_of(event):
                        at = event.standing.at if event.standing else event.sent_at
                        first = first_told.get((channel_id, event.external_id), at)
                        batch._meet(channel_id, party, min(at, first) if event.dated_by_delivery else at)
                case Edited() | Unsent() | Reacted():
                    batch.amendments.append((channel_id, event))
                case ReadUpTo():
                    batch.reads.append((channel_id, event))
                case Delivered():
                    batch.delivered.append((channel_id, event.target))
                case Typing():
                    batch.typing.append((channel_id, event))
                case ProfileSeen():
                    batch._meet(channel_id, event.party, _AS_OF_NOW)
                case ReachChanged():
                    batch.reach.append((channel_id, event))
        return batch

    def _meet(self, channel_id: int, party: Party, at: datetime) -> None:
        name, username, avatar_url = clean(party.name), clean(party.username), clean(party.avatar_url)
        if (name, username, avatar_url) != (party.name, party.username, party.avatar_url):
            party = replace(party, name=name, username=username, avatar_url=avatar_url)
        if not party.external_id:
            return
        key = (channel_id, party.external_id)
        before = self.parties.get(key)
        if before is None or not tells(before):
            self.parties[key], self.told_at[key] = party, at
        elif tells(party):
            is_newer = at >= self.told_at[key]
            self.parties[key] = _first_of(party, before) if is_newer else _first_of(before, party)
            self.told_at[key] = max(at, self.told_at[key])


def _first_told(arrivals: Iterable[tuple[int, InboundEvent]]) -> dict[Key, datetime]:
    """When what has no time but its delivery's was told before: a copy of it says nothing of who somebody is by the time of the copy."""
    by_delivery = [
        ((channel_id, event.external_id), event.sent_at)
        for channel_id, event in arrivals
        if isinstance(event, InboundMessage) and event.dated_by_delivery and customer_of(event)
    ]
    if not by_delivery:
        return {}
    known = _sql.rows(
        """SELECT m.channel_id, m.external_id, m.sent_at FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C" """,
        _sql.columns(list({key for key, _ in by_delivery}), 2),
    )
    first = {(channel_id, external_id): at for channel_id, external_id, at in known}
    for key, at in by_delivery:
        first[key] = min(at, first.get(key, at))
    return first


def _dated_as_well_as_either(
    message: InboundMessage, one: InboundMessage, other: InboundMessage
) -> InboundMessage:
    """A time of its own is better than a delivery's, and of two deliveries the earlier: both were after it was written."""
    dated = min(one, other, key=lambda each: (each.dated_by_delivery, each.sent_at))
    return replace(message, sent_at=dated.sent_at, dated_by_delivery=dated.dated_by_delivery)


def _first_of(one: Party, other: Party) -> Party:
    """The one, and what only the other tells."""
    return replace(
        one,
        name=one.name or other.name,
        username=one.username or other.username,
        avatar_url=one.avatar_url or other.avatar_url,
        followers=other.followers if one.followers is None else one.followers,
        verified=other.verified if one.verified is None else one.verified,
    )


def customer_of(message: InboundMessage) -> Party | None:
    return message.counterpart if message.outbound else message.author


@dataclass(slots=True)
class Met:
    handle_id: int
    contact_id: int
    name: str
    username: str
    avatar: str
    followers: int | None
    verified: bool | None
    told_at: datetime | None
    unavailable: bool  # the platform says that they cannot be written to


def meet_people(brand_id: int, batch: Batch, now: datetime) -> tuple[dict[Key, Met], list[tuple[int, int]]]:
    """The handle and contact of everybody in the batch, made where they are new, renamed where the platform says so. And which messages
    that were here before have an author's name by that: (conversation id, message id)."""
    batch.told_at = {key: min(at, now) for key, at in batch.told_at.items()}
    known = _find_people(list(batch.parties))
    new = {key: party for key, party in batch.parties.items() if key not in known}
    if new:
        _make_people(brand_id, new, batch.told_at, now)
        known |= _find_people(list(new))
    return known, _rename_people(batch, known)


def _find_people(keys: list[Key]) -> dict[Key, Met]:
    """Who was known before it was kept since when: as of the last look, if that told anything at all."""
    if not keys:
        return {}
    found = _sql.rows(
        """SELECT h.channel_id, h.external_id, h.id, h.contact_id, h.name, h.username, h.avatar_url, h.followers, h.verified,
                  coalesce(h.told_at, CASE WHEN h.name <> '' OR h.username <> '' THEN h.looked_up_at END), h.unavailable_reason <> ''
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_handle h ON h.channel_id = k.channel_id AND h.external_id = k.external_id COLLATE "C" """,
        _sql.columns(keys, 2),
    )
    return {(row[0], row[1]): Met(*row[2:]) for row in found}


def _make_people(brand_id: int, new: dict[Key, Party], told_at: dict[Key, datetime], now: datetime) -> None:
    people = [(str(new_public_id()), party.name[:200]) for party in new.values()]
    contact_ids = [
        row[0]
        for row in _sql.rows(
            """INSERT INTO inbox_contact (public_id, brand_id, name, created_at)
               SELECT p.public_id, %s, p.name, %s FROM unnest(%s::uuid[], %s::text[]) WITH ORDINALITY AS p(public_id, name, place)
               ORDER BY p.place RETURNING id""",
            [brand_id, now, *_sql.columns(people, 2)],
        )
    ]
    _sql.run(
        """INSERT INTO inbox_handle (contact_id, channel_id, external_id, name, username, avatar_url, followers, verified,
                                     told_at, unavailable_reason)
           SELECT h.*, '' FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[],
                                      %s::bigint[], %s::boolean[], %s::timestamptz[]) AS h""",
        _sql.columns(
            [
                (contact_id, channel_id, external_id, party.name[:200], party.username[:120], party.avatar_url[:2000],
                 party.followers, party.verified, told_at[(channel_id, external_id)] if tells(party) else None)
                for contact_id, ((channel_id, external_id), party) in zip(contact_ids, new.items(), strict=True)
            ],
            9,
        ),
    )  # fmt: skip


def _rename_people(batch: Batch, known: dict[Key, Met]) -> list[tuple[int, int]]:
    """Webhooks often carry no name; those that do keep the handle current, and so do those that say how many follow. What is older than
    what we show, as a delivery that came late or is read again, adds what is not known at all. How old what we show is, is kept where it
    changes and not with each message that says the same: nobody takes an old name back."""
    changed = []
    for key, party in batch.parties.items():
        if not tells(party):
            continue
        met, at = known[key], batch.told_at[key]
        was = replace(met)
        ours = Party(key[1], met.name, met.username, met.avatar, met.followers, met.verified)
        is_newer = met.told_at is None or at >= met.told_at
        shown = _first_of(party, ours) if is_newer else _first_of(ours, party)
        met.name, met.username, met.avatar = shown.name[:200], shown.username[:120], shown.avatar_url[:2000]
        met.followers, met.verified = shown.followers, shown.verified
        if met != was:
            met.told_at = at if is_newer else met.told_at
            changed.append(astuple(met)[:8])
    if not changed:
        return []
    columns = _sql.columns(changed, 8)
    _sql.run(
        """UPDATE inbox_handle h SET name = c.name, username = c.username, avatar_url = c.avatar, followers = c.followers, verified = c.verified,
                  told_at = c.told_at
             FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::boolean[], %s::timestamptz[])
                  AS c(id, contact, name, username, avatar, followers, verified, told_at)
            WHERE h.id = c.id""",
        columns,
    )
    named = name_authors([(handle_id, name or username) for handle_id, _, name, username, *_ in changed])
    _sql.run(
        """UPDATE inbox_contact t SET name = c.name FROM unnest(%s::bigint[], %s::text[]) AS c(id, name)
            WHERE t.id = c.id AND c.name <> '' AND t.name <> c.name
              AND NOT EXISTS (SELECT 1 FROM inbox_contactmerge m WHERE m.kept_id = t.id AND m.undone_at IS NULL)""",
        [columns[1], columns[2]],
    )
    return named


def tells(party: Party) -> bool:
    """Most deliveries name nobody: an id is all that they tell of a person."""
    named = party.name or party.username or party.avatar_url
    return bool(named) or party.followers is not None or party.verified is not None


def renamed(people: dict[Key, Met], batch: Batch) -> list[tuple[int, str, int, str, str, str]]:
    """(channel, platform id, contact, name, username, avatar) of those whom the platform named: a list row shows the last name it gave."""
    return [
        (*key, met.contact_id, met.name or met.username, met.username, met.avatar)
        for key, met in people.items()
        if batch.parties[key].name or batch.parties[key].username
    ]


def name_authors(named: list[tuple[int, str]]) -> list[tuple[int, int]]:
    """Messages that came before their author's name was known: (handle id, name). Returns (conversation id, message id)."""
    return [
        (row[0], row[1])
        for row in _sql.rows(
            """UPDATE inbox_message m SET author_name = n.name FROM unnest(%s::bigint[], %s::text[]) AS n(handle_id, name)
                WHERE m.author_handle_id = n.handle_id AND m.author_name = '' AND n.name <> ''
            RETURNING m.conversation_id, m.id""",
            _sql.columns(named, 2),
        )
    ]
