"""An app around one form, which keeps the form's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Static

from fe2tui.tui.forms.form import Field

UNANSWERED = object()


class Host(App[None]):
    """Opens the form at once."""

    def __init__(self, form: Screen[Any]) -> None:
        super().__init__()
        self.form = form
        self.answer: Any = UNANSWERED

    def on_mount(self) -> None:
        self.push_screen(self.form, self._take)

    def _take(self, answer: Any) -> None:
        self.answer = answer


@asynccontextmanager
async def opened(form: Screen[Any], size: tuple[int, int] = (80, 24)) -> AsyncIterator[tuple[Pilot[None], Host]]:
    """The form, open, on a terminal of that size."""
    host = Host(form)
    async with host.run_test(size=size) as pilot:
        await pilot.pause()
        yield pilot, host


async def until(holds: Callable[[], object], seconds: float = 10) -> None:
    """Wait until something holds."""
    for _ in range(int(seconds / 0.02)):
        if holds():
            return
        await asyncio.sleep(0.02)
    raise AssertionError("never held")


async def write(pilot: Pilot[None], text: str) -> None:
    """Put a text where the cursor is, all at once, as by the terminal's paste: typed, each letter would be drawn."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


def click_at_once(app: App[Any], x: int, y: int, times: int = 1) -> None:
    """Click without waiting for what came before to take effect, as when several events arrive together."""
    for _ in range(times):
        for event in (events.MouseDown, events.MouseUp):
            app.post_message(event(None, x, y, 0, 0, 1, False, False, False, x, y))


def text_of(host: Host) -> str:
    """All that is on the screen."""
    strips = host.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def said(host: Host, selector: str) -> str:
    """What a part of the form says."""
    return str(host.form.query_one(selector, Static).render())


def error_of(host: Host, field: str) -> str:
    """What is said to be wrong with a field."""
    error = host.form.query_one(f"#{field}", Field).error
    return str(error) if error else ""


def cut_off(host: Host) -> list[str]:
    """The parts of a form that reach beyond the terminal."""
    screen = host.size.region
    return [
        f"{widget!r} {widget.region}"
        for widget in host.form.query("Input, Button, .label, .hint")
        if widget.display and widget.region and not screen.contains_region(widget.region)
    ]
