"""How long a chart takes: six zones over 90 days, each changing five times a day, and a type that is known."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator

from textual.app import App, ComposeResult

from fe2tui.chart.lines import Chart
from fe2tui.chart.steps import draw
from fe2tui.tui.widgets.chart import ChartView
from tests.bench.figures import Figure, percentile
from tests.chart.charts import dense

WIDTHS = (60, 120, 200, 300)
HEIGHT = 24
AIM = 50.0  # milliseconds
RUNS, SHOWN = 9, 60


def _drawn(chart: Chart, width: int) -> float:
    started = time.perf_counter()
    draw(chart, width, HEIGHT)
    return time.perf_counter() - started


class _Host(App[None]):
    CSS = "ChartView { width: 1fr; height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield ChartView()


async def _frames(size: tuple[int, int]) -> list[float]:
    """From the choice of another type, all of it known, to the frame that shows it."""
    charts = [dense(seed=seed) for seed in range(4)]
    app, times = _Host(), []
    async with app.run_test(size=size) as pilot:
        view = app.query_one(ChartView)
        view.show(charts[-1])
        while view.picture is None:
            await pilot.pause(0.05)
        for turn in range(SHOWN):
            drawn = asyncio.Event()
            started = time.perf_counter()
            view.show(charts[turn % len(charts)])
            view.call_after_refresh(drawn.set)
            await drawn.wait()
            while view.picture is None:
                await asyncio.sleep(0)
            times.append((time.perf_counter() - started) * 1000)
            await pilot.pause(0.01)
    return times


def charting() -> Iterator[Figure]:
    """By width, and as the dashboard shows it."""
    chart = dense()
    changes = sum(len(line.series.times) for line in chart.lines)
    for width in WIDTHS:
        took = statistics.median(_drawn(chart, width) for _ in range(RUNS)) * 1000
        yield Figure(f"chart of 6 zones, 90 days, {width} columns", took, "ms", None, f"{changes:,} changes")
    for size in ((66, 20), (120, HEIGHT)):
        times = asyncio.run(_frames(size))
        yield Figure(f"chart shown to frame, {size[0]}×{size[1]}, p50", percentile(times, 0.5), "ms")
        yield Figure(
            f"chart shown to frame, {size[0]}×{size[1]}, p95", percentile(times, 0.95), "ms", AIM, f"{SHOWN} times"
        )
