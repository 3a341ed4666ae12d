"""The dashboard with a heartbeat on its event loop: `python -m tests.bench.watched FILE [ARGUMENT …]`.

Every 5 ms the heart beats; how late it is, is how long the loop was held up. On SIGUSR1 the longest gap since the
last signal is appended to FILE, in milliseconds.
"""

from __future__ import annotations

import asyncio
import signal
import sys
import time
from pathlib import Path

_EVERY = 0.005


def _watch(loop: asyncio.AbstractEventLoop, report: Path) -> None:
    longest = 0.0
    due = 0.0

    def beat() -> None:
        nonlocal longest, due
        now = time.perf_counter()
        longest = max(longest, now - due)
        due = now + _EVERY
        loop.call_later(_EVERY, beat)

    def tell(*_: object) -> None:
        nonlocal longest
        with report.open("a") as out:
            out.write(f"{longest * 1000:.1f}\n")
        longest = 0.0

    due = time.perf_counter()
    loop.call_soon(beat)
    loop.call_soon(lambda: loop.add_signal_handler(signal.SIGUSR1, tell))


def main() -> None:
    """Start the dashboard with its loop watched."""
    report = Path(sys.argv.pop(1))
    new_loop = asyncio.events.new_event_loop

    def watched_loop() -> asyncio.AbstractEventLoop:
        loop = new_loop()
        _watch(loop, report)
        return loop

    asyncio.events.new_event_loop = watched_loop
    asyncio.new_event_loop = watched_loop
    sys.argv[0] = "fe2tui"
    from fe2tui.cli import fe2tui

    fe2tui()


if __name__ == "__main__":
    main()
