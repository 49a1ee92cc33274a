"""The tests together. A connector's own test class inherits them and names its subject."""

from __future__ import annotations

from connectors.conformance.admission import Admission
from connectors.conformance.deliveries import Deliveries
from connectors.conformance.promises import Promises
from connectors.conformance.sends import Sends


class Conformance(Promises, Deliveries, Admission, Sends):
    """What it is, what it reads, whom it lets in and what it sends. `subject`: the connector, with what must be told of it."""
