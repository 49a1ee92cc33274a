"""The counters' lock of a brand. Whoever needs the brand's own as well takes it after this one: to count takes as long as it takes, and who waits for
that must hold up nobody who writes."""

from __future__ import annotations

from django.db.models import QuerySet

from inbox.actions import _sql
from inbox.models import ViewCursor


def held(brand_id: int) -> ViewCursor:
    """The brand's cursor, for this transaction alone. Events from before its first view need no following: the view is filled."""
    found = _locked().filter(pk=brand_id).first()
    if found is None:
        ViewCursor.objects.bulk_create([ViewCursor(brand_id=brand_id)], ignore_conflicts=True)
        _sql.run(
            """UPDATE inbox_viewcursor c SET seq = s.last FROM inbox_brandsequence s
                WHERE c.brand_id = %s AND s.brand_id = c.brand_id AND c.seq = 0""",
            [brand_id],
        )
        found = _locked().get(pk=brand_id)
    return found


def _locked() -> QuerySet[ViewCursor]:
    """Not the brand's own row: whoever writes an event or a conversation refers to that."""
    return ViewCursor.objects.select_for_update(of=("self",)).select_related("brand")
