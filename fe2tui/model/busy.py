"""How busy machines are, and what asking for it costs. Source: the CloudWatch price page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

PERIOD = timedelta(minutes=5)  # one figure each
HOUR_OF_FIGURES = 12
IDLE_PERCENT = 2  # of CPU: what an operating system needs for itself
IDLE_FROM = timedelta(hours=2)
PER_FIGURE = Decimal("0.00001")  # dollars: $0.01 for 1,000 metrics asked for
ASKED_EVERY = timedelta(minutes=5)
_MONTH = timedelta(hours=730)


def idle_for(figures: Sequence[float]) -> timedelta:
    """How long it has done nothing until now, of figures of five minutes each, oldest first."""
    count = 0
    for figure in reversed(figures):
        if figure >= IDLE_PERCENT:
            break
        count += 1
    return count * PERIOD


def looking_costs(machines: int) -> Decimal:
    """Dollars that AWS bills for a month of looking at so many machines day and night."""
    return machines * (_MONTH // ASKED_EVERY) * PER_FIGURE
