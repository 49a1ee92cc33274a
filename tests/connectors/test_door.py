"""The webhook door: what it answers to whom, and what it leaves in the database."""

import asyncio
import threading
import uuid
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import pytest_asyncio
from cryptography.fernet import Fernet
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from config import metrics
from connectors import registry, sealing
from connectors.actions import draining, retiring
from connectors.door import Door, misses
from connectors.door.bell import Bell
from connectors.door.line import Line
from connectors.door.writer import NotStored, Writer
from connectors.models import ChannelHealth, DeadItem, Gap, Receipt
from inbox.models import Channel, Message
from tests.connectors.conftest import NOW, message_item
from tests.factories.people import agent_of
from tests.fakes.platform import SIGNATURE, delivery, sign

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.asyncio]
BODY = delivery(message_item("m1"))


class Knocker:
    """Speaks ASGI to a door."""

    def __init__(self, door, channel):
        self.door = door
        self.path = f"/webhooks/fake/{channel.public_id}/"

    async def knock(self, body=BODY, *, method="POST", path=None, headers=None, query="", chunks=None):
        headers = {SIGNATURE: sign(body)} if headers is None else headers
        parts = list(chunks) if chunks is not None else [body]
        scope = {
            "type": "http",
            "method": method,
            "path": path or self.path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
        sent = []

        async def receive():
            return {"type": "http.request", "body": parts.pop(0), "more_body": bool(parts)}

        async def send(message):
            sent.append(message)

        await self.door(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], sent[1]["body"], headers

    async def status(self, *args, **options):
        return (await self.knock(*args, **options))[0]


@pytest.fixture
def rings():
    return []


@pytest_asyncio.fixture
async def knocker(channel, rings):
    door = Door(ring=lambda: rings.append(1))
    yield Knocker(door, channel)
    await door.close()


def in_thread(work, *args):
    """A database question, asked off the loop and on a connection that is closed."""

    def run():
        try:
            return work(*args)
        finally:
            connection.close()

    return asyncio.to_thread(run)


def bodies():
    return [bytes(body) for body in Receipt.objects.order_by("pk").values_list("body", flat=True)]


async def test_a_signed_delivery_is_committed_before_the_answer(knocker, channel):
    status = await knocker.status()

    assert status == 200
    receipt = await in_thread(Receipt.objects.get)
    assert (bytes(receipt.body), receipt.channel_id, receipt.state) == (BODY, channel.pk, "new")


async def test_the_raw_bytes_are_kept_as_they_came(knocker):
    body = b'{"items": [], "text": "caf\\u00e9 \\u0000"}\xff'

    assert await knocker.status(body) == 200

    assert await in_thread(bodies) == [body]


async def test_a_second_secret_is_accepted_while_it_is_being_rotated(knocker):
    assert await knocker.status(headers={SIGNATURE: sign(BODY, "older-secret")}) == 200


@pytest.mark.parametrize(("headers", "expected"), [({}, 401), ({SIGNATURE: "0" * 64}, 403)])
async def test_a_delivery_without_the_right_signature_leaves_nothing_but_a_count(
    knocker, channel, headers, expected
):
    assert await knocker.status(headers=headers) == expected
    await knocker.door.close()

    assert await in_thread(Receipt.objects.count) == 0
    health = await in_thread(lambda: ChannelHealth.objects.get(channel=channel))
    assert health.bad_signatures == 1
    assert health.last_bad_signature_at is not None


def _post(knocker, receive, sent, *headers):
    """A delivery under way, whose body comes as `receive` has it."""

    async def send(message):
        sent.append(message.get("status"))

    scope = {"type": "http", "method": "POST", "path": knocker.path, "query_string": b"", "headers": headers}
    return asyncio.ensure_future(knocker.door(scope, receive, send))


async def test_bodies_that_do_not_end_fill_no_memory_and_the_next_delivery_is_stored(
    knocker, channel, monkeypatch
):
    monkeypatch.setattr("connectors.door.misses.PAUSE", 0.05)
    module = import_module("connectors.door.application")  # the package has another thing of that name
    monkeypatch.setattr(module, "MAX_UNREAD", 150_000)
    monkeypatch.setattr(module, "BODY_SECONDS", 0.5)
    refused = []

    def endless():
        begun = []

        async def receive():
            if begun:
                await asyncio.Event().wait()
            begun.append(1)
            return {"type": "http.request", "body": b"x" * 70_000, "more_body": True}

        return receive

    signed = (SIGNATURE.encode(), b"of what never comes whole")
    under_way = [_post(knocker, endless(), refused, signed) for _ in range(3)]
    await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED, timeout=5)
    assert refused[0] == 503
    await asyncio.wait(under_way, timeout=5)

    assert sorted(filter(None, refused)) == [408, 408, 503]
    assert await knocker.status() == 200
    (gap,) = await gaps_found(1)  # of the one that there was no room for
    assert (gap.channel_id, gap.since) == (channel.pk, gap.until)


