"""Answers AWS calls: parses them, applies faults, checks credentials, calls the operation, and keeps the log."""

from __future__ import annotations

import time
import uuid
from collections import deque
from typing import Any

from fe2tui.demo.account import Account
from fe2tui.demo.api import OPERATIONS, Call, load_operations
from fe2tui.demo.errors import ApiError
from fe2tui.demo.faults import Fault, error_of
from fe2tui.demo.http_server import Reply, Request
from fe2tui.demo.protocols import error_reply, reply_of, truth
from fe2tui.demo.signature import check_caller

_LOGGED_CALLS = 20_000


class Gateway:
    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls: deque[dict[str, Any]] = deque(maxlen=_LOGGED_CALLS)
        """The last calls: service, action, region, at (epoch seconds), params, status, code (None without an error)."""
        load_operations()

    def answer(self, request: Request) -> Reply:
        """The reply to an AWS call. Never raises: an exception of ours becomes AWS's InternalError."""
        request_id = str(uuid.uuid4())
        try:
            call = Call.parse(self.account, request)
        except ValueError:
            return error_reply("ec2", ApiError("MalformedQueryString", "The query cannot be read."), request_id)
        entry: dict[str, Any] = {"service": call.service, "action": call.action, "region": call.region_name}
        entry |= {"at": time.time(), "params": call.params, "status": None, "code": None}
        self.calls.append(entry)
        fault = None
        try:
            check_caller(call, request)
            fault = self.account.faults.match(call.service, call.action, call.region_name)
            reply = self._reply(call, request_id, fault)
        except ApiError as error:
            entry["code"] = error.code
            reply = error_reply(call.protocol, error, request_id)
        if fault is not None and fault.kind == "broken":
            reply.cut = True
        if fault is not None and fault.kind == "malformed":
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        entry["status"] = reply.status
        return reply

    def _reply(self, call: Call, request_id: str, fault: Fault | None) -> Reply:
        if fault is not None:
            if fault.kind == "silent":
                return Reply(0, b"", silence=True)
            if fault.kind == "hold":
                self.account.faults.hold(fault)
            if wait := fault.wait:
                time.sleep(wait)
            if error := error_of(fault, call.service, call.action):
                raise error
        try:
            operation = OPERATIONS.get((call.service, call.action))
            if operation is None:
                raise ApiError("UnsupportedOperation", f"The demo cloud does not answer {call.action}.")
            with self.account.lock:
                self.account.schedule.run_due()
                if truth(call.params.get("DryRun")):
                    raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
                return reply_of(call.action, call.protocol, operation(call), request_id)
        except ApiError:
            raise
        except Exception as error:
            # In AWS's form, so that the client handles it as an error and not as a reply it cannot parse.
            raise ApiError("InternalError", f"{type(error).__name__}: {error}", 500) from error
