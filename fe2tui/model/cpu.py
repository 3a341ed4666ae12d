"""How busy machines are, and what asking for it costs. Source: the CloudWatch price page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

DATAPOINT_PERIOD = timedelta(minutes=5)  # one figure each
DATAPOINTS_PER_HOUR = 12
IDLE_PERCENT = 2  # of CPU: what an operating system needs for itself
IDLE_AFTER = timedelta(hours=2)
PRICE_PER_METRIC = Decimal("0.00001")  # dollars: $0.01 for 1,000 metrics asked for
READ_INTERVAL = timedelta(minutes=5)
_MONTH = timedelta(hours=730)


def idle_time(percentages: Sequence[float]) -> timedelta:
    """How long it has done nothing until now, of figures of five minutes each, oldest first."""
    count = 0
    for figure in reversed(percentages):
        if figure >= IDLE_PERCENT:
            break
        count += 1
    return count * DATAPOINT_PERIOD


def monthly_cost_of_metrics(instances: int) -> Decimal:
    """Dollars that AWS bills for a month of looking at so many machines day and night."""
    return instances * (_MONTH // READ_INTERVAL) * PRICE_PER_METRIC
