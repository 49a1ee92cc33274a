"""The comparison of inbox and ledger: clean when both agree, and able to fail in each way it knows."""

import json
import re
import threading
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models import F
from django.utils import timezone

from connectors import completeness, natives, sides
from connectors.actions import backfilling, connecting, delivering, draining, retiring, settling
from connectors.contract import Remedy
from connectors.management.commands import completeness as command
from connectors.models import Gap, SyncRun, SyncSchedule, Task
from inbox import platforms
from inbox.actions import sending
from inbox.models import Attachment, Channel, Conversation, Message
from inbox.platforms import ReceiveRules
from tests.connectors.conftest import NOW, message_item, queue
from tests.factories.people import ChannelFactory
from tests.fakes.platform import manifest, millis

pytestmark = pytest.mark.django_db(transaction=True)
EDITS = ReceiveRules(mode="webhook", edits=True)


@pytest.fixture
def simulator():
    """A ledger served over HTTP, as the simulator serves its own."""
    rows = []

    class Ledger(BaseHTTPRequestHandler):
        def do_GET(self):
            body = "".join(json.dumps(row) + "\n" for row in rows).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Ledger)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield rows, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def native(external_id, text="Hello", *, seconds=0, **more):
    row = {
        "platform": "fake", "account": "acc-1", "thread": "mara", "id": external_id, "direction": "in",
        "at_ms": millis(NOW + timedelta(seconds=seconds)), "text": text, "deleted": False, "reactions": [],
        "client": "stage", "history": [{"text": text}], "expected": True, "sender": "mara", "kind": "text", "attachments": [],
    }  # fmt: skip
    return row | more


@pytest.fixture
def agreeing(simulator, receipt):
    """Three messages that both sides know."""
    Channel.objects.update(created_at=NOW - timedelta(days=1))
    rows, url = simulator
    rows += [native("m1", "One"), native("m2", "Two", seconds=1.5), native("m3", "Three", seconds=3.25)]
    for number, row in enumerate(rows):
        receipt(message_item(row["id"], row["text"], seconds=[0, 1.5, 3.25][number]))
    draining.drain(now=NOW)
    return simulator


def compared(url, **options):
    """(exit code, what was told)."""
    out = StringIO()
    try:
        call_command("completeness", simulator=url, json=True, stdout=out, stderr=StringIO(), **options)
    except CommandError as error:
        return error.returncode, json.loads(out.getvalue()) if out.getvalue() else str(error)
    return 0, json.loads(out.getvalue())


def differs(url):
    code, told = compared(url)
    assert code == bool(any(told["differences"].values()))
    return {kind: count for kind, count in told["differences"].items() if count}


def test_both_agree(agreeing):
    code, told = compared(agreeing[1])

    assert code == 0
    assert (told["messages"], told["threads"], set(told["differences"].values())) == (3, 1, {0})


def test_an_empty_ledger_proves_nothing_about_a_full_inbox(agreeing):
    rows, url = agreeing
    rows.clear()
    out = StringIO()

    with pytest.raises(CommandError, match="Nothing was compared: the ledger is empty") as raised:
        call_command("completeness", simulator=url, stdout=out, stderr=StringIO())

    assert raised.value.returncode == 2
    assert "both empty" not in out.getvalue()


def test_two_empty_sides_agree_and_it_says_so(simulator, channel):
    out = StringIO()

    call_command("completeness", simulator=simulator[1], stdout=out, stderr=StringIO())

    assert "The ledger and the inbox are both empty." in out.getvalue()


def test_a_missing_message_is_named(agreeing):
    rows, url = agreeing
    rows.append(native("m4", "Four", seconds=4))

    code, told = compared(url)

    assert (code, told["differences"]["missing"]) == (1, 1)
    assert told["named"][0]["id"] == "m4"


def test_what_nobody_could_know_is_not_missing_and_is_counted(agreeing):
    rows, url = agreeing
    rows.append(native("m4", "Four", seconds=4, expected=False))

    code, told = compared(url)

    assert (code, told["unknowable"]) == (0, 1)


@pytest.fixture
def overtaken(agreeing, channel):
    """A message that no delivery brought and of which the platform tells no more."""
    agreeing[0].append(pushed_out("m4", after=30))
    return agreeing[1]


def test_what_can_no_longer_be_known_is_told_unless_a_gap_says_that_it_is_lost(overtaken, channel):
    assert differs(overtaken) == {"lost untold": 1}

    around = {"since": NOW, "until": NOW + timedelta(seconds=4), "found_at": NOW}
    healed = Gap.objects.create(channel=channel, cause="not_delivered", healed_at=NOW, **around)
    another = Gap.objects.create(channel=channel, cause="horizon", lost=True, thread_key="noor", **around)
    earlier = Gap.objects.create(
        channel=channel, cause="horizon", lost=True, thread_key="mara", since=NOW, until=NOW, found_at=NOW
    )
    assert differs(overtaken) == {"lost untold": 1}, (healed, another, earlier)

    Gap.objects.create(channel=channel, cause="horizon", lost=True, thread_key="mara", **around)

    code, told = compared(overtaken)
    assert (code, told["unknowable"]) == (0, 1)


def ledger_entry(what, *, seconds, **more):
    return {"what": what, "at_ms": millis(NOW + timedelta(seconds=seconds)), **more}


