"""The mail with which somebody sets their password: the one of the sign-in page, asked for by whoever invites them."""

from __future__ import annotations

import structlog
from allauth.account.forms import ResetPasswordForm
from allauth.core import ratelimit
from django.http import HttpRequest

from inbox import mail_server
from inbox.models import Person

log = structlog.get_logger(__name__)


def send(request: HttpRequest, person: Person) -> str:
    """Returns what whoever invites them must know now."""
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
    return f"A mail to {person.email} says how to set a password."
