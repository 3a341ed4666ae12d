"""Sessions on demo clouds, and a server with the answers that a test sets."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from fe2tui.aws.session import Choice, Session
from fe2tui.demo import Cloud

Open = Callable[..., Session]


@pytest.fixture
async def open_session() -> AsyncIterator[Open]:
    """Opens sessions in the environment as it is; ``Choice``'s fields and ``ask_code`` may be given."""
    async with AsyncExitStack() as stack:

        def opened(ask_code: Any = None, **choice: Any) -> Session:
            session = Session(Choice(**{"first_retry_wait": 0.01, **choice}), ask_code=ask_code)
            stack.push_async_exit(session)
            return session

        yield opened


@pytest.fixture
async def session(demo_env: Path, open_session: Open) -> Session:
    """A session on the lived-in cloud that the tests share."""
    return open_session()


@pytest.fixture
def own_cloud(fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]) -> Cloud:
    """A lived-in cloud of the test's own, which this process is pointed at."""
    cloud = fresh_cloud()
    enter_cloud(cloud)
    return cloud


def calls(cloud: Cloud, action: str | None = None) -> list[dict[str, Any]]:
    """The calls that a cloud has had."""
    return [call for call in cloud.control("/demo/calls", method="GET") if action in (None, call["action"])]


@dataclass
class Answers:
    """What an address answers: always the same. ``asked`` counts the requests."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    asked: int = 0


@contextmanager
def answering(context: ssl.SSLContext | None = None) -> Iterator[Answers]:
    """A server on this computer with the answers that a test sets; by TLS if it gets a context."""
    told = Answers()

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.asked += 1
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response_only(told.status)
            for name, value in {"Content-Length": str(len(told.body)), **told.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(told.body)

        do_GET = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            return

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            return  # a client that does not trust it hangs up

    server = Quiet(("127.0.0.1", 0), Answering)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    told.url = f"http{'s' if context else ''}://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield told
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def answers() -> Iterator[Answers]:
    """A server on this computer with the answers that a test sets."""
    with answering() as told:
        yield told
