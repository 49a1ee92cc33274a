"""What is on its way out. Each question has a partial index."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import BooleanField, Max, Q, QuerySet
from django.db.models.expressions import RawSQL

from inbox import platforms
from inbox.models import (
    Channel,
    ChannelState,
    ConversationKind,
    Direction,
    Event,
    EventKind,
    Message,
    MessageState,
)
from inbox.models.conversations import ConversationQuerySet
from inbox.platforms import WindowRules
from inbox.queries import news
from inbox.rules import echoes, reply_window
from inbox.rules.reply_window import Window, WindowState

# LinkedIn: a send follows a person's action "at that time". A fault that passes, a limit for a minute, or a worker that was away, changes
# nothing of that: a click holds for as long as a fault is tried on any network (a quarter of an hour), and the wait before the first try.
CLICK_HOLDS = timedelta(minutes=20)
FRESH = timedelta(minutes=15)  # what was written longer ago is no answer to what the customer has said since
# Of each channel the oldest, then of each the next one: those of one channel whose platform is slow wait for a turn of their worker, and
# would fill the answer for ever. No channel is read further than its share, however much waits in it (outbox_of_channels,
# outbox_in_public); what stands behind another reply of its conversation is passed over. OFFSET 0 keeps the planner from asking that of
# the whole outbox at once, for a hash.
_IN_TURN = """
WITH busy AS MATERIALIZED (
    SELECT c.id FROM inbox_channel c
     WHERE {channel} AND (SELECT m.not_before FROM inbox_message m WHERE m.channel_id = c.id AND {message}
                           ORDER BY m.not_before, m.id LIMIT 1) <= %(now)s)
SELECT found.turn, found.not_before, found.id FROM busy CROSS JOIN LATERAL (
    SELECT m.id, m.not_before, row_number() OVER (ORDER BY m.not_before, m.id) AS turn FROM inbox_message m
     WHERE m.channel_id = busy.id AND {message} AND m.not_before <= %(now)s AND {free}
     ORDER BY m.not_before, m.id LIMIT (SELECT greatest(%(limit)s / nullif(count(*), 0), 1) FROM busy)) AS found
 ORDER BY 1, 2, 3 LIMIT %(limit)s"""
_OF_IT = "SELECT FROM inbox_message e WHERE e.conversation_id = m.conversation_id AND e.direction = 'out' AND e.external_id IS NULL"
_IS_FIRST = f"""NOT EXISTS ({_OF_IT} AND e.state = 'queued' AND e.id < m.id OFFSET 0)
       AND NOT EXISTS ({_OF_IT} AND e.state IN ('sending', 'uncertain') OFFSET 0)"""
_SENDS = "c.state = 'connected' AND coalesce(c.sends_resume_at <= %(now)s, true)"
_WAITS = "c.state = 'connected' AND c.sends_resume_at > %(now)s"
_Turn = tuple[int, datetime, int]  # which of its channel's, due when, its id


def _in_turn(channel: str, message: str, *, now: datetime, limit: int, free: str = "true") -> list[_Turn]:
    with connection.cursor() as cursor:
        cursor.execute(
            _IN_TURN.format(channel=channel, message=message, free=free), {"now": now, "limit": limit}
        )
        found: list[_Turn] = cursor.fetchall()
        return found


def due_replies(*, now: datetime, limit: int = 200) -> list[int]:
    """Queued replies that may go now, of all channels in turn. Their channel is connected and not asked to wait (which concerns no
    public answers), and no earlier reply of their conversation is in front."""
    queued = "m.state = 'queued'"
    found = [
        *_in_turn(_SENDS, queued, now=now, limit=limit, free=_IS_FIRST),
        *_in_turn(_WAITS, f"{queued} AND m.in_public", now=now, limit=limit, free=_IS_FIRST),
    ]
    return [pk for *_, pk in sorted(found)[:limit]]


# Whether an answer of a conversation was not sent that nobody has sent again, discarded, or followed by another one that was. Parts of
# one answer are written at once, so none of them stands for another. OFFSET 0 keeps the planner from asking it of every unsent reply of
# the installation at once, for a hash: it weighs that against the rows of the whole view, of which a page reads a few.
_NOT_SENT = """EXISTS (SELECT FROM inbox_message m
    WHERE m.conversation_id = {conversation} AND m.direction = 'out' AND m.external_id IS NULL AND m.state = 'failed'
      AND m.ended = ''
      AND NOT EXISTS (SELECT FROM inbox_message f
                       WHERE f.conversation_id = m.conversation_id AND f.direction = 'out' AND f.external_id IS NOT NULL
                         AND f.sent_at > m.sent_at AND f.created_at > m.created_at)
    OFFSET 0)"""


def not_sent_sql(conversation: str) -> str:
    """As a condition on the id that this piece of SQL names: lists ask it of their rows in the same statement."""
    return _NOT_SENT.format(conversation=conversation)


def with_not_sent(conversations: ConversationQuerySet) -> ConversationQuerySet:
    """Each says so as `not_sent`."""
    sql = RawSQL(not_sent_sql("inbox_conversation.id"), (), BooleanField())  # noqa: S611 - no words of anybody's
    return conversations.annotate(not_sent=sql)  # type: ignore[no-redef]  # declared there for those who read it


def queued_at(message: Message) -> datetime:
    """When it was put into the outbox, the last time a person did so."""
    queued = Event.objects.filter(message=message, kind=EventKind.REPLY_QUEUED).aggregate(last=Max("at"))[
        "last"
    ]
    return queued or message.created_at


def is_a_click(message: Message, now: datetime) -> bool:
    """Whether it leaves at a person's own click: not what nobody wrote, and not what had to wait since."""
    return message.author_person_id is not None and queued_at(message) > now - CLICK_HOLDS