async def test_of_what_nobody_signed_no_comparison_is_asked_although_there_was_no_room_for_it(
    knocker, monkeypatch
):
    module = import_module("connectors.door.application")
    monkeypatch.setattr(module, "MAX_UNREAD", 50_000)
    monkeypatch.setattr(misses, "PAUSE", 0.01)
    heard = []

    async def receive():
        return {"type": "http.request", "body": b"x" * 70_000, "more_body": True}

    await _post(knocker, receive, heard)

    assert heard[0] == 503
    await asyncio.sleep(0.5)
    assert not await in_thread(Gap.objects.exists)


async def test_what_may_be_a_strangers_asks_for_a_comparison_once_an_hour_at_most(monkeypatch):
    """Nobody can look at the signature of what has not come whole. No time is left out all the same."""
    monkeypatch.setattr(misses, "PAUSE", 0.01)
    monkeypatch.setattr(misses, "UNPROVEN_EVERY", 0.5)
    told = []

    async def tell(missed):
        told.append(dict(missed.refused))

    kept = misses.Misses(tell)
    times = [NOW + timedelta(seconds=number) for number in range(5)]
    kept.unproven(1, times[0])
    await asyncio.sleep(0.1)
    for at in times[1:4]:
        kept.unproven(1, at)
    kept.refused(2, times[4])
    await asyncio.sleep(0.1)

    assert told == [{1: (times[0], times[0])}, {2: (times[4], times[4])}]
    await asyncio.sleep(0.6)
    assert told[2:] == [{1: (times[1], times[3])}]
    kept.unproven(1, times[4])
    await kept.close()  # within the hour
    assert told[3:] == [{1: (times[4], times[4])}]


async def test_bodies_that_do_not_end_keep_out_no_ordinary_delivery(knocker, monkeypatch):
    """Whoever knows one address could else keep out every brand's."""
    module = import_module("connectors.door.application")
    monkeypatch.setattr(module, "MAX_UNREAD", 100_000)
    monkeypatch.setattr(module, "BODY_SECONDS", 2)
    begun = asyncio.Event()

    async def receive():
        if begun.is_set():
            await asyncio.Event().wait()
        begun.set()
        return {"type": "http.request", "body": b"x" * 100_000, "more_body": True}

    refused = []
    under_way = _post(knocker, receive, refused)
    await begun.wait()
    await asyncio.sleep(0.05)

    assert await knocker.status() == 200
    await under_way
    assert refused[0] == 408


def refusals(status: int) -> float:
    page = metrics.page().decode()
    families = {family.name: family for family in text_string_to_metric_families(page)}
    samples = families["parley_door_refusals"].samples
    return sum(
        each.value
        for each in samples
        if each.name.endswith("_total") and each.labels["status"] == str(status)
    )


async def test_what_comes_too_slowly_or_is_too_large_is_counted_and_logged_without_its_words(
    knocker, channel, monkeypatch
):
    monkeypatch.setattr(import_module("connectors.door.application"), "BODY_SECONDS", 0.05)
    stranger = f"/webhooks/fake/{uuid.UUID(int=7)}/"
    before = await in_thread(refusals, 408), await in_thread(refusals, 413)

    async def receive():
        if begun:
            await asyncio.Event().wait()
        begun.append(1)
        return {"type": "http.request", "body": b"words of somebody", "more_body": True}

    begun, heard = [], []
    with capture_logs() as logged:
        await _post(knocker, receive, heard)
        assert await knocker.status(path=stranger, headers={"content-length": "999999999"}) == 413

    assert heard[0] == 408
    assert (await in_thread(refusals, 408), await in_thread(refusals, 413)) == (before[0] + 1, before[1] + 1)
    told = [(each["event"], each["channel"]) for each in logged]
    assert told == [("delivery_too_slow", channel.pk), ("delivery_too_large", None)]
    assert "words of somebody" not in str(logged)


