"""`Cloud`: starts the process of a demo cloud, talks to its control address and ends it."""

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
from typing import Any

from fe2tui.demo import Options, client_files

_PATIENCE = 10.0
"""Seconds that the process has to end by itself before it is killed."""


class DemoUnavailable(Exception):
    """The demo cloud cannot run here; the message says why."""


class Cloud:
    """A demo cloud. It ends with `stop`, or with this process, however that ends.

    As a context manager, it is ready inside the block. It works in a fresh private folder, which `stop` removes; a
    `folder` that is given stays.
    """

    def __init__(self, options: Options | None = None, folder: Path | None = None) -> None:
        self.options = options or Options()
        self._own_folder = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix="fe2tui-demo-"))
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home = self.folder / "home"
        self.keys = client_files.Keys.new()
        self.key_file = self.home / "data" / "keys" / "default.pem"
        self._lifeline = -1
        self._child: subprocess.Popen[bytes] | None = None
        self._port = 0

    @property
    def endpoint(self) -> str:
        """`http://127.0.0.1:PORT`; valid after `start`."""
        return f"http://127.0.0.1:{self._port}"

    @property
    def environment(self) -> dict[str, str]:
        return client_files.environment(self.endpoint, self.folder, self.options.region, self.keys)

    @property
    def pid(self) -> int:
        if self._child is None:
            raise DemoUnavailable("the demo cloud has not been started")
        return self._child.pid

    def start(self) -> Cloud:
        """Binds the port and starts the process. Calls that come early wait. Raises DemoUnavailable."""
        port = self.options.port
        try:
            listening = socket.create_server(("127.0.0.1", port), backlog=128)
        except OSError as error:
            self.stop()
            reason = os.strerror(error.errno or 0)
            raise DemoUnavailable(f"port {port} of this computer is taken: {reason}") from error
        try:
            with listening:
                self._start(listening)
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self, listening: socket.socket) -> None:
        self._port = listening.getsockname()[1]
        client_files.write(self.folder, self.endpoint, self.options.region, self.keys)
        read_end, self._lifeline = os.pipe()
        try:
            self._child = self._spawn(listening.fileno(), read_end)
        finally:
            os.close(read_end)

    def _spawn(self, listening: int, lifeline: int) -> subprocess.Popen[bytes]:
        config = {
            "listening": listening,
            "lifeline": lifeline,
            "folder": str(self.folder),
            "remove": self._own_folder,
            "options": asdict(self.options),
        }
        # Only CONFIG decides what the cloud is like, never the user's AWS settings. It has no secret, since every user
        # of the computer can read a command line.
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "FE2TUI_"))}
        with (self.folder / "demo.log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, "-P", "-m", "fe2tui.demo", json.dumps(config)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(listening, lifeline),
                env=environment,
                # In a session of its own, it does not get the Ctrl-C of the dashboard's terminal.
                start_new_session=True,
            )

    def wait_ready(self, timeout: float = 20.0) -> None:
        """Returns when the cloud answers. Raises DemoUnavailable after `timeout` seconds, or if the process ended."""
        try:
            self.control("/demo/ready", method="GET", timeout=timeout)
        except OSError as error:
            log = self.folder / "demo.log"
            lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
            raise DemoUnavailable(f"the demo cloud does not answer: {lines[-1] if lines else error}") from error

    def control(self, path: str, body: Any = None, method: str = "POST", timeout: float = 20.0) -> Any:
        """Sends a request to the control address (control.py) and returns its answer.

        Raises OSError, or ValueError with the reason if the request is wrong.
        """
        from http.client import HTTPConnection

        connection = HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            sent = None if body is None else json.dumps(body).encode()
            connection.request(method, path, body=sent, headers={"Authorization": self.keys.authorization})
            reply = connection.getresponse()
            text = reply.read().decode()
        finally:
            connection.close()
        if reply.status >= 400:
            raise ValueError(text)
        return json.loads(text) if reply.headers.get_content_type() == "application/json" else text

    def export_line(self) -> str:
        """A line of shell after which the AWS CLI, boto3 and this program use the cloud."""
        return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in self.environment.items())

    def stop(self) -> None:
        """Ends the cloud, its machines and their processes. Returns when they have ended."""
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

    def __exit__(self, *_: object) -> None:
        self.stop()
