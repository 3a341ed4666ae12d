"""One call to the cloud, and the table of operations that answer calls."""

from __future__ import annotations

import hashlib
import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fe2tui.demo.account import Account, Region
from fe2tui.demo.errors import Refusal
from fe2tui.demo.protocols import texts


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


def _asked(call: Call) -> str:
    return hashlib.sha256(json.dumps(call.params, sort_keys=True).encode()).hexdigest()


def earlier(call: Call) -> str | None:
    """The id that this request made when it came before, or None. Raises Refusal when another came with its token."""
    token = call.text("ClientToken")
    known = call.region.tokens.get(f"{call.action} {token}") if token else None
    if known is None:
        return None
    asked, identity = known
    if asked != _asked(call):
        raise Refusal(
            "IdempotentParameterMismatch",
            "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
        )
    return identity


def remember(call: Call, identity: str) -> None:
    """Notes what the request has made, whatever becomes of the reply."""
    token = call.text("ClientToken")
    if token:
        call.region.tokens[f"{call.action} {token}"] = (_asked(call), identity)


def load_operations() -> None:
    """Imports every module of rules and services; each enters its operations into the table."""
    from fe2tui.demo import rules, services

    for package in (rules, services):
        for found in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(found.name)
