from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from connectors import tasks
from connectors.actions import draining, erasing
from inbox.actions import attaching, drafting, receiving
from inbox.actions.receiving import Arrival
from inbox.exchange import Unsent
from inbox.models import Attachment, Conversation, DraftKind, FetchState, Message, TakenEcho
from tests.connectors.conftest import NOW, message_item
from tests.factories.people import agent_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stored(receipt, settings, tmp_path, channel):
    """A customer's picture, copied to our disk."""
    settings.MEDIA_ROOT = str(tmp_path)

    def make(message="m1", path="in/ab/one.png"):
        receipt(message_item(message))
        draining.drain(now=NOW)
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"picture")
        return Attachment.objects.create(
            message=Message.objects.get(external_id=message), channel=channel, kind="image",
            fetch_state=FetchState.STORED, path=path,
        )  # fmt: skip

    return make


@pytest.fixture
def unsend(channel):
    def make(message="m1"):
        receiving.receive(arrivals=[Arrival(channel.pk, Unsent(message, at=NOW))], now=NOW)

    return make


def test_the_file_of_an_unsent_picture_is_removed_and_no_other(stored, unsend, tmp_path):
    taken_back, kept = stored(), stored("m2", "in/cd/two.png")
    unsend()

    assert erasing.erase_files() == 1

    taken_back.refresh_from_db()
    kept.refresh_from_db()
    assert (taken_back.fetch_state, taken_back.path) == (FetchState.GONE, "")
    assert not (tmp_path / "in/ab/one.png").exists()
    assert (tmp_path / kept.path).exists()
    assert erasing.erase_files() == 0


def test_a_file_that_is_missing_already_is_forgotten_all_the_same(stored, unsend, tmp_path):
    picture = stored()
    unsend()
    (tmp_path / picture.path).unlink()

    assert erasing.erase_files() == 1
    picture.refresh_from_db()
    assert picture.path == ""


def test_a_file_that_another_message_shows_stays(stored, unsend, tmp_path):
    stored()
    other = stored("m2")
    unsend()

    assert erasing.erase_files() == 1

    assert (tmp_path / "in/ab/one.png").exists()
    other.refresh_from_db()
    assert other.path == "in/ab/one.png"


def test_more_than_a_batch_goes_and_what_cannot_be_removed_holds_back_nobody(stored, unsend, tmp_path):
    for number in range(5):
        stored(f"m{number}", f"in/ab/{number}.png")
    (tmp_path / "in/ab/0.png").unlink()
    (tmp_path / "in/ab/0.png").mkdir()  # no file, so it cannot be unlinked
    for number in range(5):
        unsend(f"m{number}")

    assert erasing.erase_files(limit=2) == 4

    assert [path.name for path in (tmp_path / "in/ab").iterdir()] == ["0.png"]
    assert Attachment.objects.exclude(path="").count() == 1


def test_what_was_sent_up_and_never_sent_goes_after_a_day_unless_a_draft_holds_it(stored, channel, tmp_path):
    of_a_message = stored()
    conversation, writer, colleague = (
        Conversation.objects.get(),
        agent_of(channel.brand),
        agent_of(channel.brand),
    )

    def sent_up(name):
        (tmp_path / name).write_bytes(b"picture")
        return Attachment.objects.create(
            channel=channel, kind="image", uploaded_by=writer, fetch_state=FetchState.STORED, path=name
        )

    def draft(by, file):
        written = drafting.Written("", [file.public_id], "", 0, 0, UUID(int=by.pk), 1)
        drafting.save(conversation=conversation, by=by, kind=DraftKind.REPLY, written=written, now=NOW)

    taken_out, drafted = sent_up("taken-out.png"), sent_up("drafted.png")
    draft(writer, drafted)
    draft(colleague, taken_out)  # whose draft cannot show it
    today, tomorrow = timezone.now(), timezone.now() + attaching.UNSENT_KEPT + timedelta(minutes=1)

    assert attaching.forget_unsent(now=today) == 0
    assert attaching.forget_unsent(now=tomorrow) == 1
    assert erasing.erase_files() == 1

    assert {file.pk for file in Attachment.objects.all()} == {of_a_message.pk, drafted.pk}
    assert not (tmp_path / "taken-out.png").exists() and (tmp_path / "drafted.png").exists()
    drafting.save(
        conversation=conversation, by=writer, kind=DraftKind.REPLY, now=NOW,
        written=drafting.Written("", [], "", 0, 0, UUID(int=writer.pk), 2),
    )  # fmt: skip
    assert attaching.forget_unsent(now=tomorrow) == 1


def test_nothing_outside_the_media_folder_is_touched(stored, unsend, tmp_path, settings):
    stored()
    settings.MEDIA_ROOT = str(tmp_path / "media")
    Attachment.objects.update(path="../in/ab/one.png")
    unsend()

    assert erasing.erase_files() == 0
    assert (tmp_path / "in/ab/one.png").exists()


def test_the_sweep_also_forgets_what_was_kept_for_an_answer_that_never_came(stored, queued_reply):
    stored()
    TakenEcho.objects.create(message=queued_reply, told={}, taken_at=timezone.now() - timedelta(hours=2))

    tasks.erase_files()

    assert not TakenEcho.objects.exists()
