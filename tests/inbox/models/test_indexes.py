"""What most rows say nothing of costs them no entry in an index."""

from __future__ import annotations

import pytest
from django.db import connection

from inbox.models import Conversation, Event, Message


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "column"), [(Conversation, "assignee_id"), (Event, "actor_id"), (Message, "author_person_id")]
)
def test_what_is_of_nobody_stands_in_no_index_of_people(model: type, column: str) -> None:
    table = model._meta.db_table  # type: ignore[attr-defined]
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE tablename = %s", [table])
        indexes = [definition for (definition,) in cursor.fetchall()]

    of_people = [each for each in indexes if column in each.partition(" WHERE ")[0]]

    assert of_people
    assert [each for each in of_people if f"{column} IS NOT NULL" not in each] == []
