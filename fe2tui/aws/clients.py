"""botocore's clients, created when they are first needed. Imports AWS's library: import this module late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from contextvars import ContextVar
from typing import Any

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore import xform_name
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from botocore.parsers import create_parser

from fe2tui.aws import service_models
from fe2tui.aws.credentials import ProfileCredentials
from fe2tui.aws.errors import translate
from fe2tui.aws.session import READ_PREFIXES
from fe2tui.aws.worker_thread import in_worker_thread
from fe2tui.errors import AwsError, ClockError, CredentialsError, DeniedError, ThrottledError

Params = dict[str, Any]
_EMPTY_BODIES = {"json": b"{}", "rest-json": b"{}", "smithy-rpc-v2-cbor": b"\xa0"}
_EMPTY_XML = b"<empty/>"


class RawBody:
    """A reply that was kept from the library's parser. ``response`` is the library's; empty if there was none."""

    def __init__(self, min_bytes: int) -> None:
        self.min_bytes = min_bytes
        self.response: dict[str, Any] = {}
        self._operation: Any = None

    def take(self, operation: Any, response: dict[str, Any]) -> None:
        self._operation, self.response = operation, dict(response)
        response["body"] = _EMPTY_BODIES.get(operation.service_model.resolved_protocol, _EMPTY_XML)

    def parse(self) -> Any:
        """The reply as the library's parser decodes it. Slow: call it in a thread."""
        parser = create_parser(self._operation.service_model.resolved_protocol)
        return parser.parse(self.response, self._operation.output_shape)


_current_raw_body: ContextVar[RawBody | None] = ContextVar("_diverted", default=None)


@contextmanager
def raw_body(min_bytes: int) -> Iterator[RawBody]:
    """Keep the reply of the call inside the ``with`` block from the parser, if it has ``min_bytes`` and is no error."""
    diverted = RawBody(min_bytes)
    token = _current_raw_body.set(diverted)
    try:
        yield diverted
    finally:
        _current_raw_body.reset(token)


