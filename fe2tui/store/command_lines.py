"""The lines that were typed in the dashboard's command line."""

from __future__ import annotations

from datetime import datetime

from fe2tui.store.database import Database
from fe2tui.store.encoding import to_micros

_KEPT = 500  # lines


class CommandLines:
    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, text: str, at: datetime) -> None:
        """Keep a line as the newest. Kept earlier, it only moves. The oldest lines are forgotten."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM command_lines WHERE text = ?", (text,))
            connection.execute("INSERT INTO command_lines (at, text) VALUES (?, ?)", (to_micros(at), text))
            connection.execute(
                "DELETE FROM command_lines WHERE id <="
                " (SELECT id FROM command_lines ORDER BY id DESC LIMIT 1 OFFSET ?)",
                (_KEPT,),
            )

    def recent(self) -> list[str]:
        """The newest first."""
        return [text for (text,) in self._database.read("SELECT text FROM command_lines ORDER BY id DESC")]
