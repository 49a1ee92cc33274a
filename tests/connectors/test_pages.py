"""Connecting an account in a browser, and the page that says how each is."""

from dataclasses import replace
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from config import metrics
from connectors import channel_states, contexts, sealing
from connectors.actions import (
    alarming,
    backfilling,
    connecting,
    delivering,
    draining,
    parking,
    planning,
    retiring,
    scheduling,
)
from connectors.contract import UNKNOWN_KIND, ConnectorError, Remedy
from connectors.models import (
    Credential,
    DeadItem,
    PendingConsent,
    PlatformApp,
    Receipt,
    ReceiptState,
    SyncRun,
    SyncSchedule,
    Task,
)
from connectors.queries import coverage, runs, schedules
from inbox import platforms
from inbox.actions import channels as channel_actions
from inbox.actions import closing, sending
from inbox.models import (
    AuditEntry,
    Brand,
    BrandSequence,
    Channel,
    ChannelState,
    Message,
    MessageState,
    Notification,
    Person,
    Role,
)
from inbox.queries import outbox
from inbox.rules import reply_policy
from inbox.rules.reply_policy import Situation
from tests.connectors.conftest import NOW, message_item, queue
from tests.factories.people import MembershipFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operations(brand):
    return MembershipFactory(brand=brand, role=Role.OPERATIONS).person


@pytest.fixture
def signed_in(client, operations):
    client.force_login(operations)
    return client


def begin(client, brand, **more):
    answer = client.post(reverse("connectors:consent", args=[brand.slug, "fake"]), more)
    assert answer.status_code == 200
    state = PendingConsent.objects.latest("pk").state
    # No redirect: browsers hold what follows a form to the policy of the page that it stood on.
    assert answer.headers["refresh"] == f"0; url=https://fake.example/consent?state={state}"
    return state


def come_back(client, state, code="good-code"):
    return client.get(
        reverse("connectors:callback", args=["fake"]), {"state": state, "code": code}, follow=True
    )


def test_an_account_is_connected_by_consent(signed_in, brand, app, platform):
    state = begin(signed_in, brand)

    answer = come_back(signed_in, state)

    assert "Acme on Fake is connected." in answer.content.decode()
    channel = Channel.objects.get()
    assert (channel.brand, channel.external_id, channel.state) == (brand, "acc-1", ChannelState.CONNECTED)
    assert platform.subscribed == [f"http://localhost:{_port()}/webhooks/fake/{channel.public_id}/"]
    assert set(SyncSchedule.objects.values_list("task", flat=True)) == set(Task.values)
    backfill = SyncRun.objects.get()
    assert (backfill.task, backfill.cause, backfill.since) == ("backfill", "connect", None)


def _port():
    from django.conf import settings

    return settings.PORT


@pytest.mark.parametrize(
    ("here", "leaves"), [("localhost:8000", True), ("127.0.0.1:8000", False), ("testserver", True)]
)
def test_no_consent_is_asked_for_that_comes_back_to_where_nobody_is_signed_in(
    signed_in, brand, app, settings, here, leaves
):
    """Cookies are of one name. Behind a proxy the name that we are called by says nothing of what the browser shows."""
    settings.PARLEY_PUBLIC_URL = "http://localhost:8000"

    answer = signed_in.post(
        reverse("connectors:consent", args=[brand.slug, "fake"]), headers={"host": here}, follow=True
    )

    assert ("refresh" in answer.headers, PendingConsent.objects.exists()) == (leaves, leaves)
    assert leaves or "Open Parley there" in answer.content.decode()


def test_a_state_works_once(signed_in, brand, app):
    state = begin(signed_in, brand)
    come_back(signed_in, state)

    again = come_back(signed_in, state)

    assert "belongs to no consent of yours" in again.content.decode()
    assert Channel.objects.count() == 1


