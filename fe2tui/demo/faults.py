"""Faults on request, as the control address takes them.

`POST /demo/faults` with {"kind": …} and, to narrow it down, any of

- "action": one action, or a pattern such as `Describe*`; "service": `ec2`, `ssm`, `pricing`, `monitoring`, `sts` …
- "region", "zone": the latter for `no-capacity`, as "market" (`spot`, `on-demand`) is; "name" for `fail-image`, a
  pattern too
- "times": for the next N calls that match; without it until lifted (`DELETE /demo/faults/ID`, or all at once)

Kinds:

throttle      RequestLimitExceeded with status 503 (ThrottlingException with 400 where the service speaks JSON)
deny          UnauthorizedOperation with status 403 (AccessDeniedException, AccessDenied)
no-capacity   InsufficientInstanceCapacity with status 500 for RunInstances and StartInstances in that zone, or in all
expired       RequestExpired (ec2), ExpiredToken (sts), ExpiredTokenException (JSON)
refuse        any other refusal: "code", "message" and "status" are given
slow          the answer comes "seconds" later; a refusal of another kind does, too, if "seconds" are given
hold          the call waits, not carried out, until the fault is lifted; with "times" only the next N calls wait, and
              it stays in the list, where "held" counts the calls that wait, until it is lifted
silent        the connection is accepted and never answered; the call is not carried out
broken        the call is carried out, then the connection breaks in the middle of the reply
malformed     the call is carried out, then the reply's body ends in the middle
fail-image    CreateImage is accepted, and the image of that name (the next ones) fails halfway; "code" and "message"
              are its StateReason
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fe2tui.demo.errors import Refusal

KINDS = (
    "throttle",
    "deny",
    "no-capacity",
    "expired",
    "refuse",
    "slow",
    "hold",
    "silent",
    "broken",
    "malformed",
    "fail-image",
)
_LATER = ("no-capacity", "fail-image")  # they strike inside a call that is carried out


@dataclass(slots=True)
class Fault:
    """One fault in force."""

    id: int
    kind: str
    action: str = "*"
    service: str = "*"
    region: str = "*"
    zone: str = "*"
    name: str = "*"
    market: str = "*"
    seconds: float | None = None
    times: int | None = None
    code: str = "InternalError"
    message: str = "An internal error has occurred"
    status: int = 500
    held: int = 0
    lifted: threading.Event = field(default_factory=threading.Event)

    @property
    def wait(self) -> float:
        """Seconds until the answer."""
        return (5.0 if self.kind == "slow" else 0.0) if self.seconds is None else self.seconds

    def shown(self) -> dict[str, Any]:
        """As the control address lists it."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "lifted"}


class Faults:
    """The faults in force; the oldest that matches a call strikes it."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._count = 0
        self._lock = threading.Lock()

    def add(self, wish: Mapping[str, Any]) -> int:
        """Puts a fault in force and returns its id. Raises Refusal for what it does not know."""
        known = set(Fault.__slots__) - {"id", "held", "lifted"}
        unknown = set(wish) - known
        if unknown or wish.get("kind") not in KINDS:
            raise Refusal(
                "InvalidFault", f"a fault has a kind ({', '.join(KINDS)}) and may have {', '.join(sorted(known))}"
            )
        with self._lock:
            self._count += 1
            self._faults[self._count] = Fault(self._count, **wish)
            return self._count

    def listed(self) -> list[dict[str, Any]]:
        """The faults in force."""
        with self._lock:
            return [fault.shown() for fault in self._faults.values()]

    def lift(self, identity: int | None = None) -> None:
        """Lifts one fault, or all. Calls that it holds go on."""
        with self._lock:
            for key in [*self._faults] if identity is None else [identity]:
                if fault := self._faults.pop(key, None):
                    fault.lifted.set()

    def strike(self, service: str, action: str, region: str) -> Fault | None:
        """The fault that this call meets, if any; counts it."""
        with self._lock:
            for fault in self._faults.values():
                if (
                    fault.kind not in _LATER
                    and fault.times != 0
                    and fnmatchcase(action, fault.action)
                    and fnmatchcase(service, fault.service)
                    and fnmatchcase(region, fault.region)
                ):
                    self._count_down(fault)
                    return fault
        return None

    def hold(self, fault: Fault) -> None:
        """Returns when the fault is lifted."""
        with self._lock:
            fault.held += 1
        fault.lifted.wait()

    def lacks_capacity(self, action: str, region: str, zone: str, market: str = "on-demand") -> bool:
        """Whether this launch or start meets a zone without capacity; counts it."""
        with self._lock:
            for fault in self._faults.values():
                if (
                    fault.kind == "no-capacity"
                    and fnmatchcase(action, fault.action)
                    and fnmatchcase(region, fault.region)
                    and fnmatchcase(zone, fault.zone)
                    and fnmatchcase(market, fault.market)
                ):
                    self._count_down(fault)
                    return True
        return False

    def image_failure(self, region: str, name: str) -> tuple[str, str] | None:
        """The StateReason, code and message, with which an image that is begun now will fail, if it will; counts it."""
        with self._lock:
            for fault in self._faults.values():
                if fault.kind == "fail-image" and fnmatchcase(region, fault.region) and fnmatchcase(name, fault.name):
                    self._count_down(fault)
                    return fault.code, fault.message
        return None

    def _count_down(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times <= 0 and fault.kind != "hold":
                del self._faults[fault.id]


def refusal_of(fault: Fault, service: str, action: str) -> Refusal | None:
    """What the fault makes the service say; None when it lets the call through."""
    who = "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: "
    speaks_json = service not in ("ec2", "sts")
    if fault.kind == "throttle":
        if speaks_json:
            return Refusal("ThrottlingException", "Rate exceeded")
        code = "Throttling" if service == "sts" else "RequestLimitExceeded"
        return Refusal(code, "Request limit exceeded.", 503)
    if fault.kind == "deny":
        if service == "ec2":
            message = f"You are not authorized to perform this operation. {who}ec2:{action} because no identity-based "
            return Refusal("UnauthorizedOperation", f"{message}policy allows the ec2:{action} action.", 403)
        code = "AccessDeniedException" if speaks_json else "AccessDenied"
        return Refusal(code, f"{who}{service}:{action}", 400 if speaks_json else 403)
    if fault.kind == "expired":
        if service == "ec2":
            return Refusal("RequestExpired", "Request has expired.")
        message = "The security token included in the request is expired"
        return Refusal("ExpiredTokenException", message) if speaks_json else Refusal("ExpiredToken", message, 403)
    if fault.kind == "refuse":
        return Refusal(fault.code, fault.message, fault.status)
    return None
