"""Answers AWS calls: parses them, applies faults, checks credentials, calls the operation, and keeps the log."""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from datetime import UTC, datetime, timedelta
from typing import Any

from fe2tui.demo.account import Account
from fe2tui.demo.api import OPERATIONS, Call, load_operations
from fe2tui.demo.client_files import ACCESS_KEY, SECOND_ACCESS_KEY
from fe2tui.demo.errors import ApiError
from fe2tui.demo.faults import error_of
from fe2tui.demo.http_server import Reply, Request
from fe2tui.demo.protocols import ApiRequest, error_reply, parse_request, reply_of, truth

_MAX_CLOCK_SKEW = timedelta(minutes=5)
_LOGGED_CALLS = 20_000


class CallLog:
    """The last calls, each as service, action, region, at (epoch seconds), params, status, code (None if answered)."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_LOGGED_CALLS)
        self._lock = threading.Lock()

    def add(self, **call: Any) -> dict[str, Any]:
        """Logs a call and returns the entry; status and code are set later."""
        with self._lock:
            self._calls.append(call)
        return call

    def entries(self) -> list[dict[str, Any]]:
        """Copies of the entries, oldest first."""
        with self._lock:
            return [dict(call) for call in self._calls]

    def clear(self) -> None:
        with self._lock:
            self._calls.clear()


class Gateway:
    """Answers every request except those to the control address."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.calls = CallLog()
        load_operations()

    def answer(self, request: Request) -> Reply:
        """The reply to an AWS call. Never raises: an exception of ours becomes AWS's InternalError."""
        request_id = str(uuid.uuid4())
        try:
            api_request = parse_request(request)
        except ValueError:
            error = ApiError("MalformedQueryString", "The query cannot be read.")
            return error_reply(ApiRequest("ec2", "", "", "", "ec2", {}), error, request_id)
        entry = self.calls.add(
            service=api_request.service,
            action=api_request.action,
            region=api_request.region,
            at=time.time(),
            params=api_request.params,
            status=None,
            code=None,
        )
        reply = self._reply_with_faults(api_request, request, request_id, entry)
        entry["status"] = reply.status
        return reply

    def _reply_with_faults(
        self, api_request: ApiRequest, request: Request, request_id: str, entry: dict[str, Any]
    ) -> Reply:
        faults = self.account.faults
        fault = faults.match(api_request.service, api_request.action, api_request.region)
        if fault is not None:
            if fault.kind == "silent":
                return Reply(0, b"", silence=True)
            if fault.kind == "hold":
                faults.hold(fault)
            if wait := fault.wait:
                time.sleep(wait)
            error = error_of(fault, api_request.service, api_request.action)
            if error is not None:
                entry["code"] = error.code
                return error_reply(api_request, error, request_id)
        reply = self._reply(api_request, request, request_id, entry)
        if fault is not None and fault.kind == "broken":
            reply.cut = True
        if fault is not None and fault.kind == "malformed":
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        return reply

    def _reply(self, api_request: ApiRequest, request: Request, request_id: str, entry: dict[str, Any]) -> Reply:
        try:
            self._check_identity(api_request, request)
            operation = OPERATIONS.get((api_request.service, api_request.action))
            if operation is None:
                raise ApiError("UnsupportedOperation", f"The demo cloud does not answer {api_request.action}.")
            with self.account.lock:
                self.account.schedule.run_due()
                if truth(api_request.params.get("DryRun")):
                    raise ApiError("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
                call = Call(
                    self.account,
                    api_request.service,
                    api_request.action,
                    api_request.region,
                    api_request.params,
                    api_request.access_key,
                )
                return reply_of(api_request, operation(call), request_id)
        except ApiError as error:
            failure = error
        except Exception as error:
            # In AWS's form, so that the client handles it as an error and not as a reply it cannot parse.
            failure = ApiError("InternalError", f"{type(error).__name__}: {error}", 500)
        entry["code"] = failure.code
        return error_reply(api_request, failure, request_id)

    def _check_identity(self, api_request: ApiRequest, request: Request) -> None:
        known = (
            api_request.access_key in (ACCESS_KEY, SECOND_ACCESS_KEY) or api_request.access_key in self.account.sessions
        )
        if not known:
            if api_request.service == "ec2":
                message = "AWS was not able to validate the provided access credentials"
                raise ApiError("AuthFailure", message, 401)
            message = "The security token included in the request is invalid."
            if api_request.protocol == "query":
                raise ApiError("InvalidClientTokenId", message, 403)
            raise ApiError("UnrecognizedClientException", message)
        signed_at = request.headers.get("x-amz-date", "")
        if signed_at:
            moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if abs(datetime.now(UTC) - moment) > _MAX_CLOCK_SKEW:
                if api_request.service == "ec2":
                    raise ApiError("RequestExpired", "Request has expired.")
                raise ApiError("SignatureDoesNotMatch", f"Signature expired: {signed_at} is too old or too new", 403)