def test_somebody_elses_state_does_not_exist(signed_in, brand, app, client):
    state = begin(signed_in, brand)
    colleague = MembershipFactory(brand=brand, role=Role.OPERATIONS).person
    client.force_login(colleague)

    come_back(client, state)

    assert Channel.objects.count() == 0


def test_a_refused_consent_connects_nothing(signed_in, brand, app):
    state = begin(signed_in, brand)

    answer = signed_in.get(
        reverse("connectors:callback", args=["fake"]), {"state": state, "error": "access_denied"}, follow=True
    )

    assert "nothing was connected" in answer.content.decode()
    assert Channel.objects.count() == 0


def test_the_page_names_the_address_to_register_at_the_platform(signed_in, brand, app, settings):
    settings.PARLEY_PUBLIC_URL = "https://parley.example"

    html = signed_in.get(reverse("connectors:channels", args=[brand.slug])).content.decode()

    assert "manage.py register_app x" in html
    assert "<code>https://parley.example/connect/x/callback/</code>" in html
    assert "/connect/fake/callback/" not in html  # its app is registered


def test_an_agent_may_look_but_not_connect(client, brand, app, agent):
    client.force_login(agent)

    assert client.get(reverse("connectors:channels", args=[brand.slug])).status_code == 200
    assert client.post(reverse("connectors:consent", args=[brand.slug, "fake"])).status_code == 404


def test_a_stranger_sees_no_channels(client, brand, app, db):
    other = Brand.objects.create(name="Borealis", slug="borealis")
    BrandSequence.objects.get_or_create(brand=other)
    stranger = MembershipFactory(brand=other, role=Role.ADMINISTRATOR).person
    client.force_login(stranger)

    assert client.get(reverse("connectors:channels", args=[brand.slug])).status_code == 404


def test_an_account_of_another_brand_is_refused_in_words(signed_in, brand, app, connect):
    other = Brand.objects.create(name="Borealis", slug="borealis")
    BrandSequence.objects.get_or_create(brand=other)
    taken = connect(brand=other)

    answer = come_back(signed_in, begin(signed_in, brand))

    assert "connected by another brand already" in answer.content.decode()
    assert Channel.objects.get() == taken


def test_connecting_again_renews_the_grant_and_lets_replies_go(signed_in, brand, app, channel, platform):
    channel_actions.park_sending(channel_id=channel.pk, reason="The password was changed.", now=NOW)
    platform.good_access = "access-new"

    come_back(signed_in, begin(signed_in, brand))

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED
    assert Credential.objects.get().version == 2
    assert Channel.objects.count() == 1
    again = AuditEntry.objects.get(act="connected again")
    assert (again.brand_id, again.subject, again.subject_name) == (brand.pk, "grant", "Acme")
    assert again.person_id is not None and again.address
    assert again.subject_id == channel.credential.pk


def test_to_connect_one_account_again_connects_no_other(signed_in, brand, app, connect, platform):
    """The browser is signed in at the platform as somebody else."""
    mine = connect("acc-9", name="Shop")
    channel_actions.park_sending(channel_id=mine.pk, reason="The password was changed.", now=NOW)
    for page in (
        reverse("connectors:channels", args=[brand.slug]),
        reverse("connectors:connection", args=[brand.slug, mine.public_id]),
    ):
        html = signed_in.get(page).content.decode()
        assert f'<input type="hidden" name="channel" value="{mine.public_id}">' in html

    answer = come_back(signed_in, begin(signed_in, brand, channel=mine.public_id))

    said = unescape(answer.content.decode())
    assert (
        "At the platform “Acme” was chosen, and this is the connection of “Shop”. Nothing was changed."
        in said
    )
    assert Channel.objects.get() == mine and Credential.objects.get().version == 1
    assert platform.subscribed == []


def test_to_connect_the_same_account_again_renews_it(signed_in, brand, app, channel):
    come_back(signed_in, begin(signed_in, brand, channel=channel.public_id))

    assert Credential.objects.get().version == 2


