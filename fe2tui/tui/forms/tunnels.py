"""The tunnels of the dashboard in a list, above a field that opens more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.style import Style
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from fe2tui.errors import FieldError, PortTakenError
from fe2tui.model.command_text import CommandText
from fe2tui.model.instance import Instance
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.ssh.tunnels import parse_ports, require_free_ports
from fe2tui.tasks.tunnels import TunnelState
from fe2tui.tui.forms.connect import replace_port
from fe2tui.tui.forms.form import DIM, Field, Form, FormList, dim, safe_content
from fe2tui.tui.tunnel_keeper import KeptTunnels, TunnelKeeper

REFRESH_SECONDS = 0.5
_SIGNS = {
    TunnelState.OPENING: ("◐", "$state-moving"),
    TunnelState.OPEN: ("●", "$state-running"),
    TunnelState.BROKEN: ("◐", "$state-moving"),
    TunnelState.FAILED: ("▲", "$state-trouble"),
}


class TunnelsForm(Form[None]):
    """Stays open: enter opens tunnels to ``instance`` and shows how they get on. Without an instance it only lists."""

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "line.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,ctrl+n", "step(1)", show=False, priority=True),
        Binding("up,ctrl+p", "step(-1)", show=False, priority=True),
        Binding("ctrl+x", "close_tunnels", show=False, priority=True),
        Binding("ctrl+r", "try_now", show=False, priority=True),
    ]

    def __init__(
        self,
        keeper: TunnelKeeper,
        instance: Instance | None,
        *,
        clock: Callable[[], datetime],
        command: Callable[[str], CommandText | None] | None = None,
    ) -> None:
        """``command`` gives the command for ports."""
        super().__init__("Tunnels", submit_label="Open" if instance is not None else "")
        self._keeper = keeper
        self._instance = instance
        self._clock = clock
        if command is not None and instance is not None:
            self.command_text = lambda: command(self.query_one("#ports", Field).value)
        self._shown: list[tuple[int, str]] = []

    def compose(self) -> Iterator[Widget]:
        body: list[Widget] = [FormList(id="tunnels", compact=True), Static(dim("No tunnel is open."), id="empty")]
        if self._instance is not None:
            label = visible(self._instance.label)
            body += [
                Field("Ports", id="ports", placeholder="8888, 9000:8888", hint=f"of {label}, local:remote"),
                Static(dim(f"8888 leads from port 8888 of this computer to port 8888 of {label}."), classes="remedy"),
            ]
        else:
            body.append(Static(dim("To open one, select an instance first."), classes="remedy"))
        body.append(Static(dim("Tunnels stay open while this dashboard runs."), classes="remedy"))
        yield from self.compose_frame(*body, classes="-narrow-form")

    def on_mount(self) -> None:
        self._show_tunnels()
        self.set_interval(REFRESH_SECONDS, self._show_tunnels)

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        is_tried = any(kept.status.error is not None for kept in self._keeper.all)
        retry = [("^r", "Try now", "try_now")] if is_tried else []
        return [*retry, ("^x", "Close it", "close_tunnels")] if self._keeper.all else []

    @property
    def _options(self) -> OptionList:
        return self.query_one("#tunnels", OptionList)

    def _show_tunnels(self) -> None:
        """Show the newest states. The highlight stays on its tunnels, or goes to new ones."""
        now = self._clock()
        shown = [(kept.number, kept.state_text(now)) for kept in self._keeper.all]
        if shown == self._shown:
            return
        kept, before = self._keeper.all, [number for number, _ in self._shown]
        number = self._highlighted_number if kept and kept[-1].number in before else None
        self._shown = shown
        width = max((len(self._way_text(one)) for one in kept), default=0)
        self._options.set_options([Option(self._line(one, width, now)) for one in kept])
        self._options.display, self.query_one("#empty").display = bool(kept), not kept
        if kept:
            row = next((row for row, (other, _) in enumerate(shown) if other == number), len(kept) - 1)
            self._options.highlighted = row
        self.write_key_hints()

    @staticmethod
    def _way_text(kept: KeptTunnels) -> str:
        return f"{kept.ports_text} of {visible(kept.instance.label)}"

    def _line(self, kept: KeptTunnels, width: int, now: datetime) -> Content:
        sign, colour = _SIGNS[kept.status.state]
        way = safe_content(f"{self._way_text(kept):<{width}}  ")
        if kept.status.state is TunnelState.OPEN:
            way = way.stylize(Style(link=f"http://localhost:{kept.tunnels[0].local}"), 0, len(kept.ports_text))
        return Content.assemble((f"{sign} ", colour), way, (kept.state_text(now), DIM))

    def action_step(self, by: int) -> None:
        at = self._options.highlighted
        if self._shown:
            self._options.highlighted = max(0, min(len(self._shown) - 1, (at or 0) + by))

    @property
    def _highlighted_number(self) -> int | None:
        at = self._options.highlighted
        return self._shown[at][0] if at is not None and at < len(self._shown) else None

    def action_close_tunnels(self) -> None:
        if (number := self._highlighted_number) is not None:
            self._keeper.close(number)
            self._show_tunnels()

    def action_try_now(self) -> None:
        if (number := self._highlighted_number) is not None:
            self._keeper.try_now(number)
            self._show_tunnels()

    @on(Input.Changed)
    def _clear_error(self) -> None:
        self.query_one("#ports", Field).show_error(None)

    def action_submit(self) -> None:
        if self._instance is None:
            return
        field = self.query_one("#ports", Field)
        try:
            tunnels = parse_ports(field.value)
            require_free_ports(tunnels)
        except PortTakenError as error:
            with self.prevent(Input.Changed):
                field.input.value = replace_port(field.value, error.port, error.free)
            field.show_error(FieldError("ports", error.summary, f"{error.free} is free: enter uses it."))
        except FieldError as error:
            field.show_error(error)
        else:
            if not tunnels:
                field.show_error(FieldError("ports", "A port is needed.", "Such as 8888."))
                return
            field.input.value = ""
            self._keeper.open(self._instance, tunnels)
            self._show_tunnels()
