"""The SQLite file, its tables, and ``Store``, which has one attribute for each subject.

The tables are a list of versions: each has the statements that make it from the one before. Times are microseconds
since 1970 UTC; dollars are text; lists and mappings are JSON. Tables and columns keep the names of the first version
(places: locations; runs, disk_runs: usage of instances and of volumes).
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fe2tui.errors import StoreError
from fe2tui.model.location import Location

if TYPE_CHECKING:
    from fe2tui.store.activity import ActivityLog
    from fe2tui.store.command_lines import CommandLines
    from fe2tui.store.fleets import FleetTables
    from fe2tui.store.freezes import FreezeJournal
    from fe2tui.store.instance_usage import InstanceUsageTable
    from fe2tui.store.launches import LaunchJournal
    from fe2tui.store.presence import Presence
    from fe2tui.store.prices import PriceTable, TypeCatalogueTable
    from fe2tui.store.region_counts import RegionCountTable
    from fe2tui.store.spot_history import SpotHistoryTable
    from fe2tui.store.type_changes import TypeChangeJournal
    from fe2tui.store.volume_usage import VolumeUsageTable


_FIRST = (
    """CREATE TABLE launches (
        token TEXT PRIMARY KEY, profile TEXT NOT NULL, endpoint TEXT NOT NULL, region TEXT NOT NULL,
        made_at INTEGER NOT NULL, stage TEXT NOT NULL, instance_id TEXT, error TEXT NOT NULL,
        request TEXT NOT NULL, call TEXT NOT NULL, process INTEGER NOT NULL, activity INTEGER NOT NULL,
        owner TEXT NOT NULL)""",
    "CREATE INDEX open_launches ON launches (profile, endpoint) WHERE stage IN ('intended', 'launched')",
    """CREATE TABLE places (
        id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, profile TEXT NOT NULL, region TEXT NOT NULL,
        endpoint TEXT NOT NULL, account TEXT NOT NULL DEFAULT '', seen_at INTEGER NOT NULL DEFAULT 0,
        serial INTEGER NOT NULL DEFAULT 0, encoding TEXT NOT NULL DEFAULT '', runs_at INTEGER NOT NULL DEFAULT 0)""",
    """CREATE TABLE instances (
        place INTEGER NOT NULL, id TEXT NOT NULL, name TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (place, id)) WITHOUT ROWID""",
    """CREATE TABLE volumes (
        place INTEGER NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (place, id)) WITHOUT ROWID""",
    """CREATE TABLE parts (
        place INTEGER NOT NULL, part TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (place, part)) WITHOUT ROWID""",
    "CREATE TABLE prices (region TEXT PRIMARY KEY, read_at INTEGER, body TEXT NOT NULL)",
    """CREATE TABLE runs (
        place INTEGER NOT NULL, instance TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
        name TEXT NOT NULL, type TEXT NOT NULL, price TEXT, has_address INTEGER NOT NULL,
        PRIMARY KEY (place, instance, started_at)) WITHOUT ROWID""",
    """CREATE TABLE activity (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, command TEXT NOT NULL, subject TEXT NOT NULL,
        label TEXT NOT NULL, region TEXT NOT NULL, result TEXT NOT NULL, words TEXT NOT NULL, remedy TEXT NOT NULL,
        code TEXT, by TEXT NOT NULL, ended_at INTEGER, owner TEXT NOT NULL)""",
    "CREATE INDEX running_activity ON activity (id) WHERE result = 'running'",
)

_SECOND = (
    """CREATE TABLE disk_runs (
        place INTEGER NOT NULL, volume TEXT NOT NULL, started_at INTEGER NOT NULL, ended_at INTEGER,
        instance TEXT NOT NULL, size INTEGER NOT NULL, type TEXT NOT NULL, per_month TEXT,
        PRIMARY KEY (place, volume, started_at)) WITHOUT ROWID""",
    "ALTER TABLE places ADD COLUMN disks_at INTEGER NOT NULL DEFAULT 0",
    """CREATE TABLE freezes (
        token TEXT PRIMARY KEY, profile TEXT NOT NULL, endpoint TEXT NOT NULL, region TEXT NOT NULL,
        name TEXT NOT NULL, image_id TEXT, instance_id TEXT NOT NULL, label TEXT NOT NULL, body TEXT NOT NULL,
        made_at INTEGER NOT NULL, stage TEXT NOT NULL, error TEXT NOT NULL, activity INTEGER NOT NULL,
        owner TEXT NOT NULL)""",
    "CREATE INDEX open_freezes ON freezes (profile, endpoint) WHERE stage IN ('intended', 'pending')",
    "CREATE TABLE catalogues (place TEXT PRIMARY KEY, read_at INTEGER NOT NULL, body TEXT NOT NULL)",
)

_THIRD = (
    # earlier versions wrote a run when they first saw it running
    "ALTER TABLE runs ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0",
    "UPDATE runs SET seen_at = started_at",
    "ALTER TABLE runs ADD COLUMN gone_by INTEGER",
    "ALTER TABLE places ADD COLUMN runs_serial INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE places ADD COLUMN disks_serial INTEGER NOT NULL DEFAULT 0",
)

_FOURTH = (
    """CREATE TABLE spot_history (
        place TEXT NOT NULL, type TEXT NOT NULL, since INTEGER NOT NULL, until INTEGER NOT NULL, body TEXT NOT NULL,
        PRIMARY KEY (place, type)) WITHOUT ROWID""",
    "ALTER TABLE runs ADD COLUMN zone TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE runs ADD COLUMN is_spot INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE runs ADD COLUMN taken_back INTEGER NOT NULL DEFAULT 0",
)

_FIFTH = (
    "ALTER TABLE runs ADD COLUMN price_changes TEXT NOT NULL DEFAULT '[]'",
    "ALTER TABLE disk_runs ADD COLUMN gone_by INTEGER",
)

_SIXTH = (
    """CREATE TABLE type_changes (
        token TEXT PRIMARY KEY, instance_id TEXT NOT NULL, label TEXT NOT NULL, new_type TEXT NOT NULL,
        region TEXT NOT NULL, profile TEXT NOT NULL, endpoint TEXT NOT NULL, made_at INTEGER NOT NULL,
        stage TEXT NOT NULL, activity INTEGER NOT NULL, owner TEXT NOT NULL)""",
    "CREATE INDEX open_type_changes ON type_changes (profile, endpoint) WHERE stage = 'stopped'",
    "CREATE INDEX unknown_activity ON activity (id) WHERE result = 'unknown'",
)

_SEVENTH = tuple(
    f"ALTER TABLE {table} ADD COLUMN account TEXT NOT NULL DEFAULT ''"
    for table in ("launches", "freezes", "type_changes")
)

_EIGHTH = (
    "CREATE TABLE command_lines (id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, text TEXT NOT NULL)",
)

_NINTH = (
    """CREATE TABLE region_counts (
        account TEXT NOT NULL, endpoint TEXT NOT NULL, region TEXT NOT NULL, at INTEGER NOT NULL,
        running INTEGER NOT NULL, per_hour TEXT NOT NULL, is_partial INTEGER NOT NULL, denied TEXT NOT NULL,
        PRIMARY KEY (account, endpoint, region)) WITHOUT ROWID""",
)

VERSIONS = (_FIRST, _SECOND, _THIRD, _FOURTH, _FIFTH, _SIXTH, _SEVENTH, _EIGHTH, _NINTH)
VERSION = len(VERSIONS)


def location_number(connection: sqlite3.Connection, location: Location) -> int:
    """The number of a location, which is added if it is new. To be called inside a transaction."""
    row = connection.execute("SELECT id FROM places WHERE key = ?", (location.key,)).fetchone()
    if row is None:
        row = connection.execute(
            "INSERT INTO places (key, profile, region, endpoint) VALUES (?, ?, ?, ?) RETURNING id",
            (location.key, location.profile, location.region, location.endpoint),
        ).fetchone()
    return int(row[0])


_BUSY_SECONDS = 10.0
_UNUSABLE = ("readonly", "read-only", "unable to open", "disk i/o error", "permission")


class DatabaseFile:
    """The file, checked when it is opened: whether it exists, is not damaged, has a known version, and is writable."""

    def __init__(self, path: Path | None, problem: str = "") -> None:
        self.path = path
        self.problem: StoreError | None = None
        self.lock = threading.RLock()
        self.generation = 0  # one more whenever connections have to be opened again
        self._is_open = False
        self._memory_connection: sqlite3.Connection | None = None
        if path is None:
            self._use_memory(problem or "Nothing is stored: there is no file.")

    @property
    def is_durable(self) -> bool:
        """Whether what is written outlives the program. Opens the file."""
        return self.memory_connection is None

    @property
    def memory_connection(self) -> sqlite3.Connection | None:
        """The connection to a database in memory, where the file cannot be written; else None. Opens the file."""
        self.open()
        return self._memory_connection

    def open(self) -> None:
        """Check the file and bring it to the present version. Does nothing the second time."""
        with self.lock:
            if self._is_open or self._memory_connection is not None:
                return
            try:
                self._prepare()
            except sqlite3.DatabaseError as error:
                self._recover(error)
            except OSError as error:
                self._use_memory(f"{self.path} cannot be written: {error.strerror}.")
            except StoreError as error:  # of a newer program
                self._use_memory(error.summary, error.remedy)
            self._is_open = True

    def replace_if_damaged(self, error: sqlite3.DatabaseError, generation: int) -> None:
        """Move a file aside whose damage showed only in use, unless another thread or process has done it meanwhile."""
        with self.lock:
            if generation != self.generation:
                return
            self.generation += 1
            try:
                if self._is_damaged():
                    self._move_aside(error)
                    self._prepare()
                    self._log_move()
            except (OSError, sqlite3.Error):
                self._use_memory(f"{self.path} is damaged: {error}.")

    def _is_damaged(self) -> bool:
        try:
            with closing(self.connect()) as connection:
                found: str = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
                return found != "ok"
        except sqlite3.DatabaseError:
            return True

    def connect(self, *, durable: bool = False) -> sqlite3.Connection:
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
        with closing(self.connect()) as connection:
            _migrate(connection, self.path)

    def _recover(self, error: sqlite3.DatabaseError) -> None:
        words = str(error).lower()
        if any(part in words for part in _UNUSABLE):
            self._use_memory(f"{self.path} cannot be written: {error}.")
        elif isinstance(error, sqlite3.OperationalError):
            raise StoreError(f"{self.path} cannot be opened: {error}.", "Close other programs that use it.") from error
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
            "A new store was created, without the activity log and the earlier costs.",
        )

    def _log_move(self) -> None:
        """Write into the new activity log that the old one was damaged: whoever opens the store may not show it."""
        assert self.problem is not None
        now = time.time_ns() // 1000
        with closing(self.connect()) as connection:
            connection.execute(
                "INSERT INTO activity (at, command, subject, label, region, result, words, remedy, by, ended_at, owner)"
                " VALUES (?, 'store', '', 'fe2tui', '', 'failed', ?, ?, '', ?, '')",
                (now, self.problem.summary, self.problem.remedy, now),
            )

    def _use_memory(self, why: str, remedy: str = "") -> None:
        self._memory_connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        _migrate(self._memory_connection, self.path)
        words = f"{remedy} Nothing is stored this time, and nothing can be launched."
        self.problem = StoreError(why, words.strip())


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
    """One connection to the file, for one subject. With ``durable``, a transaction is on the disk when it ends."""

    def __init__(self, file: DatabaseFile, *, durable: bool = False) -> None:
        self._file = file
        self._durable = durable
        self._own_lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._generation = 0  # of the connection

    @property
    def is_durable(self) -> bool:
        with _store_errors():
            return self._file.is_durable

    @property
    def problem(self) -> StoreError | None:
        return self._file.problem

    @property
    def generation(self) -> int:
        """Changes when the file was damaged and replaced: what is known of its rows does not count any more."""
        return self._file.generation

    def read(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        generation = self.generation
        try:
            return self._read(sql, parameters)
        except StoreError:
            if self.generation == generation:
                raise
            return self._read(sql, parameters)  # from the file that has replaced the damaged one

    def _read(self, sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
        with self._open_connection() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        with self._open_connection() as connection:
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
    def _open_connection(self) -> Iterator[sqlite3.Connection]:
        with _store_errors():
            memory = self._file.memory_connection
            with self._file.lock if memory else self._own_lock:
                if memory:
                    yield memory
                    return
                if self._connection is not None and self._generation != self._file.generation:
                    self.close()
                if self._connection is None:
                    self._generation = self._file.generation
                    self._connection = self._file.connect(durable=self._durable)
                try:
                    yield self._connection
                except sqlite3.DatabaseError as error:
                    if type(error) is not sqlite3.DatabaseError:  # that itself: a malformed page, or no database at all
                        raise
                    self._file.replace_if_damaged(error, self._generation)
                    if (problem := self._file.problem) is None:
                        raise
                    raise StoreError(problem.summary, f"{problem.remedy} Try again.") from error


@contextmanager
def _store_errors() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        remedy = "See whether the disk is full, or close other programs that use the file."
        raise StoreError(f"The store failed: {error}.", remedy) from error


def open_store() -> Store:
    """The store in the data folder; one in memory, with its ``problem``, where that folder cannot be made."""
    from fe2tui import paths

    try:
        return Store(paths.store_file())
    except OSError as error:
        return Store(None, problem=f"The data folder {error.filename} cannot be made: {error.strerror}.")


class Store:
    """The store. Opened on first use; every call is blocking, quick and safe from any thread. Raises StoreError."""

    def __init__(self, path: Path | None, *, problem: str = "") -> None:
        self.path = path
        self._file = DatabaseFile(path, problem)
        self._databases: list[Database] = []

    @property
    def problem(self) -> StoreError | None:
        """Why nothing is stored, or which file was moved aside; None when all is well. Opens the file."""
        self._file.open()
        return self._file.problem

    @cached_property
    def launches(self) -> LaunchJournal:
        from fe2tui.store.launches import LaunchJournal

        return LaunchJournal(self._database(durable=True), self.presence)

    @cached_property
    def freezes(self) -> FreezeJournal:
        from fe2tui.store.freezes import FreezeJournal

        return FreezeJournal(self._database(durable=True), self.presence)

    @cached_property
    def type_changes(self) -> TypeChangeJournal:
        from fe2tui.store.type_changes import TypeChangeJournal

        return TypeChangeJournal(self._database(durable=True), self.presence)

    @cached_property
    def fleets(self) -> FleetTables:
        from fe2tui.store.fleets import FleetTables

        return FleetTables(self._database(), self.instance_usage, self.volume_usage, self.spot_history)

    @cached_property
    def prices(self) -> PriceTable:
        from fe2tui.store.prices import PriceTable

        return PriceTable(self._database())

    @cached_property
    def type_catalogues(self) -> TypeCatalogueTable:
        from fe2tui.store.prices import TypeCatalogueTable

        return TypeCatalogueTable(self._database())

    @cached_property
    def region_counts(self) -> RegionCountTable:
        from fe2tui.store.region_counts import RegionCountTable

        return RegionCountTable(self._database())

    @cached_property
    def spot_history(self) -> SpotHistoryTable:
        from fe2tui.store.spot_history import SpotHistoryTable

        return SpotHistoryTable(self._database())

    @cached_property
    def activity(self) -> ActivityLog:
        from fe2tui.store.activity import ActivityLog

        return ActivityLog(self._database(), self.presence)

    @cached_property
    def command_lines(self) -> CommandLines:
        from fe2tui.store.command_lines import CommandLines

        return CommandLines(self._database())

    @cached_property
    def instance_usage(self) -> InstanceUsageTable:
        from fe2tui.store.instance_usage import InstanceUsageTable

        return InstanceUsageTable(self._database())

    @cached_property
    def volume_usage(self) -> VolumeUsageTable:
        from fe2tui.store.volume_usage import VolumeUsageTable

        return VolumeUsageTable(self._database())

    @cached_property
    def presence(self) -> Presence:
        from fe2tui.store.presence import Presence

        return Presence(self._file)

    def close(self) -> None:
        """Close all connections. The store opens again when it is used."""
        for database in self._databases:
            database.close()
        if "presence" in self.__dict__:
            self.presence.release()

    def _database(self, *, durable: bool = False) -> Database:
        database = Database(self._file, durable=durable)
        self._databases.append(database)
        return database
