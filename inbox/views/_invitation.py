"""The mail with which somebody sets their password: the one of the sign-in page, asked for by whoever invites them."""

from __future__ import annotations

import structlog
from allauth.account.forms import ResetPasswordForm
from allauth.core import ratelimit
from django.utils import timezone

from inbox import mail_server
from inbox.actions import recording
from inbox.models import Brand, Person
from inbox.views._door import AgentRequest

log = structlog.get_logger(__name__)


def send(request: AgentRequest, person: Person, brand: Brand) -> str:
    """Returns what whoever invites them must know now. A mail that leaves is an entry of the brand's audit log: it opens an account."""
    if not person.is_active:
        return (
            f"{person.email} may not sign in any more: whoever runs this installation can open the account."
        )
    if person.has_usable_password():
        return f"{person.email} has an account and signs in with it as before."
    if not mail_server.is_set():
        return (
            "No mail leaves this installation: ask whoever runs it to set their first password, "
            f"with manage.py changepassword {person.email}"
        )
    form = ResetPasswordForm({"email": person.email})
    if not form.is_valid() or not ratelimit.consume(request, action="reset_password", key=person.email):
        return "Several mails were asked for just now. Wait a minute, then send it again."
    try:
        form.save(request)
    except OSError as error:  # and whatever a mail server says
        log.warning("invitation_not_sent", person=person.pk, error=type(error).__name__)
        return f"The mail to {person.email} could not be sent. Send it again from their page."
    recording.record(
        brand=brand, by=request.user, act="sent an invitation to", subject="person", subject_id=person.pk,
        subject_name=recording.named(person), now=timezone.now(),
    )  # fmt: skip
    return f"A mail to {person.email} says how to set a password."