def old_clicks(platforms_of_people: Collection[str], *, now: datetime, limit: int = 50) -> list[int]:
    """Queued replies in channels of these platforms that have waited for so long that their click may hold no more."""
    waiting = Message.objects.filter(
        state=MessageState.QUEUED,
        not_before__lte=now - CLICK_HOLDS,
        channel__in=Channel.objects.filter(platform__in=platforms_of_people),
    )
    return list(waiting.order_by("not_before", "pk").values_list("pk", flat=True)[:limit])


def window_of(message: Message, now: datetime) -> Window:
    """The reply window that a reply would leave in, as its conversation has been read. Answers under a post know none."""
    conversation = message.conversation
    public = conversation.kind == ConversationKind.COMMENT
    rules = WindowRules() if public else platforms.get(conversation.platform).window
    return reply_window.decide(rules, opened_at=conversation.window_opened_at, now=now)


def window_has_closed(message: Message, now: datetime) -> bool:
    """Whether the platform takes no answer any more in this conversation, by what the customer has said meanwhile."""
    message.conversation.refresh_from_db(fields=["window_opened_at"])
    window = window_of(message, now)
    by_nobody = window.state is WindowState.HUMAN_AGENT and message.author_person_id is None
    return window.state is WindowState.CLOSED or by_nobody


def uncertain_since(message: Message) -> datetime | None:
    """When it was last said that its outcome is not known."""
    told = Event.objects.filter(message=message, kind=EventKind.REPLY_UNCERTAIN).aggregate(last=Max("at"))
    at: datetime | None = told["last"]
    return at


def content_of(message: Message) -> echoes.Content:
    """By which the platform may show a reply. What it calls the files is known from when they were uploaded, each time."""
    files = (
        message.attachments.exclude(external_id="")
        if message.attachment_count
        else message.attachments.none()
    )
    names = frozenset(name for names in files.values_list("external_id", flat=True) for name in names.split())
    return echoes.Content(message.text, message.attachment_count > 0, names)


def may_be_shown_with_other_words(message: Message) -> bool:
    """Whether an answer that no reply of ours accounts for came to light since this one was tried and since a person last
    wanted it sent. A platform that words things its own way may have made it of this very reply."""
    if not message.may_be_out or message.attempted_at is None:
        return False
    return (
        Message.objects.filter(
            conversation=message.conversation_id,
            direction=Direction.OUT,
            client_id=None,
            sent_at__gte=message.attempted_at - echoes.SKEW,
            created_at__gte=max(message.attempted_at, queued_at(message)),
        )
        .exclude(external_id=None)
        .exists()
    )


