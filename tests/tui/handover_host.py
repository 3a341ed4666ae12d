"""An app that gives its terminal to the program in its arguments when ``c`` is pressed, and counts meanwhile."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.tui.terminal_handover import hand_over


class Host(App[None]):
    """Shows that it is at home, how the program ended, and how often it counted while it was away."""

    BINDINGS: ClassVar[list[BindingType]] = [("c", "go", "Go"), ("q", "quit", "Quit"), ("x", "danger", "Danger")]

    def compose(self) -> Iterator[Widget]:
        yield Static("AT HOME", id="home")
        yield Static("nothing yet", id="ended")
        yield Static("", id="size")
        yield Static("no danger", id="danger")

    def on_mount(self) -> None:
        self.count = 0
        self.set_interval(0.05, self.tick)

    def on_resize(self, event: events.Resize) -> None:
        self.query_one("#size", Static).update(f"size {event.size.width}x{event.size.height}")

    def tick(self) -> None:
        """What goes on while the terminal is away: counting, drawing, copying, ringing."""
        self.count += 1
        self.query_one("#home", Static).update(f"AT HOME count={self.count}")
        if self.count == 1:
            return
        self.bell()
        self.copy_to_clipboard(f"copy {self.count}")

    def action_danger(self) -> None:
        """A key that must not be pressed by what was typed for another program."""
        self.query_one("#danger", Static).update("DANGER")

    def action_go(self) -> None:
        self.run_worker(self.go(), exit_on_error=False)

    async def go(self) -> None:
        """Hand the terminal over and show the result."""
        before = self.count
        try:
            ended = await hand_over(self, sys.argv[1:], env={"HANDED": "yes"}, announce="handing over")
            words = f"status={ended.status} stderr={ended.stderr.strip()!r}"
        except OSError as error:
            words = f"raised {type(error).__name__}"
        self.query_one("#ended", Static).update(f"{words} counted={self.count - before}")


if __name__ == "__main__":
    Host().run()