@pytest.mark.parametrize("named", ["nobody", "0b9f1c0e-8f4e-4f38-9b67-0d4d4f2f2b11"])
def test_a_channel_that_is_none_of_the_brands_cannot_be_renewed(signed_in, brand, app, named):
    page = reverse("connectors:consent", args=[brand.slug, "fake"])

    assert signed_in.post(page, {"channel": named}).status_code == 404
    assert not PendingConsent.objects.exists()


@pytest.fixture
def retired(client, brand, channel):
    """By an administrator, on the channel's page."""
    admin = MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person
    client.force_login(admin)
    for task in Task:
        SyncSchedule.objects.create(channel=channel, task=task, every_seconds=60, next_run_at=NOW)
    page = reverse("connectors:connection", args=[brand.slug, channel.public_id])
    assert "Retire this channel" in client.get(page).content.decode()

    answer = client.post(
        reverse("connectors:retire", args=[brand.slug, channel.public_id]), {"sure": "on"}, follow=True
    )

    assert "is retired" in answer.content.decode() and "Retire this channel" not in answer.content.decode()
    channel.refresh_from_db()
    return channel


def test_a_channel_that_is_retired_asks_nothing_lets_nothing_in_and_rings_no_alarm(retired, receipt, clock):
    assert retired.state == ChannelState.DISCONNECTED
    grant = Credential.objects.get()
    assert sealing.unseal(grant.sealed) == {"access": "", "refresh": ""} and grant.expires_at is None
    with pytest.raises(contexts.NotConnected, match="was retired"):
        contexts.of_channel(retired, now=NOW)
    entry = AuditEntry.objects.get(act="retired")
    assert (entry.subject_id, entry.subject_name) == (retired.pk, retired.name)
    due = scheduling.claim_due(now=NOW)
    assert [SyncSchedule.objects.get(pk=each.schedule_id).task for each in due] == [Task.PURGE]
    receipt(message_item("m1"), at=retired)
    draining.drain(now=clock())
    assert not Message.objects.exists() and not Receipt.objects.filter(state="new").exists()

    parking.heed_refusal(channel_id=retired.pk, reason="An answer that comes late.", seen_version=0, now=NOW)
    assert alarming.look(now=NOW) == 0
    assert Channel.objects.get().state == ChannelState.DISCONNECTED


def test_of_a_channel_that_was_retired_nothing_is_late_or_planned_but_the_purge(client, retired, brand):
    now = NOW + timedelta(days=3)
    assert [each.schedule.task for each in runs.late(brand, now=now)] == [Task.PURGE]
    SyncSchedule.objects.filter(task=Task.PURGE).update(next_run_at=timezone.now() + timedelta(hours=1))

    assert runs.late(brand, now=now) == []
    families = {family.name: family for family in text_string_to_metric_families(metrics.page().decode())}
    assert [each.value for each in families["parley_schedule_lateness_seconds"].samples] == [0]
    [listed] = schedules.of_brand(brand, now=now)
    told = {each.schedule.task: (each.state, len(each.next_runs)) for each in listed.lines}
    assert told.pop(Task.PURGE) == ("planned", 5)
    assert set(told.values()) == {("retired", 0)}
    [covered] = coverage.of_brand(brand, now=now)
    assert not covered.behind
    poll = SyncSchedule.objects.get(task=Task.POLL)
    html = client.get(reverse("connectors:schedule", args=[brand.slug, poll.pk])).content.decode()
    assert "the channel was retired, and nothing is asked" in html


def test_a_backfill_that_is_planned_goes_on_when_a_retired_channel_is_connected_again(
    client, retired, brand, app
):
    backfill = SyncSchedule.objects.filter(task=Task.BACKFILL)
    backfill.update(days=30)
    [listed] = schedules.of_brand(brand, now=timezone.now())
    assert [each.next_runs for each in listed.lines if each.schedule.task == Task.BACKFILL] == [()]

    come_back(client, begin(client, brand))

    SyncSchedule.objects.exclude(task=Task.BACKFILL).update(next_run_at=None)
    [claim] = scheduling.claim_due(now=timezone.now())
    assert claim.schedule_id == backfill.get().pk


