"""RQ's doors into the figures: files that people asked for, and reports by mail. Their rows are the queue; cron only ticks."""

from __future__ import annotations

import time
from collections.abc import Callable

import django_rq
import structlog
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from analytics.actions import exporting, mailing
from analytics.models import ReportMail
from analytics.queries import catching_up
from analytics.reports import letters
from inbox import access, mail_server
from inbox.access import Permission

log = structlog.get_logger(__name__)
QUEUE = "reports"  # a long file never keeps a sync waiting
TICKS = "reports-tick"  # served first: a tick that stood behind the files would be too old when its turn came
MAILS = 60.0  # seconds; then they stand in line again behind the files
SLICE = 20.0  # seconds; then a file stands in line again behind the others
# A file of a few thousand rows is written in one go. Of a larger one the person is shown how far it is, and people at the inbox share the
# database with it, which knows no `nice`: for each second of work it rests for two.
AT_ONCE = 2.0
RESTS = 2.0


def tick() -> None:
    """Called every few seconds by config/cron.py."""
    now = timezone.now()
    if given_up := exporting.give_up_hopeless(now=now):
        log.error("exports_given_up", count=given_up)
    for export_id in exporting.to_write(now=now):
        start_export(export_id)
    if mailing.due(now=now).exists():
        _stand_in_line("mails", send_mails, job_timeout=600)
    exporting.forget(now=now)


def start_export(export_id: int) -> None:
    """The place in line is that of the next slice: a job that writes one may call for the next, and a tick that comes between finds it
    in line already. Each file stands there once, however often somebody looks."""
    if (done := exporting.written(export_id=export_id)) is not None:
        _stand_in_line(
            f"export-{export_id}-{done}",
            write_export,
            job_timeout=int(exporting.LONGEST.total_seconds()),
            export_id=export_id,
        )


def _stand_in_line(job_id: str, job: Callable[..., None], **told: object) -> None:
    queue = django_rq.get_queue(QUEUE)
    if job_id not in queue.job_ids:
        queue.enqueue(job, job_id=job_id, result_ttl=0, failure_ttl=3600, **told)


def write_export(*, export_id: int) -> None:
    if not exporting.claim(export_id=export_id, now=timezone.now()):
        return
    until = time.monotonic() + SLICE
    at_work = 0.0
    try:
        began = time.monotonic()
        while exporting.write_slice(export_id=export_id, now=timezone.now()):
            took = time.monotonic() - began
            at_work += took
            if at_work > AT_ONCE:
                time.sleep(max(0.0, min(took * RESTS, until - time.monotonic())))
            if time.monotonic() >= until:
                exporting.release(export_id=export_id)
                start_export(export_id)
                return
            began = time.monotonic()
    except OSError as fault:
        log.exception("export_failed", export=export_id)
        reason = f"The file could not be written: {fault.strerror or fault}. Ask for it again."
        exporting.give_up(export_id=export_id, reason=reason, now=timezone.now())


def send_mails() -> None:
    """Each on its own: one that cannot leave says so in its row, and the others leave. A worker that dies keeps back none but its own."""
    until = time.monotonic() + MAILS
    while time.monotonic() < until and (mail := mailing.claim(now=timezone.now())):
        if not access.may(mail.person, mail.brand, Permission.SEE_REPORTS):
            mailing.stop(brand=mail.brand, person=mail.person, cadence=mail.cadence)
            continue
        if not catching_up.of(mail.brand, now=timezone.now()).is_right:
            mailing.wait(mail=mail, now=timezone.now())
            continue
        if not mail_server.is_set():
            mailing.note_failed(mail=mail, fault=mail_server.NONE_LEAVES.rstrip("."), now=timezone.now())
            continue
        try:
            _send(mail)
        except Exception as fault:
            log.exception("report_mail_failed", mail=mail.pk)
            mailing.note_failed(mail=mail, fault=str(fault), now=timezone.now())
        else:
            mailing.note_sent(mail=mail, now=timezone.now())


def _send(mail: ReportMail) -> None:
    letter = letters.write(mail, now=mailing.as_of(mail, now=timezone.now()))
    message = EmailMultiAlternatives(letter.subject, letter.text, to=[mail.person.email])
    message.attach_alternative(letter.html, "text/html")
    message.send()
