"""What is done to the queues stands in no table: their pages tell the audit log themselves."""

from __future__ import annotations

from collections.abc import Iterator

import django_rq
import pytest
from django.test import Client
from django.urls import reverse
from django_rq.settings import get_queues_map
from rq import Queue
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry

from config.queue_pages import DONE, GONE
from inbox.models import AuditEntry, Person, Role
from tests.factories.people import MembershipFactory, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def queue() -> Iterator[Queue]:
    queue = Queue("reports", connection=django_rq.get_connection("reports"))  # theirs wait for a commit
    queue.empty()
    yield queue
    queue.empty()


@pytest.fixture
def ops(client: Client) -> Person:
    person = MembershipFactory(role=Role.OPERATIONS, person__is_staff=True).person
    client.force_login(person)
    return person


def at(name: str, *more: str) -> str:
    return reverse(f"django_rq:{name}", args=[get_queues_map()["reports"], *more])


def told() -> list[tuple[str, str, dict[str, list[str]]]]:
    found = AuditEntry.objects.filter(subject="queue").order_by("pk")
    return list(found.values_list("act", "subject_name", "after"))


def test_who_empties_a_queue_or_removes_a_job_is_named_with_whence(
    client: Client, ops: Person, queue: Queue
) -> None:
    one, two, three, _ = (queue.enqueue("builtins.print", number).id for number in range(4))

    client.get(at("clear"))
    client.post(at("confirm_action"), {"action": "delete", "_selected_action": [one]})
    assert told() == []
    client.post(at("delete_job", one), REMOTE_ADDR="203.0.113.9")
    client.post(at("actions"), {"action": "delete", "job_ids": [two, three]})
    client.post(at("clear"))

    assert queue.count == 0
    assert told() == [
        ("removed a job of", "reports", {"jobs": [one]}),
        ("removed jobs of", "reports", {"jobs": [two, three]}),
        ("emptied", "reports", {}),
    ]
    entry = AuditEntry.objects.filter(subject="queue").earliest("pk")
    assert (entry.brand_id, entry.person_id, entry.address) == (None, ops.pk, "203.0.113.9")


def test_of_several_jobs_those_that_are_gone_keep_nothing_from_being_told(
    client: Client, ops: Person, queue: Queue
) -> None:
    there = queue.enqueue("builtins.print").id

    answer = client.post(at("actions"), {"action": "delete", "job_ids": [there, "gone"]}, follow=True)

    assert GONE in answer.content.decode()

    assert told() == [("removed jobs of", "reports", {"jobs": [there, "gone"]})]


@pytest.mark.parametrize(("page", "said"), [("requeue_job", "requeued"), ("enqueue_job", "enqueued")])
def test_a_job_that_is_over_before_the_browser_is_led_on_ends_on_the_page_of_its_queue(
    client: Client, ops: Person, queue: Queue, page: str, said: str
) -> None:
    job = queue.enqueue("builtins.print")
    queue.remove(job)
    job.set_status(JobStatus.FAILED)
    FailedJobRegistry(queue=queue).add(job, ttl=3600)

    answer = client.post(at(page, job.id))
    assert queue.job_ids == [job.id]
    queue.remove(job)
    job.cleanup(ttl=0)  # as the worker does that was quicker
    led_to = client.get(answer.headers["Location"])

    assert (led_to.request["PATH_INFO"], led_to.status_code) == (at("jobs"), 200)
    assert f"You have successfully {said} {job.id}" in led_to.content.decode()
    assert not Job.exists(job.id, connection=queue.connection)
    assert told() == [(DONE[page], "reports", {"jobs": [job.id]})]


@pytest.mark.parametrize("page", ["delete_job", "requeue_job"])
def test_of_a_job_that_is_gone_nothing_is_told(client: Client, ops: Person, queue: Queue, page: str) -> None:
    answer = client.post(at(page, "gone"), follow=True)

    assert (answer.request["PATH_INFO"], GONE in answer.content.decode()) == (at("jobs"), True)

    assert told() == []


def test_who_is_not_let_in_has_done_nothing(client: Client, queue: Queue) -> None:
    queue.enqueue("builtins.print")
    # The pages themselves ask for staff once more.
    for person in (PersonFactory(), PersonFactory(is_superuser=True, is_staff=False)):
        client.force_login(person)
        client.post(at("clear"))

    assert queue.count == 1 and told() == []