@pytest.mark.usefixtures("telling_all")
def test_of_each_kind_that_nobody_can_know_the_messages_are_counted_and_as_many_are_named_as_are_asked_for(
    agreeing,
):
    rows, url = agreeing
    rows += [unsent("m5", after=3, **SHOWN), unsent("m6", after=30), unsent("m7", after=40)]
    rows[0] = changed("edited", told=False, until=0)  # and reacted to: two differences of one message
    rows[0]["history"].append(ledger_entry("react", seconds=70, told=False, **HEART))
    rows[0]["reactions"] = [HEART]
    out = StringIO()

    code, told = compared(url)
    call_command("completeness", simulator=url, show=2, stdout=out)

    counts = {"never told": 2, "read and unsent": 1, "changed untold": 1}
    assert (code, told["gone_counts"], len(told["gone"])) == (0, counts, 5)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("No longer")][2:] == [
        "No longer to be known: … and 3 more."
    ]
    assert lines[-3:] == [
        "2 can be known by nobody any more: not delivered, and not shown in history.",
        "1 can be known by nobody any more: not delivered, shown in history once, and unsent.",
        "Of 1 nobody can know what became of them: not delivered, and not shown in history for long.",
    ]


SHOWN = {"shown_ms": millis(NOW + timedelta(seconds=5))}
AGAIN = SHOWN | {"shown_again_ms": millis(NOW + timedelta(seconds=70))}


def pushed_out(external_id, *, after, **more):
    """A message that no delivery brought, and that history showed from its fifth second on, and for so many seconds."""
    until = millis(NOW + timedelta(seconds=5 + after))
    return native(external_id, "Four", seconds=4, expected=False, shown_until_ms=until, **more)


def unsent(external_id, *, after, **more):
    """The same, and it was its author who took it back."""
    history = [ledger_entry("created", seconds=4, text="Four"), ledger_entry("unsend", seconds=5 + after)]
    return pushed_out(external_id, after=after) | {"text": "", "deleted": True, "history": history, **more}


def listed(told):
    return [(each["kind"], each["id"]) for each in told["gone"]]


def test_what_was_unsent_at_once_after_history_showed_it_is_listed_and_not_missing(agreeing):
    """Whoever was killed before they kept the page cannot ask for it again."""
    rows, url = agreeing
    rows.append(unsent("m4", after=3, **SHOWN))
    out = StringIO()

    code, told = compared(url)
    call_command("completeness", simulator=url, stdout=out)

    assert (code, told["unknowable"], listed(told)) == (0, 1, [("read and unsent", "m4")])
    assert "No longer to be known: read and unsent: fake acc-1 thread mara message m4" in out.getvalue()


@pytest.mark.parametrize(
    "lost",
    [
        native("m4", "Four", seconds=4, **SHOWN),
        unsent("m4", after=3, **SHOWN) | {"expected": True},
        unsent("m4", after=3600, **SHOWN),
        unsent("m4", after=90, **AGAIN),
        pushed_out("m4", after=3600, **SHOWN),
        pushed_out("m4", after=90, **AGAIN),
        pushed_out("m4", after=-60, **SHOWN),
    ],
    ids=[
        "is there still", "was delivered", "was there for an hour", "was shown again", "was there for an hour, and is overtaken",
        "was shown again, and is overtaken", "was shown after it was overtaken",
    ],
)  # fmt: skip
def test_what_could_be_known_is_missing_whatever_a_gap_says_and_however_much_is_listed(
    agreeing, channel, lost
):
    rows, url = agreeing
    rows += [unsent("m5", after=3, **SHOWN), lost]
    lost_all(channel)

    code, told = compared(url)

    assert code == 1
    assert [(each["kind"], each["id"]) for each in told["named"]] == [("missing", "m4")]
    assert listed(told) == [("read and unsent", "m5")]


def lost_all(channel):
    """The inbox says that it lost whatever was said in these hours."""
    hours = {"since": NOW - timedelta(hours=1), "until": NOW + timedelta(hours=1)}
    Gap.objects.create(channel=channel, cause="horizon", lost=True, found_at=NOW, **hours)


@pytest.mark.parametrize("way", ["by newer ones", "by newer ones, once shown", "for an hour, then unsent"])
def test_what_whoever_had_asked_in_time_would_have_needs_a_gap_that_says_so(agreeing, channel, way):
    rows, url = agreeing
    gone = {
        "by newer ones": pushed_out("m4", after=30),
        "by newer ones, once shown": pushed_out("m4", after=30, **SHOWN),
        "for an hour, then unsent": unsent("m4", after=3600),
    }
    rows.append(gone[way])
    assert differs(url) == {"lost untold": 1}

    lost_all(channel)
    code, told = compared(url)
    assert (code, listed(told)) == (0, [("never told", "m4")])


def test_what_was_unsent_at_once_and_shown_to_nobody_was_never_told(agreeing):
    rows, url = agreeing
    rows.append(unsent("m4", after=3500))

    code, told = compared(url)

    assert (code, listed(told)) == (0, [("never told", "m4")])


def test_that_it_was_before_the_channel_excuses_nothing_that_a_backfill_was_told(agreeing, channel):
    rows, url = agreeing
    Channel.objects.update(created_at=NOW + timedelta(hours=2))
    channel.refresh_from_db()
    backfilling.ask(channel=channel, since=None, until=None, by=None, now=NOW + timedelta(hours=2))
    rows.append(pushed_out("m4", after=30))
    assert compared(url)[0] == 0

    rows[-1] |= SHOWN
    assert differs(url) == {"lost untold": 1}


