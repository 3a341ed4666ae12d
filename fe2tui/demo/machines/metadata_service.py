"""A machine's metadata service, version 2: a token first, then what the cloud knows of the machine.

Source: Amazon EC2 User Guide, "Use the Instance Metadata Service to access instance metadata". EC2's is at one address
on every machine; here each machine has a port of its own on loopback.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from http import HTTPStatus

ENDPOINT = "AWS_EC2_METADATA_SERVICE_ENDPOINT"
"""The variable by which AWS's libraries and programs find a metadata service that is somewhere else."""

Told = Callable[[str], str | None]
"""The text at a path, or None if there is nothing."""

_LIFETIME = "x-aws-ec2-metadata-token-ttl-seconds"
_TOKEN = "x-aws-ec2-metadata-token"
_LONGEST = 21600  # seconds that a token may live
_PATIENCE = 30.0  # seconds for a request to arrive
_LIMIT = 64  # lines of a request


class MetadataService:
    """Serves one machine from `start` to `stop`, on the loop it was started on; `told` must not block."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._tokens: dict[str, float] = {}
        self._server: asyncio.Server | None = None
        self._talks: set[asyncio.Task[None]] = set()

    async def start(self) -> str:
        """Begin, on any free port; the address."""
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def stop(self) -> None:
        """Close the port and drop everybody."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for talk in self._talks:
            talk.cancel()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._talks.add(task)
            task.add_done_callback(self._talks.discard)
        try:
            async with asyncio.timeout(_PATIENCE):
                method, path, headers = await _request(reader)
            status, body = self._answer(method, path, headers)
            writer.write(_reply(status, body, headers.get(_LIFETIME) if method == "PUT" else None))
            await writer.drain()
        except (OSError, ValueError, TimeoutError, asyncio.CancelledError):
            return  # whoever asked has gone, or asked no HTTP, or the machine is halted
        finally:
            writer.close()

    def _answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        now = time.monotonic()
        if path == "/latest/api/token":
            lifetime = headers.get(_LIFETIME, "")
            if method != "PUT":
                return 405, ""
            if not lifetime.isdigit() or not 1 <= int(lifetime) <= _LONGEST or "x-forwarded-for" in headers:
                return (403 if "x-forwarded-for" in headers else 400), ""
            self._tokens = {token: until for token, until in self._tokens.items() if until > now}
            token = secrets.token_urlsafe(42)
            self._tokens[token] = now + int(lifetime)
            return 200, token
        if self._tokens.get(headers.get(_TOKEN, ""), 0.0) <= now:
            return 401, ""
        if method != "GET":
            return 405, ""
        body = self._told(path)
        return (404, "") if body is None else (200, body)


async def _request(reader: asyncio.StreamReader) -> tuple[str, str, dict[str, str]]:
    """Method, path and headers, names in lower case. Raises ValueError for what is not HTTP."""
    method, target, _ = (await reader.readline()).decode("latin-1").split()
    headers: dict[str, str] = {}
    for _ in range(_LIMIT):
        line = (await reader.readline()).decode("latin-1").strip()
        if not line:
            return method, target.partition("?")[0], headers
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    raise ValueError("a request of too many lines")


def _reply(status: int, body: str, lifetime: str | None) -> bytes:
    content = body.encode()
    lines = [
        f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
        "Content-Type: text/plain",
        f"Content-Length: {len(content)}",
        "Server: EC2ws",
        "Connection: close",
        *([f"{_LIFETIME}: {lifetime}"] if lifetime and status == 200 else []),
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + content