@pytest.mark.parametrize("was_retired", [False, True])
def test_the_past_that_is_chosen_of_a_known_account_comes_in(
    request, client, operations, brand, app, channel, was_retired
):
    if was_retired:
        request.getfixturevalue("retired")
    else:
        client.force_login(operations)
        planning.give_defaults(channel, NOW)

    come_back(client, begin(client, brand, past="90"))

    run = SyncRun.objects.get()
    assert (run.task, run.cause) == ("backfill", "connect")
    assert timezone.now() - run.since - timedelta(days=90) < timedelta(minutes=1)
    assert SyncSchedule.objects.get(task=Task.BACKFILL).next_run_at is not None


def test_why_the_past_that_was_chosen_is_not_asked_for_is_said(signed_in, operations, brand, app, channel):
    planning.give_defaults(channel, NOW)
    backfilling.ask(channel=channel, since=None, until=None, by=operations, now=timezone.now())

    answer = come_back(signed_in, begin(signed_in, brand, past="7")).content.decode()

    assert "is connected." in answer
    assert "What you chose of its past is not asked for: A backfill of this channel is under way." in answer
    assert SyncRun.objects.count() == 1


def test_to_renew_a_grant_brings_in_nothing_of_the_past(signed_in, brand, app, channel):
    planning.give_defaults(channel, NOW)

    come_back(signed_in, begin(signed_in, brand, past="0", channel=str(channel.public_id)))

    assert not SyncRun.objects.exists()


def test_a_channel_that_was_retired_is_itself_again_when_it_is_connected(
    client, retired, brand, app, receipt, clock
):
    old = Credential.objects.get().version
    come_back(client, begin(client, brand))

    assert Channel.objects.get().state == ChannelState.CONNECTED
    parking.heed_refusal(
        channel_id=retired.pk, reason="Of the grant from before.", seen_version=old - 1, now=NOW
    )
    assert Channel.objects.get().state == ChannelState.CONNECTED
    receipt(message_item("m1"), at=Channel.objects.get())
    draining.drain(now=clock())
    assert Message.objects.count() == 1
    assert len(scheduling.claim_due(now=timezone.now())) > 1


@pytest.mark.parametrize("under_way", [False, True])
def test_what_waits_in_a_channel_that_is_retired_is_told_to_its_writer(
    queued_reply, channel, agent, platform, clock, under_way, monkeypatch
):
    """Also where the platform refuses it for now while the channel is retired."""
    if under_way:

        def send(ctx, message):
            retiring.retire(channel=channel, by=agent, now=clock())
            raise ConnectorError("It is busy.", remedy=Remedy.RETRY)

        monkeypatch.setattr(platform, "send", send)
        delivering.deliver(message_id=queued_reply.pk, clock=clock)
    else:
        replies = [queued_reply, queue("And it is blue.", channel=channel, agent=agent, now=clock())]
        closing.resolve(conversation=queued_reply.conversation, by=agent, now=clock())
        retiring.retire(channel=channel, by=agent, now=clock())
        assert [Message.objects.get(pk=each.pk).state for each in replies] == [MessageState.FAILED] * 2

    queued_reply.refresh_from_db()
    assert (queued_reply.state, queued_reply.state_reason) == (MessageState.FAILED, sending.RETIRED)
    assert Notification.objects.filter(person=agent, message=queued_reply).exists()
    assert queued_reply.conversation.channel.conversations.get().state == "open"


def test_no_reply_can_be_queued_in_a_channel_that_was_retired(retired, receipt, clock):
    manifest = platforms.get("fake")
    situation = Situation(NOW, retired.state, retired.state_reason)

    verdict = reply_policy.may_write(manifest, situation, now=NOW)

    assert (verdict.problem, verdict.parked) == (retired.state_reason, "")


