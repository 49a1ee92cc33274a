"""What must have happened to a message that history shows otherwise than we do. Pure, and slow to conclude.

* News that came after history was asked are newer than it, and those of the minutes before may be: a list runs behind. Then it proves nothing.
* Words are compared without addresses, blanks and escapes, because platforms write those in more than one way. History without any
  words proves nothing either. Of a reply written here the words are ours, and stay.
* A reaction that history does not list has been taken back, where history lists reactions at all.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from inbox.exchange import Edited, InboundMessage, Party, Reacted
from inbox.rules.cleaning import clean

_ADDRESS = re.compile(r"https?://\S+")
BEHIND = timedelta(minutes=2)  # no platform's list is said to be later than that (HistoryRules.behind)
_A_MOMENT = timedelta(milliseconds=1)
_SELECTOR = "\ufe0f"  # one emoji comes with it or without


@dataclass(frozen=True, slots=True)
class Told:
    """One amendment that we know of."""

    kind: str
    at: datetime
    version: int
    actor: str
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class Shown:
    """How we show the message."""

    text: str
    deleted: bool
    written_here: bool
    reactions: tuple[tuple[str, str, str], ...]  # (person, emoji, name)


def amendments(message: InboundMessage, shown: Shown, told: Iterable[Told]) -> Iterator[Edited | Reacted]:
    standing, told = message.standing, list(told)
    if standing is None or shown.deleted or any(each.learned_at > standing.at - BEHIND for each in told):
        return
    said = clean(message.text)
    if said and not shown.written_here and _words(said) != _words(shown.text):
        version = max((each.version for each in told if each.kind == "edit"), default=0)
        yield Edited(message.external_id, said, standing.at, version, message.thread_id)
    if standing.reactions is not None:
        yield from _reactions(message, standing.reactions, shown, told)


def _reactions(
    message: InboundMessage, standing: tuple[tuple[str, str], ...], shown: Shown, told: list[Told]
) -> Iterator[Reacted]:
    """Just after what we know last of a person: history does not tell when, and a guess must not open a reply window."""
    now = {actor: clean(emoji) for actor, emoji in standing}
    ours = {actor: emoji for actor, emoji, _ in shown.reactions}
    names = {actor: name for actor, _, name in shown.reactions}
    newest: dict[str, datetime] = {}
    for each in told:
        if each.kind == "reaction":
            newest[each.actor] = max(each.at, newest.get(each.actor, each.at))
    for actor in sorted(newest):
        there, here = now.get(actor, ""), ours.get(actor, "")
        if there.replace(_SELECTOR, "") != here.replace(_SELECTOR, ""):
            yield Reacted(
                message.external_id,
                Party(actor, name=names.get(actor, "")),
                newest[actor] + _A_MOMENT,
                emoji=there,
                removed=not there,
                thread_id=message.thread_id,
            )


def _words(text: str) -> list[str]:
    return _ADDRESS.sub(" ", html.unescape(text)).split()