def test_what_history_told_of_an_account_without_a_channel_is_missing(agreeing):
    rows, url = agreeing
    rows += [
        unsent("m4", after=3) | {"account": "acc-2"},
        unsent("m5", after=3, **SHOWN) | {"account": "acc-2"},
    ]

    _, told = compared(url)

    assert [(each["kind"], each["id"]) for each in told["named"]] == [("missing", "m5")]


CHANGES = {
    "unsent": ([("unsend", {})], {"deleted": True, "text": ""}, "deletion differs"),
    "edited": ([("edit", {"text": "One, please"})], {"text": "One, please"}, "text differs"),
    "edited twice": (
        [("edit", {"text": "One, please"}), ("edit", {"text": "One!"})],
        {"text": "One!"},
        "text differs",
    ),
    "reacted to": (
        [("react", {"actor": "mara", "emoji": "❤️"})],
        {"reactions": [{"actor": "mara", "emoji": "❤️"}]},
        "reactions differ",
    ),
}


def changed(how, *, told, until):
    """m1, and what became of it a minute later. `until`: for how many seconds from then history showed that."""
    changes, now, _ = CHANGES[how]
    history = [ledger_entry("created", seconds=0, text="One")]
    history += [
        ledger_entry(what, seconds=60 + number, told=told, **more)
        for number, (what, more) in enumerate(changes)
    ]
    shown = until if until is None else millis(NOW + timedelta(seconds=60 + until))
    return native("m1", "One") | now | {"history": history, "changes_shown_until_ms": shown}


@pytest.fixture
def telling_all(monkeypatch):
    """A platform that tells of edits, unsends and reactions."""
    rules = ReceiveRules(mode="webhook", edits=True, unsends=True, reactions=True)
    monkeypatch.setattr(platforms, "get", lambda _: replace(manifest(), receive=rules))


@pytest.mark.usefixtures("telling_all")
@pytest.mark.parametrize("how", CHANGES)
def test_what_became_of_a_message_and_nobody_tells_is_listed_and_no_difference(agreeing, how):
    rows, url = agreeing
    for until in (-60, 0, 30):
        rows[0] = changed(how, told=False, until=until)

        code, told = compared(url)

        assert (code, told["unknowable"], listed(told)) == (0, 0, [("changed untold", "m1")]), until


@pytest.mark.usefixtures("telling_all")
@pytest.mark.parametrize("how", CHANGES)
@pytest.mark.parametrize(
    ("told", "until"),
    [(True, 30), (False, None), (False, 3700)],
    ids=["delivered", "in history still", "in history for an hour"],
)
def test_a_change_that_could_be_known_and_is_not_here_is_a_difference(agreeing, how, told, until):
    rows, url = agreeing
    rows[0] = changed(how, told=told, until=until)

    assert differs(url) == {CHANGES[how][2]: 1}


@pytest.mark.usefixtures("telling_all")
def test_a_change_that_nobody_tells_hides_none_that_was_told(agreeing):
    rows, url = agreeing
    rows[0] = changed("edited twice", told=False, until=0)
    rows[0]["history"][1]["told"] = True  # the first of them came, so that "One" is an old text
    assert differs(url) == {"text differs": 1}

    rows[0]["history"][1] |= {"told": False}
    assert differs(url) == {}

    rows[0]["history"][1] |= {"shown_again_ms": millis(NOW)}  # or history told it twice
    assert differs(url) == {"text differs": 1}


HEART, THUMB = {"actor": "noor", "emoji": "❤️"}, {"actor": "noor", "emoji": "👍"}


@pytest.mark.usefixtures("telling_all")
@pytest.mark.parametrize(
    ("told", "ours", "differences"),
    [
        ((True, False), [HEART], {}),
        ((True, False), [THUMB], {}),
        ((True, False), [], {"reactions differ": 1}),
        ((False, False), [], {}),
        ((False, True), [HEART], {"reactions differ": 1}),
        ((True, False), [HEART | {"emoji": "😡"}], {"reactions differ": 1}),
        ((False, False), [HEART, THUMB], {"reactions differ": 1}),
        ((False, False), [HEART | {"actor": "mara"}], {"reactions differ": 1}),
    ],
)
def test_a_reaction_that_nobody_tells_hides_none_that_was_told(agreeing, told, ours, differences):
    rows, url = agreeing
    rows[1] |= {"reactions": [THUMB], "changes_shown_until_ms": 0}
    rows[1]["history"] = [
        ledger_entry("created", seconds=1.5, text="Two"),
        *(
            ledger_entry("react", seconds=60, told=is_told, **how)
            for is_told, how in zip(told, (HEART, THUMB), strict=True)
        ),
    ]
    Message.objects.filter(external_id="m2").update(reactions=ours)

    assert differs(url) == differences


@pytest.mark.usefixtures("telling_all")
@pytest.mark.parametrize("lost", ["an edit", "a reaction", "a picture"])
def test_an_unsend_that_nobody_tells_hides_nothing_that_was_told_before(agreeing, channel, lost):
    rows, url = agreeing
    rows[0] = changed("unsent", told=False, until=0)
    assert differs(url) == {}

    if lost == "an edit":
        rows[0]["history"].insert(1, ledger_entry("edit", seconds=30, text="One, please", told=True))
    elif lost == "a reaction":
        rows[0]["history"].insert(1, ledger_entry("react", seconds=30, told=True, **HEART))
        rows[0]["reactions"] = [HEART]
    else:
        message = Message.objects.get(external_id="m1")
        Attachment.objects.create(message=message, channel=channel, kind="image", fetch_state="gone")
    assert differs(url) == {"deletion differs": 1}