async def test_a_body_changed_on_the_way_is_refused(knocker):
    assert await knocker.status(BODY + b" ", headers={SIGNATURE: sign(BODY)}) == 403


@pytest.mark.parametrize(
    "path",
    [
        f"/webhooks/fake/{uuid.UUID(int=7)}/",
        f"/webhooks/nowhere/{uuid.UUID(int=8)}/",
        "/webhooks/fake/not-an-id/",
        "/webhooks/",
        "/webhooks/fake/../../etc/passwd",
    ],
)
async def test_an_unknown_address_is_nobodys(knocker, path):
    assert await knocker.status(path=path) == 404


async def test_another_platforms_address_of_a_channel_is_nobodys(knocker, channel):
    assert await knocker.status(path=f"/webhooks/instagram/{channel.public_id}/") == 404


async def test_other_methods_are_told_which_work(knocker):
    status, _, headers = await knocker.knock(method="DELETE")

    assert status == 405
    assert headers["allow"] == "GET, POST"


async def test_a_handshake_is_answered_and_noted(knocker, channel):
    status, body, _ = await knocker.knock(b"", method="GET", query="challenge=1158201444&token=vt")
    await knocker.door.close()

    assert (status, body) == (200, b"1158201444")
    health = await in_thread(lambda: ChannelHealth.objects.get(channel=channel))
    assert health.last_handshake_at is not None


async def test_a_handshake_with_a_wrong_token_is_refused(knocker):
    assert await knocker.status(b"", method="GET", query="challenge=1&token=guess") == 403


async def test_a_visit_that_is_no_handshake_is_told_so(knocker):
    assert await knocker.status(b"", method="GET") == 400


@pytest.mark.parametrize(
    ("chunks", "declared"),
    [
        ([b"x" * 2001], "2001"),
        ([b"x" * 1500, b"x" * 1500], None),  # says nothing of its length
        ([b"x" * 1500, b"x" * 1500], "10"),  # lies about it
        ([b"x"], "999999999"),  # is believed before a byte is read
    ],
)
async def test_a_delivery_over_the_limit_is_refused_however_it_comes(channel, settings, chunks, declared):
    settings.PARLEY_WEBHOOK_MAX_BYTES = 2000
    door = Door(ring=lambda: None)
    headers = {"content-length": declared} if declared else {}

    with capture_logs() as logged:
        status = await Knocker(door, channel).status(chunks=chunks, headers=headers)
    await door.close()

    assert status == 413
    [line] = [each for each in logged if each["event"] == "delivery_too_large"]
    assert (line["channel"], line["most"]) == (channel.pk, 2000)
    assert await in_thread(Receipt.objects.count) == 0


async def test_a_thousand_long_messages_in_escaped_letters_are_one_delivery(knocker):
    body = delivery(*[message_item(f"m{n}", text="\u0645" * 900) for n in range(1000)])
    assert len(body) > 5_000_000

    assert await knocker.status(body) == 200


async def test_a_delivery_in_chunks_is_one_receipt(knocker):
    chunks = [BODY[:10], b"", BODY[10:]]

    assert await knocker.status(chunks=chunks) == 200

    assert await in_thread(bodies) == [BODY]


async def test_a_hundred_at_once_are_all_stored_in_the_order_they_came(knocker):
    sent = [delivery(message_item(f"m{number}")) for number in range(100)]

    statuses = await asyncio.gather(*(knocker.status(body) for body in sent))

    assert statuses == [200] * 100
    assert await in_thread(bodies) == sent


async def test_a_burst_wakes_the_drain_a_few_times_not_once_each(knocker, rings):
    await asyncio.gather(*(knocker.status(delivery(message_item(f"m{number}"))) for number in range(200)))
    async with asyncio.timeout(5):
        while not rings:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)

    assert 1 <= len(rings) <= 20  # one a batch, and a slow disk makes more of them


async def test_a_broker_that_is_down_costs_no_delivery(channel):
    def fail():
        raise ConnectionError

    door = Door(ring=fail)

    statuses = [await Knocker(door, channel).status() for _ in range(3)]
    await door.close()

    assert statuses == [200, 200, 200]
    assert await in_thread(Receipt.objects.count) == 3


