"""The RQ table: everything operations do by the clock. Their schedules are rows; this only ticks."""

from rq import cron

from analytics import jobs as reports
from config import watching
from connectors import jobs

cron.register(
    watching.watch_channels,
    queue_name="sync",
    interval=15,
    ttl=30,
    job_timeout=120,
    result_ttl=0,
    failure_ttl=3600,
)

cron.register(
    jobs.run_due_schedules,
    queue_name="sync",
    interval=1,
    ttl=10,  # a tick that waited behind a long sync is worth nothing: the next one finds the same rows
    job_timeout=60,
    result_ttl=0,
    failure_ttl=3600,
)
cron.register(
    reports.tick,
    queue_name=reports.TICKS,
    interval=5,
    ttl=20,
    job_timeout=60,
    result_ttl=0,
    failure_ttl=3600,
)
