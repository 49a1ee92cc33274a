"""What is told of rows says with which numbers their threads are told, so that a page can tell what was lost on the way."""

from __future__ import annotations

import pytest

from inbox import realtime
from inbox.actions import assigning
from inbox.models import Channel, Conversation, Person
from tests.factories import exchange as say
from tests.inbox.consumers.test_live import (  # noqa: F401
    _no_connection_is_left,
    channel,
    conversation,
    in_thread,
    jo,
    page_of,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)


async def test_a_row_says_with_which_numbers_its_thread_is_told(
    channel: Channel,  # noqa: F811
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
) -> None:
    public = str(conversation.public_id)
    async with page_of(jo) as page:
        await page.ask(open=public, since=conversation.seq)
        await page.hears("rows")

        await in_thread(lambda: write(channel, "Hello?", seconds=5))
        rows = [await page.hears("rows")]
        threads = [await page.hears("thread")]
        await in_thread(lambda: assigning.assign(conversation=conversation, to=jo, by=jo, now=say.at(6)))
        rows.append(await page.hears("rows"))
        threads.append(await page.hears("thread"))

    assert [news["threads"] for news in rows] == [{public: [told["last"]]} for told in threads]


async def test_so_many_rows_that_only_their_ids_are_told_say_it_too(
    channel: Channel,  # noqa: F811
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(realtime, "MANY_ROWS", 0)
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=conversation.seq)
        await page.hears("rows")

        await in_thread(lambda: write(channel, "Hello?", seconds=5))
        rows, thread = await page.hears("rows"), await page.hears("thread")

    [(public, *_, number)] = rows["changed"]
    assert (public, number) == (str(conversation.public_id), thread["last"])


async def test_the_end_of_an_answer_names_its_question(
    jo: Person,  # noqa: F811
    conversation: Conversation,  # noqa: F811
) -> None:
    async with page_of(jo) as page:
        await page.ask(open=str(conversation.public_id), since=0, ask=7)
        thread, rows = await page.hears("thread"), await page.hears("rows")
        await page.ask(since=10_000, ask=8)
        anew = await page.hears("reload")

    assert (thread.get("ask"), rows["ask"], anew["ask"]) == (None, 7, 8)
