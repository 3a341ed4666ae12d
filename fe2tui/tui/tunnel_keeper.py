"""The tunnels of this dashboard. They stay open, whatever is shown, until they or the dashboard are closed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from fe2tui.model.instance import Instance
from fe2tui.model.text import age, visible
from fe2tui.ssh.tunnels import Tunnel
from fe2tui.tasks.context import Context
from fe2tui.tasks.tunnels import TunnelState, TunnelStatus, keep_tunnels_open
from fe2tui.tui.internal_error import log_internal_error

if TYPE_CHECKING:
    from datetime import datetime

    from textual.worker import Worker

    from fe2tui.tui.services import Services


@dataclass(frozen=True, slots=True)
class KeptTunnels:
    """The tunnels that were opened together: one ssh keeps them."""

    number: int
    ctx: Context  # of the location that was shown when they were opened
    instance: Instance  # as it was when they were opened
    tunnels: tuple[Tunnel, ...]
    status: TunnelStatus

    @property
    def ports_text(self) -> str:
        return ", ".join(tunnel.words for tunnel in self.tunnels)

    def state_text(self, now: datetime) -> str:
        """``open 5m``, ``broken, again in 4s: base does not answer.``"""
        status = self.status
        if status.state is TunnelState.OPENING:
            return "opening …"
        if status.state is TunnelState.OPEN:
            return f"open {age(now - status.since)}"
        when = f", again in {age(status.retry_at - now)}" if status.retry_at is not None else ""
        return f"{status.state}{when}: {visible(status.error.summary) if status.error is not None else ''}"


class TunnelKeeper:
    """Opens and closes tunnels, and has the state of each. Repaints the main screen when one changes."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._numbers = count(1)
        self._kept: dict[int, KeptTunnels] = {}
        self._workers: dict[int, Worker[None]] = {}

    @property
    def all(self) -> Sequence[KeptTunnels]:
        """The oldest first."""
        return tuple(self._kept.values())

    def open(self, instance: Instance, tunnels: Sequence[Tunnel]) -> None:
        number, ctx = next(self._numbers), self._services.task_context()
        status = TunnelStatus(TunnelState.OPENING, self._services.clock())
        self._kept[number] = KeptTunnels(number, ctx, instance, tuple(tunnels), status)
        self._start(number)

    def _start(self, number: int) -> None:
        self._workers[number] = self._services.start_worker(self._keep(self._kept[number]), f"Tunnel {number}")
        self._services.main_screen.repaint_soon()

    async def _keep(self, kept: KeptTunnels) -> None:
        def change(status: TunnelStatus) -> None:
            self._change(kept.number, status)

        try:
            await keep_tunnels_open(kept.ctx, kept.instance, kept.tunnels, change)
        except Exception as error:
            change(TunnelStatus(TunnelState.FAILED, self._services.clock(), log_internal_error(error)))

    def _change(self, number: int, status: TunnelStatus) -> None:
        kept = self._kept.get(number)
        if kept is None:
            return
        self._kept[number] = replace(kept, status=status)
        label = visible(kept.instance.label)
        if status.state is TunnelState.FAILED and status.error is not None:
            self._services.report_error(f"Tunnel to {label}", status.error)
        elif status.state is TunnelState.BROKEN and kept.status.state is TunnelState.OPEN:
            self._services.tell(f"The tunnel to {label} broke; it is opened again.", "warning")
        self._services.main_screen.repaint_soon()

    def try_now(self, number: int) -> None:
        """Open tunnels that are broken or failed again at once."""
        if self._kept[number].status.error is not None:
            self._workers[number].cancel()
            self._change(number, TunnelStatus(TunnelState.OPENING, self._services.clock()))
            self._start(number)

    def close(self, number: int) -> None:
        """Close tunnels, and forget them."""
        self._kept.pop(number, None)
        self._workers.pop(number).cancel()
        self._services.main_screen.repaint_soon()

    async def close_all(self) -> None:
        """Close all, and wait until their ssh programs have ended."""
        workers = list(self._workers.values())
        for number in list(self._workers):
            self.close(number)
        with suppress(Exception):
            await asyncio.gather(*(worker.wait() for worker in workers), return_exceptions=True)