def test_words_erased_here_alone_are_told_whatever_nobody_tells(agreeing):
    rows, url = agreeing
    rows[0] = changed("edited", told=False, until=0)
    Message.objects.filter(external_id="m1").update(deleted_at=NOW, text="", created_text="")

    assert differs(url) == {"deletion differs": 1}


def test_what_was_lost_before_the_channel_was_connected_is_nobodys(overtaken, channel):
    Channel.objects.filter(pk=channel.pk).update(created_at=NOW + timedelta(days=1))

    assert compared(overtaken)[0] == 0


def test_what_was_before_the_channel_is_missed_where_somebody_asked_for_it(agreeing, channel):
    rows, url = agreeing
    rows.insert(0, native("m0", "Last week", seconds=-8 * 86400))
    assert compared(url)[0] == 0

    backfilling.ask(channel=channel, since=NOW - timedelta(days=7), until=None, by=None, now=NOW)
    assert compared(url)[0] == 0

    SyncRun.objects.update(since=None)
    assert differs(url) == {"missing": 1}


def test_a_loss_is_on_its_way_to_be_found_until_the_next_comparison_with_history(
    overtaken, agreeing, channel
):
    SyncSchedule.objects.create(
        channel=channel, task=Task.RECONCILE, every_seconds=900, next_run_at=timezone.now()
    )
    agreeing[0][-1]["at_ms"] = millis(timezone.now() - timedelta(minutes=10))
    code, told = compared(overtaken)
    assert (code, told["on_their_way"]) == (0, 1)

    agreeing[0][-1]["at_ms"] = millis(timezone.now() - timedelta(minutes=20))
    assert differs(overtaken) == {"lost untold": 1}


def test_a_thread_split_over_two_conversations(agreeing):
    """The second may be opened once the first is resolved; no message is missing, doubled, or out of order in either."""
    conversation = Conversation.objects.get()
    Conversation.objects.update(state="resolved", resolved_at=NOW)
    conversation.pk, conversation.public_id = None, uuid4()
    conversation._state.adding = True
    conversation.state = "open"
    conversation.save()
    Message.objects.filter(external_id__in=["m2", "m3"]).update(conversation=conversation)
    assert differs(agreeing[1]) == {"split": 1}

    Message.objects.filter(external_id="m3").update(sent_at=NOW - timedelta(seconds=7.5))
    assert differs(agreeing[1]) == {"split": 1, "out of order": 2, "time differs": 1}

    for row in agreeing[0]:
        row["kind"] = "comment"  # below one post many speak
    Message.objects.filter(external_id="m3").update(sent_at=NOW + timedelta(seconds=3.25))
    assert differs(agreeing[1]) == {}


def test_a_doubled_message(agreeing, receipt):
    receipt(message_item("m2-again", "Two", seconds=2))
    draining.drain(now=NOW)

    assert differs(agreeing[1]) == {"doubled": 1}


def test_a_message_the_platform_never_had(agreeing, receipt):
    receipt(message_item("ghost", "Boo", seconds=2))
    draining.drain(now=NOW)

    assert differs(agreeing[1]) == {"unknown to the platform": 1}


def test_a_thread_out_of_order(agreeing):
    Message.objects.filter(external_id="m3").update(sent_at=NOW - timedelta(seconds=7.5))

    assert differs(agreeing[1]) == {"out of order": 2, "time differs": 1}


def test_a_thread_that_is_an_hour_off_is_in_order_and_differs(agreeing):
    Message.objects.update(sent_at=F("sent_at") - timedelta(hours=1))

    code, told = compared(agreeing[1])

    assert (code, {kind: n for kind, n in told["differences"].items() if n}) == (1, {"time differs": 3})
    assert told["named"][0]["detail"] == "3600.0 seconds apart"


def test_what_is_told_from_more_than_a_day_ahead_is_said_to_be_held_back(agreeing, receipt):
    rows, url = agreeing
    rows.append(native("m4", "Tomorrow and more", seconds=90_000))
    receipt(message_item("m4", "Tomorrow and more", seconds=90_000))
    draining.drain(now=NOW + timedelta(seconds=10))

    _, told = compared(url)

    [difference] = told["named"]
    assert (difference["kind"], difference["detail"].partition(", ")[2]) == (
        "time differs",
        "as what is told from more than a day ahead is",
    )


def test_what_was_dated_by_its_delivery_may_be_late_and_not_early(agreeing, receipt):
    rows, url = agreeing
    rows.append(native("m4", "Nice", seconds=4))
    receipt(message_item("m4", "Nice", seconds=400, dated_by_delivery=True))
    draining.drain(now=NOW)
    assert differs(url) == {}

    rows[-1] = native("m4", "Nice", seconds=402)
    assert differs(url) == {"time differs": 1}


def test_an_answer_that_quotes_another_message(agreeing, receipt):
    rows, url = agreeing
    rows.append(native("m4", "Yes", seconds=4, reply_to="m1"))
    receipt(message_item("m4", "Yes", seconds=4))
    draining.drain(now=NOW)
    assert differs(url) == {}  # it was not told what it answers

    Message.objects.filter(external_id="m4").update(reply_to="m2")
    assert differs(url) == {"answers another": 1}