def test_nothing_is_asked_of_a_channel_that_was_retired(client, retired, brand):
    page = reverse("connectors:connection", args=[brand.slug, retired.public_id])
    html = client.get(page).content.decode()
    assert "Backfill a range" not in html and "Compare with the platform now" not in html
    listed = client.get(reverse("connectors:channels", args=[brand.slug])).content.decode()
    assert "Compare with the platform now" not in listed

    for door in ("sync", "backfills"):
        answer = client.post(
            reverse(f"connectors:{door}", args=[brand.slug, retired.public_id]), {}, follow=True
        )
        assert "nothing is asked" in answer.content.decode()
    by = Person.objects.get(pk=client.session["_auth_user_id"])
    for schedule in SyncSchedule.objects.exclude(task=Task.PURGE):
        with pytest.raises(planning.Refused, match="nothing is asked"):
            planning.run_now(schedule=schedule, by=by, now=NOW)
    assert not SyncRun.objects.exists()


def test_what_is_delivered_while_a_retired_channel_is_connected_again_comes_in(
    client, retired, brand, app, receipt, clock, monkeypatch, platform
):
    """And no alarm rings of it while the platform is being asked."""

    def subscribe(ctx, url):
        receipt(message_item("m1"), at=Channel.objects.get())
        draining.drain(now=clock())
        assert alarming.look(now=timezone.now()) == 0

    monkeypatch.setattr(platform, "subscribe", subscribe)

    come_back(client, begin(client, brand))

    assert Message.objects.count() == 1


def test_a_channel_that_is_retired_while_it_is_connected_again_stays_retired(
    client, retired, brand, app, monkeypatch, platform
):
    by = Person.objects.get(pk=client.session["_auth_user_id"])

    def subscribe(ctx, url):
        retiring.retire(channel=Channel.objects.get(), by=by, now=timezone.now())

    monkeypatch.setattr(platform, "subscribe", subscribe)

    answer = come_back(client, begin(client, brand))

    assert "That was while it was being connected" in answer.content.decode()
    assert Channel.objects.get().state == ChannelState.DISCONNECTED


@pytest.fixture
def borealis(app):
    """Another brand, and who runs its channels."""
    other = Brand.objects.create(name="Borealis", slug="borealis")
    BrandSequence.objects.get_or_create(brand=other)
    return SimpleNamespace(
        brand=other, operations=MembershipFactory(brand=other, role=Role.OPERATIONS).person
    )


def test_an_account_that_one_brand_retired_may_be_connected_by_another(
    client, retired, brand, borealis, receipt, clock
):
    client.force_login(borealis.operations)

    answer = come_back(client, begin(client, borealis.brand))

    assert "Acme on Fake is connected." in answer.content.decode()
    theirs = borealis.brand.channels.get()
    assert (theirs.external_id, theirs.state) == ("acc-1", ChannelState.CONNECTED)
    receipt(message_item("m1"), at=theirs)
    # One app delivers for all of its accounts at any of their addresses.
    receipt(message_item("m2", account="acc-1"), at=retired)
    draining.drain(now=clock())
    assert set(Message.objects.values_list("external_id", "channel")) == {
        ("m1", theirs.pk),
        ("m2", theirs.pk),
    }
    retired.refresh_from_db()
    assert (retired.brand, retired.state) == (brand, ChannelState.DISCONNECTED)


