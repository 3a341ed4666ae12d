"""Spot requests: what there is behind spot instances."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from fe2tui.ec2.account import Account
from fe2tui.ec2.lines import Lines
from fe2tui.ec2.names import Thing, name_of
from fe2tui.errors import UsageError
from fe2tui.tasks import requests as asking
from fe2tui.tasks.requests import Requested

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class SpotInstanceRequest:
    """A spot request as EC2 describes it, each key of its answer a property: ``state``, ``status``, ``instance_id`` …

    boto3 has no object of it. ``words`` is what its state means. It stays as it was read; ``reload`` reads it again.
    """

    id: str
    words: str

    def __init__(self, request_id: str, account: Requests) -> None:
        self._account = account
        self.id = request_id
        self.reload()

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """What EC2 tells, whatever that is."""

    def __repr__(self) -> str:
        return f"{self.id} ({self.type} {self.state}): {self.words}"

    def reload(self) -> None:
        """Read it again. Raises NotFoundError when EC2 knows it no more."""
        described, words = self._account._described(self.id)
        gone = [name for name in vars(self) if name not in ("id", "_account")]
        for name in gone:
            delattr(self, name)
        for key, value in described.items():
            setattr(self, _WORD.sub("_", key).lower(), value)
        self.words = words

    def cancel(self, *, terminate: bool = False) -> str:
        """Cancel it, so that AWS launches nothing more for it; says what that means for its machine.

        EC2 terminates a stopped machine whose request is cancelled: that needs ``terminate``, or is a StateError.
        """
        said = self._account._do(lambda ctx: asking.cancel_request(ctx, self.id, terminate=terminate))
        self.reload()
        return said

    def wait_until_fulfilled(self, *, timeout: float = 600.0) -> str:
        """Wait until it has its machine, ``timeout`` seconds at most; returns the machine's id.

        Raises CapacityError when it has none by then, StateError when it never will, UsageError.
        """
        if not isinstance(timeout, int | float) or timeout < 0:
            raise UsageError(f"“{timeout}” is not a number of seconds.", "As in timeout=600.")
        found = self._account._do(lambda ctx: asking.wait_until_fulfilled(ctx, self.id, timeout=timeout))
        self.reload()
        return found.instance_id or ""


class Requests(Account):
    """The spot requests of one account in one region; see ``EC2``."""

    def requests(self) -> Lines[Requested]:
        """All spot requests with their machines, those that may still launch or start one first."""
        return Lines(self._do(asking.requests))

    def get_request(self, request_id: Thing) -> SpotInstanceRequest:
        """A spot request, with all that EC2 tells of it as properties. Raises NotFoundError."""
        return SpotInstanceRequest(name_of(request_id), self)

    def get_request_from_instance(self, name: Thing) -> SpotInstanceRequest:
        """The spot request behind the instance of that name or id. Raises NotFoundError where there is none."""
        wanted = name_of(name)
        return SpotInstanceRequest(self._do(lambda ctx: asking.request_of_instance(ctx, wanted)).id, self)

    def _described(self, request_id: str) -> tuple[dict[str, Any], str]:
        return self._do(lambda ctx: asking.describe_request(ctx, request_id))