async def test_while_the_database_is_away_the_platform_is_asked_to_come_again(knocker, monkeypatch):
    assert await knocker.status() == 200  # the door knows the channel from before
    writer = knocker.door._lines[1]
    await writer.close()
    monkeypatch.setattr("connectors.door.line.conninfo", lambda: "host=127.0.0.1 port=1 dbname=nowhere")

    began = asyncio.get_running_loop().time()
    status, _, headers = await knocker.knock()
    took = asyncio.get_running_loop().time() - began

    assert status == 503
    assert headers["retry-after"] == "5"
    assert took < 3
    monkeypatch.undo()
    assert await knocker.status() == 200


async def gaps_found(count):
    for _ in range(200):
        found = await in_thread(lambda: list(Gap.objects.order_by("pk")))
        if len(found) >= count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the door told nobody")


async def test_what_was_refused_is_told_once_the_database_is_back(knocker, channel, monkeypatch):
    monkeypatch.setattr("connectors.door.misses.PAUSE", 0.05)
    assert await knocker.status() == 200
    began = datetime.now(UTC)
    for line in knocker.door._lines:
        await line.close()
    with monkeypatch.context() as away:
        away.setattr("connectors.door.line.conninfo", lambda: "host=127.0.0.1 port=1 dbname=nowhere")
        assert [await knocker.status() for _ in range(3)] == [503, 503, 503]
        ended = datetime.now(UTC)
        await asyncio.sleep(0.2)
        assert await in_thread(Gap.objects.count) == 0

    (gap,) = await gaps_found(1)
    assert (gap.channel_id, gap.cause, began <= gap.since < gap.until <= ended) == (
        channel.pk, "not_delivered", True,
    )  # fmt: skip


async def test_what_came_while_nobody_could_check_its_signature_is_told(
    knocker, channel, settings, monkeypatch
):
    monkeypatch.setattr("connectors.door.misses.PAUSE", 0.05)
    settings.PARLEY_SEAL_KEYS = [Fernet.generate_key().decode()]

    assert await knocker.status() == 503

    (gap,) = await gaps_found(1)
    assert gap.channel_id == channel.pk


async def test_a_door_that_begins_asks_for_what_came_while_there_was_none(knocker, channel, monkeypatch):
    monkeypatch.setattr("connectors.door.misses.PAUSE", 0.05)
    alive = datetime.now(UTC) - timedelta(seconds=9)
    await in_thread(lambda: Channel.objects.update(created_at=alive - timedelta(days=1)))
    await in_thread(lambda: ChannelHealth.objects.create(channel=channel, complete_until=alive))

    knocker.door.begin_after(alive)

    (gap,) = await gaps_found(1)
    assert (gap.channel_id, gap.since) == (channel.pk, alive)


async def test_a_connection_that_was_cut_is_replaced(knocker):
    assert await knocker.status() == 200

    def cut():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'parley door writer'"
                " AND datname = current_database()"
            )

    await in_thread(cut)
    statuses = [await knocker.status() for _ in range(2)]

    assert statuses[-1] == 200
    stored = await in_thread(Receipt.objects.count)
    assert stored == 1 + statuses.count(200)


async def test_a_door_that_never_saw_the_database_says_come_again(channel, monkeypatch):
    monkeypatch.setattr("connectors.door.line.conninfo", lambda: "host=127.0.0.1 port=1 dbname=nowhere")
    door = Door(ring=lambda: None)

    status = await Knocker(door, channel).status()

    assert status == 503


async def test_more_than_may_wait_for_a_door_that_just_began_are_told_to_come_again(knocker, monkeypatch):
    """None of them is sent away for good: of each the door does not know yet whether it lives here."""
    monkeypatch.setattr("connectors.door.book.MAX_WAITING", 3)

    statuses = await asyncio.gather(*(knocker.status() for _ in range(8)))

    assert set(statuses) == {200, 503}


async def test_a_channel_whose_app_came_between_two_questions_is_told_to_come_again(knocker, monkeypatch):
    knocker.door._open()
    fetch = knocker.door._book._fetch

    async def without_apps(query):
        return [] if "platformapp" in query else await fetch(query)

    monkeypatch.setattr(knocker.door._book, "_fetch", without_apps)

    assert await knocker.status() == 503


async def test_a_slow_database_is_not_waited_for_longer_than_promised(channel):
    line = Line("test", timeout=10)
    writer = Writer(line, lambda: None)

    async def slow(*_):
        await asyncio.sleep(5)
        return []

    line.execute = slow

    with pytest.raises(NotStored):
        await writer.store(channel_id=channel.pk, body=b"{}", now=datetime.now(UTC), patience=0.2)