def overtaken_while_it_waited(message: Message, now: datetime) -> bool:
    """Whether the customer said something new while the reply waited for its writer to take it back, for its channel to be connected
    again, or for a limit or a fault to pass that took long. One that a person wants sent nevertheless was queued anew."""
    if (queued := _queued(message)) is None:
        return False
    came = news.since(message.conversation_id, queued.seq, news.WORDS_OF_CUSTOMER)
    # Said within that time it was, too, where nobody took it in before: a worker that was away knows both at once.
    said = Q(kind=EventKind.MESSAGE_RECEIVED, message__sent_at__lte=message.not_before)
    if _was_held(message, queued) and came.filter(Q(at__lte=message.not_before) | said).exists():
        return True
    return came.exists() and (_waited_long(queued, now) or _sends_again(message, queued).exists())


def free_since(message: Message, now: datetime) -> datetime | None:
    """Since when a reply that is due might have left, where what the customer says until then stops it: the end of its hold, of its channel's
    parking or of a long wait. None: it leaves whatever they say."""
    queued = _queued(message)
    if queued is None or message.not_before is None:
        return None
    if (again := connected_again_at(message)) is not None:
        return max(again, message.not_before)
    may_be_stopped = _was_held(message, queued) or _waited_long(queued, now)
    return message.not_before if may_be_stopped else None


def _was_held(message: Message, queued: Event) -> bool:
    """For its writer to take it back: it was not tried since, which would have another time in its place."""
    return not message.attempts and message.not_before is not None and queued.at < message.not_before


def _waited_long(queued: Event, now: datetime) -> bool:
    return now - queued.at > FRESH


def was_connected_again_since(message: Message, at: datetime) -> bool:
    """Whether its channel, which was parked, sends again since then. Asked of a reply that was queued before."""
    last = connected_again_at(message)
    return last is not None and last > at


def connected_again_at(message: Message) -> datetime | None:
    """When its channel, which was parked after it was queued, sent again for the last time. None: it was not parked since."""
    if (queued := _queued(message)) is None:
        return None
    at: datetime | None = _sends_again(message, queued).aggregate(last=Max("at"))["last"]
    return at


def parked_since(message: Message, at: datetime, *, now: datetime) -> timedelta:
    """For how long its channel sent nothing since then. Asked of a reply that was queued before and is sent now."""
    parked, since = timedelta(0), at
    if (queued := _queued(message)) is None:
        return parked
    for changed_at, change in _changes(message, queued).values_list("at", "data"):
        until = min(max(changed_at, since), now)
        if change["before"] != ChannelState.CONNECTED:
            parked += until - since
        since = until
    return parked


def _sends_again(message: Message, queued: Event) -> QuerySet[Event]:
    """A channel that sends again has said so."""
    return _changes(message, queued).filter(data__state=ChannelState.CONNECTED)


def _queued(message: Message) -> Event | None:
    """The last time that it was queued: what a person tries again is queued anew."""
    return Event.objects.filter(message=message, kind=EventKind.REPLY_QUEUED).order_by("-seq").first()


def _changes(message: Message, queued: Event) -> QuerySet[Event]:
    """What became of its channel since."""
    return Event.objects.filter(
        brand=queued.brand_id,
        seq__gt=queued.seq,
        kind=EventKind.CHANNEL_CHANGED,
        data__channel=message.channel_id,
    ).order_by("seq")


def uncertain_replies(*, now: datetime, limit: int = 50) -> list[Message]:
    """Replies whose outcome is unknown and that are due for another look, of all channels in turn."""
    ids = [pk for *_, pk in _in_turn("true", "m.state = 'uncertain'", now=now, limit=limit)]
    found = Message.objects.select_related("conversation", "channel").in_bulk(ids)
    return [found[pk] for pk in ids if pk in found]


def expired_sends(*, now: datetime, limit: int = 200) -> list[int]:
    """Replies whose sender died: they may or may not have gone out."""
    return list(
        Message.objects.filter(state=MessageState.SENDING, lease_until__lt=now)
        .order_by("id")
        .values_list("pk", flat=True)[:limit]
    )
