"""What must survive us, in one SQLite file: launches, the last fleet, prices, runs and the activity log.

The file is in WAL mode, versioned, readable by its owner only, and may be used by several processes and threads at
once. A corrupt file is moved aside, one of a newer program is refused with a StoreError, and where nothing can be
written (a read-only disk) all goes on in memory: ``Store.problem`` says so, and launching is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fe2tui.store.database import Store, open_store

__all__ = ["Store", "open_store"]


def __getattr__(name: str) -> Any:
    # Tab's names come from a module of this package: it must not cost more than sqlite3
    if name in __all__:
        from fe2tui.store import database

        return getattr(database, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
