"""What connects channels to their platforms, one file a subject."""

from .deliveries import DeadItem, DeliveryAttempt, Receipt, ReceiptState
from .grants import Credential, PendingConsent, PlatformApp
from .health import (
    Alarm,
    AlarmKind,
    AlarmMail,
    ArrivalsCounted,
    ChannelHealth,
    Gap,
    GapCause,
    HourOfArrivals,
    RateBudget,
)
from .syncs import Cause, Level, Overlap, RunLine, RunState, SyncRun, SyncSchedule, Task

__all__ = [
    "Alarm", "AlarmKind", "AlarmMail", "ArrivalsCounted", "Cause", "ChannelHealth", "Credential", "DeadItem", "DeliveryAttempt", "Gap",
    "GapCause", "HourOfArrivals", "Level", "Overlap", "PendingConsent", "PlatformApp", "RateBudget", "Receipt", "ReceiptState",
    "RunLine", "RunState", "SyncRun", "SyncSchedule", "Task",
]  # fmt: skip
