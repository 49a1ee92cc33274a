"""The naive way, for comparison: a Celery task a message, the ORM, a transaction of its own. Celery and Django as they come."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.ordinary_settings")

from celery import Celery  # the settings must be named first
from django.conf import settings

QUEUE = "bench-naive"
KEEPS = "BENCH_NAIVE_KEEPS"  # set: the worker keeps its connection for as many tasks
# Were it the current one, what our own reactions enqueue in this process would go to its worker, and cost what is measured.
app = Celery("naive", broker=settings.CELERY_BROKER_URL, set_as_current=False)
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, broker_connection_retry_on_startup=True)
if keeps := os.environ.get(KEEPS):
    app.conf.CELERY_DB_REUSE_MAX = int(keeps)


@app.task(name="naive.ingest")
def ingest(receipt_id: int) -> None:
    from django.db import transaction
    from django.utils import timezone

    from connectors.models import Receipt, ReceiptState
    from inbox.models import BrandSequence, Contact, Conversation, Event, EventKind, Handle, Message

    with transaction.atomic():
        receipt = Receipt.objects.select_related("channel").get(pk=receipt_id)
        channel = receipt.channel
        element = json.loads(bytes(receipt.body))["entry"][0]["messaging"][0]
        sender, text = element["sender"]["id"], element["message"]["text"]
        sent_at = datetime.fromtimestamp(element["timestamp"] / 1000, UTC)
        handle = Handle.objects.select_related("contact").filter(channel=channel, external_id=sender).first()
        if handle is None:
            contact = Contact.objects.create(brand_id=channel.brand_id)
            handle = Handle.objects.create(contact=contact, channel=channel, external_id=sender)
        conversation, _ = Conversation.objects.get_or_create(
            channel=channel, thread_key=sender,
            defaults={
                "brand_id": channel.brand_id, "contact": handle.contact, "platform": channel.platform,
                "recipient_key": sender, "last_message_at": sent_at,
            },
        )  # fmt: skip
        sequence = BrandSequence.objects.select_for_update().get(pk=channel.brand_id)
        sequence.last += 1
        sequence.save()
        mid = element["message"]["mid"]
        message, made = Message.objects.get_or_create(
            channel=channel, external_id=mid,
            defaults={
                "conversation": conversation, "direction": "in", "author_handle": handle, "author_name": handle.name,
                "sent_at": sent_at, "order_key": mid, "created_text": text, "text": text, "state": "received",
                "seq": sequence.last, "created_at": timezone.now(),
            },
        )  # fmt: skip
        if made:
            conversation.last_message_at = conversation.last_inbound_at = conversation.window_opened_at = (
                sent_at
            )
            conversation.waiting_since = conversation.waiting_since or sent_at
            conversation.last_message_text, conversation.last_message_from = text[:160], "customer"
            conversation.message_count += 1
            conversation.unread_count += 1
            conversation.seq = conversation.public_seq = sequence.last
            conversation.save()
            Event.objects.create(
                brand_id=channel.brand_id, seq=sequence.last, kind=EventKind.MESSAGE_RECEIVED, conversation=conversation,
                message=message, at=timezone.now(),
            )  # fmt: skip
        receipt.state, receipt.items, receipt.drained_at = ReceiptState.DONE, 1, timezone.now()
        receipt.save()