def test_what_one_app_still_delivers_of_an_account_that_another_brand_connected_with_its_own_is_nobodys(
    retired, app, connect, borealis, platform, receipt, clock
):
    """It is their customers', and says nothing of the brand that had the account: their own app delivers it to them."""
    beside = connect("acc-2")
    own = PlatformApp.objects.create(platform="fake", name="theirs", client_id="t", sealed=app.sealed)
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    theirs = connecting.connect(app=own, brand=borealis.brand, grant=grant, now=NOW)
    for number, address in enumerate((retired, beside)):
        receipt(
            message_item(f"m{number}", account="acc-1"), {"kind": "noise", "account": "acc-1"}, at=address
        )
    receipt(message_item("m3", account="acc-1"), at=theirs)
    receipt(message_item("m4", account="acc-9"), at=beside)

    draining.drain(now=clock())

    assert list(Message.objects.values_list("external_id", "channel")) == [("m3", theirs.pk)]
    [dead] = DeadItem.objects.all()
    assert (dead.channel, dead.reason) == (beside, "No channel of this app is connected for account acc-9.")
    assert {each.state for each in Receipt.objects.all()} == {ReceiptState.DONE}


@pytest.mark.parametrize("named", [True, False])
def test_an_account_that_went_to_another_brand_comes_back_as_the_channel_that_it_was(
    client, retired, brand, borealis, operations, named
):
    client.force_login(borealis.operations)
    come_back(client, begin(client, borealis.brand))
    client.force_login(operations)
    again = {"channel": retired.public_id} if named else {}

    answer = come_back(client, begin(client, brand, **again))

    assert "connected by another brand already" in answer.content.decode()
    assert "Once an administrator there has retired it" in answer.content.decode()
    theirs = borealis.brand.channels.get()
    retiring.retire(channel=theirs, by=borealis.operations, now=timezone.now())
    come_back(client, begin(client, brand, **again))
    retired.refresh_from_db()
    theirs.refresh_from_db()
    assert (retired.external_id, retired.state) == ("acc-1", ChannelState.CONNECTED)
    assert theirs.state == ChannelState.DISCONNECTED and theirs.external_id != "acc-1"
    assert Channel.objects.count() == 2


def test_an_account_that_another_brand_takes_while_it_is_connected_again_is_refused_in_words(
    client, retired, brand, borealis, monkeypatch
):
    take_back = channel_actions.take_back

    def taken_meanwhile(**told):
        Channel.objects.filter(pk=retired.pk).update(external_id="aside")
        Channel.objects.create(brand=borealis.brand, platform="fake", external_id="acc-1", name="Theirs")
        return take_back(**told)

    monkeypatch.setattr(channel_actions, "take_back", taken_meanwhile)

    answer = come_back(client, begin(client, brand))

    assert "is being connected by somebody else at this moment" in answer.content.decode()
    retired.refresh_from_db()
    assert retired.state == ChannelState.DISCONNECTED


def test_only_administrators_retire_a_channel_and_only_when_they_are_sure(signed_in, client, brand, channel):
    page = reverse("connectors:connection", args=[brand.slug, channel.public_id])
    retire = reverse("connectors:retire", args=[brand.slug, channel.public_id])
    assert "Retire this channel" not in signed_in.get(page).content.decode()
    assert signed_in.post(retire, {"sure": "on"}).status_code == 404

    client.force_login(MembershipFactory(brand=brand, role=Role.ADMINISTRATOR).person)
    client.post(retire)

    channel.refresh_from_db()
    assert channel.state == ChannelState.CONNECTED


@pytest.mark.parametrize("mine", [True, False])
def test_an_account_that_was_connected_under_another_id_is_no_second_channel(
    brand, app, connect, platform, mine
):
    channel = connect("old-1")
    asking = brand if mine else Brand.objects.create(name="Other", slug="other")
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    grant = replace(grant, account=replace(grant.account, formerly="old-1"))

    if mine:
        assert connecting.connect(app=app, brand=asking, grant=grant, now=NOW) == channel
    else:
        with pytest.raises(connecting.ConnectionRefused, match="another brand already"):
            connecting.connect(app=app, brand=asking, grant=grant, now=NOW)

    assert Channel.objects.get().external_id == ("acc-1" if mine else "old-1")


