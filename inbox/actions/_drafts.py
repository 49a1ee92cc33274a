"""A draft goes in the transaction that takes what it said."""

from __future__ import annotations

from inbox.models import Draft, DraftKind, Person


def remove(*, conversation_id: int, writer: Person, kind: DraftKind, up_to: int) -> None:
    """`up_to`: the version that the sending page knew. What another page has saved since is another draft, and stays."""
    if up_to:
        Draft.objects.filter(
            conversation_id=conversation_id, person=writer, kind=kind, version__lte=up_to
        ).delete()
