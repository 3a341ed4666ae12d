"""What things cost an hour, so far, and a month, in US dollars as Decimal; None is "not known".

Counted are the instance by the second while it runs (at least 60 s a start), its volumes by the GiB and month with
their provisioned IOPS and MiB/s, also while it is stopped, and $0.005 an hour for a public IPv4 address. Not counted
are traffic and CPU credits; for snapshots only the most that they can cost is known. Source: the EC2, EBS and VPC price
pages. The past keeps its prices: usage is written with its price when it is seen, and spot prices of the past come from
the spot price history.

``rates`` is what things cost now. ``usage`` turns the usage in a fleet into charges, ``spot_usage`` those of spot
instances. ``account`` adds all charges up: begin reading there. ``alerts`` finds instances that run for long or cost
much, ``unknown`` says in sentences what is not counted.
"""

from __future__ import annotations

from fe2tui.model.calendar import day_start, month_start
from fe2tui.model.money.account import AccountCost, AccountTotals, AccountTracker, Amounts, CostRow, account_cost
from fe2tui.model.money.alerts import Alert, AlertLimits, AlertTimes, alert_of, alert_times_of
from fe2tui.model.money.rates import (
    ADDRESS_PER_HOUR,
    HOURS_A_MONTH,
    LINUX,
    SHARED,
    HourlyCost,
    has_address_running,
    hourly_cost,
    instance_per_hour,
    is_billed_by_spot_history,
    monthly_cost,
    running_cost,
    spot_saving,
    volume_per_month,
    volumes_per_month,
)
from fe2tui.model.money.spot_usage import SPOT_HISTORY_KEPT_BY_EC2, SpotHistoryByType, TimeSpan, spot_history_spans
from fe2tui.model.money.unknown import (
    NOT_INCLUDED,
    PRICE_PAGE,
    no_price_reason,
    stale_prices_text,
    unseen_usage_sentences,
)
from fe2tui.model.money.usage import (
    MINIMUM_BILLED_TIME,
    Charge,
    address_only_usage,
    cost_between,
    cost_since_start,
    cost_to_date,
    instance_usage_charges,
    instance_usage_of,
    known_cost_between,
    usage_cost,
    usage_since,
    volume_usage_charge,
    volume_usage_of,
)

__all__ = [
    "ADDRESS_PER_HOUR",
    "HOURS_A_MONTH",
    "LINUX",
    "MINIMUM_BILLED_TIME",
    "NOT_INCLUDED",
    "PRICE_PAGE",
    "SHARED",
    "SPOT_HISTORY_KEPT_BY_EC2",
    "AccountCost",
    "AccountTotals",
    "AccountTracker",
    "Alert",
    "AlertLimits",
    "AlertTimes",
    "Amounts",
    "Charge",
    "CostRow",
    "HourlyCost",
    "SpotHistoryByType",
    "TimeSpan",
    "account_cost",
    "address_only_usage",
    "alert_of",
    "alert_times_of",
    "cost_between",
    "cost_since_start",
    "cost_to_date",
    "day_start",
    "has_address_running",
    "hourly_cost",
    "instance_per_hour",
    "instance_usage_charges",
    "instance_usage_of",
    "is_billed_by_spot_history",
    "known_cost_between",
    "month_start",
    "monthly_cost",
    "no_price_reason",
    "running_cost",
    "spot_history_spans",
    "spot_saving",
    "stale_prices_text",
    "unseen_usage_sentences",
    "usage_cost",
    "usage_since",
    "volume_per_month",
    "volume_usage_charge",
    "volume_usage_of",
    "volumes_per_month",
]
