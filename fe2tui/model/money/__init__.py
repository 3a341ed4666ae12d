"""What something costs an hour, so far, a month.

An honest total: the machine by the second while it runs (60 s at least a start), its disks by the GiB and month also
while it is stopped, and $0.005 an hour for a public IPv4 address. Traffic, CPU credits, snapshots and provisioned IOPS
are left out. Source: the EC2, EBS and VPC price pages. All amounts are US dollars as Decimal; None is "not known".
"""

from __future__ import annotations

from fe2tui.model.money.now import (
    ADDRESS_PER_HOUR,
    HOURS_A_MONTH,
    LINUX,
    SHARED,
    HourlyCost,
    disk_per_month,
    hourly_cost,
    machine_price,
    monthly_cost,
    saving,
)
from fe2tui.model.money.past import SHORTEST_RUN, cost_between, cost_so_far, run_cost, runs_of

LEFT_OUT = "without traffic, CPU credits, snapshots and provisioned IOPS"

__all__ = [
    "ADDRESS_PER_HOUR",
    "HOURS_A_MONTH",
    "LEFT_OUT",
    "LINUX",
    "SHARED",
    "SHORTEST_RUN",
    "HourlyCost",
    "cost_between",
    "cost_so_far",
    "disk_per_month",
    "hourly_cost",
    "machine_price",
    "monthly_cost",
    "run_cost",
    "runs_of",
    "saving",
]