def test_within_a_second_nobody_can_tell_where_times_are_no_finer(agreeing):
    rows, url = agreeing
    rows[:] = [
        native("m1", "One", seconds=0.5),
        native("m2", "Two", seconds=0.9),
        native("m3", "Three", seconds=3.25),
    ]
    Message.objects.filter(external_id="m1").update(sent_at=NOW + timedelta(seconds=1))
    Message.objects.filter(external_id="m2").update(sent_at=NOW)

    assert compared(url)[0] == 0


def test_a_text_that_differs(agreeing):
    agreeing[0][1]["text"] = "Two, edited"

    assert differs(agreeing[1]) == {"text differs": 1}


def test_a_deletion_nobody_told_us(agreeing):
    agreeing[0][0] |= {"deleted": True, "text": ""}

    assert differs(agreeing[1]) == {"deletion differs": 1}


def test_a_deletion_the_platform_does_not_know(agreeing):
    Message.objects.filter(external_id="m1").update(deleted_at=NOW, text="", created_text="")

    assert differs(agreeing[1]) == {"deletion differs": 1}


@pytest.mark.parametrize(("hidden", "code"), [(False, 1), (True, 0)])
def test_words_erased_here_and_living_there_are_told_although_the_platform_tells_of_no_unsends(
    agreeing, monkeypatch, hidden, code
):
    """Some are erased by the program itself, because history seemed to show that they were withdrawn."""
    rules = ReceiveRules(mode="webhook", edits=True)
    monkeypatch.setattr(platforms, "get", lambda _: replace(manifest(), receive=rules))
    Message.objects.filter(external_id="m1").update(deleted_at=NOW, text="", created_text="")
    agreeing[0][0]["hidden"] = hidden

    found, told = compared(agreeing[1])

    assert (found, told["differences"]["deletion differs"]) == (code, code)


def test_what_nobody_tells_is_unsent_is_not_missed(agreeing, monkeypatch):
    monkeypatch.setattr(
        platforms, "get", lambda _: replace(manifest(), receive=ReceiveRules(mode="webhook", edits=True))
    )
    agreeing[0][0] |= {"deleted": True, "text": ""}

    assert compared(agreeing[1])[0] == 0


def test_a_customers_message_filed_as_ours(agreeing):
    Message.objects.filter(external_id="m1").update(direction="out")

    assert differs(agreeing[1]) == {"side differs": 1}


def test_what_one_member_of_a_group_said_put_into_anothers_mouth(agreeing):
    agreeing[0][1]["sender"] = "noor"

    assert differs(agreeing[1]) == {"author differs": 1}


def test_in_public_somebody_unknown_may_stand_for_an_author_who_was_not_told(agreeing):
    rows, url = agreeing
    for row in rows:
        row |= {"kind": "comment", "sender": "urn:mara"}

    assert compared(url)[0] == 0

    rows[0]["sender"] = "mara"

    assert differs(url) == {"author differs": 2}


def test_a_picture_that_got_lost(agreeing):
    agreeing[0][1] |= {"kind": "image", "attachments": [{"kind": "image"}]}

    assert differs(agreeing[1]) == {"files differ": 1}


@pytest.mark.parametrize(
    ("how", "code"),
    [
        ({"fetch_state": "gone"}, 1),
        ({"fetch_state": "pending", "expires_at": NOW, "fetch_at": NOW + timedelta(days=3650)}, 1),
        ({"fetch_state": "pending", "fetch_at": NOW}, 1),
        ({"fetch_state": "pending", "fetch_at": NOW + timedelta(days=3650)}, 0),
        ({"fetch_state": "stored"}, 0),
        ({"fetch_state": "link", "expires_at": NOW}, 0),
    ],
)
def test_a_picture_whose_bytes_nobody_copied_before_they_were_gone(agreeing, channel, how, code):
    agreeing[0][1] |= {"kind": "image", "attachments": [{"kind": "image"}]}
    Attachment.objects.create(
        message=Message.objects.get(external_id="m2"), channel=channel, kind="image", **how
    )

    found, told = compared(agreeing[1])

    assert (found, told["differences"]["file lost"], told["differences"]["files differ"]) == (code, code, 0)


def test_the_bytes_of_what_was_unsent_are_not_missed(agreeing, channel):
    agreeing[0][1] |= {"kind": "image", "attachments": [{"kind": "image"}], "deleted": True}
    message = Message.objects.get(external_id="m2")
    Attachment.objects.create(message=message, channel=channel, kind="image", fetch_state="gone")
    Message.objects.filter(pk=message.pk).update(deleted_at=NOW, text="", created_text="")

    assert compared(agreeing[1])[0] == 0


@pytest.mark.parametrize(
    ("platform", "files", "tail", "same"),
    [
        ("x", 1, " https://t.co/Ab3", True),
        ("x", 1, " https://t.co/Ab3 and refund me at once", False),
        ("x", 0, " https://t.co/Ab3", False),
        ("instagram", 1, " https://t.co/Ab3", False),
    ],
)
def test_on_x_a_picture_may_be_a_link_at_the_end_and_nothing_more(platform, files, tail, same):
    row = native("m1", "Look" + tail, platform=platform, attachments=[{"kind": "image"}] * files)
    kept = sides.Kept("m1", 1, False, "Look", False, frozenset(), False, files=files)
    for one, other in [(row, kept), (row | {"text": "Look"}, replace(kept, text="Look" + tail))]:
        found = completeness.compare([natives.Native.read(one | {"history": []})], [other], EDITS)

        assert [each.kind for each in found] == ([] if same else [completeness.Kind.TEXT])


