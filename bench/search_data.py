"""Ten million messages to search in, made by SQL: words by Zipf's law with a long tail, numbers that stand once, people with handles.

A vocabulary that repeats itself hides what searching is hard about: a rare word is what a plan can be wrong about by a factor of a thousand.
Rank r of the vocabulary has 1/r of the weight of rank 1; of 200,000 words half stand in fewer than a hundred of ten million messages. Every
fifth message has an order number of its own, every fiftieth a word that stands nowhere else (people misspell).
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

from bench import cast
from inbox.models import Channel, Tag

VOCABULARY = 200_000
DAYS = 730
CHUNK = 500_000
PER_CONVERSATION = 10
WRITERS = os.cpu_count() or 2
UNWATCHED = [
    "SET session_replication_role = replica",
    "SET synchronous_commit = off",
]  # no triggers, no checks of foreign keys

# A word of the language by its rank: two to four syllables, the same each time. One expression, so that PostgreSQL can write it out in place.
WORD = """
CREATE FUNCTION bench_word(rank int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT substr('{s}', 1 + 2 * (rank % 97), 2) || substr('{s}', 1 + 2 * ((rank / 97) % 97), 2)
           || CASE WHEN rank >= 9409 THEN substr('{s}', 1 + 2 * ((rank / 9409) % 97), 2) ELSE 'n' END
$$
""".replace("{s}", "".join(c + v for c in "bdfglmnprstvwzkhjcqx" for v in "aeiou")[:194])
# Words and what the follower would write of them (inbox.actions.indexing), in SQL; a sample is compared with it afterwards.
MESSAGES = """
WITH spoken AS MATERIALIZED (
    SELECT g, array_agg(bench_word(rank)) AS w FROM (
        SELECT g, floor(exp(random() * ln(%(vocabulary)s)))::int AS rank
          FROM generate_series(%(first)s::bigint, %(last)s) AS g, generate_series(1, 5 + (g %% 12)::int) OFFSET 0) r GROUP BY g),
said AS MATERIALIZED (
    SELECT g, at, 1 + (hashint8(g)::bigint & 2147483647) %% %(conversations)s AS n, (extract(epoch FROM at)::bigint / 86400)::int AS day,
           w || CASE WHEN g %% 50 = 7 THEN ARRAY[translate(md5(g::text), '0123456789', 'ghijklmnop')] ELSE '{}' END
             || CASE WHEN g %% 5 = 0 THEN ARRAY['order', 'qx', g::text] ELSE '{}' END AS w,
           array_to_string(w || CASE WHEN g %% 50 = 7 THEN ARRAY[translate(md5(g::text), '0123456789', 'ghijklmnop')] ELSE '{}' END
             || CASE WHEN g %% 5 = 0 THEN ARRAY['order', '#qx-' || g] ELSE '{}' END, ' ') AS words
      FROM spoken, LATERAL (SELECT now() - interval '%(days)s days' * ((%(amount)s - g)::float8 / %(amount)s) AS at) t),
made AS (
    INSERT INTO inbox_message (id, public_id, conversation_id, channel_id, external_id, direction, kind, origin, author_name, sent_at, order_key,
               created_text, reply_to, card, historical, created_at, text, edit_count, reactions, attachment_count, state, state_reason,
               human_agent, attempts, seq, naive)
    SELECT %(base)s + g, gen_random_uuid(), %(first_conversation)s + n, %(channel)s, 'm' || g, 'in', 'text', 'customer', 'Customer', at, g::text,
           words, '', '{}', false, at, words, 0, '[]', 0, 'received', '', false, 0, g, to_tsvector('simple', words) FROM said ORDER BY said.g)
INSERT INTO inbox_messagewords (message_id, brand_id, conversation_id, direction, sent_at, words)
SELECT %(base)s + g, %(brand)s, %(first_conversation)s + n, 'in', at, array_to_tsvector(
           w || (SELECT array_agg('=' || to_hex(crc32(convert_to(one || ' ' || other, 'UTF8')) & 1048575))
                   FROM unnest(w, w[2:]) AS p(one, other) WHERE other IS NOT NULL)
             || CASE WHEN g %% 5 = 0 THEN ARRAY['qx' || g] ELSE '{}' END
             || ARRAY['@%(brand)s', '@%(brand)s.0.' || day, '@%(brand)s.3.' || (day >> 3), '@%(brand)s.6.' || (day >> 6), '@%(brand)s.9.' || (day >> 9)])
  FROM said ORDER BY said.g
"""
# Usernames like `babe.bibon1234`, whose parts many share.
PEOPLE = """
WITH who AS MATERIALIZED (
    SELECT g, bench_word(100 + (g %% 3000)) AS first, bench_word(4000 + ((g * 7) %% 5000)) AS last, %(first_contact)s + g AS id
      FROM generate_series(1, %(conversations)s) AS g),
contacts AS (
    INSERT INTO inbox_contact (id, public_id, brand_id, name, created_at)
    SELECT id, gen_random_uuid(), %(brand)s, initcap(first) || ' ' || initcap(last), now() FROM who),
handles AS (
    INSERT INTO inbox_handle (contact_id, channel_id, external_id, name, username, avatar_url, unavailable_reason)
    SELECT id, %(channel)s, 'c' || g, initcap(first), first || '.' || last || g, '', '' FROM who),
words AS (
    INSERT INTO inbox_contactwords (contact_id, words)
    SELECT id, array_to_tsvector(ARRAY['@' || %(brand)s, '@h' || first || '.' || last || g, first, last, last || g, first || last || g]) FROM who)
INSERT INTO inbox_conversation (
    id, public_id, brand_id, channel_id, contact_id, kind, thread_key, recipient_key, state, priority, priority_reasons, tags, created_at,
    resolved_at, platform, contact_name, contact_username, contact_avatar, assignee_name, last_message_at, last_message_text,
    last_message_from, last_message_author, message_count, unread_count, due_reason, seq, public_seq)
SELECT %(first_conversation)s + g, gen_random_uuid(), %(brand)s, (%(channels)s::bigint[])[1 + g %% 3], id, 'direct', 't' || g, 'c' || g, s.state, 3, '[]',
       CASE WHEN g %% 2000 = 0 THEN ARRAY['bench refund', 'bench recall'] WHEN g %% 100 = 0 THEN ARRAY['bench refund'] ELSE '{}' END,
       now(), CASE WHEN s.state = 'resolved' THEN now() END, (ARRAY['instagram', 'x', 'linkedin'])[1 + g %% 3], initcap(first) || ' ' || initcap(last), '', '', '', now(), '',
       'customer', '', 10, 0, '', g, g
  FROM who, LATERAL (SELECT CASE g %% 10 WHEN 0 THEN 'open' WHEN 1 THEN 'snoozed' ELSE 'resolved' END AS state) s
"""
# One conversation in a hundred is a refund, one in two thousand a recall.
TAGS = """
INSERT INTO inbox_conversationtag (conversation_id, tag_id, state, set_by, because, set_at)
SELECT %(first_conversation)s + g, %(tag)s, 'set', 'rule', '', now() FROM generate_series(%(each)s, %(conversations)s, %(each)s) AS g
"""
INDEXES = """
SELECT 'DROP INDEX ' || quote_ident(c.relname) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indrelid = ANY(%s::regclass[]) AND NOT i.indisprimary AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid)
"""
OF_THE_NAIVE = (
    "CREATE INDEX naive_words ON inbox_message USING gin (naive)",
    "CREATE INDEX naive_unstored ON inbox_message USING gin (to_tsvector('simple', text))",
)
WRITTEN_FIRST = ["inbox_message", "inbox_messagewords", "inbox_contactwords"]


def seed(who: cast.Cast, amount: int, say: Callable[[str], None]) -> None:
    """The tables are filled without indexes and triggers, then what search needs is built as the migration has it."""
    others = [
        Channel.objects.create(brand=who.brand, platform=platform, external_id=f"search-{platform}", name=platform.title())
        for platform in ("x", "linkedin")
    ]  # fmt: skip
    conversations = max(1000, amount // PER_CONVERSATION)
    told: dict[str, Any] = {
        "brand": who.brand.pk, "channel": who.channel.pk, "channels": [who.channel.pk, *(each.pk for each in others)], "amount": amount,
        "conversations": conversations, "days": DAYS, "vocabulary": VOCABULARY,
    }  # fmt: skip
    tags = {
        name: Tag.objects.create(brand=who.brand, name=name).pk for name in ("bench refund", "bench recall")
    }
    with connection.cursor() as cursor:
        for each in UNWATCHED:
            cursor.execute(each)
        cursor.execute("SET maintenance_work_mem = '1GB'")
        rebuilt = _drop_indexes(cursor)
        cursor.execute(WORD)
        cursor.execute("ALTER TABLE inbox_message ADD COLUMN naive tsvector")
        for name, table in (
            ("base", "message"),
            ("first_conversation", "conversation"),
            ("first_contact", "contact"),
        ):
            cursor.execute(f"SELECT coalesce(max(id), 0) FROM inbox_{table}")
            told[name] = cursor.fetchone()[0]
        began = time.monotonic()
        cursor.execute(PEOPLE, told)
        for name, every in (("bench refund", 100), ("bench recall", 2000)):
            cursor.execute(TAGS, {**told, "tag": tags[name], "each": every})
        with ThreadPoolExecutor(WRITERS) as writers:
            writing = [writers.submit(_write, told, begin) for begin in range(1, amount + 1, CHUNK)]
            for one in writing:
                one.result()
        say(f"search: {amount:,} messages written in {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        for definition in [*rebuilt, *OF_THE_NAIVE]:
            cursor.execute(definition)
        cursor.execute(
            "VACUUM (ANALYZE) inbox_message, inbox_messagewords, inbox_contactwords, inbox_conversation, inbox_conversationtag, inbox_handle"
        )
        cursor.execute("CHECKPOINT")
        say(f"search: indexes built in {time.monotonic() - began:.0f} s")
        for setting in ("session_replication_role", "synchronous_commit", "maintenance_work_mem"):
            cursor.execute(f"RESET {setting}")


def _write(told: dict[str, Any], first: int) -> None:
    """One chunk, on a connection of its thread."""
    try:
        with connection.cursor() as cursor:
            for each in UNWATCHED:
                cursor.execute(each)
            cursor.execute(MESSAGES, {**told, "first": first, "last": min(told["amount"], first + CHUNK - 1)})
            cursor.execute("RESET ALL")
    finally:
        connection.close()


def _drop_indexes(cursor: Any) -> list[str]:
    """Returns how those that search needs are made."""
    cursor.execute(
        "SELECT indexdef FROM pg_indexes WHERE tablename IN ('inbox_messagewords', 'inbox_contactwords') AND indexname NOT LIKE '%%pkey'"
    )
    definitions = [row[0] for row in cursor.fetchall()]
    cursor.execute("ALTER TABLE inbox_message DROP CONSTRAINT inbox_message_public_id_key")
    cursor.execute(INDEXES, [WRITTEN_FIRST])
    for (drop,) in cursor.fetchall():
        cursor.execute(drop)
    return definitions