def take_raw_body(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    diverted = _current_raw_body.get()
    if diverted is not None and response_dict["status_code"] < 300 and len(response_dict["body"]) >= diverted.min_bytes:
        diverted.take(operation_model, response_dict)


READ_ATTEMPTS = 4
CHANGE_ATTEMPTS = 5
TRANSIENT_ERRORS = frozenset(
    {"RequestLimitExceeded", "ServerInternal", "ServiceUnavailable", "InternalError", "Unavailable"}
)
"""Errors after which a change is retried. Source: EC2 API reference, server error codes."""

IDEMPOTENT_OPERATIONS = frozenset(
    {
        "CancelSpotInstanceRequests",
        "CreateTags",
        "DeleteKeyPair",
        "DeleteTags",
        "ModifyInstanceAttribute",
        "RunInstances",  # by its ClientToken
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
    }
)
PARSED_INLINE_BYTES = 10_000  # bytes that the library's parser may decode on the event loop
_NOT_RETRIED = (ConnectTimeoutError, ReadTimeoutError, EndpointConnectionError, ProxyConnectionError, SSLError)
_MAX_WAIT = 8.0
_RETIRED_KEPT = 2  # generations of clients that calls may still use


class Clients:
    """The clients of one region: for each service one for reads, in AWS's adaptive retry mode, and one for changes."""

    def __init__(
        self,
        credentials: ProfileCredentials,
        region: str,
        endpoint_url: str | None,
        timeouts: tuple[float, float],
        first_wait: float,
    ) -> None:
        """``timeouts`` (connecting, reading) and ``first_wait``, before a change is retried, are seconds."""
        self._credentials = credentials
        self._region = region
        self._endpoint_url = endpoint_url
        self._timeouts = timeouts
        self._first_wait = first_wait
        self._session: AioSession | None = None
        self._clients: dict[tuple[str, str, bool, bool], Any] = {}
        self._stack = AsyncExitStack()
        self._retired: list[AsyncExitStack] = []
        self._lock = asyncio.Lock()

    async def sign_in(self) -> None:
        await self._credentials.aio_session()

    async def credentials(self, *_: object) -> dict[str, Any]:
        """The keys that sign, as botocore's providers return them. Nothing is sent but to get them."""
        found: Any = await (await self._credentials.aio_session()).get_credentials()
        access_key, secret_key, token, *_rest = await found.get_frozen_credentials()
        expiry = getattr(found, "_expiry_time", None)
        return {
            "access_key": access_key,
            "secret_key": secret_key,
            "token": token,
            "expiry_time": expiry.isoformat() if expiry else None,
        }

    async def send(self, service: str, operation: str, params: Params, region: str | None = None) -> Any:
        """Send a call. A change is retried unchanged after a transient error."""
        reading = operation.startswith(READ_PREFIXES)
        client = await self._client(service, operation, reading, region or self._region)
        call = getattr(client, xform_name(operation))
        return await (call(**params) if reading else self._send_with_retries(call, operation, params))

    async def send_for_body(self, service: str, operation: str, params: Params, region: str | None = None) -> bytes:
        with raw_body(0) as diverted:
            await self.send(service, operation, params, region)
        return bytes(diverted.response["body"])

    async def send_for_page(self, service: str, operation: str, params: Params, region: str | None = None) -> Any:
        """Send a call; a large reply is parsed in a thread."""
        with raw_body(PARSED_INLINE_BYTES) as diverted:
            reply = await self.send(service, operation, params, region)
        return await in_worker_thread(diverted.parse) if diverted.response else reply

    async def _send_with_retries(self, call: Callable[..., Awaitable[Any]], operation: str, params: Params) -> Any:
        wait = self._first_wait
        unanswered: Exception | None = None  # the first error after which the change may have been made
        for attempt in range(1, CHANGE_ATTEMPTS + 1):
            try:
                return await call(**params)
            except (ClientError, BotoConnectionError, HTTPClientError) as error:
                if unanswered is None and _may_be_done(error):
                    unanswered = error
                if attempt == CHANGE_ATTEMPTS or not _is_transient(error, operation, attempt):
                    if unanswered is not None and not _tells_result(error):
                        raise unanswered from error
                    raise
            await asyncio.sleep(wait)
            wait = min(2 * wait, _MAX_WAIT)
        raise AssertionError("the last attempt returns or raises")

    async def forget_credentials(self) -> None:
        """Resolve the credentials again at the next call. Calls under way are not affected."""
        session, self._session = self._session, None
        self._credentials.forget(session)
        self._clients.clear()
        self._retired.append(self._stack)
        self._stack = AsyncExitStack()
        if len(self._retired) > _RETIRED_KEPT:
            await self._retired.pop(0).aclose()

    async def close(self) -> None:
        """Close all connections. The clients can be used again afterwards."""
        stacks, self._retired = [*self._retired, self._stack], []
        self._stack = AsyncExitStack()
        self._clients.clear()
        for stack in stacks:
            await stack.aclose()

    async def _client(self, service: str, operation: str, reading: bool, region: str) -> Any:
        whole = operation not in service_models.OPERATIONS.get(service, ())
        key = (service, region, reading, whole)
        if key not in self._clients:
            async with self._lock:
                if key not in self._clients:
                    self._clients[key] = await self._create_client(*key)
        return self._clients[key]

    async def _create_client(self, service: str, region: str, reading: bool, full_model: bool) -> Any:
        self._session = await self._credentials.aio_session()
        session = await self._credentials.full_model_session() if full_model else self._session
        mode, attempts = ("adaptive", READ_ATTEMPTS) if reading else ("standard", 1)
        connect, read = self._timeouts
        config = AioConfig(
            connect_timeout=connect,
            read_timeout=read,
            retries={"mode": mode, "total_max_attempts": attempts},
            user_agent_extra="fe2tui",
        )
        create: Any = session.create_client  # typed for 400 literal names
        client = await self._stack.enter_async_context(
            create(service, region_name=region, endpoint_url=self._endpoint_url, config=config)
        )
        service_id = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-parse.{service_id}", take_raw_body)
        client.meta.events.register_first(f"needs-retry.{service_id}", _retry_verdict)
        return client


def _retry_verdict(caught_exception: BaseException | None = None, **_: Any) -> bool | None:
    """No retry after a time-out, or where the endpoint cannot be reached or trusted: a second later is no different."""
    return False if isinstance(caught_exception, _NOT_RETRIED) else None


def _is_transient(error: Exception, operation: str, attempt: int) -> bool:
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in TRANSIENT_ERRORS
    if isinstance(error, _NOT_RETRIED) and attempt > 1:
        return False
    return operation in IDEMPOTENT_OPERATIONS


def _may_be_done(error: Exception) -> bool:
    translated = translate(error)
    return isinstance(translated, AwsError) and translated.may_be_done


def _tells_result(error: Exception) -> bool:
    """Whether EC2 looked at the call itself. It refuses too many calls, or a login, before it knows the ClientToken."""
    return isinstance(error, ClientError) and not (
        _may_be_done(error)
        or isinstance(translate(error), CredentialsError | DeniedError | ThrottledError | ClockError)
    )


def prepare_service_models() -> None:
    """Load the service models of our operations. Takes a moment the first time with a new botocore."""
    if service_models.can_use_subset():
        service_models.subset_loader().prepare()


async def warm_up(region: str, *, sso: bool) -> None:
    """Create unused clients in a thread, so that what they load does not hold up the event loop later."""
    session = AioSession()
    if service_models.can_use_subset():
        session.register_component("data_loader", service_models.subset_loader())
    create: Any = session.create_client
    try:
        for service in ("ec2", "sts"):
            async with create(service, region_name=region, aws_access_key_id="-", aws_secret_access_key="-"):
                pass
        for service in ("sso", "sso-oidc") if sso else ():
            service_models.full_loader().load_service_model(service, "service-2")
    except (BotoCoreError, OSError, ValueError):
        return  # the first real call fails in the same way and reports it