@pytest.mark.parametrize(
    ("how", "code", "on_their_way"),
    [
        ({"state": "queued"}, 1, 0),
        ({"state": "sending", "lease_until": timedelta(minutes=-5)}, 1, 0),
        ({"state": "sending", "lease_until": timedelta(minutes=1)}, 0, 1),
        ({"state": "queued", "not_before": timedelta(minutes=5)}, 0, 1),
        ({"state": "uncertain", "attempted_at": timedelta(minutes=-10)}, 0, 1),
        ({"state": "uncertain", "attempted_at": timedelta(hours=-2)}, 1, 0),
        ({"state": "failed"}, 0, 0),
    ],
)
def test_a_reply_that_never_left(agreeing, channel, agent, how, code, on_their_way):
    reply = queue("On its way!", channel=channel, agent=agent, now=NOW)
    if how["state"] != "queued":
        Message.objects.filter(pk=reply.pk).update(state="sending")
    now = timezone.now()
    told = {name: now + value if isinstance(value, timedelta) else value for name, value in how.items()}
    Message.objects.filter(pk=reply.pk).update(**{"created_at": NOW, "not_before": NOW} | told)

    found, told = compared(agreeing[1])

    assert (found, told["differences"]["never left"], told["on_their_way"]) == (code, code, on_their_way)
    assert [each["id"] for each in told["named"]] == [str(reply.public_id)] * code


def test_a_reply_whose_channel_waits_to_be_connected_again_is_on_its_way(agreeing, channel, agent):
    reply = queue("On its way!", channel=channel, agent=agent, now=NOW)
    Message.objects.filter(pk=reply.pk).update(created_at=NOW, not_before=NOW)
    Channel.objects.filter(pk=channel.pk).update(state="needs_reconnect")

    code, told = compared(agreeing[1])

    assert (code, told["on_their_way"]) == (0, 1)


def test_a_story_that_is_answered_is_shown_with_the_answer(agreeing, channel):
    agreeing[0][1]["kind"] = "story_reply"
    message = Message.objects.get(external_id="m2")
    Attachment.objects.create(message=message, channel=channel, kind="other")

    assert compared(agreeing[1])[0] == 0


def test_reactions_that_differ():
    heart = natives.Native.read(native("m1", reactions=[{"actor": "mara", "emoji": "❤️"}]))
    kept = sides.Kept("m1", 1, False, "Hello", False, frozenset(), False)
    rules = ReceiveRules(mode="webhook", reactions=True)

    [difference] = completeness.compare([heart], [kept], rules)

    assert difference.kind == completeness.Kind.REACTIONS
    assert completeness.compare([heart], [replace(kept, reactions=frozenset({("mara", "❤️")}))], rules) == []
    assert completeness.compare([heart], [kept], replace(rules, reactions=False)) == []


@pytest.mark.parametrize("kind", ["comment", "mention"])
def test_changes_of_which_a_platform_tells_nothing_in_public_are_not_missed(kind):
    changed = {
        "text": "Hello!",
        "history": [{"text": "Hello"}, {"text": "Hello!"}],
        "reactions": [{"actor": "mara", "emoji": "❤️"}],
    }
    kept = sides.Kept("m1", 1, False, "Hello", False, frozenset(), False)
    rules = ReceiveRules(mode="webhook", edits=True, unsends=True, reactions=True)
    silent = replace(rules, **{f"of_{kind}s": frozenset()})
    rows = [native("m1", kind=kind, **changed), native("m1", kind=kind, deleted=True)]

    told = [completeness.compare([natives.Native.read(row)], [kept], rules) for row in rows]
    assert [[each.kind for each in differences] for differences in told] == [
        [completeness.Kind.TEXT, completeness.Kind.REACTIONS],
        [completeness.Kind.DELETION],
    ]
    assert [completeness.compare([natives.Native.read(row)], [kept], silent) for row in rows] == [[], []]


def reply_sent(channel, agent, clock, rows, platform):
    reply = queue("On its way!", channel=channel, agent=agent, now=clock())
    delivering.deliver(message_id=reply.pk, clock=clock)
    said = platform.said[-1]
    rows.append(
        native(said.id, said.text, seconds=10, direction="out", client="api") | {"at_ms": millis(said.at)}
    )
    return reply


def test_a_reply_sent_twice(agreeing, channel, agent, clock, platform):
    rows, url = agreeing
    clock.passes(10)
    reply_sent(channel, agent, clock, rows, platform)
    assert compared(url)[0] == 0
    rows.append(native("second-copy", "On its way!", seconds=12, direction="out", client="api"))

    assert differs(url) == {"sent twice": 1}


def test_a_reply_whose_second_copy_was_taken_for_somebody_elses(
    agreeing, channel, agent, clock, platform, receipt
):
    rows, url = agreeing
    clock.passes(10)
    reply_sent(channel, agent, clock, rows, platform)
    rows.append(native("second-copy", "On its way!", seconds=12, direction="out", client="api"))
    receipt(message_item("second-copy", "On its way!", seconds=12, outbound=True))
    draining.drain(now=clock())

    assert differs(url) == {"sent twice": 1}


def given_up(channel, agent, clock, platform):
    """A reply whose answer was lost, and that nobody could find: its writer was told."""
    platform.loses_the_answer(delivered=True)
    reply = queue("On its way!", channel=channel, agent=agent, now=clock())
    delivering.deliver(message_id=reply.pk, clock=clock)
    sending.mark_reply_failed(message_id=reply.pk, attempt=1, reason=settling.UNCONFIRMED, now=clock())
    return native(platform.said[-1].id, "On its way!", seconds=10, direction="out", client="api")


