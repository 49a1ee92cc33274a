"""A comment on LinkedIn is named by two spellings, of which the longer is kept: also what is there already under the shorter.

Where something stands under both, what stands under the shorter stays as it is: what comes belongs to the other.
"""

from django.db import migrations

SHORT = r"urn:li:comment:\((?!urn:)"
OF_LINKEDIN = "channel_id IN (SELECT id FROM inbox_channel WHERE platform = 'linkedin')"


def long(column: str) -> str:
    return f"regexp_replace({column}, '{SHORT}', 'urn:li:comment:(urn:li:')"


def renamed(table: str, column: str, *, where: str = OF_LINKEDIN, unless: str = "") -> str:
    """Also what is made of such a name (comment:…, author-of:…). `unless`: there is another, `o`, that is like it then."""
    alone = (
        f"AND NOT EXISTS (SELECT FROM {table} o WHERE o.channel_id = {table}.channel_id AND {unless})"
        if unless
        else ""
    )
    found = f"{column} ~ '^(comment:|author-of:)?{SHORT}'"
    return f"UPDATE {table} SET {column} = {long(column)} WHERE {where} AND {found} {alone};"  # noqa: S608 - no words of anybody's


MESSAGES = f"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM inbox_message WHERE {OF_LINKEDIN} AND external_id ~ '^{SHORT}') THEN
        ALTER TABLE inbox_message DISABLE TRIGGER inbox_message_only_forward;  -- a message keeps its platform id: this is the same one
        {renamed("inbox_message", "external_id", unless=f"o.external_id = {long('inbox_message.external_id')}")}
        ALTER TABLE inbox_message ENABLE TRIGGER inbox_message_only_forward;
    END IF;
END $$;
"""
REST = "\n".join(
    [
        renamed("inbox_message", "reply_to"),
        renamed(
            "inbox_conversation", "thread_key",
            unless=f"o.thread_key = {long('inbox_conversation.thread_key')} AND o.state <> 'resolved'"
            " AND inbox_conversation.state <> 'resolved'",
        ),
        renamed("inbox_conversation", "recipient_key"),
        renamed("inbox_handle", "external_id", unless=f"o.external_id = {long('inbox_handle.external_id')}"),
        renamed(
            "inbox_amendment", "target",
            unless=f"o.target = {long('inbox_amendment.target')} AND (o.kind, o.actor, o.at, o.version, o.emoji, o.removed)"
            " = (inbox_amendment.kind, inbox_amendment.actor, inbox_amendment.at, inbox_amendment.version, inbox_amendment.emoji,"
            " inbox_amendment.removed)",
        ),
        renamed("connectors_gap", "thread_key"),
        renamed("inbox_draft", "reply_to", where="conversation_id IN (SELECT id FROM inbox_conversation WHERE platform = 'linkedin')"),
    ]
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("connectors", "0024_when_a_try_may_be_made_again"),
        ("inbox", "0054_an_answer_releases_an_id"),
    ]

    operations = [
        migrations.RunSQL(MESSAGES, migrations.RunSQL.noop),
        migrations.RunSQL(REST, migrations.RunSQL.noop),
    ]
