"""What the books of runs and of disks have in common: how far a process knows one that others write in, too."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from fe2tui.model.place import Place
from fe2tui.store.encoding import maybe_micros, maybe_moment

Book = Literal["runs", "disks"]


@dataclass(slots=True)
class Head:
    """When all that a book has of a place was last looked at, and how many times it was written in."""

    seen_at: datetime | None
    serial: int


def head_of(connection: sqlite3.Connection, book: Book, place: Place) -> Head:
    """What is written there; of a place that is not, that nothing was."""
    row = connection.execute(f"SELECT {book}_at, {book}_serial FROM places WHERE key = ?", (place.key,)).fetchone()
    at, serial = row or (0, 0)
    return Head(maybe_moment(at or None), serial)


def is_behind(connection: sqlite3.Connection, book: Book, number: int, head: Head) -> bool:
    """Whether others have written in a place what is not known here; when they looked at it is taken over."""
    at, serial = connection.execute(f"SELECT {book}_at, {book}_serial FROM places WHERE id = ?", (number,)).fetchone()
    looked_at = maybe_moment(at or None)
    if looked_at is not None:
        head.seen_at = max(head.seen_at or looked_at, looked_at)
    return bool(serial != head.serial)


def turn(connection: sqlite3.Connection, book: Book, number: int, serial: int, seen_at: datetime | None) -> None:
    """Note how many times it was written in; ``seen_at``: when all was looked at, None if only some was."""
    connection.execute(
        f"UPDATE places SET {book}_at = max({book}_at, ?), {book}_serial = ? WHERE id = ?",
        (maybe_micros(seen_at) or 0, serial, number),
    )