@pytest.mark.parametrize("is_told", [True, False], ids=["its platform shows it", "no platform tells it"])
def test_a_reply_that_says_that_it_could_not_be_confirmed_was_not_sent_twice(
    agreeing, channel, agent, clock, platform, is_told
):
    rows, url = agreeing
    clock.passes(10)
    rows.append(given_up(channel, agent, clock, platform) | {"expected": is_told})

    assert differs(url) == ({"missing": 1} if is_told else {})

    rows.append(rows[-1] | {"id": "second-copy"})
    assert differs(url)["sent twice"] == 1


def test_what_stands_in_the_thread_may_be_the_reply_that_could_not_be_confirmed(
    agreeing, channel, agent, clock, platform, receipt
):
    """A picture without words: nobody can say whether it is ours or a colleague's, and both are shown."""
    rows, url = agreeing
    clock.passes(10)
    rows.append(given_up(channel, agent, clock, platform) | {"text": ""})
    Message.objects.filter(state="failed").update(text="", created_text="")
    receipt(message_item(rows[-1]["id"], "", seconds=10, outbound=True))
    draining.drain(now=clock())

    assert differs(url) == {}


def test_an_account_that_is_not_connected_misses_everything(agreeing):
    agreeing[0].append(native("x1", account="acc-9"))

    assert differs(agreeing[1]) == {"missing": 1}


def test_a_long_list_is_cut_and_says_so(agreeing):
    rows, url = agreeing
    rows += [native(f"n{number}", seconds=10 + number) for number in range(20)]
    out = StringIO()

    with pytest.raises(CommandError) as failed:
        call_command("completeness", simulator=url, show=5, stdout=out, stderr=StringIO())

    assert failed.value.returncode == 1
    assert "… and 15 more." in out.getvalue()
    assert out.getvalue().count("missing: fake") == 5


def test_each_difference_is_named_to_a_program(agreeing):
    rows, url = agreeing
    rows += [native(f"n{number}", seconds=10 + number) for number in range(60)]

    _, told = compared(url)

    assert len(told["named"]) == told["differences"]["missing"] == 60


def test_each_difference_is_named_to_a_person(agreeing):
    rows, url = agreeing
    rows += [native(f"n{number}", seconds=10 + number) for number in range(60)]
    out = StringIO()

    with pytest.raises(CommandError, match="60 differences"):
        call_command("completeness", simulator=url, stdout=out, stderr=StringIO())

    assert re.findall("message (n[0-9]+)", out.getvalue()) == [f"n{number}" for number in range(60)]
    assert "more." not in out.getvalue()


def test_a_ledger_that_cannot_be_read_is_another_exit_code(channel):
    code, told = compared("http://127.0.0.1:9")

    assert code == 2
    assert "cannot be read" in told


def test_a_ledger_that_breaks_off_is_no_proof(agreeing):
    agreeing[0].append({"platform": "fake"})

    assert compared(agreeing[1])[0] == 2


@pytest.mark.parametrize("line", [1, [], native("m4", history=7)], ids=["a number", "a list", "no history"])
def test_nor_is_what_another_program_answers(agreeing, line):
    agreeing[0].append(line)

    code, told = compared(agreeing[1])

    assert code == 2 and "cannot be read" in told


def test_an_inbox_whose_tables_are_not_there_proves_nothing_either(agreeing):
    with connection.cursor() as cursor:
        cursor.execute("SET search_path TO nowhere")
        try:
            code, told = compared(agreeing[1])
        finally:
            cursor.execute("RESET search_path")

    assert code == 2 and told.endswith(" Run manage.py migrate.")


def test_ten_thousand_messages_are_compared_thread_by_thread():
    held = []

    def rows():
        for number in range(10_000):
            yield native(f"m{number}", thread=f"t{number // 100}")

    for thread in natives.threads(rows()):
        held.append(len(thread))

    assert held == [100] * 100


def test_a_second_copy_is_seen_although_a_refused_reply_stands_for_it(
    agreeing, channel, agent, clock, platform
):
    rows, url = agreeing
    clock.passes(10)
    platform.refuses(Remedy.TELL)
    refused = queue("On its way!", channel=channel, agent=agent, now=clock())
    delivering.deliver(message_id=refused.pk, clock=clock)
    reply_sent(channel, agent, clock, rows, platform)
    assert compared(url)[0] == 0
    rows.append(native("second-copy", "On its way!", seconds=12, direction="out", client="api"))
    Message.objects.filter(pk=refused.pk).update(
        external_id="second-copy", state="sent", sent_at=NOW + timedelta(seconds=12)
    )

    assert differs(url) == {"sent twice": 1}


def test_two_replies_with_the_same_words_are_no_double(agreeing, channel, agent, clock, platform):
    rows, url = agreeing
    for _ in range(2):
        clock.passes(10)
        reply_sent(channel, agent, clock, rows, platform)
    rows[-1]["at_ms"] += 1

    assert compared(url)[0] == 0


def test_a_platform_of_which_the_ledger_has_nothing(agreeing, connect, app):
    """The ledger may be that of another world: what was told by a simulator has to stand in it."""
    Message.objects.update(channel=connect("acc-2", platform="other"))
    agreeing[0][:] = [native("e1", platform="echo", expected=False)]
    assert compared(agreeing[1])[0] == 0

    app.platform, app.origins = "other", {"api": "http://127.0.0.1:9"}
    app.save()

    assert differs(agreeing[1]) == {"unknown to the platform": 1}


