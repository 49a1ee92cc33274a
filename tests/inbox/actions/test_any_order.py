"""A thread ends the same in whatever order its news comes, in whatever batches and however often: what the customer did, what colleagues
wrote elsewhere, and what became of our own replies."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import cycle, repeat
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from inbox.actions import attaching, receiving, replying, sending
from inbox.actions.receiving import Arrival
from inbox.exchange import (
    Attachment,
    AttachmentKind,
    Delivered,
    Edited,
    InboundEvent,
    InboundMessage,
    MessageKind,
    Party,
    Reacted,
    Unsent,
)
from inbox.models import Attachment as File
from inbox.models import BrandSequence, Channel, Conversation, Handle
from tests.factories import exchange as say
from tests.factories.people import BrandFactory, ChannelFactory, agent_of

pytestmark = pytest.mark.django_db

HELLO = say.wrote(
    "Hallo", external_id="m0", seconds=0
)  # a reply answers something, so one message is there before all others
LATER = 1000.0  # by then everything was told
PICTURE = ""  # a reply of one picture and no words, which tell nobody whose it is
MARA = Party("mara", name="Mara", username="mara.k", followers=90)
MARRIED = Party("mara", name="Mara Kováč", username="mara.kovac", followers=80)
ALIKE = "Gladly"  # what a colleague writes, too, in the platform's own app
SHOWN_AS = {
    PICTURE: PICTURE,
    "Here": "Here",
    "See https://acme.test/": "See acme.test",
    "Up\r\nto you ": "Up\nto you",
}  # by the platform, as it may trim and shorten
OTHERWISE = "See https://t.test/x"  # words that tell nobody whose they were


@dataclass(frozen=True)
class Step:
    """Something that happens: news of the platform, or what becomes of a reply of ours."""

    at: float
    what: str  # told | tried | answered
    reply: int = -1  # whose, where it is of one of ours
    told: InboundEvent | None = None

    @property
    def is_echo(self) -> bool:
        return isinstance(self.told, InboundMessage) and self.reply >= 0


def picture(name: str) -> Attachment:
    return Attachment(AttachmentKind.IMAGE, f"https://cdn.test/{name}", external_id=name)


@dataclass(frozen=True)
class Reply:
    """One of ours. It is tried, the platform has it half a second later, and says so, or its answer is lost; its echo shows it."""

    number: int
    text: str
    shown_as: str
    answer_is_lost: bool
    told_when: bool  # the answer says when the platform had it

    @property
    def tried_at(self) -> float:
        return 30.0 * (self.number + 1)

    @property
    def had_at(self) -> float:
        return self.tried_at + 0.5

    @property
    def echo(self) -> InboundMessage:
        files = () if self.text else (picture(f"r{self.number}"),)
        return say.echoed(
            self.shown_as, external_id=f"r{self.number}", seconds=self.had_at, attachments=files
        )

    @property
    def is_told_by_its_echo(self) -> bool:
        return self.shown_as != OTHERWISE and (self.text != PICTURE or self.answer_is_lost)

    def steps(self) -> list[Step]:
        echo = Step(self.had_at + 0.1, "told", self.number, self.echo)
        return [Step(self.tried_at, "tried", self.number), Step(self.had_at, "answered", self.number), echo]


@st.composite
def public_talks(draw: st.DrawFn) -> list[InboundEvent]:
    """Posts under one root, each an answer to one before it; a telling need not know the root."""
    told: list[InboundEvent] = []
    writers = ["brand", *draw(st.lists(st.sampled_from(["mara", "brand", "noor"]), min_size=1, max_size=2))]
    posts: list[tuple[str, str]] = [("p0", "mara")]
    told.append(say.posted(say.wrote("post 0", external_id="p0", seconds=1.123)))
    for number, writer in enumerate(writers, 1):
        answers, of = draw(st.sampled_from([posts[-1], *posts]))
        fields: dict[str, Any] = {"external_id": f"p{number}", "seconds": number * 4 + 1.123}
        if writer == "brand" and of == "brand":
            told.append(say.added(f"post {number}", answers=answers, **fields))
        else:
            said = (
                say.echoed("post", to=of, **fields)
                if writer == "brand"
                else say.wrote("post", who=writer, **fields)
            )
            roots = draw(st.sampled_from([("",), ("p0",), ("", "p0")]))
            told += [say.posted(said, answers=answers, root=root) for root in roots]
        posts.append((f"p{number}", writer))
    if draw(st.booleans()):
        gone = told[-1]
        assert isinstance(gone, InboundMessage)
        told.append(say.unsent(gone, seconds=40))
    return told


@dataclass(frozen=True)
class Story:
    replies: list[Reply]
    steps: list[Step]

    @property
    def plain(self) -> list[Step]:
        return sorted(self.steps, key=lambda step: step.at)


@st.composite
def messages(draw: st.DrawFn, number: int) -> InboundMessage:
    """Every fourth second, so that some share their millisecond and some stand beside a reply of ours."""
    seconds = draw(st.integers(0, 20)) * 4 + 0.123
    if draw(st.integers(0, 3)) == 0:
        words = draw(st.sampled_from([f"from a colleague {number}", PICTURE]))
        files = () if words else (picture(f"m{number}"),)
        quoted = draw(st.sampled_from(["", "m0"]))
        return say.echoed(
            words, external_id=f"m{number}", seconds=seconds, attachments=files, reply_to=quoted
        )
    if draw(st.integers(0, 3)) == 0:
        comment: dict[str, Any] = {"kind": MessageKind.COMMENT, "dated_by_delivery": True}
        return say.wrote(f"comment {number}", external_id=f"m{number}", seconds=seconds, **comment)
    pictures = draw(st.integers(0, 1))
    attached = tuple(
        Attachment(AttachmentKind.IMAGE, f"https://cdn.test/{place}") for place in range(pictures)
    )
    return say.wrote(
        "" if pictures else f"line {number}", external_id=f"m{number}", seconds=seconds, attachments=attached
    )


@st.composite
def amendments(draw: st.DrawFn, targets: list[InboundMessage]) -> tuple[int, InboundEvent]:
    """Something that happens to a message, some seconds after it was made."""
    # Counted from the end, where our replies are.
    place = len(targets) - 1 - draw(st.integers(0, len(targets) - 1) | st.integers(0, 1))
    target = targets[place]
    seconds = (target.sent_at - say.NOON).total_seconds() + draw(st.integers(1, 40))
    what = draw(
        st.sampled_from(["edit", "unsend", "react", "react", "take back", "read", "read", "look", "deliver"])
    )
    match what:
        case "edit":
            return place, say.edited(target, f"at {seconds:.0f}", seconds=seconds, version=int(seconds))
        case "unsend" if target.text != ALIKE:  # unsent words tell no two messages apart
            return place, say.unsent(target, seconds=seconds)
        case "react" | "take back":
            who = draw(st.sampled_from(["mara", "brand"]))
            return place, say.reacted(
                target, draw(st.sampled_from("👍😮")), who=who, seconds=seconds, removed=what == "take back"
            )
        case "read" if target.outbound:
            return place, say.read(seconds=seconds, message_id=target.external_id)
        case "deliver" if target.outbound:
            return place, Delivered(target.external_id, say.at(seconds), target.thread_id)
        case _:
            return place, say.read(seconds=seconds)


def copies(said: list[InboundMessage]) -> Iterator[InboundMessage]:
    """What has no time but that of its delivery is delivered twice. Whoever hears of the copy alone takes the name in it for one of that
    time (test_contacts), so these tell none."""
    for number, message in enumerate(said):
        if message.dated_by_delivery:
            later = message.sent_at + timedelta(seconds=10 * number + 6)
            yield replace(message, sent_at=later, author=Party(message.author.external_id))


def as_called(message: InboundMessage, since: float) -> InboundMessage:
    """With the name that the customer has at that time: another one since then."""
    mara = MARRIED if message.sent_at >= say.at(since) else MARA
    named = "counterpart" if message.outbound else "author"
    whom = getattr(message, named)
    is_told = whom and whom.external_id == mara.external_id and whom.name
    return replace(message, **{named: mara}) if is_told else message  # type: ignore[arg-type]


@st.composite
def stories(draw: st.DrawFn) -> Story:
    said = [draw(messages(number)) for number in range(1, 1 + draw(st.integers(2, 6)))]
    alike = draw(st.booleans())
    if alike:
        said.append(say.echoed(ALIKE, external_id="alike", seconds=draw(st.sampled_from([28.123, 44.123]))))
    replies = []
    for number in range(draw(st.integers(0, 2))):
        text = draw(st.sampled_from([ALIKE] if alike else sorted(SHOWN_AS)))
        # Which of two with the same words is ours, the answer alone says.
        lost = draw(st.booleans()) and not alike
        other = [] if lost or text == PICTURE else [OTHERWISE]
        shown_as = draw(st.sampled_from([SHOWN_AS.get(text, text), *other]))
        replies.append(Reply(number, text, shown_as, lost, draw(st.booleans())))
    steps = [
        Step((each.sent_at - say.NOON).total_seconds(), "told", told=each) for each in [*said, *copies(said)]
    ]
    targets = [*said, *(each.echo for each in replies)]
    for _ in range(draw(st.integers(0, 8))):
        place, event = draw(amendments(targets))
        at = max((event.at - say.NOON).total_seconds(), 0)  # type: ignore[union-attr]
        steps.append(Step(at, "told", place - len(said) if place >= len(said) else -1, event))
    for event in draw(public_talks()):
        at = event.sent_at if isinstance(event, InboundMessage) else event.at  # type: ignore[union-attr]
        steps.append(Step((at - say.NOON).total_seconds(), "told", told=event))
    steps += (step for each in replies for step in each.steps())
    married_at = draw(st.integers(0, 20)) * 4
    return Story(
        replies,
        [
            replace(step, told=as_called(step.told, married_at))
            if isinstance(step.told, InboundMessage)
            else step
            for step in steps
        ],
    )


@dataclass
class Told:
    """A thread as we come to know it."""

    channel: Channel
    story: Story
    rows: dict[int, int] = field(default_factory=dict)
    settled: set[int] = field(default_factory=set)
    arrived: set[str] = field(default_factory=set)
    waiting: list[InboundEvent] = field(default_factory=list)

    def play(self, steps: Iterable[Step], sizes: Iterator[int]) -> None:
        """As they come, but that nothing is known of a reply before it is tried, and none is tried before the one ahead of it is settled."""
        held: list[Step] = []
        size = next(sizes)
        for step in steps:
            held.append(step)
            while ready := next((each for each in held if self._may_be(each)), None):
                held.remove(ready)
                self._take(ready)
                if len(self.waiting) >= size:
                    self._receive()
                    size = next(sizes)
        self._receive()
        assert not held

    def _may_be(self, step: Step) -> bool:
        if step.what == "tried":
            return step.reply == 0 or step.reply - 1 in self.settled
        # No platform tells that a message was delivered before it tells the message.
        late = isinstance(step.told, Delivered) and step.told.target not in self.arrived
        return not late and (step.reply < 0 or step.reply in self.rows)

    def _take(self, step: Step) -> None:
        if step.told:
            self.waiting.append(step.told)
            if isinstance(step.told, InboundMessage):
                self.arrived.add(step.told.external_id)
                if step.is_echo and self.story.replies[step.reply].is_told_by_its_echo:
                    self.settled.add(step.reply)
            return
        self._receive()
        reply = self.story.replies[step.reply]
        if step.what == "tried":
            self.rows[step.reply] = self._try(reply)
        elif reply.answer_is_lost:
            sending.mark_reply_uncertain(
                message_id=self.rows[step.reply], reason="", now=say.at(LATER), look_at=say.at(LATER), attempt=1
            )  # fmt: skip
        else:
            at = say.at(reply.had_at) if reply.told_when else None
            sending.mark_reply_sent(
                message_id=self.rows[step.reply], external_id=reply.echo.external_id, at=at, now=say.at(LATER)
            )
            self.settled.add(step.reply)
            self.arrived.add(reply.echo.external_id)

    def _try(self, reply: Reply) -> int:
        conversation = Conversation.objects.get(channel=self.channel, kind="direct")
        file = {"kind": "image", "mime": "image/png", "size": 9, "name": "a.png"}
        files = [] if reply.text else [File.objects.create(channel=self.channel, **file)]
        [row] = replying.queue_reply(
            conversation=conversation, by=agent_of(self.channel.brand), client_id=uuid.uuid4(), text=reply.text,
            written_against=conversation.public_seq, now=say.at(reply.tried_at), attachments=files,
        )  # fmt: skip
        claimed = sending.claim_reply(message_id=row.pk, now=say.at(reply.tried_at))
        assert claimed
        if files and reply.answer_is_lost:  # of the others nobody knows what the platform calls them
            attaching.note_sent_up(message=claimed, place=0, external_id=reply.echo.external_id)
        return row.pk

    def _receive(self) -> None:
        if self.waiting:
            tell(self.channel, *self.waiting)
            self.waiting.clear()


def tell(channel: Channel, *events: InboundEvent) -> None:
    receiving.receive(arrivals=[Arrival(channel.pk, event) for event in events], now=say.at(LATER))


ROW = (
    "state", "contact_name", "contact_username", "last_message_text", "last_message_at", "last_message_from", "message_count", "waiting_since", "last_inbound_at",
    "last_outbound_at", "customer_read_at", "window_opened_at",
)  # fmt: skip


def picture_of(told: Told) -> dict[str, Any]:
    conversation = Conversation.objects.get(channel=told.channel, kind="direct")
    # What came before a colleague answered was read by then: this is theirs, and not the platform's to tell.
    unread = {} if told.rows else {"unread_count": conversation.unread_count}
    return {
        "thread": [
            (
                m.external_id, m.text, m.state, m.edit_count, m.deleted_at, m.reactions, m.attachment_count, m.sent_at, m.direction,
                m.client_id is not None, m.reply_to,
            )
            for m in conversation.messages.in_thread_order()
        ],
        "public": sorted(
            (talk.thread_key, *talk.messages.in_thread_order().values_list("external_id", "text", "deleted_at"),
             *(getattr(talk, name) for name in (*ROW, "unread_count")))
            for talk in Conversation.objects.filter(channel=told.channel, kind="comment", message_count__gt=0)
        ),
        **{name: getattr(conversation, name) for name in ROW},
        **unread,
        "person": Handle.objects.values_list("name", "username", "followers", "contact__name").get(channel=told.channel, external_id="mara"),
    }  # fmt: skip


@dataclass(frozen=True)
class Telling:
    """How a story reaches us: in what order, some of it more than once, and in batches of how many."""

    story: Story
    order: list[Step]
    sizes: list[int]

    def place(self, step: Step) -> int:
        return self.order.index(step)


@st.composite
def tellings(draw: st.DrawFn) -> Telling:
    story = draw(stories())
    again = draw(st.lists(st.sampled_from([step for step in story.steps if step.told]), max_size=6))
    order = draw(st.permutations([*story.steps, *again]))
    return Telling(story, order, draw(st.lists(st.integers(1, 5), min_size=1, max_size=4)))


@settings(max_examples=18, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tellings())
def test_the_thread_ends_the_same_whatever_the_order_and_however_often(telling: Telling) -> None:
    brand = BrandFactory()
    BrandSequence.objects.get_or_create(brand=brand)
    straight, shuffled = (Told(ChannelFactory(brand=brand), telling.story) for _ in range(2))
    for each in (straight, shuffled):
        tell(each.channel, HELLO)

    straight.play(telling.story.plain, repeat(1))
    shuffled.play(telling.order, cycle(telling.sizes))

    assert picture_of(shuffled) == picture_of(straight)


def repeats(telling: Telling) -> bool:
    return len(telling.order) > len(telling.story.steps)


def tells_an_old_name_after_the_new_one(telling: Telling) -> bool:
    said = [
        step.told
        for step in telling.order
        if isinstance(step.told, InboundMessage) and not step.told.outbound
    ]
    return any(
        one.author == MARRIED and MARA in [each.author for each in said[place:]]
        for place, one in enumerate(said)
    )


def delivers_a_copy_first(telling: Telling) -> bool:
    said = [
        step.told
        for step in telling.order
        if isinstance(step.told, InboundMessage) and step.told.dated_by_delivery
    ]
    return any(
        one.external_id == other.external_id and one.sent_at > other.sent_at
        for place, one in enumerate(said)
        for other in said[place:]
    )


def shows_two_messages_of_a_millisecond(telling: Telling) -> bool:
    times = [step.told.sent_at for step in telling.story.steps if isinstance(step.told, InboundMessage)]
    return len(set(times)) < len(times)


def shows_a_reply_before_the_answer_to_it(telling: Telling) -> bool:
    return _comes_first(telling, lambda step: step.is_echo, lambda step: step.what == "answered")


def answers_a_reply_before_it_is_shown(telling: Telling) -> bool:
    return _comes_first(telling, lambda step: step.what == "answered", lambda step: step.is_echo)


def amends_a_reply_before_the_answer_to_it(telling: Telling) -> bool:
    """Which comes before its echo, so that it is the answer that finds what was amended."""

    def is_answer(step: Step) -> bool:
        return step.what == "answered" and not telling.story.replies[step.reply].answer_is_lost

    return answers_a_reply_before_it_is_shown(telling) and _comes_first(
        telling, lambda step: isinstance(step.told, Edited | Unsent | Reacted), is_answer
    )


def shows_a_colleagues_picture_before_the_answer_to_one_of_ours(telling: Telling) -> bool:
    return any(
        isinstance(one.told, InboundMessage) and one.told.outbound and one.reply < 0 and not one.told.text
        and other.what == "answered" and not telling.story.replies[other.reply].text
        and telling.place(one) < telling.place(other)
        for one in telling.order
        for other in telling.order
    )  # fmt: skip


def shows_a_colleagues_words_while_the_same_are_on_their_way(telling: Telling) -> bool:
    places = {(step.what, step.reply): telling.place(step) for step in telling.story.steps}
    return any(
        isinstance(step.told, InboundMessage) and step.told.outbound and step.reply < 0 and step.told.text == reply.text
        and places["tried", reply.number] < telling.place(step) < places["answered", reply.number]
        for step in telling.story.steps
        for reply in telling.story.replies
    )  # fmt: skip


def amends_a_message_before_it_comes(telling: Telling) -> bool:
    arrives = {
        step.told.external_id: telling.place(step)
        for step in telling.order
        if isinstance(step.told, InboundMessage)
    }
    kinds = {
        type(step.told)
        for step in telling.order
        if isinstance(step.told, Edited | Unsent | Reacted)
        and telling.place(step) < arrives[step.told.target]
    }
    return len(kinds) > 1


def shows_an_answer_in_public_before_what_it_answers(telling: Telling) -> bool:
    """Which is in two places then: one has begun under the post, the other under the root."""
    posts = [step for step in telling.order if isinstance(step.told, InboundMessage) and step.told.aside]
    return any(
        one.told.reply_to == other.told.external_id and telling.place(one) < telling.place(other)  # type: ignore[union-attr]
        for one in posts
        for other in posts
    )


def _comes_first(telling: Telling, is_one: Callable[[Step], bool], is_other: Callable[[Step], bool]) -> bool:
    return any(
        is_one(one)
        and is_other(other)
        and one.reply == other.reply >= 0
        and telling.place(one) < telling.place(other)
        for one in telling.order
        for other in telling.order
    )


@pytest.mark.parametrize(
    "does",
    [
        repeats, tells_an_old_name_after_the_new_one, delivers_a_copy_first, shows_two_messages_of_a_millisecond, shows_a_reply_before_the_answer_to_it, answers_a_reply_before_it_is_shown,
        amends_a_reply_before_the_answer_to_it, amends_a_message_before_it_comes,
        shows_an_answer_in_public_before_what_it_answers, shows_a_colleagues_picture_before_the_answer_to_one_of_ours, shows_a_colleagues_words_while_the_same_are_on_their_way,
    ],
)  # fmt: skip
def test_a_story_is_told_in_every_way_that_has_made_trouble(does: Callable[[Telling], bool]) -> None:
    find(tellings(), does, settings=settings(max_examples=500, phases=[Phase.generate]))
