"""The metadata service of a machine (IMDSv2): clients get a token first, then the metadata.

At EC2 it has the same address on every machine; here it has a port of 127.0.0.1 for each machine.
Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata".
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable

from fe2tui.demo.http_server import Reply, parse_headers

ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
"""The environment variable that names another metadata service to AWS's libraries and programs."""

MetadataSource = Callable[[str], str | None]
"""The text at a path; None if there is nothing."""

_LIFETIME = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "x-aws-ec2-metadata-token"
_MAX_LIFETIME = 21600  # seconds
_REQUEST_TIMEOUT = 30.0  # seconds
_MAX_LINES = 64


class MetadataService:
    """Serves one machine, on the loop that `start` runs on. `source` must not block."""

    def __init__(self, source: MetadataSource) -> None:
        self._source = source
        self._tokens: dict[str, float] = {}
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Listens on any free port. Returns the address."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._connections:
            task.cancel()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)
        try:
            async with asyncio.timeout(_REQUEST_TIMEOUT):
                method, path, headers = await _request(reader)
            status, body = self._answer(method, path, headers)
            writer.write(_reply(status, body, headers.get(_LIFETIME) if method == "PUT" else None))
            await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return  # the client has gone or does not speak HTTP, or the machine is being halted
        finally:
            writer.close()

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        now = time.monotonic()
        if path == "/latest/api/token":
            lifetime = headers.get(_LIFETIME, "")
            if method != "PUT":
                return 405, ""
            if not lifetime.isdigit() or not 1 <= int(lifetime) <= _MAX_LIFETIME or "x-forwarded-for" in headers:
                return (403 if "x-forwarded-for" in headers else 400), ""
            self._tokens = {token: until for token, until in self._tokens.items() if until > now}
            token = secrets.token_urlsafe(42)
            self._tokens[token] = now + int(lifetime)
            return 200, token
        if self._tokens.get(headers.get(_TOKEN, ""), 0.0) <= now:
            return 401, ""
        if method != "GET":
            return 405, ""
        body = self._source(path)
        return (404, "") if body is None else (200, body)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """(method, path, headers with names in lower case). Raises ValueError if it is not HTTP."""
    method, target, _ = (await reader.readline()).decode("latin-1").split()
    lines: list[bytes] = []
    while (line := await reader.readline()).strip():
        lines.append(line)
        if len(lines) > _MAX_LINES:
            raise ValueError("the request has too many lines")
    return method, target.partition("?")[0], parse_headers(lines)


def _reply(status: int, body: str, lifetime: str | None) -> bytes:
    headers = {"Server": "EC2ws", "Connection": "close"}
    if lifetime and status == 200:
        headers[_LIFETIME] = lifetime
    reply = Reply(status, body.encode(), "text/plain", headers)
    return reply.head() + reply.body
