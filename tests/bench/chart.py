"""How long a chart takes: six zones over 90 days, each changing five times a day, and a type that is known."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from textual.app import App, ComposeResult

from fe2tui.chart.chart import Chart, draw, draw_without_cursor
from fe2tui.tui.widgets.chart import ChartView
from tests.bench.figures import Figure, Time, paired, percentile, ratio
from tests.chart.charts import dense

WIDTHS = (60, 120, 200, 300)
HEIGHT = 24
AIM = 50.0  # milliseconds
RUNS, SHOWN = 9, 60


def _timed(work: Callable[[], object]) -> Time:
    draw_without_cursor.cache_clear()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Time(time.perf_counter() - wall, time.process_time() - cpu)


def _unreduced(chart: Chart, width: int) -> None:
    """The same lines given to plotext as they are: two points a change, at any width."""
    import plotext

    figure, start, end = plotext.figure, chart.start, chart.end
    plotext.terminal.limit(False, False)
    figure.clear()
    figure.plot_size(width, HEIGHT)
    for line in chart.lines:
        times, prices = [], []
        for begin, until, price in line.series.steps(start, end):
            times += [begin.timestamp(), until.timestamp()]
            prices += [float(price)] * 2
        signal = figure.signal(times, prices, marker="braille")
        signal.lines()
        figure.draw(signal)
    figure.build().string()
    figure.clear()


class _Host(App[None]):
    CSS = "ChartView { width: 1fr; height: 1fr; }"

    def compose(self) -> ComposeResult:
        yield ChartView()


async def _frames(size: tuple[int, int]) -> list[float]:
    """From the choice of another type, all of it known and never drawn, to the frame that shows it."""
    charts = [dense(seed=seed) for seed in range(SHOWN + 1)]
    app = _Host()
    times: list[float] = []
    async with app.run_test(size=size) as pilot:
        view = app.query_one(ChartView)
        view.show(charts[-1])
        while view.picture is None:
            await pilot.pause(0.05)
        for turn in range(SHOWN):
            drawn = asyncio.Event()
            started = time.perf_counter()
            view.show(charts[turn])
            view.call_after_refresh(drawn.set)
            await drawn.wait()
            while view.picture is None:
                await asyncio.sleep(0)
            times.append((time.perf_counter() - started) * 1000)
            await pilot.pause(0.01)
    return times


def charting() -> Iterator[Figure]:
    """By width, against plotext with all points, and the share of the dashboard."""
    chart = dense()
    changes = sum(len(line.series.times) for line in chart.lines)
    for width in WIDTHS:
        pairs = paired(
            partial(_timed, partial(draw, chart, width, HEIGHT)),
            partial(_timed, partial(_unreduced, chart, width)),
            RUNS,
        )
        ours = statistics.median(mine.wall for mine, _ in pairs)
        yield Figure(f"chart of 6 zones, 90 days, {width} columns", ours * 1000, "ms", None, f"{changes:,} changes")
        yield ratio(f"chart, {width} columns ÷ all points given to plotext", pairs, 1.0)
    for size in ((66, 20), (120, HEIGHT)):
        times = asyncio.run(_frames(size))
        yield Figure(f"chart shown to frame, {size[0]}×{size[1]}, p50", percentile(times, 0.5), "ms")
        yield Figure(
            f"chart shown to frame, {size[0]}×{size[1]}, p95", percentile(times, 0.95), "ms", AIM, f"{SHOWN} times"
        )
