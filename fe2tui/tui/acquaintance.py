"""Which machines' host keys are known: looked up beside the screen, remembered until something may have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fe2tui import paths


class Acquaintance:
    """Answers at once with what was last found, and looks again where that may be out of date."""

    def __init__(self, start: Callable[[Awaitable[None]], object], on_change: Callable[[], None]) -> None:
        self._start = start
        self._on_change = on_change
        self._known: dict[str, bool] = {}
        self._fresh: set[str] = set()

    def knows(self, instance_id: str) -> bool:
        """Whether a host key of an instance is known, as far as that was found out."""
        if instance_id not in self._fresh:
            self._fresh.add(instance_id)
            self._start(self._look(instance_id))
        return self._known.get(instance_id, False)

    def look_again(self) -> None:
        """Somebody may have connected."""
        self._fresh.clear()

    async def _look(self, instance_id: str) -> None:
        known = await asyncio.to_thread(_is_known, instance_id)
        if known is not self._known.get(instance_id, False):
            self._known[instance_id] = known
            self._on_change()


def _is_known(instance_id: str) -> bool:
    from fe2tui.ssh.hostkeys import HostKeys

    try:
        return bool(HostKeys(paths.known_hosts_file()).known(instance_id))
    except OSError:
        return False
