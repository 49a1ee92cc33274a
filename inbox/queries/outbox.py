"""What is on its way out. Each question has a partial index (outbox_under_way)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import BooleanField, Exists, Max, OuterRef, Q, Window
from django.db.models.expressions import RawSQL
from django.db.models.functions import RowNumber

from inbox.models import ChannelState, ConversationKind, Direction, Event, EventKind, Message, MessageState
from inbox.models.conversations import ConversationQuerySet
from inbox.queries import news
from inbox.rules import echoes

# LinkedIn: a send follows a person's action "at that time". A limit for a minute, or a worker that was away, changes nothing of that.
CLICK_HOLDS = timedelta(minutes=10)
# Reasons of a reply that was not sent and that nobody has to look after: its writer gave it up (it takes no echo any more), or what
# it says has reached the customer.
DISCARDED = "Discarded"
SHOWN_ELSEWHERE = "The customer has it: it is shown as another reply with the same words."


def due_replies(*, now: datetime, limit: int = 200) -> list[int]:
    """Queued replies that may go now: of each channel the oldest, then of each the next one. Their channel is connected and not asked to wait (which concerns no public answers), and no
    earlier reply of their conversation is in front. Those that wait for another would be found again each time, and could fill the answer for ever; so would
    those of one channel whose platform is slow, which wait for a turn of their worker."""
    turn = Window(RowNumber(), partition_by="channel", order_by=["not_before", "id"])
    of_it = Message.objects.filter(
        conversation=OuterRef("conversation"), direction=Direction.OUT, external_id__isnull=True
    )
    earlier = of_it.filter(state=MessageState.QUEUED, pk__lt=OuterRef("pk"))
    under_way = of_it.filter(state__in=[MessageState.SENDING, MessageState.UNCERTAIN])
    return list(
        Message.objects.filter(
            state=MessageState.QUEUED, not_before__lte=now, channel__state=ChannelState.CONNECTED
        )
        .filter(
            Q(channel__sends_resume_at=None)
            | Q(channel__sends_resume_at__lte=now)
            | Q(conversation__kind=ConversationKind.COMMENT)
        )
        .filter(~Exists(earlier), ~Exists(under_way))
        .annotate(turn=turn)
        .order_by("turn", "not_before", "id")
        .values_list("pk", flat=True)[:limit]
    )


# Whether an answer of a conversation was not sent that nobody has sent again, discarded, or followed by another one that was. Parts of
# one answer are written at once, so none of them stands for another. OFFSET 0 keeps the planner from asking it of every unsent reply of
# the installation at once, for a hash: it weighs that against the rows of the whole view, of which a page reads a few.
_NOT_SENT = """EXISTS (SELECT FROM inbox_message m
    WHERE m.conversation_id = {conversation} AND m.direction = 'out' AND m.external_id IS NULL AND m.state = 'failed'
      AND m.state_reason NOT IN (%s, %s)
      AND NOT EXISTS (SELECT FROM inbox_message f
                       WHERE f.conversation_id = m.conversation_id AND f.direction = 'out' AND f.external_id IS NOT NULL
                         AND f.sent_at > m.sent_at AND f.created_at > m.created_at)
    OFFSET 0)"""


def not_sent_sql(conversation: str) -> tuple[str, list[str]]:
    """As a condition on the id that this piece of SQL names, and its parameters: lists ask it of their rows in the same statement."""
    return _NOT_SENT.format(conversation=conversation), [DISCARDED, SHOWN_ELSEWHERE]


def with_not_sent(conversations: ConversationQuerySet) -> ConversationQuerySet:
    """Each says so as `not_sent`."""
    sql, params = not_sent_sql("inbox_conversation.id")
    return conversations.annotate(not_sent=RawSQL(sql, params, BooleanField()))  # noqa: S611 - no words of anybody's


def queued_at(message: Message) -> datetime:
    """When it was put into the outbox, the last time a person did so."""
    queued = Event.objects.filter(message=message, kind=EventKind.REPLY_QUEUED).aggregate(last=Max("at"))[
        "last"
    ]
    return queued or message.created_at


def is_a_click(message: Message, now: datetime) -> bool:
    """Whether it leaves at a person's own click: not what nobody wrote, and not what had to wait since."""
    return message.author_person_id is not None and queued_at(message) > now - CLICK_HOLDS


def uncertain_since(message: Message) -> datetime | None:
    """When it was last said that its outcome is not known."""
    told = Event.objects.filter(message=message, kind=EventKind.REPLY_UNCERTAIN).aggregate(last=Max("at"))
    at: datetime | None = told["last"]
    return at


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


def overtaken_while_it_waited(message: Message) -> bool:
    """Whether the customer said something new while the reply waited for its writer to take it back, or for its channel to be
    connected again. One that a person wants sent nevertheless was queued anew."""
    queued = Event.objects.filter(message=message, kind=EventKind.REPLY_QUEUED).order_by("-seq").first()
    if queued is None:
        return False
    came = news.since(message.conversation_id, queued.seq, news.WORDS_OF_CUSTOMER)
    held = not message.attempts and message.not_before is not None and queued.at < message.not_before
    if held and came.filter(at__lte=message.not_before).exists():
        return True
    return came.exists() and _was_parked_since(message, queued)


def _was_parked_since(message: Message, queued: Event) -> bool:
    """A channel that sends again has said so."""
    return Event.objects.filter(
        brand=queued.brand_id,
        seq__gt=queued.seq,
        kind=EventKind.CHANNEL_CHANGED,
        data__channel=message.channel_id,
        data__state=ChannelState.CONNECTED,
    ).exists()


def uncertain_replies(*, now: datetime, limit: int = 50) -> list[Message]:
    """Replies whose outcome is unknown and that are due for another look."""
    return list(
        Message.objects.filter(state=MessageState.UNCERTAIN, not_before__lte=now)
        .select_related("conversation", "channel")
        .order_by("not_before", "id")[:limit]
    )


def expired_sends(*, now: datetime, limit: int = 200) -> list[int]:
    """Replies whose sender died: they may or may not have gone out."""
    return list(
        Message.objects.filter(state=MessageState.SENDING, lease_until__lt=now)
        .order_by("id")
        .values_list("pk", flat=True)[:limit]
    )