def test_a_conversation_the_platform_knows_nothing_of(agreeing, receipt):
    receipt(message_item("ghost", "Boo", thread="nobody"))
    draining.drain(now=NOW)

    code, told = compared(agreeing[1])

    assert (code, told["differences"]["unknown to the platform"]) == (1, 1)
    assert (told["named"][0]["thread"], told["named"][0]["id"]) == ("nobody", "ghost")


@pytest.mark.parametrize("thread", ["mara", "nobody"])
@pytest.mark.parametrize("kind", ["referral", "system"])
def test_news_of_a_thread_that_is_no_message_is_no_stranger(agreeing, receipt, kind, thread):
    receipt(message_item(f"{kind}:1f", "", thread=thread, seconds=4, shown_as=kind))
    draining.drain(now=NOW)

    assert Message.objects.filter(kind=kind).exists()
    assert differs(agreeing[1]) == {}


def test_the_words_of_what_no_api_shows_are_not_missed():
    poll = native("m4", "A poll: red or blue?", kind="unsupported")

    assert natives.Native.read(poll | {"platform": "instagram"}).text == ""
    assert natives.Native.read(poll | {"platform": "x"}).text == "A poll: red or blue?"
    assert natives.Native.read(poll | {"platform": "instagram", "edits": 1}).text != ""  # an edit tells them


@pytest.mark.parametrize(
    ("told", "texts"),
    [([False], {""}), ([True], set()), ([False, False], {"", "Red?"}), ([True, False], {"Red?"})],
)
def test_words_that_an_edit_alone_tells_are_shown_by_no_history_however_long_that_shows_the_message(
    told, texts
):
    edits = [
        ledger_entry("edit", seconds=60, text=text, told=each)
        for each, text in zip(told, ("Red?", "Blue?"), strict=False)
    ]
    history = [ledger_entry("created", seconds=0, text="A poll"), *edits]
    again = [each | {"shown_again_ms": 1} for each in history]  # which is shown, without any words
    row = native("m4", "Blue?", kind="unsupported", edits=len(edits), history=again)

    assert natives.Native.read(row | {"platform": "instagram"}).untold.texts == texts
    assert natives.Native.read(row | {"platform": "instagram", "kind": "text"}).untold.texts == set()


def test_what_a_brand_keeps_of_an_account_that_is_anothers_now_is_known_to_the_platform(
    agreeing, receipt, channel, agent, app, platform
):
    rows, url = agreeing
    receipt(message_item("ghost", "Boo", thread="nobody"))
    draining.drain(now=NOW)
    retiring.retire(channel=channel, by=agent, now=NOW)
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    theirs = connecting.connect(app=app, brand=ChannelFactory().brand, grant=grant, now=NOW)
    for row in rows:
        seconds = (row["at_ms"] - millis(NOW)) / 1000
        receipt(message_item(row["id"], row["text"], seconds=seconds), at=theirs)
    draining.drain(now=NOW)

    code, told = compared(url)

    assert [(each["kind"], each["id"]) for each in told["named"]] == [("unknown to the platform", "ghost")]
    Conversation.objects.filter(channel=channel, thread_key="nobody").delete()
    assert differs(url) == {}


@pytest.mark.parametrize(
    ("age", "every", "code"), [(20, 30, 0), (40, 30, 1), (1, None, 0), (10, None, 1), (-60, 30, 1)]
)
def test_what_is_younger_than_the_next_poll_is_still_on_its_way(agreeing, channel, age, every, code):
    if every:
        SyncSchedule.objects.create(
            channel=channel, task=Task.POLL, every_seconds=every, next_run_at=timezone.now()
        )
    at_ms = millis(timezone.now() - timedelta(seconds=age))
    agreeing[0].append(native("m4", "Four") | {"at_ms": at_ms})

    found, told = compared(agreeing[1])

    assert (found, told["on_their_way"], told["differences"]["missing"]) == (code, 1 - code, code)


def test_by_a_cron_line_it_is_on_its_way_until_that_falls_due(agreeing, channel):
    """The interval that stands beside the line says nothing."""
    SyncSchedule.objects.create(
        channel=channel, task=Task.POLL, every_seconds=5, cron="0 3 * * *", next_run_at=timezone.now()
    )
    at_ms = millis(timezone.now() - timedelta(hours=5))
    agreeing[0].append(native("m4", "Four") | {"at_ms": at_ms})

    code, told = compared(agreeing[1])

    assert (code, told["on_their_way"]) == (0, 1)


def test_what_came_while_the_ledger_was_read_is_no_difference(agreeing, receipt, monkeypatch):
    rows, url = agreeing

    def read(_simulator):
        yield from rows
        receipt(message_item("m4", "Four", seconds=5))
        draining.drain(now=NOW)

    monkeypatch.setattr(command, "_ledger", read)

    code, told = compared(url)

    assert (code, told["on_their_way"], set(told["differences"].values())) == (0, 1, {0})


def test_how_many_are_on_their_way_is_said(agreeing):
    agreeing[0].append(native("m4", "Four") | {"at_ms": millis(timezone.now())})
    out = StringIO()

    call_command("completeness", simulator=agreeing[1], stdout=out)

    assert "missing 0" in out.getvalue()
    assert "1 still on their way" in out.getvalue()
