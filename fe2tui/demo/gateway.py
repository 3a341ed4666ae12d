"""Answers AWS calls: finds out who asks what, lets faults strike, keeps the log, and applies the rules."""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from fe2tui.demo import protocols
from fe2tui.demo.account import Account
from fe2tui.demo.api import ACTIONS, Call, load_operations
from fe2tui.demo.client_files import ACCESS_KEY, SECOND_ACCESS_KEY
from fe2tui.demo.errors import Refusal
from fe2tui.demo.faults import Faults, refusal_of
from fe2tui.demo.http_server import Reply, Request

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_STALE = timedelta(minutes=5)


@dataclass(slots=True)
class Asked:
    """What a request asks, before anything is decided; `protocol` is ec2, query or json."""

    service: str
    action: str
    region: str
    access_key: str
    protocol: str
    params: dict[str, Any]


def understand(request: Request) -> Asked:
    """Reads the service and region from the signature, the action from wherever its protocol has it."""
    signed = _CREDENTIAL.search(request.headers.get("authorization", ""))
    access_key, region, service = signed.groups() if signed else ("", "us-east-1", "ec2")
    target = request.headers.get("x-amz-target")
    if target:
        params = json.loads(request.body or b"{}")
        return Asked(service, target.rpartition(".")[2], region, access_key, "json", params)
    text = request.body.decode() if request.body else request.target.partition("?")[2]
    query = protocols.parse_query(text)
    return Asked(service, str(query.pop("Action", "")), region, access_key, _protocol(service), query)


def _protocol(service: str) -> str:
    return "ec2" if service == "ec2" else "query"


class Gateway:
    """Answers every call but those to the control address."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.faults = Faults()
        self.calls = CallLog()
        load_operations()
        account.no_capacity = self.faults.lacks_capacity
        account.image_failure = self.faults.image_failure

    def answer(self, request: Request) -> Reply:
        """The reply to an AWS call. Never raises; what goes wrong here is AWS's InternalError."""
        request_id = str(uuid.uuid4())
        try:
            asked = understand(request)
        except ValueError:
            return Reply(400, protocols.ec2_error("MalformedQueryString", "The query cannot be read.", request_id))
        entry = self.calls.add(
            service=asked.service,
            action=asked.action,
            region=asked.region,
            at=time.time(),
            params=_plain(asked.params),
            status=None,
            code=None,
        )
        reply = self._struck(asked, request, request_id, entry)
        entry["status"] = reply.status
        return reply

    def _struck(self, asked: Asked, request: Request, request_id: str, entry: dict[str, Any]) -> Reply:
        fault = self.faults.strike(asked.service, asked.action, asked.region)
        if fault is not None:
            if fault.kind == "silent":
                return Reply(0, b"", silence=True)
            if fault.kind == "hold":
                self.faults.hold(fault)
            if wait := fault.wait:
                time.sleep(wait)
            refusal = refusal_of(fault, asked.service, asked.action)
            if refusal is not None:
                entry["code"] = refusal.code
                return refused(asked, refusal, request_id)
        reply = self._decided(asked, request, request_id, entry)
        if fault is not None and fault.kind == "broken":
            reply.cut = True
        if fault is not None and fault.kind == "malformed":
            reply.body = reply.body[: len(reply.body) * 2 // 3]
        return reply

    def _decided(self, asked: Asked, request: Request, request_id: str, entry: dict[str, Any]) -> Reply:
        try:
            self._check_identity(asked, request)
            answer = ACTIONS.get((asked.service, asked.action))
            with self.account.lock:
                self.account.agenda.catch_up()
                if answer is None:
                    raise Refusal("UnsupportedOperation", f"The demo cloud does not answer {asked.action}.")
                if protocols.truth(asked.params.get("DryRun")):
                    raise Refusal("DryRunOperation", "Request would have succeeded, but DryRun flag is set.", 412)
                call = Call(self.account, asked.service, asked.action, asked.region, asked.params, asked.access_key)
                return answered(asked, answer(call), request_id)
        except Refusal as refusal:
            entry["code"] = refusal.code
            return refused(asked, refusal, request_id)
        except Exception as error:
            # A mistake of ours must look like one of AWS's, or the client's parser fails instead of its error handling.
            entry["code"] = "InternalError"
            return refused(asked, Refusal("InternalError", f"{type(error).__name__}: {error}", 500), request_id)

    def _check_identity(self, asked: Asked, request: Request) -> None:
        known = asked.access_key in (ACCESS_KEY, SECOND_ACCESS_KEY) or asked.access_key in self.account.sessions
        if not known:
            if asked.service == "ec2":
                message = "AWS was not able to validate the provided access credentials"
                raise Refusal("AuthFailure", message, 401)
            message = "The security token included in the request is invalid."
            if asked.protocol == "query":
                raise Refusal("InvalidClientTokenId", message, 403)
            raise Refusal("UnrecognizedClientException", message)
        signed_at = request.headers.get("x-amz-date", "")
        if signed_at:
            moment = datetime.strptime(signed_at, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
            if abs(datetime.now(UTC) - moment) > _STALE:
                if asked.service == "ec2":
                    raise Refusal("RequestExpired", "Request has expired.")
                raise Refusal("SignatureDoesNotMatch", f"Signature expired: {signed_at} is too old or too new", 403)


def answered(asked: Asked, result: Mapping[str, Any], request_id: str) -> Reply:
    """The result in the protocol of the request."""
    ids = {"x-amzn-RequestId": request_id}
    if asked.protocol == "ec2":
        return Reply(200, protocols.ec2_reply(asked.action, request_id, result), headers=ids)
    if asked.protocol == "query":
        return Reply(200, protocols.query_reply(asked.action, request_id, result), "text/xml", ids)
    return Reply(200, protocols.json_reply(result), "application/x-amz-json-1.1", ids)


def refused(asked: Asked, refusal: Refusal, request_id: str) -> Reply:
    """The refusal in the protocol of the request."""
    ids = {"x-amzn-RequestId": request_id}
    code, message, status = refusal.code, refusal.message, refusal.status
    if asked.protocol == "ec2":
        return Reply(status, protocols.ec2_error(code, message, request_id), headers=ids)
    if asked.protocol == "query":
        return Reply(status, protocols.query_error(code, message, request_id), "text/xml", ids)
    return Reply(status, protocols.json_error(code, message), "application/x-amz-json-1.1", ids)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


_KEPT = 20_000


class CallLog:
    """The last calls: service, action, region, at (epoch seconds), params, status, code (None when answered)."""

    def __init__(self) -> None:
        self._calls: deque[dict[str, Any]] = deque(maxlen=_KEPT)
        self._lock = threading.Lock()

    def add(self, **call: Any) -> dict[str, Any]:
        """Records one call; status and code may be filled in later."""
        with self._lock:
            self._calls.append(call)
        return call

    def listed(self) -> list[dict[str, Any]]:
        """The calls, oldest first."""
        with self._lock:
            return [dict(call) for call in self._calls]

    def clear(self) -> None:
        """Forgets them."""
        with self._lock:
            self._calls.clear()
