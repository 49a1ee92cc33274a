"""What colleagues do with conversations, and administrators with the brand: each a step that a story may take."""

from __future__ import annotations

import uuid

from analytics.actions import recounting
from inbox.actions import (
    assigning,
    bulk,
    closing,
    closing_teams,
    joining,
    merging,
    noting,
    prioritising,
    promising,
    reading,
    snoozing,
    tagging,
    undoing,
)
from inbox.models import Brand, BulkAct, BusinessHours, ContactMerge, Sentiment, SlaPolicy, Tag, Team
from inbox.queries import merges
from tests.analytics.counting import be_there
from tests.analytics.moments import Moment, hold_a_reply


def note(moment: Moment) -> None:
    noting.add_note(client_id=uuid.uuid4(), text="Mind the gap", **moment.to_it)


def read(moment: Moment) -> None:
    if moment.minutes % 2:
        reading.mark_unread(**moment.to_it)
    else:
        reading.mark_read(up_to_seq=moment.story.seen, **moment.to_it)


def resolve(moment: Moment) -> None:
    closing.resolve(**moment.to_it)


def answer_and_resolve(moment: Moment) -> None:
    hold_a_reply(moment)
    resolve(moment)


def reopen(moment: Moment) -> None:
    closing.reopen(**moment.to_it)


def mark_spam(moment: Moment) -> None:
    closing.mark_spam(**moment.to_it)


def assign(moment: Moment) -> None:
    someone = moment.story.person("Bo" if moment.minutes % 2 else "Ada")
    assigning.assign(to=someone if moment.minutes % 3 else None, **moment.to_it)


def give_to_a_team(moment: Moment) -> None:
    team, _ = Team.objects.get_or_create(
        brand=moment.brand, name="Refunds" if moment.minutes % 2 else "Parcels"
    )
    assigning.give_to_team(team=team, **moment.to_it)


def remove_a_team(moment: Moment) -> None:
    closing_teams.remove(team=moment.brand.teams.latest("pk"), **moment.doing)


def tag(moment: Moment) -> None:
    known, _ = Tag.objects.get_or_create(
        brand=moment.brand, name="refund" if moment.minutes % 2 else "parcel"
    )
    has_it = known.name in moment.conversation.tags
    (tagging.undo_tag if has_it else tagging.set_tag)(tag=known, **moment.to_it)


def feel(moment: Moment) -> None:
    mood = moment.conversation.sentiment
    if mood and moment.minutes % 2:
        tagging.undo_sentiment(sentiment=mood, **moment.to_it)
    else:
        tagging.set_sentiment(
            sentiment=Sentiment.values[moment.minutes % len(Sentiment.values)], **moment.to_it
        )


def pin(moment: Moment) -> None:
    if moment.conversation.priority_pinned:
        prioritising.unpin(**moment.to_it)
    else:
        prioritising.pin(priority=1 + moment.minutes % 4, **moment.to_it)


def snooze(moment: Moment) -> None:
    until = moment.story.at(moment.now + moment.minutes) if moment.minutes % 3 else None
    snoozing.snooze(until=until, **moment.to_it)


def leave(moment: Moment) -> None:
    snoozing.leave(**moment.to_it)


def wake(moment: Moment) -> None:
    snoozing.wake(**moment.to_it)


def need_no_reply(moment: Moment) -> None:
    promising.no_reply_needed(**moment.to_it)


def do_to_many(moment: Moment) -> None:
    act, value = [
        (BulkAct.RESOLVE, {}),
        (BulkAct.REOPEN, {}),
        (BulkAct.ASSIGN, {"person": moment.story.person("Bo").pk}),
    ][moment.minutes % 3]
    known = dict(moment.brand.conversations.values_list("public_id", "seq"))
    run = bulk.begin(
        brand=moment.brand, act=act, words="Many", value=value, seen_seq=moment.story.seen, seen=known, **moment.doing
    )  # fmt: skip
    while run.state == "running":
        run = bulk.work(run_id=run.pk, now=moment.story.at(moment.now))


def undo(moment: Moment) -> None:
    undoing.undo(brand=moment.brand, **moment.doing)


def merge(moment: Moment) -> None:
    other = moment.story.conversation("noor" if moment.who == "mara" else "mara")
    joining.join(kept=moment.conversation, merged=other, **moment.doing)


def part(moment: Moment) -> None:
    for each in merges.into(moment.conversation):
        joining.part(merge=each, **moment.doing)


def say_they_are_one(moment: Moment) -> None:
    ivo = moment.story.conversation("ivo").contact
    person = moment.story.conversation("mara").contact
    if ivo is None or person is None or ivo == person:
        for row in ContactMerge.objects.filter(brand=moment.brand).order_by("-pk")[:1]:
            merging.part(merge=row, **moment.doing)
    else:
        merging.merge(kept=person, absorbed=ivo, **moment.doing)


def be_at_the_desk(moment: Moment) -> None:
    be_there(moment.story, moment.name, moment.earlier(), moment.now, every=1 + moment.minutes % 2)


def promise_otherwise(moment: Moment) -> None:
    change = {"first_response": moment.minutes * 60, "resolution": 7200 if moment.minutes % 3 else None}
    moment.story.promise(SlaPolicy.objects.get(brand=moment.brand), moment.now, **change)


def work_other_hours(moment: Moment) -> None:
    opens = 480 + moment.minutes
    row, _ = BusinessHours.objects.update_or_create(
        brand=moment.brand, name="Office", defaults={"time_zone": "UTC", "week": {str(day): [[opens, opens + 300]] for day in range(7)}}
    )  # fmt: skip
    if moment.minutes % 2:
        SlaPolicy.objects.filter(brand=moment.brand).update(hours=row)


def move_to_another_zone(moment: Moment) -> None:
    zone = "Europe/Berlin" if moment.brand.time_zone == "Asia/Kolkata" else "Asia/Kolkata"
    Brand.objects.filter(pk=moment.brand.pk).update(time_zone=zone)
    moment.brand.refresh_from_db()


def ask_for_a_recount(moment: Moment) -> None:
    recounting.ask(brand=moment.brand, now=moment.story.at(moment.now))


OFTEN = [resolve, answer_and_resolve, reopen, assign, tag, snooze, undo, merge]
SELDOM = [
    note, read, mark_spam, give_to_a_team, remove_a_team, feel, pin, leave, wake, need_no_reply, do_to_many, part, say_they_are_one,
    be_at_the_desk, promise_otherwise, work_other_hours, move_to_another_zone, ask_for_a_recount,
]  # fmt: skip
