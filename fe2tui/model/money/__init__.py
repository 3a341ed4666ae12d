"""What something costs an hour, so far, a month.

An honest total: the machine by the second while it runs (60 s at least a start), its disks with the IOPS and MiB/s they
were given by the GiB and month also while it is stopped, and $0.005 an hour for a public IPv4 address. Traffic and CPU
credits are left out; of snapshots only the most that they can cost is known. Source: the EC2, EBS and VPC price pages.
All amounts are US dollars as Decimal; None is "not known". The past keeps the price it had: runs and disks are written
down with theirs when they are seen, and of spot machines the market's history tells.
"""

from __future__ import annotations

from fe2tui.model.money.account import account_cost
from fe2tui.model.money.calendar import day_start, month_start
from fe2tui.model.money.flows import (
    SHORTEST_RUN,
    Flow,
    flow_of_disk,
    flows_of_run,
    rest,
    run_since,
    runs_of,
    stretches_of,
)
from fe2tui.model.money.market import MARKET_KEPT, Histories, Span, market_spans
from fe2tui.model.money.marks import Dues, Limits, Mark, dues_of, mark_of
from fe2tui.model.money.missing import LEFT_OUT, PRICE_PAGE, stale_prices, unseen_words, why_no_price
from fe2tui.model.money.now import (
    ADDRESS_PER_HOUR,
    GP3_IOPS,
    HOURS_A_MONTH,
    LINUX,
    SHARED,
    HourlyCost,
    disk_per_month,
    disk_rate,
    follows_market,
    has_address_running,
    hourly_cost,
    is_taken_back,
    machine_price,
    monthly_cost,
    running_cost,
    saving,
)
from fe2tui.model.money.past import cost_between, cost_of_last_run, cost_so_far, known_between, run_cost
from fe2tui.model.money.rows import AccountCost, Amounts, CostRow

__all__ = [
    "ADDRESS_PER_HOUR",
    "GP3_IOPS",
    "HOURS_A_MONTH",
    "LEFT_OUT",
    "LINUX",
    "MARKET_KEPT",
    "PRICE_PAGE",
    "SHARED",
    "SHORTEST_RUN",
    "AccountCost",
    "Amounts",
    "CostRow",
    "Dues",
    "Flow",
    "Histories",
    "HourlyCost",
    "Limits",
    "Mark",
    "Span",
    "account_cost",
    "cost_between",
    "cost_of_last_run",
    "cost_so_far",
    "day_start",
    "disk_per_month",
    "disk_rate",
    "dues_of",
    "flow_of_disk",
    "flows_of_run",
    "follows_market",
    "has_address_running",
    "hourly_cost",
    "is_taken_back",
    "known_between",
    "machine_price",
    "mark_of",
    "market_spans",
    "month_start",
    "monthly_cost",
    "rest",
    "run_cost",
    "run_since",
    "running_cost",
    "runs_of",
    "saving",
    "stale_prices",
    "stretches_of",
    "unseen_words",
    "why_no_price",
]
