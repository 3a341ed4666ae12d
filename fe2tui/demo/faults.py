"""Faults that tests put in force through the control address.

`POST /demo/faults` with {"kind": …} and, to select calls, any of

- "action": an action or a pattern such as `Describe*`; "service": `ec2`, `ssm`, `pricing`, `monitoring`, `sts` …
- "region"; for `no-capacity` also "zone" and "market" (`spot`, `on-demand`); for `fail-image` the image's "name"
- "times": for the next N matching calls; by default until it is lifted (`DELETE /demo/faults/ID`, or all at once)

Kinds:

throttle      RequestLimitExceeded with status 503 (ThrottlingException with 400 where the service speaks JSON)
deny          UnauthorizedOperation with status 403 (AccessDeniedException, AccessDenied)
no-capacity   InsufficientInstanceCapacity with status 500 for RunInstances and StartInstances in that zone, or in all
expired       RequestExpired (ec2), ExpiredToken (sts), ExpiredTokenException (JSON)
refuse        an error with the "code", "message" and "status" that are given
slow          the reply comes "seconds" later; with "seconds", the errors of other kinds do so as well
hold          the call waits, not carried out, until the fault is lifted; with "times" only the next N calls wait, and
              it stays in the list, where "held" counts the calls that wait, until it is lifted
silent        the connection is accepted, but no reply comes; the call is not carried out
broken        the call is carried out, then the connection breaks in the middle of the reply
malformed     the call is carried out, then the reply's body ends in the middle
fail-image    CreateImage succeeds, but the image of that name fails halfway; "code" and "message" are its StateReason
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from fe2tui.demo.errors import ApiError

_AROUND = ("throttle", "deny", "expired", "refuse", "slow", "hold", "silent", "broken", "malformed")
KINDS = (*_AROUND, "no-capacity", "fail-image")
"""The last two take effect while the call is carried out."""


@dataclass(slots=True)
class Fault:
    """A fault in force. `action`, `service`, `region`, `zone`, `name` and `market` are patterns."""

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
        return (5.0 if self.kind == "slow" else 0.0) if self.seconds is None else self.seconds

    def description(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__ if name != "lifted"}


class Faults:
    """The faults in force. The oldest that matches a call takes effect. Safe to use from any thread."""

    def __init__(self) -> None:
        self._faults: dict[int, Fault] = {}
        self._count = 0
        self._lock = threading.Lock()

    def add(self, fields: Mapping[str, Any]) -> int:
        """Puts a fault in force and returns its id. Raises ApiError for an unknown kind or field."""
        known = set(Fault.__slots__) - {"id", "held", "lifted"}
        if set(fields) - known or fields.get("kind") not in KINDS:
            message = f"a fault has a kind ({', '.join(KINDS)}) and may have {', '.join(sorted(known))}"
            raise ApiError("InvalidFault", message)
        with self._lock:
            self._count += 1
            self._faults[self._count] = Fault(self._count, **fields)
            return self._count

    def in_force(self) -> list[dict[str, Any]]:
        with self._lock:
            return [fault.description() for fault in self._faults.values()]

    def lift(self, identity: int | None = None) -> None:
        """Lifts one fault, or all. Calls that it holds go on."""
        with self._lock:
            for key in [*self._faults] if identity is None else [identity]:
                if fault := self._faults.pop(key, None):
                    fault.lifted.set()

    def match(self, service: str, action: str, region: str) -> Fault | None:
        """The fault that takes effect on this call, if any; counts the call."""
        return self._take(_AROUND, service=service, action=action, region=region)

    def hold(self, fault: Fault) -> None:
        with self._lock:
            fault.held += 1
        fault.lifted.wait()

    def lacks_capacity(self, action: str, region: str, zone: str, market: str = "on-demand") -> bool:
        """Whether the zone has no capacity for this launch or start; counts the call."""
        return self._take(("no-capacity",), action=action, region=region, zone=zone, market=market) is not None

    def image_failure(self, region: str, name: str) -> tuple[str, str] | None:
        """The StateReason (code, message) of an image that will fail; None if it will not. Counts the call."""
        fault = self._take(("fail-image",), region=region, name=name)
        return (fault.code, fault.message) if fault else None

    def _take(self, kinds: Collection[str], **call: str) -> Fault | None:
        """The oldest fault of these kinds whose patterns match the call; counts the call."""
        with self._lock:
            for fault in self._faults.values():
                matches = all(fnmatchcase(value, getattr(fault, name)) for name, value in call.items())
                if fault.kind not in kinds or fault.times == 0 or not matches:
                    continue
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0 and fault.kind != "hold":
                        del self._faults[fault.id]
                return fault
        return None


def error_of(fault: Fault, service: str, action: str) -> ApiError | None:
    """The error that the fault makes of the call; None if the call is carried out."""
    who = "User: arn:aws:iam::123456789012:user/demo is not authorized to perform: "
    speaks_json = service not in ("ec2", "sts")
    if fault.kind == "throttle":
        if speaks_json:
            return ApiError("ThrottlingException", "Rate exceeded")
        code = "Throttling" if service == "sts" else "RequestLimitExceeded"
        return ApiError(code, "Request limit exceeded.", 503)
    if fault.kind == "deny":
        if service == "ec2":
            message = f"You are not authorized to perform this operation. {who}ec2:{action} because no identity-based "
            return ApiError("UnauthorizedOperation", f"{message}policy allows the ec2:{action} action.", 403)
        code = "AccessDeniedException" if speaks_json else "AccessDenied"
        return ApiError(code, f"{who}{service}:{action}", 400 if speaks_json else 403)
    if fault.kind == "expired":
        if service == "ec2":
            return ApiError("RequestExpired", "Request has expired.")
        message = "The security token included in the request is expired"
        return ApiError("ExpiredTokenException", message) if speaks_json else ApiError("ExpiredToken", message, 403)
    if fault.kind == "refuse":
        return ApiError(fault.code, fault.message, fault.status)
    return None
