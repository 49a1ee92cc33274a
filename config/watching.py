"""The watch over the channels, with what only the house knows: whether its door is open."""

from config import health
from connectors import jobs


def watch_channels() -> None:
    """Called every few seconds by config/cron.py."""
    jobs.watch_channels(is_open=health.last_beat("edge") is not None)
