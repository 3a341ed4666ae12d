"""Answers AWS calls: parses them, applies faults, checks credentials, calls the operation, and keeps the log."""

from __future__ import annotations

import time
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from fe2tui.demo.account import Account
from fe2tui.demo.api import OPERATIONS, Call, load_operations
from fe2tui.demo.client_files import ACCESS_KEY, SECOND_ACCESS_KEY
from fe2tui.demo.errors import ApiError
from fe2tui.demo.faults import Fault, error_of
from fe2tui.demo.http_server import Reply, Request
from fe2tui.demo.protocols import error_reply, reply_of, truth

_MAX_CLOCK_SKEW = timedelta(minutes=5)
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
        fault = self.account.faults.match(call.service, call.action, call.region_name)
        try:
            reply = self._reply(call, request, request_id, fault)
        except ApiError as error:
            entry["code"] = error.code
            reply = error_reply(call.protocol, error, request_id)
        if fault is not None and fault.kind == "broken":
            reply.cut = True
        if fault is not None and fault.kind == "malformed":
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        entry["status"] = reply.status
        return reply

    def _reply(self, call: Call, request: Request, request_id: str, fault: Fault | None) -> Reply:
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
            self._check_identity(call, request)
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

    def _check_identity(self, call: Call, request: Request) -> None:
        if call.access_key not in (ACCESS_KEY, SECOND_ACCESS_KEY, *self.account.sessions):
            if call.service == "ec2":
                raise ApiError("AuthFailure", "AWS was not able to validate the provided access credentials", 401)
            message = "The security token included in the request is invalid."
            if call.protocol == "query":
                raise ApiError("InvalidClientTokenId", message, 403)
            raise ApiError("UnrecognizedClientException", message)
        signed_at = request.headers.get("x-amz-date", "")
        if signed_at:
            moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if abs(datetime.now(UTC) - moment) > _MAX_CLOCK_SKEW:
                if call.service == "ec2":
                    raise ApiError("RequestExpired", "Request has expired.")
                raise ApiError("SignatureDoesNotMatch", f"Signature expired: {signed_at} is too old or too new", 403)
