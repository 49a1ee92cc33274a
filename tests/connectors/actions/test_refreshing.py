from contextlib import suppress
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from connectors import channel_states, contexts
from connectors.actions import refreshing
from connectors.contract import ConnectorError, Remedy, Tokens
from connectors.models import Credential
from connectors.queries import doctor
from inbox import platforms
from inbox.models import Channel, ChannelState
from inbox.platforms import AuthRules
from tests.connectors.conftest import NOW
from tests.fakes.platform import manifest
from tests.threads import in_threads

pytestmark = pytest.mark.django_db(transaction=True)


def test_racing_refreshes_ask_the_platform_once(channel, platform, clock):
    platform.refresh_takes = 0.3

    tokens = in_threads(
        lambda: refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock), times=4
    )

    assert {each.access for each in tokens} == {"access-2"}
    assert platform.refreshes == 1
    credential = Credential.objects.get(channel=channel)
    assert (credential.version, credential.refresh_lease_until) == (2, None)
    assert contexts.tokens_of(credential).refresh == "refresh-2"


def test_whoever_saw_an_older_version_gets_the_newer_one_without_asking(channel, platform, clock):
    refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    tokens = refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    assert tokens.access == "access-2"
    assert platform.refreshes == 1


def test_a_refresh_that_comes_too_late_parks_the_channel(channel, platform, clock):
    platform.refresh_fails = ConnectorError("The permission has ended.", remedy=Remedy.RECONNECT)

    with pytest.raises(ConnectorError) as refused:
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    assert refused.value.remedy is Remedy.RECONNECT
    parked = Channel.objects.get(pk=channel.pk)
    assert (parked.state, parked.state_reason) == (ChannelState.NEEDS_RECONNECT, "The permission has ended.")
    assert Credential.objects.get(channel=channel).refresh_lease_until is None


def test_a_platform_that_is_down_leaves_the_grant_alone(channel, platform, clock):
    platform.refresh_fails = ConnectorError("Down.", remedy=Remedy.RETRY)

    with pytest.raises(ConnectorError) as refused:
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)
    platform.refresh_fails = None

    assert refused.value.remedy is Remedy.RETRY
    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED
    assert refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock).access == "access-2"


def test_a_lease_whose_worker_died_is_taken_over_when_it_ends(channel, platform, clock):
    Credential.objects.filter(channel=channel).update(refresh_lease_until=NOW + timedelta(seconds=60))
    clock.passes(61)

    assert refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock).access == "access-2"


def test_a_new_token_is_kept_though_the_database_went_away_meanwhile(channel, platform, clock):
    """The old one is spent: were the new one lost, a person would have to connect the account again."""
    refresh = platform.refresh

    def while_the_database_restarts(ctx):
        tokens = refresh(ctx)
        with connection.cursor() as cursor, suppress(OperationalError):
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return tokens

    platform.refresh = while_the_database_restarts

    refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    credential = Credential.objects.get(channel=channel)
    assert (credential.version, contexts.tokens_of(credential).refresh) == (2, "refresh-2")


def test_nobody_takes_over_from_who_waits_for_the_database_with_a_new_token(
    channel, platform, clock, monkeypatch
):
    monkeypatch.setattr(refreshing, "LOSER_WAITS", 0.2)
    slowest_answer, reconnect = 60, settings.DATABASES["default"]["OPTIONS"]["connect_timeout"]
    waiting = sum(refreshing.STORE_PAUSES) + reconnect * (len(refreshing.STORE_PAUSES) + 1)
    refresh = platform.refresh

    def while_another_comes_at_the_last_moment(ctx):
        tokens = refresh(ctx)
        clock.passes(slowest_answer + waiting)
        with pytest.raises(ConnectorError, match="Another worker is still renewing"):
            refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)
        return tokens

    platform.refresh = while_another_comes_at_the_last_moment

    refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    credential = Credential.objects.get(channel=channel)
    assert (credential.version, contexts.tokens_of(credential).refresh) == (2, "refresh-2")


def test_a_grant_is_due_by_its_platforms_own_margin(channel, platform):
    credential = Credential.objects.select_related("channel").get(channel=channel)

    assert not refreshing.may_be_renewed(credential, now=NOW)
    assert refreshing.may_be_renewed(credential, now=NOW + timedelta(minutes=111))
    assert refreshing.may_be_renewed(credential, now=NOW, at_once=True)


