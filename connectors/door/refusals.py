"""How many knocks this process has refused, by what it answered: who sent them may never come again, and nothing else tells of them.

Bodies and addresses stay out of it. The log names the channel.
"""

from prometheus_client import Counter

refused = Counter(
    "parley_door_refusals",
    "Knocks at the webhook door that this process refused, by the status it answered.",
    labelnames=["status"],
    registry=None,  # of /metrics, which the house above serves
)
for status in (
    408,
    413,
    503,
):  # what a platform may hear: a rise from nothing is seen only where nothing was told
    refused.labels(status)
