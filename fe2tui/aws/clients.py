"""The library's clients, made when they are first needed. Imports AWS's library: import it late."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
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

from fe2tui.aws import slim
from fe2tui.aws.aside import aside
from fe2tui.aws.diversion import diversion, divert
from fe2tui.aws.login import Login

READ_ATTEMPTS = 4
CHANGE_ATTEMPTS = 5
PASSING = frozenset({"RequestLimitExceeded", "ServerInternal", "ServiceUnavailable", "InternalError", "Unavailable"})
"""The errors after which a change is worth saying again. Source: EC2 API reference, server error codes."""

SAFE_TWICE = frozenset(
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
SMALL = 10_000  # bytes that the library's parser reads within a turn of the event loop
_FINAL = (
    ConnectTimeoutError,
    ReadTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    SSLError,
)
_LONGEST_WAIT = 8.0
_RETIRED = 2  # generations of clients that may still be in use


class Clients:
    """Clients of one region: one a service for reading, which retries as AWS's adaptive mode does, one for changing."""

    def __init__(
        self, login: Login, region: str, endpoint_url: str | None, timeouts: tuple[float, float], first_wait: float
    ) -> None:
        """``timeouts`` are for connecting and reading, ``first_wait`` before a change is said again; seconds."""
        self._login = login
        self._region = region
        self._endpoint_url = endpoint_url
        self._timeouts = timeouts
        self._first_wait = first_wait
        self._session: AioSession | None = None
        self._clients: dict[tuple[str, str, bool, bool], Any] = {}
        self._stack = AsyncExitStack()
        self._retired: list[AsyncExitStack] = []
        self._one_at_a_time = asyncio.Lock()

    async def sign_in(self) -> None:
        """Find the credentials, if that has not been done."""
        await self._login.session()

    async def send(
        self, service: str, operation: str, params: dict[str, Any], *, reading: bool, region: str | None = None
    ) -> Any:
        """Send a call. A change is sent again, as it was, after an error that passes."""
        client = await self._client(service, operation, reading, region or self._region)
        call = getattr(client, xform_name(operation))
        return await (call(**params) if reading else self._again(call, operation, params))

    async def send_for_body(
        self, service: str, operation: str, params: dict[str, Any], *, reading: bool, region: str | None = None
    ) -> bytes:
        """Send a call; its answer as it came."""
        with diversion(0) as diverted:
            await self.send(service, operation, params, reading=reading, region=region)
        return bytes(diverted.response["body"])

    async def send_for_page(
        self, service: str, operation: str, params: dict[str, Any], *, reading: bool, region: str | None = None
    ) -> Any:
        """Send a call; an answer that is not small is parsed in a thread."""
        with diversion(SMALL) as diverted:
            reply = await self.send(service, operation, params, reading=reading, region=region)
        return await aside(diverted.parse) if diverted.response else reply

    async def _again(self, call: Callable[..., Awaitable[Any]], operation: str, params: dict[str, Any]) -> Any:
        wait = self._first_wait
        for attempt in range(1, CHANGE_ATTEMPTS):
            try:
                return await call(**params)
            except (ClientError, BotoConnectionError, HTTPClientError) as error:
                if not _passes(error, operation, attempt):
                    raise
            await asyncio.sleep(wait)
            wait = min(2 * wait, _LONGEST_WAIT)
        return await call(**params)

    async def forget(self) -> None:
        """Find the credentials anew at the next call. Calls under way end as they may."""
        session, self._session = self._session, None
        self._login.forget(session)
        self._clients.clear()
        self._retired.append(self._stack)
        self._stack = AsyncExitStack()
        if len(self._retired) > _RETIRED:
            await self._retired.pop(0).aclose()

    async def close(self) -> None:
        """Give the connections back. It can be used again afterwards."""
        stacks, self._retired = [*self._retired, self._stack], []
        self._stack = AsyncExitStack()
        self._clients.clear()
        for stack in stacks:
            await stack.aclose()

    async def _client(self, service: str, operation: str, reading: bool, region: str) -> Any:
        whole = operation not in slim.OPERATIONS.get(service, ())
        key = (service, region, reading, whole)
        if key not in self._clients:
            async with self._one_at_a_time:
                if key not in self._clients:
                    self._clients[key] = await self._make(*key)
        return self._clients[key]

    async def _make(self, service: str, region: str, reading: bool, whole: bool) -> Any:
        self._session = await self._login.session()
        session = await self._login.whole_session() if whole else self._session
        retries = (
            {"mode": "adaptive", "total_max_attempts": READ_ATTEMPTS}
            if reading
            else {"mode": "standard", "total_max_attempts": 1}
        )
        connect, read = self._timeouts
        config = AioConfig(
            connect_timeout=connect,
            read_timeout=read,
            retries=retries,
            user_agent_extra="fe2tui",
        )
        create: Any = session.create_client  # typed for 400 literal names
        client = await self._stack.enter_async_context(
            create(service, region_name=region, endpoint_url=self._endpoint_url, config=config)
        )
        service_id = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register(f"before-parse.{service_id}", divert)
        client.meta.events.register_first(f"needs-retry.{service_id}", _is_over)
        return client


def _is_over(caught_exception: BaseException | None = None, **_: Any) -> bool | None:
    """A silent endpoint has had its time, and one that cannot be reached or trusted will not be in a second."""
    return False if isinstance(caught_exception, _FINAL) else None


def _passes(error: Exception, operation: str, attempt: int) -> bool:
    if isinstance(error, ClientError):
        return error.response.get("Error", {}).get("Code") in PASSING
    if isinstance(error, _FINAL) and attempt > 1:
        return False
    return operation in SAFE_TWICE


def prepare() -> None:
    """Have the descriptions of our operations at hand; the first time with a new botocore this takes a moment."""
    if slim.is_possible():
        slim.slim_loader().prepare()


async def throw_away(region: str, *, sso: bool) -> None:
    """Make clients of no use, so that what they load is loaded: in a thread, for the event loop's sake."""
    session = AioSession()
    if slim.is_possible():
        session.register_component("data_loader", slim.slim_loader())
    create: Any = session.create_client
    try:
        for service in ("ec2", "sts"):
            async with create(service, region_name=region, aws_access_key_id="-", aws_secret_access_key="-"):
                pass
        for service in ("sso", "sso-oidc") if sso else ():
            slim.whole_loader().load_service_model(service, "service-2")
    except (BotoCoreError, ValueError):
        return  # the first real call meets the same, and says it
