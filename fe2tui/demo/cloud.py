"""The parent's side of a demo cloud: starts it, talks to its control address, ends it."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any

from fe2tui.demo import Options
from fe2tui.demo.client_files import environment, write_home

_PATIENCE = 10.0
"""Seconds that the child gets to end by itself."""


class DemoUnavailable(Exception):
    """The demo cloud cannot run here; the message says why and what to do."""


class Cloud:
    """A demo cloud that lives as long as this object's process, at most.

    As a context manager it is ready inside. `folder` is a fresh private one that goes at the end, unless one is given,
    which stays.
    """

    def __init__(self, options: Options | None = None, folder: Path | None = None) -> None:
        self.options = options or Options()
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="fe2tui-demo-"))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = self.folder / "home"
        self.key_file = self.home / "data" / "keys" / "default.pem"
        self._lifeline = -1
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:PORT`; known once started."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        """All that a client needs in its environment to use this cloud and nothing of the person's own."""
        return environment(self.endpoint, self.folder, self.options.region)

    @property
    def pid(self) -> int:
        """The child's process id."""
        if self._child is None:
            raise DemoUnavailable("the demo cloud has not been started")
        return self._child.pid

    def start(self) -> Cloud:
        """Binds the address and starts the child; early calls to the endpoint just wait. Raises DemoUnavailable."""
        try:
            return self._started()
        except BaseException:
            self.stop()
            raise

    def _started(self) -> Cloud:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", self.options.port))
        except OSError as error:
            listening.close()
            raise DemoUnavailable(f"port {self.options.port} of this computer is taken: {error.strerror}") from error
        listening.listen(128)
        self._port = listening.getsockname()[1]
        write_home(self.folder, self.endpoint, self.options.region)
        ours_alone, self._lifeline = os.pipe()
        try:
            self._child = self._spawn(listening.fileno(), ours_alone)
        finally:
            listening.close()
            os.close(ours_alone)
        return self

    def _spawn(self, listening: int, lifeline: int) -> subprocess.Popen[bytes]:
        order = {
            "listening": listening,
            "lifeline": lifeline,
            "folder": str(self.folder),
            "remove": self._own_folder,
            "options": asdict(self.options),
        }
        # The child has none of the person's settings: nothing but its order tells it what to be.
        clean = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FE2TUI_"))}
        with (self.folder / "demo.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "fe2tui.demo", json.dumps(order)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(listening, lifeline),
                env=clean,
                # Its own session: a Ctrl-C at the dashboard's terminal is not for it.
                start_new_session=True,
            )

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Returns once the cloud answers; raises DemoUnavailable after `timeout` seconds, or if the child has ended."""
        try:
            self.control("/demo/ready", method="GET", timeout=timeout)
        except OSError as error:
            log = self.folder / "demo.log"
            said = log.read_text(errors="replace").strip().splitlines()[-1:] if log.exists() else []
            raise DemoUnavailable(f"the demo cloud does not answer: {' '.join(said) or error}") from error

    def control(self, path: str, body: Any = None, method: str = "POST", timeout: float = 20.0) -> Any:
        """Asks the control address and returns its answer. Raises OSError, or ValueError with a refusal's reason."""
        from http.client import HTTPConnection

        connection = HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, body=sent)
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        if reply.status >= 400:
            raise ValueError(text)
        return json.loads(text) if reply.headers.get_content_type() == "application/json" else text

    def export_line(self) -> str:
        """One line of shell that points the AWS CLI, boto3 and this program at the cloud."""
        return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment.items())

    def stop(self) -> None:
        """Ends the cloud, its machines and their processes; returns when they are gone."""
        child, self._child = self._child, None
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1
        if child is not None:
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                child.send_signal(signal.SIGKILL)
                child.wait()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Cloud:
        try:
            self.start().wait_ready()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
