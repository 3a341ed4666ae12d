"""The store as one thing, composed of its parts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from fe2tui.errors import StoreError
from fe2tui.store.database import Database, File

if TYPE_CHECKING:
    from fe2tui.store.activity import ActivityLog
    from fe2tui.store.catalogues import CatalogueShelf
    from fe2tui.store.diskruns import DiskBook
    from fe2tui.store.fleets import FleetShelf
    from fe2tui.store.freezes import FreezeJournal
    from fe2tui.store.journal import LaunchJournal
    from fe2tui.store.presence import Presence
    from fe2tui.store.pricecache import PriceCache
    from fe2tui.store.runs import RunBook
    from fe2tui.store.spothistory import SpotShelf


def open_store() -> Store:
    """The store in the data folder; one in memory, with its ``problem``, where that folder cannot be made."""
    from fe2tui import paths

    try:
        return Store(paths.store_file())
    except OSError as error:
        return Store(None, problem=f"The data folder {error.filename} cannot be made: {error.strerror}.")


class Store:
    """All of it. Opened on first use; every call is blocking, quick and safe from any thread. Raises StoreError."""

    def __init__(self, path: Path | None, *, problem: str = "") -> None:
        self._file = File(path, problem)
        self._databases: list[Database] = []

    @property
    def path(self) -> Path | None:
        """The file; None for a store in memory."""
        return self._file.path

    @property
    def problem(self) -> StoreError | None:
        """Why nothing is kept, or what was moved aside; None when all is well. Opens the file."""
        self._file.open()
        return self._file.problem

    @cached_property
    def launches(self) -> LaunchJournal:
        """Intended launches, and what became of them."""
        from fe2tui.store.journal import LaunchJournal

        return LaunchJournal(self._database(durable=True), self.presence)

    @cached_property
    def freezes(self) -> FreezeJournal:
        """Images about to be made, and what became of them."""
        from fe2tui.store.freezes import FreezeJournal

        return FreezeJournal(self._database(durable=True), self.presence)

    @cached_property
    def fleets(self) -> FleetShelf:
        """The last fleet seen of each place."""
        from fe2tui.store.fleets import FleetShelf

        return FleetShelf(self._database(), self.runs, self.disks, self.spot)

    @cached_property
    def prices(self) -> PriceCache:
        """On-demand and storage prices by region."""
        from fe2tui.store.pricecache import PriceCache

        return PriceCache(self._database())

    @cached_property
    def catalogues(self) -> CatalogueShelf:
        """The types of each region and where they are on offer."""
        from fe2tui.store.catalogues import CatalogueShelf

        return CatalogueShelf(self._database())

    @cached_property
    def spot(self) -> SpotShelf:
        """The spot prices of the past."""
        from fe2tui.store.spothistory import SpotShelf

        return SpotShelf(self._database())

    @cached_property
    def activity(self) -> ActivityLog:
        """What was done, to what, when, with what result."""
        from fe2tui.store.activity import ActivityLog

        return ActivityLog(self._database(), self.presence)

    @cached_property
    def runs(self) -> RunBook:
        """When instances ran, and at what price."""
        from fe2tui.store.runs import RunBook

        return RunBook(self._database())

    @cached_property
    def disks(self) -> DiskBook:
        """What disks were, and what they cost a month then."""
        from fe2tui.store.diskruns import DiskBook

        return DiskBook(self._database())

    @cached_property
    def presence(self) -> Presence:
        """This store's sign of life, for other processes to see."""
        from fe2tui.store.presence import Presence

        return Presence(self._file)

    def close(self) -> None:
        """Close it; a closed store opens again when it is used."""
        for database in self._databases:
            database.close()
        if "presence" in self.__dict__:
            self.presence.leave()

    def _database(self, *, durable: bool = False) -> Database:
        database = Database(self._file, durable=durable)
        self._databases.append(database)
        return database
