"""When something was said, as clocks and figures count it. Pieces of SQL, so that both count it alike.

Of replies of ours the platform's time counts, but no later than an attempt can last: a clock that runs ahead of ours is not allowed to make an
answer late. Of everything else it counts as long as it is not after we learned of it. What follows a reply on the platform, and was learned
after the reply was tried, follows it here, too: such a clock must not make it answered by that reply.
"""

from __future__ import annotations

# Of a message `m`.
AT = """CASE WHEN m.direction = 'out' AND m.client_id IS NOT NULL
             THEN least(m.sent_at, coalesce(m.attempted_at + interval '2 minutes', m.sent_at))
             ELSE least(m.sent_at, m.created_at) END"""
TRIED = "CASE WHEN m.direction = 'out' AND m.client_id IS NOT NULL THEN m.attempted_at END"
# Of rows `f` with both as `at` and `tried`, `asks` (a customer's), and the platform's order; over a window `following` as below.
_NEXT = "min(f.at) FILTER (WHERE f.asks) OVER following"
IN_ORDER = f"CASE WHEN {_NEXT} > f.tried THEN least(f.at, {_NEXT} - interval '1 microsecond') ELSE f.at END"
FOLLOWING = """ORDER BY f.sent_at DESC, f.order_key DESC, f.number DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING"""