async def test_a_channel_deleted_meanwhile_takes_no_others_down(knocker, channel, connect):
    other = await in_thread(lambda: connect("acc-2"))
    assert await knocker.status(path=f"/webhooks/fake/{other.public_id}/") == 200
    await in_thread(lambda: Channel.objects.filter(pk=other.pk).delete())

    gone, kept = await asyncio.gather(
        knocker.status(path=f"/webhooks/fake/{other.public_id}/"), knocker.status()
    )

    assert (gone, kept) == (404, 200)


async def test_a_channel_connected_a_moment_ago_is_known_at_once(knocker, connect):
    await knocker.status()
    new = await in_thread(lambda: connect("acc-2"))

    assert await knocker.status(path=f"/webhooks/fake/{new.public_id}/") == 200


async def test_a_retired_channels_address_takes_what_comes_for_other_accounts_of_its_app(
    knocker, channel, connect
):
    """A platform may have one address for an app: that of the account that was connected last."""
    other = await in_thread(connect, "acc-2")
    by = await in_thread(lambda: agent_of(channel.brand))
    await in_thread(lambda: retiring.retire(channel=channel, by=by, now=NOW))
    body = delivery(
        {**message_item("for-the-other"), "account": "acc-2"},
        {**message_item("for-the-retired"), "account": channel.external_id},
    )

    assert await knocker.status(body) == 200

    await in_thread(lambda: draining.drain(now=NOW))
    found = await in_thread(lambda: list(Message.objects.values_list("channel_id", "external_id")))
    assert found == [(other.pk, "for-the-other")]
    assert not await in_thread(DeadItem.objects.exists)


async def test_guessing_addresses_costs_a_few_questions_to_the_database(knocker, monkeypatch):
    asked = []
    execute = knocker.door
    await knocker.status()
    book_line = execute._lines[0]
    known = book_line.execute

    async def count(query, values=()):
        asked.append(query)
        return await known(query, values)

    monkeypatch.setattr(execute._book, "_fetch", count)
    statuses = await asyncio.gather(
        *(knocker.status(path=f"/webhooks/fake/{uuid.UUID(int=7)}/") for _ in range(300))
    )

    assert set(statuses) == {404}
    assert len(asked) <= 6


async def test_the_bell_rings_once_more_for_what_came_while_it_rang():
    ringing, heard, rung = threading.Event(), threading.Event(), []

    def ring():
        rung.append(1)
        ringing.set()
        heard.wait(5)

    bell = Bell(ring, pause=0)
    bell.ring()
    await asyncio.to_thread(ringing.wait, 5)
    bell.ring()
    bell.ring()
    heard.set()
    while bell._task and not bell._task.done():
        await asyncio.sleep(0.01)
    await bell.close()

    assert len(rung) == 2


async def test_the_connection_goes_where_django_goes():
    line = Line("test", timeout=5)

    [[name]] = await line.execute("SELECT current_database()")
    await line.close()

    assert name == connection.settings_dict["NAME"]


async def test_a_seal_key_that_does_not_fit_asks_the_platform_to_come_again(knocker, settings):
    right = settings.PARLEY_SEAL_KEYS
    settings.PARLEY_SEAL_KEYS = [Fernet.generate_key().decode()]
    shut = [await knocker.status(), await knocker.status()]
    settings.PARLEY_SEAL_KEYS = right
    knocker.door._book._read_at = float("-inf")  # the list has grown old meanwhile
    async with asyncio.timeout(5):
        while await knocker.status() != 200:
            await asyncio.sleep(0.01)

    assert shut == [503, 503]


async def test_a_connector_that_does_not_load_asks_the_platform_to_come_again(knocker, monkeypatch):
    def get(key):
        raise registry.NotLoaded(f"The connector “{key}” could not be loaded")

    monkeypatch.setattr(registry, "get", get)

    assert await knocker.status() == 503


async def test_secrets_can_be_resealed_under_a_new_key(settings):
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.PARLEY_SEAL_KEYS = [old]
    sealed = sealing.seal({"access": "secret"})
    settings.PARLEY_SEAL_KEYS = [new, old]
    resealed = sealing.reseal(sealed)
    settings.PARLEY_SEAL_KEYS = [new]

    assert sealing.unseal(resealed) == {"access": "secret"}
    with pytest.raises(sealing.SealBroken):
        sealing.unseal(sealed)
