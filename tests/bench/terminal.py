"""A program in a pseudo-terminal, with the moment at which something first stood in what it wrote."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence

_ESCAPES = re.compile(
    rb"\x1b\[[0-9;?<>=:]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1bP.*?\x1b\\|\x1b[@-Z\\-_]", re.S
)


class Terminal:
    """One program, started at once; every wait is bounded. Times are seconds of the monotonic clock."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], columns: int = 120, rows: int = 36) -> None:
        self.started = time.perf_counter()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            try:
                os.execvpe(
                    command[0], list(command), dict(env, TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8")
                )
            finally:
                os._exit(127)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._written = bytearray()

    def send(self, keys: bytes) -> float:
        """Type; what was written before counts no more. Returns the moment."""
        self._written.clear()
        moment = time.perf_counter()
        os.write(self._fd, keys)
        return moment

    def wait_for(self, text: str, timeout: float = 60.0) -> float:
        """The moment at which the text had been written since the last key."""
        wanted = text.encode()
        end = time.perf_counter() + timeout
        while time.perf_counter() < end:
            if self._read(end - time.perf_counter()) and wanted in _ESCAPES.sub(b"", bytes(self._written)):
                return time.perf_counter()
        raise TimeoutError(f"{text!r} was not written in {timeout:g} s: {self._written[-2000:]!r}")

    def drain(self, seconds: float) -> None:
        """Read and forget for that long."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self._read(left)
        self._written.clear()

    def _read(self, seconds: float) -> bool:
        if not select.select([self._fd], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError as error:
            raise EOFError(f"the program has ended: {self._written[-2000:]!r}") from error
        self._written += data
        return True

    def cpu_seconds(self) -> float:
        """Processor time used so far, user and system."""
        with open(f"/proc/{self.pid}/stat") as stat:  # noqa: PTH123
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_mib(self) -> float:
        """The largest resident memory so far, in MiB."""
        with open(f"/proc/{self.pid}/status") as status:  # noqa: PTH123
            return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

    def close(self, ask: bytes = b"") -> None:
        """Ask it to go with these keys, then end it; nothing is left."""
        try:
            if ask:
                os.write(self._fd, ask)
                end = time.perf_counter() + 5
                while time.perf_counter() < end and not os.waitpid(self.pid, os.WNOHANG)[0]:
                    self._read(0.05)
                else:
                    return
        except (OSError, EOFError):
            pass
        finally:
            self._end()

    def _end(self) -> None:
        try:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass
        try:
            os.close(self._fd)
        except OSError:
            pass
