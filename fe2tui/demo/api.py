"""Calls to the cloud, and the table of operations that answer them."""

from __future__ import annotations

import hashlib
import importlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fe2tui.demo.account import Account, Region
from fe2tui.demo.errors import ApiError
from fe2tui.demo.protocols import texts


@dataclass(slots=True)
class Call:
    """One call. `params` are as the protocol carries them: all text in ec2 and query, typed values in json."""

    account: Account
    service: str
    action: str
    region_name: str
    params: dict[str, Any]
    access_key: str

    @property
    def region(self) -> Region:
        return self.account.region(self.region_name)

    @property
    def now(self) -> datetime:
        """The cloud's time, UTC."""
        return self.account.clock.now()

    def texts(self, name: str) -> list[str]:
        """A list parameter; empty if it is absent."""
        return texts(self.params.get(name))

    def text(self, name: str, default: str = "") -> str:
        """A scalar parameter as text."""
        value = self.params.get(name)
        return default if value is None else str(value)

    def earlier_result(self) -> str | None:
        """The id that an earlier, equal request with this ClientToken created, or None.

        Raises ApiError if the token came with a different request.
        """
        token = self.text("ClientToken")
        known = self.region.client_tokens.get(f"{self.action} {token}") if token else None
        if known is None:
            return None
        digest, identity = known
        if digest != self._digest():
            raise ApiError(
                "IdempotentParameterMismatch",
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).",
            )
        return identity

    def remember_result(self, identity: str) -> None:
        """Remembers what this request's ClientToken created, even if the reply is lost."""
        token = self.text("ClientToken")
        if token:
            self.region.client_tokens[f"{self.action} {token}"] = (self._digest(), identity)

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self.params, sort_keys=True).encode()).hexdigest()


Operation = Callable[[Call], Mapping[str, Any]]
OPERATIONS: dict[tuple[str, str], Operation] = {}
"""The function that answers each (service, action)."""


def operation(*actions: str, service: str = "ec2") -> Callable[[Operation], Operation]:
    """Registers a function as the answer to these actions."""

    def register(function: Operation) -> Operation:
        for action in actions:
            OPERATIONS[service, action] = function
        return function

    return register


def load_operations() -> None:
    """Imports every module of rules and services, which registers their operations."""
    for folder in ("rules", "services"):
        for path in Path(__file__).parent.joinpath(folder).glob("[a-z]*.py"):
            importlib.import_module(f"fe2tui.demo.{folder}.{path.stem}")
