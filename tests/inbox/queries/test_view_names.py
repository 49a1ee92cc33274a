"""What a brand calls its things is looked up when a query names one. (Colleagues take two queries: who one is oneself, and who they are.)"""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inbox.models import Tag
from inbox.queries import view_names
from inbox.rules.view_reading import parse
from tests.factories.people import ChannelFactory, agent_of

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("text", "queries"),
    [("is:unread", 0), ("tag:late", 1), ("tag:late -tag:paid", 1), ("tag:late assignee:jo", 3)],
)
def test_only_the_kinds_that_are_named_are_looked_up_and_once(text: str, queries: int) -> None:
    brand = ChannelFactory().brand
    jo = agent_of(brand, name="Jo")
    Tag.objects.bulk_create([Tag(brand=brand, name=name) for name in ("late", "paid")])

    with CaptureQueriesContext(connection) as asked:
        parse(text, view_names.of(jo, brand))

    assert len(asked) == queries
