"""What must outlive the program, in one SQLite file: intents, the last fleets, prices, usage and the activity log.

``Store`` in ``database`` has one attribute for each subject, in a file of that name: begin reading there. Objects of
``model`` come in and go out; ``encoding`` says how they are written. ``launches``, ``freezes`` and ``type_changes``
are journals (``journal``): their rows are on the disk before AWS is called. ``completion_names`` reads names for Tab
without importing the model.

The file is in WAL mode, versioned, readable by its owner only, and may be used by several processes and threads at
once. A corrupt file is moved aside. Where nothing can be written (a read-only disk, the file of a newer program),
the store is in memory: ``Store.problem`` says so, and launching is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fe2tui.store.database import Store, open_store

__all__ = ["Store", "open_store"]


def __getattr__(name: str) -> Any:
    # Tab imports a module of this package, which must not cost more than sqlite3
    if name in __all__:
        from fe2tui.store import database

        return getattr(database, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
