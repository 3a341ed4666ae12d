"""Whether the process that began something is still alive.

A process id is used again, so it proves nothing. A lock on a file does: the kernel releases it when the process ends,
also by SIGKILL.
"""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

from fe2tui.store.database import DatabaseFile

_LOCKED_WITHIN = 60.0  # seconds from the creation of a file to its lock, at most


class Presence:
    """A locked file beside the database that shows that this store is open. Created on first use."""

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._owner = ""
        self._descriptor = -1

    @property
    def owner(self) -> str:
        """The name of this store, for ``is_alive``. Creates the file on first use."""
        with self._lock:
            if not self._owner:
                self._owner = f"{os.getpid()}-{os.urandom(6).hex()}"
                if self._file.is_durable:
                    self._folder.mkdir(mode=0o700, exist_ok=True)
                    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
                    self._descriptor = os.open(self._folder / self._owner, flags, 0o600)
                    fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    self._remove_stale_files()
            return self._owner

    def is_alive(self, owner: str) -> bool:
        """Whether the store of that name is still open in any process, this one included."""
        if owner == self._owner and owner:
            return True
        if not owner or not self._file.is_durable:
            return False
        try:
            descriptor = os.open(self._folder / owner, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        with suppress(FileNotFoundError):
            (self._folder / owner).unlink()
        return False

    def release(self) -> None:
        with self._lock:
            if self._descriptor >= 0:
                with suppress(FileNotFoundError):
                    (self._folder / self._owner).unlink()
                os.close(self._descriptor)
            self._owner, self._descriptor = "", -1

    def _remove_stale_files(self) -> None:
        """Remove what killed processes have left. A file that was created a moment ago may not be locked yet."""
        for path in self._folder.iterdir():
            with suppress(OSError):
                if path.name != self._owner and path.stat().st_mtime < time.time() - _LOCKED_WITHIN:
                    self.is_alive(path.name)

    @property
    def _folder(self) -> Path:
        assert self._file.path is not None
        return self._file.path.with_name(f"{self._file.path.name}.processes")
