"""By which words messages and people are found. Kept behind the events (actions.indexing); the messages themselves are the truth."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from .brands import Brand
from .contacts import Contact
from .conversations import Conversation
from .messages import Direction, Message


class MessageWords(models.Model):
    """One narrow row a message. The database takes it away with the message, and when its words are unsent."""

    message = models.OneToOneField(
        Message, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    brand = models.ForeignKey(
        Brand, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    conversation = models.ForeignKey(
        Conversation, on_delete=models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    direction = models.CharField(max_length=4, choices=Direction)
    sent_at = models.DateTimeField()
    words = SearchVectorField(
        help_text="Words, marks of neighbouring words, marks of brand and time; no positions."
    )

    class Meta:
        indexes = [
            # queries.search asks for words within a span of time. Written behind the events, so nobody waits for it: without a
            # list of what is pending, which each search would have to read through.
            GinIndex(fields=["words"], name="words_of_messages", fastupdate=False),
            # It looks first among the newest, which is all that a common word needs.
            models.Index(fields=["brand", "-sent_at", "-message"], name="newest_words"),
            # Where a filter leaves few conversations, it looks there.
            models.Index(fields=["conversation"], name="words_of_conversation"),
        ]


class ContactWords(models.Model):
    """The names and handles of a person."""

    contact = models.OneToOneField(
        Contact, on_delete=models.DO_NOTHING, primary_key=True, related_name="+", db_constraint=False
    )
    words = SearchVectorField()

    class Meta:
        indexes = [GinIndex(fields=["words"], name="words_of_people", fastupdate=False)]


class SearchCursor(models.Model):
    """How far the brand's events have been read for search: up to `seq`, and of what was there before, down to `older_than`."""

    brand = models.OneToOneField(
        Brand, on_delete=models.CASCADE, primary_key=True, related_name="search_cursor"
    )
    seq = models.BigIntegerField(default=0)
    older_than = models.BigIntegerField(default=0, help_text="0: the past has been read.")
