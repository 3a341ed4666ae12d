"""Calls that a demo cloud holds until a test releases them."""

from __future__ import annotations

import asyncio
from typing import Any

from fe2tui.demo import Cloud


class Hold:
    """Holds the next calls of an action, so many or all, before they are carried out."""

    def __init__(self, cloud: Cloud, action: str, *, times: int | None = None) -> None:
        self._cloud = cloud
        fault: dict[str, Any] = {"kind": "hold", "action": action} | ({} if times is None else {"times": times})
        self._id = cloud.control("/demo/faults", fault)["id"]

    async def until_held(self) -> None:
        """Wait until a call is held."""
        while not any(one["id"] == self._id and one["held"] for one in self._faults()):
            await asyncio.sleep(0.01)

    def release(self) -> None:
        """Let the calls that are held go on, and hold no more."""
        self._cloud.control(f"/demo/faults/{self._id}", method="DELETE")

    def _faults(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = self._cloud.control("/demo/faults", method="GET")
        return faults
