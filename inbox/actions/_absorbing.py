"""A message that stands in two rows: one of them goes."""

from __future__ import annotations

from inbox.models import FetchState, Message, OtherName


def absorb(twin: Message, kept: Message | None = None) -> None:
    """The other one takes its place, also for tellings that know another name of it alone."""
    if kept is not None:
        OtherName.objects.filter(message=twin).update(message=kept)
    conversation = twin.conversation
    conversation.message_count -= 1
    type(conversation).objects.filter(pk=conversation.pk).update(message_count=conversation.message_count)
    if twin.attachment_count:
        # We have the file that we sent. The copy of it that was fetched is removed from the disk (connectors.actions.erasing).
        twin.attachments.exclude(path="").update(message=None, fetch_state=FetchState.GONE)
    twin.delete()
