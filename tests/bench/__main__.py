"""`python -m tests.bench` measures everything and prints a table; `--only PART` takes one part alone."""

from __future__ import annotations

import argparse
import platform
import sys
from collections.abc import Callable, Iterable, Iterator

from fe2tui.demo import Cloud
from tests.bench import apply, catalogues, chart, idle, picker, scale, spot, start
from tests.bench.figures import Figure


def _starts(runs: int) -> Iterator[Figure]:
    with Cloud() as cloud:
        yield start.first_frame(cloud, runs)
        yield start.last_fleet(cloud, runs)
        yield from start.first_row(cloud, runs)
        yield start.listing(cloud, runs)
        yield start.helping(cloud, runs)


def _launches(runs: int) -> Iterator[Figure]:
    yield start.launching(runs)
    yield start.call_to_answer(runs)


def _idles(minutes: int) -> Iterator[Figure]:
    with Cloud() as cloud:
        yield from idle.idling(cloud, minutes)


def _scales(sizes: tuple[int, ...]) -> Iterator[Figure]:
    yield from scale.scaling(sizes)
    for size in sizes:
        yield apply.applying(size)


def main() -> int:
    """Measure and print."""
    asked = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    asked.add_argument("--runs", type=int, default=7, help="counted runs of what is timed as a whole (7)")
    asked.add_argument("--minutes", type=int, default=2, help="how long to watch it idle (2)")
    asked.add_argument("--sizes", type=int, nargs="+", default=list(scale.SIZES), help="numbers of rows")
    asked.add_argument(
        "--only",
        choices=("start", "launch", "catalogues", "idle", "picker", "chart", "scale", "spot"),
        help="one part alone",
    )
    args = asked.parse_args()
    parts: dict[str, Callable[[], Iterable[Figure]]] = {
        "start": lambda: _starts(args.runs),
        "launch": lambda: _launches(args.runs),
        "catalogues": catalogues.cataloguing,
        "idle": lambda: _idles(args.minutes),
        "picker": picker.picking,
        "chart": chart.charting,
        "scale": lambda: _scales(tuple(args.sizes)),
        "spot": spot.browsing,
    }
    print(f"Python {platform.python_version()}, {platform.machine()}, medians of {args.runs}", flush=True)
    for name, part in parts.items():
        if args.only in (None, name):
            for figure in part():
                print(figure.row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
