"""The judge can be trusted: what is spoiled by hand is found and named."""

import pytest

from tests.journeys.desk import assert_complete
from tests.journeys.outside import Outside
from tests.journeys.running import Demo
from tests.journeys.waiting import eventually

SPOIL = {
    "missing": """
        WITH gone AS (DELETE FROM inbox_message WHERE external_id = %s RETURNING id)
        UPDATE inbox_event SET message_id = NULL FROM gone WHERE message_id = gone.id""",
    "doubled": """
        INSERT INTO inbox_message SELECT (jsonb_populate_record(message, jsonb_build_object(
            'id', nextval(pg_get_serial_sequence('inbox_message', 'id')), 'public_id', gen_random_uuid(),
            'external_id', message.external_id || '-again'))).* FROM inbox_message message WHERE external_id = %s""",
    "out of order": "UPDATE inbox_message SET sent_at = sent_at - interval '1 day' WHERE external_id = %s",
    "text differs": "UPDATE inbox_message SET text = 'something else' WHERE external_id = %s",
    "side differs": "UPDATE inbox_message SET direction = 'out' WHERE external_id = %s",
}
MEND = "UPDATE inbox_message SET external_id = %s, sent_at = %s, text = %s, direction = 'in' WHERE id = %s"


# Each of them is told in words by tests/connectors/commands/test_completeness.py; here a running product is told on.
@pytest.mark.long
@pytest.mark.parametrize("kind", SPOIL)
def test_completeness_names_what_was_spoiled_by_hand_and_exits_non_zero(
    kind: str, demo: Demo, outside: Outside, name: str
) -> None:
    ids = [outside.dm("instagram", f"{name} says {number}", who=name)["id"] for number in range(3)]
    victim = ids[1]
    query = "SELECT id, sent_at, text FROM inbox_message WHERE external_id = %s"
    eventually(lambda: all(demo.sql(query, [each]) for each in ids), told="the three messages")
    [(row, sent_at, text)] = demo.sql(query, [victim])
    assert_complete(demo, outside)

    demo.sql(SPOIL[kind], [victim])
    try:
        found = demo.manage("completeness")
    finally:
        demo.sql("DELETE FROM inbox_message WHERE external_id = %s", [f"{victim}-again"])
        demo.sql(MEND, [victim, sent_at, text, row])

    assert found.returncode == 1, found.stdout
    assert f"{kind} 1" in found.stdout
    # Of two that stand the wrong way round either may be named.
    culprits = ids if kind == "out of order" else [victim]
    named = [line for line in found.stdout.splitlines() if line.startswith(kind)]
    assert [line for line in named if any(each in line for each in culprits)], found.stdout
    # What is gone is found again in the platform's history.
    assert demo.manage("sync", "--all", "--task", "reconcile", within=600).returncode == 0
    assert_complete(demo, outside)
