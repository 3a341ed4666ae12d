"""The SQLite file: found whole or moved aside, brought to the present version, opened once a part of the store."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from fe2tui.errors import StoreError
from fe2tui.store.schema import VERSION, VERSIONS

_BUSY_SECONDS = 10.0
_UNUSABLE = ("readonly", "read-only", "unable to open", "disk i/o error", "permission")


class File:
    """The file itself, checked once: whether it is there, whole, of a version we know, and writable."""

    def __init__(self, path: Path | None, problem: str = "") -> None:
        self.path = path
        self.problem: StoreError | None = None
        self.lock = threading.RLock()
        self._is_open = False
        self._memory: sqlite3.Connection | None = None
        if path is None:
            self._forget(problem or "Nothing is kept: there is no file.")

    @property
    def is_durable(self) -> bool:
        """Whether what is written will be there after us. Opens the file."""
        return self.memory is None

    @property
    def memory(self) -> sqlite3.Connection | None:
        """The one connection to a database in memory, where nothing can be kept. Opens the file."""
        self.open()
        return self._memory

    def open(self) -> None:
        """Check the file and bring it to the present version, the first time."""
        with self.lock:
            if self._is_open or self._memory is not None:
                return
            try:
                self._prepare()
            except sqlite3.DatabaseError as error:
                self._recover(error)
            except OSError as error:
                self._forget(f"{self.path} cannot be written: {error.strerror}.")
            self._is_open = True

    def connect(self, *, durable: bool = False) -> sqlite3.Connection:
        """A new connection, ready to use; ``durable`` ones reach the disk before a transaction is over."""
        assert self.path is not None
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self) -> None:
        assert self.path is not None
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # SQLite gives its -wal and -shm files the same rights as the file itself
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = self.connect()
        try:
            _migrate(connection, self.path)
        finally:
            connection.close()

    def _recover(self, error: sqlite3.DatabaseError) -> None:
        words = str(error).lower()
        if any(part in words for part in _UNUSABLE):
            self._forget(f"{self.path} cannot be written: {error}.")
        elif isinstance(error, sqlite3.OperationalError):
            raise StoreError(f"{self.path} cannot be opened: {error}.", "Is another program holding it?") from error
        else:
            self._move_aside(error)
            self._prepare()
            self._log_move()

    def _move_aside(self, error: sqlite3.DatabaseError) -> None:
        assert self.path is not None
        aside = self.path.with_name(f"{self.path.name}.corrupt-{os.urandom(4).hex()}")
        self.path.rename(aside)
        for ending in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                self.path.with_name(self.path.name + ending).rename(aside.with_name(aside.name + ending))
        self.problem = StoreError(
            f"The store was damaged ({error}) and has been moved to {aside}.",
            "A new one was begun: the activity log and earlier costs are not in it.",
        )

    def _log_move(self) -> None:
        """Put into the new activity log what became of the old one: whoever opened it may have had nobody to tell."""
        assert self.problem is not None
        now = time.time_ns() // 1000
        connection = self.connect()
        try:
            connection.execute(
                "INSERT INTO activity (at, command, subject, label, region, result, words, remedy, by, ended_at, owner)"
                " VALUES (?, 'store', '', 'fe2tui', '', 'failed', ?, ?, '', ?, '')",
                (now, self.problem.summary, self.problem.remedy, now),
            )
        finally:
            connection.close()

    def _forget(self, why: str) -> None:
        self._memory = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _migrate(self._memory, self.path)
        self.problem = StoreError(why, "Nothing is remembered this time, and nothing can be launched.")


def _migrate(connection: sqlite3.Connection, path: Path | None) -> None:
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if found == VERSION:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        return
    if found > VERSION:
        raise StoreError(
            f"{path} was written by a newer fe2tui (its version is {found}, this program knows {VERSION}).",
            "Upgrade this program, or set FE2TUI_HOME to another folder.",
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # another process may have done it while we waited for the lock
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        for statements in VERSIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version={VERSION:d}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


class Database:
    """One connection to the file, for one part of the store. ``durable`` ones reach the disk before they return."""

    def __init__(self, file: File, *, durable: bool = False) -> None:
        self._file = file
        self._durable = durable
        self._own_lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None

    @property
    def is_durable(self) -> bool:
        """Whether what is written will be there after us."""
        with _translated():
            return self._file.is_durable

    @property
    def problem(self) -> StoreError | None:
        """What is wrong with the file."""
        return self._file.problem

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a query gives."""
        with self._opened() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it, or nothing when the block raises."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection; the next use opens another."""
        with self._own_lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with _translated():
            memory = self._file.memory
            with self._file.lock if memory else self._own_lock:
                if memory:
                    yield memory
                    return
                if self._connection is None:
                    self._connection = self._file.connect(durable=self._durable)
                yield self._connection


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StoreError(f"The store failed: {error}.", "Is the disk full, or another program holding it?") from error
