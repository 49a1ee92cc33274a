"""What was said in a conversation, as a condition of a view: looked up beside each row that a bounded look gives."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from inbox.models import Message
from inbox.rules.view_query import Words


def said(words: Iterable[Words]) -> Q:
    """One message with each of them, and none with what must not be said; notes of colleagues are read, too."""
    found = Q()
    for each in words:
        having = Message.objects.filter(
            conversation=OuterRef("pk"), text__icontains=each.text, deleted_at__isnull=True
        )
        found &= ~Q(Exists(having)) if each.negated else Q(Exists(having))
    return found
