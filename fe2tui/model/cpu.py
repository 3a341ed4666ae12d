"""CPU use of instances, and what reading it costs. Source: the CloudWatch price page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

DATAPOINT_PERIOD = timedelta(minutes=5)
DATAPOINTS_PER_HOUR = 12
IDLE_PERCENT = 2  # of CPU: what an idle operating system uses
IDLE_AFTER = timedelta(hours=2)
PRICE_PER_METRIC = Decimal("0.00001")  # dollars: $0.01 for 1,000 requested metrics
READ_INTERVAL = timedelta(minutes=5)
_MONTH = timedelta(hours=730)


def idle_time(percentages: Sequence[float]) -> timedelta:
    """How long an instance has been idle until now. ``percentages`` are of five minutes each, oldest first."""
    count = 0
    for figure in reversed(percentages):
        if figure >= IDLE_PERCENT:
            break
        count += 1
    return count * DATAPOINT_PERIOD


def monthly_cost_of_metrics(instances: int) -> Decimal:
    """Dollars a month for reading the CPU of so many instances day and night."""
    return instances * (_MONTH // READ_INTERVAL) * PRICE_PER_METRIC
