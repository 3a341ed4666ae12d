"""The table of the actions that the cloud answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fe2tui.demo.account import Account, Region
from fe2tui.demo.wire import texts


@dataclass(slots=True)
class Call:
    """One call to answer. `params` are as on the wire: text in the query protocols, values in the others."""

    account: Account
    service: str
    action: str
    region_name: str
    params: dict[str, Any]
    access_key: str

    @property
    def region(self) -> Region:
        """The region the call is for."""
        return self.account.region(self.region_name)

    @property
    def now(self) -> datetime:
        """The cloud's time."""
        return self.account.clock.now()

    def texts(self, name: str) -> list[str]:
        """A list parameter."""
        return texts(self.params.get(name))

    def text(self, name: str, default: str = "") -> str:
        """A plain parameter."""
        value = self.params.get(name)
        return default if value is None else str(value)


Answer = Callable[[Call], Mapping[str, Any]]
ACTIONS: dict[tuple[str, str], Answer] = {}


def answers(*actions: str, service: str = "ec2") -> Callable[[Answer], Answer]:
    """Enters a function into the table under these actions."""

    def enter(function: Answer) -> Answer:
        for action in actions:
            ACTIONS[service, action] = function
        return function

    return enter
