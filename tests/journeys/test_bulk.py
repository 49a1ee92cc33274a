"""A whole view is resolved and undone by the real processes, and the worker is killed in the middle of it."""

from typing import Any
from uuid import uuid4

import httpx

from tests.journeys.desk import Desk
from tests.journeys.outside import Outside
from tests.journeys.running import Demo
from tests.journeys.waiting import eventually

MANY = 2000
HOW_THEY_ARE = """SELECT id, state, assignee_id, unread_count, waiting_since, resolved_at, snoozed_until FROM inbox_conversation
                   WHERE thread_key LIKE %s ORDER BY id"""


def fill(demo: Demo, label: str) -> None:
    """Conversations that nobody writes in meanwhile, some of them somebody's; all are that somebody's own view."""
    demo.sql(
        """INSERT INTO inbox_conversation (public_id, brand_id, channel_id, kind, thread_key, recipient_key, state, assignee_id,
                  assignee_name, priority, tags, created_at, platform, contact_name, contact_username, contact_avatar,
                  last_message_at, last_message_text, last_message_from, last_message_author, message_count, unread_count,
                  waiting_since, due_reason, seq, public_seq, priority_reasons)
           SELECT gen_random_uuid(), c.brand_id, c.id, 'direct', %s || n, '', 'open', p.id, 'Mine', 3, '{}', now(), c.platform,
                  'Many ' || n, '', '', now() - interval '1 minute', 'hello', 'customer', '', 0, n %% 3, NULL, '', 0, 0, '[]'
             FROM generate_series(1, %s) n, inbox_channel c JOIN inbox_brand b ON b.id = c.brand_id AND b.slug = 'acme',
                  inbox_person p
            WHERE c.platform = 'instagram' AND p.email = 'agent@parley.test'""",
        [label, MANY],
    )


def ask(desk: Desk, where: str, **values: Any) -> httpx.Response:
    headers = {"X-CSRFToken": desk._csrf(), "Referer": desk.demo.url, "X-Parley-Fragment": "1"}
    answer = desk.client.post(f"/b/acme/{where}/", data=values, headers=headers)
    assert answer.status_code == 200, f"{answer.status_code} {answer.text[:500]}"
    return answer


def newest(demo: Demo) -> tuple[Any, ...]:
    return demo.sql(
        "SELECT state, done, total, skipped + failed FROM inbox_bulkrun ORDER BY id DESC LIMIT 1"
    )[0]


def kill_in_the_middle(demo: Demo) -> int:
    with demo.nobody_records():
        state, done, total, _ = newest(demo)
        assert state != "done" and 0 < done < total, "it was too quick to be killed in the middle"
        return demo.kill("worker")


def test_a_view_is_resolved_and_undone_though_the_worker_is_killed(demo: Demo, outside: Outside) -> None:
    label = f"bulk-{uuid4().hex[:8]}-"
    fill(demo, label)
    before = demo.sql(HOW_THEY_ARE, [f"{label}%"])
    desk = Desk(demo)
    [(seen,)] = demo.sql(
        "SELECT s.last FROM inbox_brandsequence s JOIN inbox_brand b ON b.id = s.brand_id WHERE b.slug = 'acme'"
    )

    ask(desk, "bulk", act="resolve", view="mine", seen_seq=seen)
    eventually(lambda: newest(demo)[1] > 0, within=30, told="the first batch")
    killed = kill_in_the_middle(demo)
    demo.await_restart("worker", after=killed, within=30)
    eventually(lambda: newest(demo)[0] == "done", within=60, told="the end of it")

    resolved = demo.sql(HOW_THEY_ARE, [f"{label}%"])
    assert {row[1] for row in resolved} == {"resolved"}
    told = """SELECT count(*), count(DISTINCT e.conversation_id) FROM inbox_event e JOIN inbox_conversation c ON c.id = e.conversation_id
               WHERE e.kind = %s AND c.thread_key LIKE %s"""
    assert demo.sql(told, ["conversation.resolved", f"{label}%"]) == [(MANY, MANY)]

    ask(desk, "undo")
    eventually(lambda: newest(demo)[1] > 0, within=30, told="the first batch back")
    killed = kill_in_the_middle(demo)
    demo.await_restart("worker", after=killed, within=30)
    eventually(lambda: newest(demo)[0] == "done", within=60, told="all of it back")

    assert demo.sql(HOW_THEY_ARE, [f"{label}%"]) == before
    assert demo.sql(told, ["conversation.reopened", f"{label}%"]) == [(MANY, MANY)]
    demo.sql(
        "UPDATE inbox_conversation SET state = 'resolved', resolved_at = now() WHERE thread_key LIKE %s",
        [f"{label}%"],
    )
    desk.close()
