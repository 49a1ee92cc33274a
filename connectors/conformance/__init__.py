"""The suite that every connector must pass, ours and a third party's alike. For pytest, with hypothesis.

    from connectors.conformance import Conformance, Refusal, Subject, deliveries_in

    class TestMastodon(Conformance):
        subject = Subject(connector=connector, account=…, deliveries=deliveries_in(Path(…)), …)

What each part is for stands in docs/connectors.md.
"""

from connectors.conformance.subject import RULES, SECRETS, Refusal, Subject, deliveries_in
from connectors.conformance.suite import Conformance

__all__ = ["RULES", "SECRETS", "Conformance", "Refusal", "Subject", "deliveries_in"]
