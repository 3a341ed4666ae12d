"""One month computed by hand, against the program's figure: to the cent, however often the fleet is looked at.

A machine, in November 2026 (us-east-2's public list prices; m5.large $0.096 an hour, m5.xlarge $0.192, gp3 $0.08 a GiB
and calendar month (720 hours in November), a public IPv4 address $0.005 an hour while the machine runs):

    launched as m5.large, 100 GiB gp3      3 Nov 00:00
    stopped                                8 Nov 00:00     120 h       × 0.096 = 11.520000
    retyped to m5.xlarge, started         10 Nov 12:00
    disk grown to 200 GiB                 12 Nov 12:00
    stopped                               13 Nov 06:00      66 h       × 0.192 = 12.672000
    started, and stopped after 20 s       13 Nov 06:30       1 min     × 0.192 =  0.003200    60 s are paid for
    started                               15 Nov 00:00
    (m5.xlarge costs 0.25 from 20 Nov on: this run goes on at its own price)
    terminated                             1 Dec 00:00     384 h       × 0.192 = 73.728000
                                                                     machine     97.923200
    address   (120 + 66 + 1/60 + 384) h × 0.005 = 570.016667 × 0.005        =     2.850083
    disk      3 Nov 00:00 to 12 Nov 12:00: 228 h × 100 × 0.08 ÷ 720         =     2.533333
              12 Nov 12:00 to 1 Dec 00:00: 444 h × 200 × 0.08 ÷ 720         =     9.866667
                                                                     together   113.173283
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from fe2tui.model.calendar import month_start
from fe2tui.model.fleet import Fleet, InstanceUsage, Prices, VolumeUsage
from fe2tui.model.instance import Attachment, Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.account import AccountTracker, account_cost
from fe2tui.model.money.usage import cost_between
from fe2tui.model.volume import Volume
from fe2tui.store import Store

MACHINE, ADDRESS, DISK, TOGETHER = Decimal("97.92"), Decimal("2.85"), Decimal("12.40"), Decimal("113.17")
CENT = Decimal("0.01")
PLACE = Location("default", "us-east-2")
PRICES = Prices({"m5.large": Decimal("0.096"), "m5.xlarge": Decimal("0.192")}, storage={"gp3": Decimal("0.08")})
DEARER = replace(PRICES, on_demand={"m5.large": Decimal("0.11"), "m5.xlarge": Decimal("0.25")})


def at(day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1, hours=hour, minutes=minute, seconds=second)


LAUNCHED, GROWN, ENDED = at(3), at(12, 12), at(31)
RUNS = (
    ("m5.large", LAUNCHED, at(8)),
    ("m5.xlarge", at(10, 12), at(13, 6)),
    ("m5.xlarge", at(13, 6, 30), at(13, 6, 30, 20)),
    ("m5.xlarge", at(15), ENDED),
)
ROOT = Attachment("/dev/sda1", "vol-1", True, LAUNCHED)


def seen(now: datetime) -> Fleet:
    """What EC2 would show at a moment: only how it is now, when it was last started, and when it was last stopped."""
    prices = PRICES if now < at(20) else DEARER
    if now < LAUNCHED:
        return Fleet(PLACE, now, prices=prices)
    kind, started, stopped = next(run for run in reversed(RUNS) if run[1] <= now)
    state = State.RUNNING if now < stopped else State.TERMINATED if stopped == ENDED else State.STOPPED
    instance = Instance(
        "i-1",
        state,
        "m5.xlarge" if at(9) <= now else kind,
        "us-east-2a",
        launched_at=started,
        public_ip="203.0.113.1" if state is State.RUNNING else None,
        attachments=() if state is State.TERMINATED else (ROOT,),
        transition_reason="" if now < stopped else f"User initiated ({stopped:%Y-%m-%d %H:%M:%S} GMT)",
        tags={"Name": "worker"},
    )
    size = 100 if now < GROWN else 200
    volume = Volume("vol-1", size, "gp3", "us-east-2a", "in-use", LAUNCHED, 3000, 125)
    volumes = {} if state is State.TERMINATED else {"vol-1": volume}
    return Fleet(PLACE, now, {"i-1": instance}, volumes, prices)


def moments(step: timedelta, until: datetime) -> Iterator[datetime]:
    now = at(1)
    while now <= until:
        yield now
        now += step


def with_books(store: Store, fleet: Fleet) -> Fleet:
    store.instance_usage.record(fleet)
    store.volume_usage.record(fleet)
    return replace(fleet, instance_usage=store.instance_usage.get(PLACE), volume_usage=store.volume_usage.get(PLACE))


def cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(CENT)


def test_the_month_from_what_was_written_down_is_the_one_computed_by_hand() -> None:
    runs = tuple(
        InstanceUsage("i-1", "worker", kind, begun, ended, PRICES.on_demand[kind], True) for kind, begun, ended in RUNS
    )
    small = VolumeUsage("vol-1", "i-1", 100, "gp3", LAUNCHED, GROWN, Decimal("8.00"))
    large = VolumeUsage("vol-1", "i-1", 200, "gp3", GROWN, ENDED, Decimal("16.00"))
    fleet = replace(seen(ENDED), instance_usage={"i-1": runs}, volume_usage={"vol-1": (small, large)})
    [row] = account_cost(fleet, ENDED - timedelta(microseconds=1)).rows
    parts = row.month_parts
    assert [cents(part) for part in (parts.machine, parts.address, parts.disk)] == [MACHINE, ADDRESS, DISK]
    assert parts.machine == pytest.approx(Decimal("97.9232"), abs=Decimal("1e-6"))  # the minute of 20 s, too
    assert cents(row.month) == TOGETHER == cents(cost_between(fleet.instances["i-1"], fleet, at(1), ENDED))


@pytest.mark.parametrize(
    ("minutes", "together"),
    [
        (60, TOGETHER),
        (6 * 60, TOGETHER),
        # Seen at 00:00 and 12:00 only. All that is known of the run that ended at 6:00 is that it ran at 00:00:
        # 6 h × (0.192 + 0.005) = 1.182 less
        (12 * 60, Decimal("111.99")),
    ],
)
def test_a_fleet_seen_again_and_again_costs_what_was_computed_by_hand(
    store: Store, path: Path, minutes: int, together: Decimal
) -> None:
    tally, other = AccountTracker(), Store(path)
    for number, now in enumerate(moments(timedelta(minutes=minutes), ENDED - timedelta(seconds=1))):
        fleet = with_books(store if number % 7 else other, seen(now))  # another program looks now and then
        sums, account = tally.update(fleet, now), account_cost(fleet, now)
        assert cents(sums.spent) == cents(account.month)
        assert cents(sums.per_hour) == cents(account.per_hour)
    last = with_books(store, seen(ENDED))
    account = account_cost(last, ENDED - timedelta(microseconds=1))
    assert cents(account.month) == together
    assert cents(account.rows[0].month_parts.disk) == DISK


def test_the_days_of_the_month_add_up_to_it(store: Store) -> None:
    for now in moments(timedelta(hours=6), ENDED):
        fleet = with_books(store, seen(now))
    days = [cost_between(fleet.instances["i-1"], fleet, at(day), at(day + 1)) for day in range(1, 31)]
    assert cents(sum((day or Decimal(0) for day in days), Decimal(0))) == TOGETHER
    assert days[0] == days[1] == 0  # before it was launched
    per_day = 24 * (PRICES.on_demand["m5.large"] + Decimal("0.005") + Decimal(8) / 720)
    assert days[3] == pytest.approx(per_day, abs=Decimal("1e-20"))
    assert days[8] == pytest.approx(24 * Decimal(8) / 720, abs=Decimal("1e-20"))  # stopped: the disk alone


def test_when_it_is_gone_from_ec2_its_month_stays(store: Store) -> None:
    for now in moments(timedelta(hours=6), ENDED):
        with_books(store, seen(now))
    empty = with_books(store, Fleet(PLACE, ENDED + timedelta(hours=2), prices=DEARER))
    account = account_cost(empty, ENDED - timedelta(microseconds=1))
    assert cents(account.month) == TOGETHER and account.rows[0].label == "worker"
    december = account_cost(empty, ENDED + timedelta(hours=3))
    assert (december.month, december.rows) == (0, ()) and month_start(december.at) == ENDED