@pytest.mark.parametrize("at_once", [False, True])
def test_a_grant_without_the_right_to_renew_it_holds_until_its_end(channel, platform, clock, at_once):
    """LinkedIn gives that right to its partners only; whoever asks for it without loses what still holds."""
    columns = refreshing.columns(Tokens("access-1", expires_at=NOW + timedelta(minutes=5)), NOW)
    Credential.objects.filter(channel=channel).update(**columns)

    kept = refreshing.refresh_if_due(channel_id=channel.pk, clock=clock, at_once=at_once)

    assert (kept, platform.refreshes) == (refreshing.NO_RIGHT, 0)
    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED


@pytest.mark.parametrize("at_once", [False, True])
def test_what_outlives_the_right_to_renew_it_holds_until_its_own_end(channel, platform, clock, at_once):
    """Whoever asked LinkedIn once more would be told that the consent has run out, and would lose days that were left."""
    platforms.register(manifest(auth=AuthRules(refresh="fixed_end", refresh_before=timedelta(days=5))))
    tokens = Tokens("access-1", "refresh-1", NOW + timedelta(days=4), NOW - timedelta(days=20))
    Credential.objects.filter(channel=channel).update(**refreshing.columns(tokens, NOW - timedelta(days=56)))

    kept = refreshing.refresh_if_due(channel_id=channel.pk, clock=clock, at_once=at_once)

    assert (kept, platform.refreshes) == (refreshing.NO_RIGHT, 0)
    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED


def test_secrets_are_sealed_and_in_no_repr(channel, clock):
    credential = Credential.objects.get(channel=channel)
    _, context, _ = contexts.of_channel(channel, now=clock())

    assert b"access-1" not in bytes(credential.sealed)
    assert context.tokens.access == "access-1"
    assert "access-1" not in repr(context)
    assert "fake-webhook-secret" not in repr(context)


@pytest.mark.parametrize(
    "fault",
    [
        ConnectorError("It could not be reached.", remedy=Remedy.RETRY),
        ConnectorError("No answer came.", remedy=Remedy.UNKNOWN),
        ValueError("what it answered is no token"),
    ],
)
def test_what_passes_by_itself_is_not_kept_of_the_grant(channel, platform, clock, fault):
    """It would be said of it until the next renewal, which may be due in weeks."""
    platform.refresh_fails = fault

    with pytest.raises((ConnectorError, ValueError)):
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    credential = Credential.objects.get(channel=channel)
    assert (credential.refresh_error, credential.refresh_lease_until) == ("", None)


def test_what_the_platform_refuses_is_kept_of_it(channel, platform, clock):
    platform.refresh_fails = ConnectorError("invalid_grant", remedy=Remedy.RECONNECT)

    with pytest.raises(ConnectorError):
        refreshing.refresh(channel_id=channel.pk, seen_version=1, clock=clock)

    assert Credential.objects.get(channel=channel).refresh_error == "invalid_grant"


def test_whose_connector_is_gone_is_not_renewed_for_want_of_it_alone(channel, clock):
    Channel.objects.update(platform="gone")

    with pytest.raises(contexts.NotReady, match="No connector for “gone”"):
        refreshing.refresh_if_due(channel_id=channel.pk, clock=clock)


def test_what_is_refused_to_our_app_ahead_of_time_holds_nothing_up_and_is_told(channel, platform, clock):
    platform.refresh_fails = ConnectorError("It does not know this app's key.", remedy=Remedy.BUG)

    with pytest.raises(refreshing.AppRefused):
        refreshing.refresh_if_due(channel_id=channel.pk, clock=clock, at_once=True)

    assert Channel.objects.get(pk=channel.pk).state == ChannelState.CONNECTED
    [line] = channel_states.of_brand(channel.brand, now=NOW)
    assert "Renewing the permission failed: It does not know this app's key." in [
        each.text for each in line.lines
    ]
    [renewing] = [each for each in doctor.examine(channel, now=NOW).findings if each.name == "Renewing"]
    assert renewing.fix.startswith("Put the registration of Parley's app right")
