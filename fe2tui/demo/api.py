"""Calls to the cloud, and the table of operations that answer them."""

from __future__ import annotations

import hashlib
import importlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, SECOND_ACCOUNT_ID, Account, Region
from fe2tui.demo.errors import ApiError
from fe2tui.demo.http_server import Request
from fe2tui.demo.protocols import Xml, parse_query, texts

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")


@dataclass(slots=True)
class Call:
    """One call. `region_name` is the region that it is signed for, `protocol` is ec2, query or json.

    `params` are as the protocol carries them: all text in ec2 and query, typed values in json.
    """

    account: Account
    service: str
    action: str
    region_name: str
    access_key: str
    protocol: str
    params: dict[str, Any]

    @classmethod
    def parse(cls, account: Account, request: Request) -> Call:
        """Reads service and region from the signature, and the action as the protocol has it. Raises ValueError."""
        signed = _CREDENTIAL.search(request.headers.get("authorization", ""))
        access_key, region, service = signed.groups() if signed else ("", "us-east-1", "ec2")
        if target := request.headers.get("x-amz-target"):
            params = json.loads(request.body or b"{}")
            return cls(account, service, target.rpartition(".")[2], region, access_key, "json", params)
        params = parse_query(request.body.decode() if request.body else request.target.partition("?")[2])
        protocol = "ec2" if service == "ec2" else "query"
        return cls(account, service, str(params.pop("Action", "")), region, access_key, protocol, params)

    @property
    def owner_id(self) -> str:
        """The number of the account whose key signs the call."""
        is_second = self.access_key == self.account.keys.second_access_key
        return SECOND_ACCOUNT_ID if is_second else ACCOUNT_ID

    @property
    def region(self) -> Region:
        return self.account.region(self.region_name, self.owner_id)

    @property
    def now(self) -> datetime:
        return self.account.clock.now()

    def texts(self, name: str) -> list[str]:
        """A list parameter; empty if it is absent."""
        return texts(self.params.get(name))

    def text(self, name: str, default: str = "") -> str:
        value = self.params.get(name)
        return default if value is None else str(value)

    def earlier_result(self) -> str | None:
        """The id that an earlier, equal request with this ClientToken created, or None.

        Raises ApiError if the token came with a different request.
        """
        token = self.text("ClientToken")
        known = self.region.client_tokens.get(f"{self.action} {token}") if token else None
        if known is not None and known[0] != self._digest():
            message = (
                "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
            )
            raise ApiError("IdempotentParameterMismatch", message)
        return known[1] if known else None

    def remember_result(self, identity: str) -> None:
        """Remembers what this request's ClientToken created, even if the reply is lost."""
        token = self.text("ClientToken")
        if token:
            self.region.client_tokens[f"{self.action} {token}"] = (self._digest(), identity)

    def _digest(self) -> str:
        return hashlib.sha256(json.dumps(self.params, sort_keys=True).encode()).hexdigest()


Operation = Callable[[Call], Mapping[str, Any] | Xml]
OPERATIONS: dict[tuple[str, str], Operation] = {}
"""The function that answers each (service, action)."""


def operation(*actions: str, service: str = "ec2") -> Callable[[Operation], Operation]:
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
