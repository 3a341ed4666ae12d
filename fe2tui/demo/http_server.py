"""A small HTTP server: keep-alive connections, a thread each.

It is written on plain sockets because faults need to break a connection in the middle of a reply, or to send no reply.
"""

from __future__ import annotations

import errno
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from typing import BinaryIO

_LINE = 65536
_PAUSE = 0.05
"""Seconds to wait when no file descriptor is free for another connection."""


@dataclass(slots=True)
class Request:
    """An HTTP request; header names are in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]


@dataclass(slots=True)
class Reply:
    """An HTTP reply. `cut`: send half of it and break the connection. `silence`: send nothing."""

    status: int
    body: bytes
    content_type: str = "text/xml;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    silence: bool = False

    def head(self) -> bytes:
        try:
            phrase = HTTPStatus(self.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {self.status} {phrase}",
            f"Content-Type: {self.content_type}",
            f"Content-Length: {len(self.body)}",
            f"Date: {datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT",
            *(f"{name}: {value}" for name, value in ({"Server": "AmazonEC2"} | self.headers).items()),
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


Handler = Callable[[Request], Reply]
"""Answers a request; never raises."""


class Server:
    """`control` answers requests to `/demo/…`, `cloud` all others, if `accepts` lets them in."""

    def __init__(
        self, listening: socket.socket, accepts: Callable[[Request], bool], cloud: Handler, control: Handler
    ) -> None:
        self._listening = listening
        self._accepts = accepts
        self._cloud = cloud
        self._control = control

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError as error:
                if error.errno in (errno.EMFILE, errno.ENFILE, errno.ECONNABORTED):
                    time.sleep(_PAUSE)
                    continue
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as stream:
            try:
                while (request := read_request(stream, connection)) is not None:
                    handler = self._control if request.path.startswith("/demo/") else self._cloud
                    reply = handler(request) if self._accepts(request) else Reply(403, b"")
                    if not _send(connection, reply, request):
                        return
            except (OSError, ValueError):
                return


def read_request(stream: BinaryIO, connection: socket.socket) -> Request | None:
    """The next request of a connection, or None at its end. Raises ValueError if it is not HTTP."""
    line = stream.readline(_LINE)
    if not line.strip():
        return None
    method, target, _version = line.decode("latin-1").split()
    lines: list[bytes] = []
    while (line := stream.readline(_LINE)).strip():
        lines.append(line)
    headers = parse_headers(lines)
    if headers.get("expect", "").lower() == "100-continue":
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _chunks(stream)
    else:
        length = int(headers.get("content-length", "0"))
        body = stream.read(length)
        if len(body) < length:
            return None
    return Request(method, target, headers, body)


def parse_headers(lines: Iterable[bytes]) -> dict[str, str]:
    """The values of header lines by their names in lower case."""
    parts = (line.decode("latin-1").partition(":") for line in lines)
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def _chunks(stream: BinaryIO) -> bytes:
    parts: list[bytes] = []
    while size := int(stream.readline(_LINE).split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline(_LINE)
    while stream.readline(_LINE).strip():
        pass
    return b"".join(parts)


def _send(connection: socket.socket, reply: Reply, request: Request) -> bool:
    """Sends the reply. False if the connection must be closed."""
    if reply.silence:
        while connection.recv(_LINE):
            pass
        return False
    head = reply.head()
    if reply.cut:
        connection.sendall(head + reply.body[: len(reply.body) // 2])
        # Reset the connection, or the client would see a normal end.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if len(reply.body) < _LINE:
        connection.sendall(head + reply.body)
    else:
        connection.sendall(head)
        connection.sendall(reply.body)
    return request.headers.get("connection", "").lower() != "close"