def test_where_both_ids_are_connected_each_stays_what_it_is(brand, app, connect, platform):
    old, new = connect("old-1"), connect("acc-1")
    grant = platform.exchange(SimpleNamespace(now=NOW), "good-code", "", "kept-verifier")
    grant = replace(grant, account=replace(grant.account, formerly="old-1"))

    assert connecting.connect(app=app, brand=brand, grant=grant, now=NOW) == new

    old.refresh_from_db()
    assert old.external_id == "old-1"


def test_the_page_says_what_is_wrong_in_words(signed_in, brand, channel):
    channel_actions.park_sending(channel_id=channel.pk, reason="The password was changed.", now=NOW)

    page = signed_in.get(reverse("connectors:channels", args=[brand.slug])).content.decode()

    assert "Needs to be connected again" in page
    assert "The password was changed." in page


def test_the_page_counts_what_waits_by_channel_and_without_a_query_for_each(
    signed_in, brand, connect, channel, receipt, queued_reply, django_assert_max_num_queries
):
    channel_actions.park_sending(channel_id=channel.pk, reason="The token is dead.", now=NOW)
    others = [connect(f"acc-{number}") for number in range(2, 6)]
    for reason, at in (
        (UNKNOWN_KIND, channel),
        (UNKNOWN_KIND, channel),
        ("It has no time.", channel),
        ("No.", others[0]),
    ):
        DeadItem.objects.create(channel=at, payload={}, reason=reason, created_at=NOW)
    receipt({"kind": "test"})

    lines = {
        line.channel.pk: [each.text for each in line.lines]
        for line in channel_states.of_brand(brand, now=NOW)
    }

    told = " ".join(lines[channel.pk])
    for words in ("1 reply waits", "1 delivery waits", "1 item could not", "2 updates are of a kind"):
        assert words in told
    assert "1 item could not" in " ".join(lines[others[0].pk])
    with django_assert_max_num_queries(8):
        channel_states.of_brand(brand, now=NOW)


def test_a_sync_can_be_asked_for(signed_in, brand, channel):
    from datetime import timedelta

    from django.utils import timezone

    schedule = SyncSchedule.objects.create(
        channel=channel, task="reconcile", every_seconds=900, next_run_at=timezone.now() + timedelta(hours=1)
    )

    signed_in.post(reverse("connectors:sync", args=[brand.slug, channel.public_id]))

    schedule.refresh_from_db()
    assert schedule.next_run_at <= timezone.now()


@pytest.mark.parametrize("state", ["\x00", "x" * 30 + "\x00", "", "é" * 40, "x" * 5000])
def test_a_state_that_is_none_of_ours_is_refused_in_words(signed_in, brand, app, state):
    answer = come_back(signed_in, state)

    assert answer.status_code == 200
    assert "belongs to no consent of yours" in answer.content.decode()


def test_a_grant_that_ended_offers_to_connect_again_and_what_waited_goes_out(
    signed_in, brand, app, channel, platform, queued_reply, clock
):
    """As on Instagram, where a token that has ended cannot be renewed."""
    told = ConnectorError("The session has expired.", remedy=Remedy.RECONNECT)
    platform.good_access, platform.refresh_fails = "access-new", told
    delivering.deliver(message_id=queued_reply.pk, clock=clock)
    queued_reply.refresh_from_db()
    assert queued_reply.state == MessageState.QUEUED

    page = signed_in.get(reverse("connectors:channels", args=[brand.slug])).content.decode()
    assert "Connect again" in page
    assert "1 reply waits until it is connected again." in page
    clock.passes(5)
    assert outbox.due_replies(now=clock()) == []

    come_back(signed_in, begin(signed_in, brand))

    assert outbox.due_replies(now=clock()) == [queued_reply.pk]
    assert delivering.deliver(message_id=queued_reply.pk, clock=clock) == "sent"
    assert [sent.text for sent in platform.sent] == ["On its way!"]
    page = signed_in.get(reverse("connectors:channels", args=[brand.slug])).content.decode()
    assert "Connect again" not in page
