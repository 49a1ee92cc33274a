"""How long something lasted, to the second: what a clock's segments say must add up before the eye."""

from __future__ import annotations

from django import template

register = template.Library()


@register.filter
def lasting(seconds: float) -> str:
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes:02} m {rest:02} s"
    return f"{minutes} m {rest:02} s" if minutes else f"{rest} s"
