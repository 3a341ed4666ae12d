"""From a key in the spot pane's list to the chart of another type, over types whose 90 days are known."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from unittest import mock

from fe2tui.aws.prices import read_region_prices
from fe2tui.aws.session import Choice, Session
from fe2tui.aws.types import read_type_catalogue
from fe2tui.demo import Cloud, Options
from fe2tui.model.instance_type import InstanceType, size_sort_key
from fe2tui.model.location import Location
from fe2tui.model.price_series import PriceSeries
from fe2tui.model.spot import SpotHistory
from fe2tui.model.text import dollars
from fe2tui.paths import store_file
from fe2tui.store import Store
from tests.bench.figures import Figure, percentile
from tests.bench.scale import at_rest
from tests.bench.start import fresh_home
from tests.bench.terminal import Terminal

FAMILY = "m5"
ZONES, HOURS = 6, 5  # between two changes
SIZES = ((80, 24), (120, 36), (200, 50))
ROUNDS = 4
AIM = 50.0  # milliseconds
_DOWN, _UP = b"\x1b[B", b"\x1b[A"


async def _priced() -> tuple[Location, dict[str, Decimal]]:
    """The family's types with their on-demand prices, in the list's order."""
    async with Session(Choice()) as session:
        prices, read = await read_region_prices(session), await read_type_catalogue(session, datetime.now(UTC))
        types = sorted((one for one in read.types.values() if one.family == FAMILY and not one.bare_metal), key=_order)
        return session.location, {one.name: prices.on_demand[one.name] for one in types if one.name in prices.on_demand}


def _order(one: InstanceType) -> tuple[str, int, str]:
    return size_sort_key(one.name)


def _dense(name: str, on_demand: Decimal) -> SpotHistory:
    """Five changes a day in each of six zones, for 90 days: denser than any market is."""
    chance, now = random.Random(name), datetime.now(UTC)
    since = now - timedelta(days=91)
    zones = {}
    for number in range(ZONES):
        price, changes = float(on_demand) * (0.3 + 0.02 * number), []
        for hour in range(0, 91 * 24, HOURS):
            price = max(0.1 * float(on_demand), price * chance.uniform(0.97, 1.031))
            changes.append((since + timedelta(hours=hour), Decimal(f"{min(price, float(on_demand)):.4f}")))
        zones[f"us-east-2{'abcdef'[number]}"] = PriceSeries.from_changes(changes)
    return SpotHistory(name, since, now, zones)


def _keep(env: Mapping[str, str]) -> dict[str, str]:
    """Put dense histories where the dashboard finds them; what the zones of each type say when its chart is there."""
    with mock.patch.dict(os.environ, env):
        place, priced = asyncio.run(_priced())
        dense = [_dense(name, price) for name, price in priced.items()]
        Store(store_file()).spot_history.add(place, dense)
    return {one.type: dollars(next(iter(one.current_prices().values())), 4) for one in dense}


def _browse(terminal: Terminal, said: Mapping[str, str]) -> Iterator[float]:
    """Down the family and up again; every type was charted once before it is timed."""
    names = list(said)
    path = [*((name, _DOWN) for name in names[1:]), *((name, _UP) for name in reversed(names[:-1]))]
    for turn in range(ROUNDS + 1):
        for name, key in path:
            pressed = terminal.send(key)
            shown = terminal.wait_for(said[name], 20)
            terminal.drain(0.4)
            if turn:
                yield (shown - pressed) * 1000


def browsing() -> Iterator[Figure]:
    """The times of keys at 90 days, for three sizes of the terminal."""
    with Cloud(Options.instant()) as cloud:
        for columns, rows in SIZES:
            with fresh_home(cloud) as env:
                said = _keep(env)
                terminal = Terminal([sys.executable, "-P", "-m", "fe2tui"], env, columns, rows)
                try:
                    at_rest(terminal)
                    terminal.send(b"3")
                    terminal.drain(3)
                    terminal.send(b"/")
                    terminal.drain(0.5)
                    terminal.send(f"family:{FAMILY} -metal".encode())
                    terminal.drain(2)
                    terminal.send(b"\r")
                    terminal.drain(1)
                    terminal.send(b"]")
                    terminal.drain(1)
                    terminal.send(b"]")
                    terminal.drain(3)
                    times = list(_browse(terminal, said))
                finally:
                    terminal.close()
            what = f"spot pane {columns}×{rows}: key to chart of 90 days"
            yield Figure(f"{what}, p50", percentile(times, 0.5), "ms")
            yield Figure(f"{what}, p95", percentile(times, 0.95), "ms", AIM, f"{len(times)} keys")
