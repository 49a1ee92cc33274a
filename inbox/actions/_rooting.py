"""In which talk public posts stand of which a telling names only the post that they answer, and not the root: in that of the post, as
soon as it is known. Until then they stand under its name, and what stands so joins the talk when the post comes, or when a telling knows the
root and says where the others put it (`InboundMessage.aside`).

So it is with what the brand adds to its own answer, which names nobody: it stands where that stands. As long as nobody has heard of that, it may
be a thread of the brand's own: it waits (_early_posts), and is no message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from inbox.actions import _sql
from inbox.actions._arrivals import Key, customer_of
from inbox.exchange import InboundMessage, ThreadKind


@dataclass(frozen=True, slots=True)
class Talks:
    """`messages`: each in its thread as well as anybody can tell by now. `names`: (channel id, name, root) of what is known of posts by
    that: a thread that was begun under the name of one is of the root's talk. `early`: what the brand adds to something that nobody knows."""

    messages: dict[Key, InboundMessage]
    names: list[tuple[int, str, str]]
    early: dict[Key, InboundMessage]


def in_talks(messages: Mapping[Key, InboundMessage]) -> Talks:
    """Those of the brand of which nobody knows the talk are apart."""
    public = {key: each for key, each in messages.items() if _has_a_root(each)}
    if not public:
        return Talks(dict(messages), [], {})
    stored = _stored({(key[0], post) for key, each in public.items() for post in (key[1], each.reply_to)})
    nameless = {
        key for key, each in public.items() if _is_loose(each) and each.outbound and not _person(each)
    }
    above = {key: _talk(key, messages, nameless, stored) for key in nameless}
    public = {key: each for key, each in public.items() if above.get(key, key)}
    roots = _Roots()
    roots.learn(public, stored)
    placed = {key: each for key, each in messages.items() if above.get(key, key)}
    for key, each in public.items():
        if key not in nameless:
            placed[key] = replace(each, thread_id=roots.true_name(key[0], each.thread_id, _person(each)))
    for key, post in above.items():
        if post:
            known = roots.true_name(key[0], *stored[post]) if post in stored else placed[post].thread_id
            placed[key] = replace(messages[key], thread_id=known)
    return Talks(placed, roots.names(), {key: messages[key] for key, post in above.items() if not post})


class _Roots:
    """Which name of a talk is another name of which. A post is the root of what answers it, until it is known what it answers itself."""

    def __init__(self) -> None:
        self._above: dict[Key, str] = {}

    def learn(self, public: Mapping[Key, InboundMessage], stored: Mapping[Key, tuple[str, str]]) -> None:
        """What is known for certain comes last, and prevails."""
        stems = {key[0]: _stem(each) for key, each in public.items()}
        for (channel_id, post), each in public.items():
            if _is_loose(each):
                self._put(channel_id, stems[channel_id] + post, stems[channel_id] + each.reply_to)
        for (channel_id, post), thread in stored.items():
            self._put(channel_id, stems[channel_id] + post, _without(*thread))
        for (channel_id, post), each in public.items():
            if not _is_loose(each):
                root = _without(each.thread_id, _person(each))
                self._put(channel_id, stems[channel_id] + post, root)
                self._put(channel_id, stems[channel_id] + each.reply_to, root)

    def of(self, channel_id: int, name: str) -> str:
        while (channel_id, name) in self._above:
            name = self._above[(channel_id, name)]
        return name

    def true_name(self, channel_id: int, thread_id: str, person: str) -> str:
        name = _without(thread_id, person)
        return self.of(channel_id, name) + thread_id[len(name) :]

    def names(self) -> list[tuple[int, str, str]]:
        return [(channel_id, name, self.of(channel_id, name)) for channel_id, name in self._above]

    def _put(self, channel_id: int, name: str, root: str) -> None:
        name, root = self.of(channel_id, name), self.of(channel_id, root)
        if name != root:
            self._above[(channel_id, name)] = root


def _has_a_root(message: InboundMessage) -> bool:
    """Whether it is of a network where many speak under one root, of which not every telling knows: threads bear the root's name and a
    person's, and so does what is put aside."""
    if message.thread_kind is not ThreadKind.COMMENT or not message.reply_to:
        return False
    person = _person(message)
    of_a_person = bool(person) and message.thread_id.endswith(f":{person}")
    return (of_a_person or bool(message.aside)) and _under(message).endswith(message.reply_to)


def _under(message: InboundMessage) -> str:
    """The name under which it stands where nobody knows the root."""
    return _without(message.aside or message.thread_id, _person(message))


def _stem(message: InboundMessage) -> str:
    """What the name of a talk begins with, ahead of that of a post."""
    return _under(message).removesuffix(message.reply_to)


def _talk(
    key: Key, messages: Mapping[Key, InboundMessage], nameless: set[Key], stored: Mapping[Key, object]
) -> Key | None:
    """The nearest post on the way up of which it is known in whose talk it stands; None where none is."""
    way: set[Key] = set()
    while key not in way:
        way.add(key)
        post = (key[0], messages[key].reply_to)
        if post in stored or (post in messages and post not in nameless):
            return post
        if post not in messages:
            return None
        key = post
    return None


def _is_loose(message: InboundMessage) -> bool:
    return bool(message.aside) and message.aside == message.thread_id


def _person(message: InboundMessage) -> str:
    party = customer_of(message)
    return party.external_id if party else ""


def _without(thread_id: str, person: str) -> str:
    return thread_id.removesuffix(f":{person}") if person else thread_id


def _stored(posts: Iterable[Key]) -> dict[Key, tuple[str, str]]:
    """The thread in which each of these posts stands, and whose it is."""
    found = _sql.rows(
        """SELECT m.channel_id, m.external_id, c.thread_key, c.recipient_key
             FROM unnest(%s::bigint[], %s::text[]) AS k(channel_id, external_id)
             JOIN inbox_message m ON m.channel_id = k.channel_id AND m.external_id = k.external_id COLLATE "C"
             JOIN inbox_conversation c ON c.id = m.conversation_id
            WHERE c.kind = 'comment'""",
        _sql.columns(sorted(posts), 2),
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in found}
