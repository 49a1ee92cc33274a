"""pgbench as the other side: what a drain does for one message, as plain prepared statements, many in one transaction."""

from __future__ import annotations

import re
import subprocess

from bench.house import House
from config import embedded, postgres

PER_TRANSACTION = 500

# One statement each for what the drain asks and writes of a message. What the drain asks besides (is the message known, are
# there amendments waiting, may the person be written to again) pgbench is spared.
BEGIN = """
BEGIN;
SELECT id, length(body) FROM connectors_receipt WHERE state = 'new' ORDER BY id LIMIT {per} FOR UPDATE SKIP LOCKED;
SELECT last FROM inbox_brandsequence WHERE brand_id = {brand} FOR UPDATE;
"""
MESSAGE = """
\\set n :n + 1
\\set k :n % {people}
\\set who {first_person} + :k
\\set handle {first_handle} + :k
\\set conversation {first_conversation} + :k
SELECT body FROM connectors_receipt WHERE id = :n;
SELECT id, contact_id, name, username, avatar_url FROM inbox_handle WHERE channel_id = {channel} AND external_id = :who;
SELECT id, state, assignee_id, last_inbound_at, last_outbound_at, waiting_since, window_opened_at, customer_read_at FROM inbox_conversation WHERE channel_id = {channel} AND thread_key = :who ORDER BY id DESC LIMIT 1;
INSERT INTO inbox_message (public_id, conversation_id, channel_id, external_id, direction, kind, origin, author_handle_id, author_name, sent_at, order_key, created_text, text, reply_to, card, attachment_count, state, seq, historical, created_at, edit_count, reactions, state_reason, human_agent, attempts) VALUES (gen_random_uuid(), :conversation, {channel}, :n, 'in', 'text', 'customer', :handle, '', now(), :n, '{words}', '{words}', '', '{{}}', 0, 'received', :n, false, now(), 0, '[]', '', false, 0) ON CONFLICT DO NOTHING;
UPDATE inbox_conversation SET message_count = message_count + 1, unread_count = unread_count + 1, last_inbound_at = now(), waiting_since = coalesce(waiting_since, now()), window_opened_at = now(), seq = greatest(seq, :n), public_seq = greatest(public_seq, :n), last_message_at = now(), last_message_text = '{words}', last_message_from = 'customer', last_message_author = '' WHERE id = :conversation;
INSERT INTO inbox_event (brand_id, seq, kind, conversation_id, message_id, at, data) VALUES ({brand}, :n, 'message.received', :conversation, currval('inbox_message_id_seq'), now(), '{{}}');
UPDATE connectors_receipt SET state = 'done', items = 1, reason = '', drained_at = now() WHERE id = :n;
"""
END = """
UPDATE inbox_brandsequence SET last = :n WHERE brand_id = {brand};
END;
"""


# The same rows as sets: what PostgreSQL needs where nobody asks anything and one statement serves the whole batch.
SETS = """
BEGIN;
SELECT last FROM inbox_brandsequence WHERE brand_id = {brand} FOR UPDATE;
\\set first :n + 1
\\set n :n + {per}
INSERT INTO inbox_message (public_id, conversation_id, channel_id, external_id, direction, kind, origin, author_handle_id, author_name, sent_at, order_key, created_text, text, reply_to, card, attachment_count, state, seq, historical, created_at, edit_count, reactions, state_reason, human_agent, attempts) SELECT gen_random_uuid(), {first_conversation} + g % {people}, {channel}, g::text, 'in', 'text', 'customer', {first_handle} + g % {people}, '', now(), g::text, '{words}', '{words}', '', '{{}}', 0, 'received', g, false, now(), 0, '[]', '', false, 0 FROM generate_series(CAST(:first AS bigint), CAST(:n AS bigint)) g ON CONFLICT DO NOTHING;
UPDATE inbox_conversation c SET message_count = message_count + 1, unread_count = unread_count + 1, last_inbound_at = now(), waiting_since = coalesce(waiting_since, now()), window_opened_at = now(), seq = greatest(seq, g), public_seq = greatest(public_seq, g), last_message_at = now(), last_message_text = '{words}', last_message_from = 'customer', last_message_author = '' FROM generate_series(CAST(:first AS bigint), CAST(:n AS bigint)) g WHERE c.id = {first_conversation} + g % {people};
INSERT INTO inbox_event (brand_id, seq, kind, conversation_id, message_id, at, data) SELECT {brand}, m.seq, 'message.received', m.conversation_id, m.id, now(), '{{}}' FROM inbox_message m WHERE m.channel_id = {channel} AND m.external_id IN (SELECT g::text FROM generate_series(CAST(:first AS bigint), CAST(:n AS bigint)) g);
UPDATE connectors_receipt SET state = 'done', items = 1, reason = '', drained_at = now() WHERE id BETWEEN :first AND :n;
UPDATE inbox_brandsequence SET last = :n WHERE brand_id = {brand};
END;
"""


def in_sets(*, words: str, **numbers: int) -> str:
    return SETS.format(**numbers, words=words.replace("'", "''"), per=PER_TRANSACTION)


def script(*, words: str, **numbers: int) -> str:
    """Ids of people and conversations are reckoned from the first, so that pgbench need not take them from its SELECTs."""
    told = {**numbers, "words": words.replace("'", "''"), "per": PER_TRANSACTION}
    return BEGIN.format(**told) + MESSAGE.format(**told) * PER_TRANSACTION + END.format(**told)


def run(house: House, text: str, *, first: int, transactions: int) -> float:
    """Messages a second of one client. `first` is the number before the first message's: receipts, sequence and ids follow it."""
    path = house.home / "pgbench.sql"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [
            str(postgres.binaries() / "pgbench"), "--no-vacuum", "--client=1", "--protocol=prepared", f"--define=n={first}",
            f"--transactions={transactions}", f"--file={path}", "--host", str(embedded.places(house.home).sockets),
            "--port", str(postgres.PORT), "--username", postgres.USER, postgres.DATABASE,
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
    if done.returncode != 0 or not found:
        raise RuntimeError(f"pgbench failed: {(done.stderr or done.stdout).strip()[-400:]}")
    return float(found[1]) * PER_TRANSACTION
