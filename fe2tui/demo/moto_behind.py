"""What our own rules do not answer, moto answers. All that is private about moto is used here and nowhere else."""

from __future__ import annotations

import io
import logging
import os
from typing import Any

from fe2tui.demo.refusal import Refusal
from fe2tui.demo.server import Reply, Request
from fe2tui.demo.wire import EC2_NAMESPACE

_BARE_NAMESPACE = EC2_NAMESPACE.rstrip("/").encode()
"""moto writes EC2's namespace without its last slash."""


class Moto:
    """moto's WSGI application, made on the first call that needs it: it takes a second and 150 MB."""

    def __init__(self) -> None:
        self._application: Any = None

    def _made(self) -> Any:
        if self._application is None:
            # Read by moto when it is imported: its own thousand images would only slow it down.
            os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
            os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
            for name in ("botocore", "boto3", "moto", "werkzeug"):
                logging.getLogger(name).setLevel(logging.CRITICAL)
            from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

            self._application = DomainDispatcherApplication(create_backend_app)
        return self._application

    def answer(self, service: str, action: str, request: Request) -> Reply:
        """moto's reply. Raises Refusal where moto has none: never a page of HTML."""
        status, headers, body = _call(self._made(), request)
        kind = headers.pop("Content-Type", "text/xml")
        if status >= 500 and ("html" in kind or not body.lstrip().startswith((b"<", b"{"))):
            raise Refusal("InvalidAction", f"The action {action} is not valid for this web service ({service}).")
        if "html" in kind and body.lstrip().lower().startswith(b"<!doctype html"):
            raise Refusal("InvalidAction", f"The action {action} is not valid for this web service ({service}).")
        if service == "ec2":
            body = body.replace(_BARE_NAMESPACE, EC2_NAMESPACE.encode(), 1)
        kept = {name: value for name, value in headers.items() if name.lower().startswith(("x-amz", "smithy"))}
        return Reply(status, body, kind, kept)


def _call(application: Any, request: Request) -> tuple[int, dict[str, str], bytes]:
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": request.headers.get("host", "127.0.0.1:80").rpartition(":")[2],
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        if name not in ("content-type", "content-length"):
            environ["HTTP_" + name.upper().replace("-", "_")] = value
    begun: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], _error: Any = None) -> Any:
        begun[:] = [int(status.split()[0]), dict(headers)]
        return None

    try:
        answer = application(environ, start_response)
        body = b"".join(answer)
    except Exception as error:
        raise Refusal("InternalError", f"moto: {type(error).__name__}: {error}", 500) from error
    return begun[0], begun[1], body
