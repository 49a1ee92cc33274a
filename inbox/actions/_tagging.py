"""Tags, language and sentiment of touched conversations, from what was read in their messages.

Rules set; a model sets where it is sure and suggests where it is not. What a person decided on a conversation stays decided.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inbox import events
from inbox.actions import _sql
from inbox.actions._touched import Touched
from inbox.actions.tagging_work import ModelSaid, Mood, Reading, Readings, RuleSaid
from inbox.models import EventKind, SetBy, TagRule, TagState

MOST_OPEN_SUGGESTIONS = 3  # of a conversation; more would not be read
SURE_OF_ANOTHER_LANGUAGE = 0.8
WORDS_OF_ANOTHER_LANGUAGE = 4


@dataclass(frozen=True, slots=True)
class _Wish:
    said: RuleSaid | ModelSaid
    message_id: int

    @property
    def sets(self) -> bool:
        return isinstance(self.said, RuleSaid) or self.said.sure

    @property
    def strength(self) -> tuple[bool, bool, float]:
        if isinstance(self.said, RuleSaid):
            return True, True, 1.0
        return self.said.sure, False, self.said.confidence


def apply(ledger: events.Ledger, touched: Sequence[Touched], readings: Readings, now: datetime) -> None:
    """Set what the readings say: columns of the rows, ConversationTag rows, a TAGGED event for each tag set."""
    read = [(each, readings.of[each.id]) for each in touched if each.id in readings.of]
    if not read:
        return
    known = _states([each.id for each, _ in read])
    there = _rules_there(reading for _, found in read for reading in found)
    overtaken = _overtaken(ledger.brand_id, [reading.message_id for _, found in read for reading in found])
    rows: list[tuple[Any, ...]] = []
    for each, found in read:
        newest = [reading for reading in found if reading.message_id not in overtaken]
        _hear(each, newest if each.language else found)
        moods = newest if each.sentiment or each.sentiment_suggested else found
        if mood := next((reading.mood for reading in reversed(moods) if reading.mood), None):
            _feel(each, mood)
        rows += _decide(ledger, each, found, known.get(each.id, {}), there, now)
    _write(rows)


def _overtaken(brand_id: int, message_ids: list[int]) -> set[int]:
    """Those after which the customer had written when triage looked before: what came late, and what was edited. Newer words have
    said which language it is, and how they feel."""
    found = _sql.rows(
        """SELECT m.id FROM inbox_message m JOIN inbox_triagecursor c ON c.brand_id = %s
            WHERE m.id = ANY(%s) AND EXISTS (
                  SELECT FROM inbox_message n JOIN inbox_event e ON e.message_id = n.id AND e.kind = 'message.received' AND e.seq <= c.seq
                   WHERE n.conversation_id = m.conversation_id AND (n.sent_at, n.order_key, n.id) > (m.sent_at, m.order_key, m.id)
                     AND n.direction = 'in' AND n.kind <> 'system' AND n.text <> '' AND n.deleted_at IS NULL AND n.id <> ALL(%s))""",
        [brand_id, message_ids, message_ids],
    )
    return {pk for (pk,) in found}


def _states(conversation_ids: list[int]) -> dict[int, dict[int, str]]:
    found: dict[int, dict[int, str]] = {}
    sql = "SELECT conversation_id, tag_id, state FROM inbox_conversationtag WHERE conversation_id = ANY(%s)"
    for conversation_id, tag_id, state in _sql.rows(sql, [conversation_ids]):
        found.setdefault(conversation_id, {})[tag_id] = state
    return found


def _rules_there(found: Iterable[Reading]) -> frozenset[int]:
    """One may have been removed or switched off since the messages were read; until the ledger closes they stay as they are now."""
    heard = {said.rule.id for reading in found for said in reading.rules}
    if not heard:
        return frozenset()
    return frozenset(TagRule.objects.filter(pk__in=heard, is_active=True).values_list("pk", flat=True))


def _hear(each: Touched, found: Sequence[Reading]) -> None:
    """A customer's language is taken from the first words that tell it, and changed by a whole sentence in another only. Until then it is
    not known: a greeting that any of them could be must not choose who answers, and in which words."""
    for reading in found:
        told = reading.heard.told
        whole = reading.heard.sure >= SURE_OF_ANOTHER_LANGUAGE and reading.words >= WORDS_OF_ANOTHER_LANGUAGE
        if told and (not each.language or whole):
            each.change(language=told)


def _feel(each: Touched, mood: Mood) -> None:
    if each.sentiment_set_by == SetBy.PERSON:
        return
    about = {"sentiment_confidence": mood.confidence, "sentiment_version": mood.version}
    if mood.sure:
        by = SetBy.RULE if mood.confidence is None else SetBy.MODEL
        each.change(sentiment=mood.sentiment, sentiment_set_by=by.value, sentiment_suggested="", **about)
    elif mood.sentiment == each.sentiment:
        each.change(sentiment_suggested="")
    elif each.sentiment:  # what is known of the mood that is set stays
        each.change(sentiment_suggested=mood.sentiment)
    else:
        each.change(sentiment_suggested=mood.sentiment, **about)


def _decide(
    ledger: events.Ledger, each: Touched, found: Sequence[Reading], states: dict[int, str], there: frozenset[int], now: datetime
) -> list[tuple[Any, ...]]:  # fmt: skip
    """The rows to write. A tag that is set stays as it was set; one that a person undid is left alone."""
    wishes: dict[int, _Wish] = {}
    for reading in found:
        for wish in _wishes(reading, there):
            tag_id = wish.said.tag.id
            if tag_id not in wishes or wish.strength > wishes[tag_id].strength:
                wishes[tag_id] = wish
    room = MOST_OPEN_SUGGESTIONS - list(states.values()).count(TagState.SUGGESTED)
    rows = []
    for tag_id, wish in sorted(wishes.items(), key=lambda item: item[1].strength, reverse=True):
        state = states.get(tag_id)
        if state in (TagState.SET, TagState.UNDONE):
            continue
        if not wish.sets:
            if state is None and room <= 0:
                continue
            room -= state is None
        rows.append(_row(each, tag_id, wish, now))
        if not wish.sets:
            each.changed.setdefault("tags", each.tags)  # no column says so, and open pages offer it
        else:
            name = wish.said.tag.name
            each.change(tags=[*each.tags, name] if name not in each.tags else each.tags)
            ledger.record(
                EventKind.TAGGED, at=now, conversation_id=each.id, message_id=wish.message_id, **_told(wish)
            )
    return rows


def _wishes(reading: Reading, there: frozenset[int]) -> list[_Wish]:
    by_rules = [_Wish(said, reading.message_id) for said in reading.rules if said.rule.id in there]
    return by_rules + [_Wish(said, reading.message_id) for said in reading.models]


def _told(wish: _Wish) -> dict[str, Any]:
    """What the event says between the messages: which tag, who set it and why."""
    said = wish.said
    about: dict[str, Any] = {"tag": said.tag.name, "tag_id": said.tag.id}
    if isinstance(said, RuleSaid):
        return {**about, "by": SetBy.RULE.value, "rule": said.rule.name, "because": said.because}
    return {**about, "by": SetBy.MODEL.value, "confidence": said.confidence, "version": said.version}


def _row(each: Touched, tag_id: int, wish: _Wish, now: datetime) -> tuple[Any, ...]:
    state = (TagState.SET if wish.sets else TagState.SUGGESTED).value
    said = wish.said
    if isinstance(said, RuleSaid):
        return each.id, tag_id, state, SetBy.RULE.value, said.rule.id, None, wish.message_id, None, said.because, now  # fmt: skip
    return each.id, tag_id, state, SetBy.MODEL.value, None, said.version, wish.message_id, said.confidence, "", now  # fmt: skip


def _write(rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    _sql.run(
        """INSERT INTO inbox_conversationtag AS t (conversation_id, tag_id, state, set_by, rule_id, model_version, message_id,
                                                   confidence, because, set_at)
           SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::integer[], %s::bigint[],
                                %s::float8[], %s::text[], %s::timestamptz[])
           ON CONFLICT (conversation_id, tag_id) DO UPDATE
              SET state = excluded.state, set_by = excluded.set_by, rule_id = excluded.rule_id,
                  model_version = excluded.model_version, message_id = excluded.message_id,
                  confidence = excluded.confidence, because = excluded.because, set_at = excluded.set_at
            WHERE t.state = 'suggested'""",
        _sql.columns(rows, 10),
    )
