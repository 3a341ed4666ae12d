"""The activity log: which command did what to which thing, when, and with what result."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from sqlite3 import Connection
from typing import Any

from fe2tui.model.progress import ASKED, UNDER_WAY, Activity
from fe2tui.store.database import Database
from fe2tui.store.encoding import from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.presence import Presence

MAX_ENTRIES = 10_000
_TEXTS = ("command", "subject", "label", "region", "result", "words", "remedy", "code", "by")
_COLUMNS = f"at, {', '.join(_TEXTS)}, ended_at"
_texts = attrgetter(*_TEXTS)


class ActivityLog:
    """An entry begins before the call that changes something, and ends when the result is known."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence

    def begin(self, activity: Activity) -> int:
        """Add an entry and return its id. Beyond ``MAX_ENTRIES``, the oldest are deleted."""
        with self._database.transaction() as connection:
            return self._add(connection, activity)

    def add_once(self, activity: Activity, since: datetime) -> bool:
        """Add an entry unless there is one of the same command and subject since then. Returns True if it was added.

        Several programs may see the same event: the first one writes it.
        """
        with self._database.transaction() as connection:
            same = connection.execute(
                "SELECT 1 FROM activity WHERE command = ? AND subject = ? AND at >= ?",
                (activity.command, activity.subject, to_micros(since)),
            ).fetchone()
            if same is None:
                self._add(connection, activity)
        return same is None

    def end(
        self,
        number: int,
        result: str,
        words: str,
        remedy: str = "",
        code: str | None = None,
        at: datetime | None = None,
        *,
        subject: str | None = None,
    ) -> None:
        """Write the result: done, failed or cancelled. ``subject`` is given if it was not known at the beginning."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE activity SET result = ?, words = ?, remedy = ?, code = ?, ended_at = ?,"
                " subject = COALESCE(?, subject) WHERE id = ?",
                (result, words, remedy, code, maybe_micros(at), subject, number),
            )

    def recent(self, limit: int = 200, *, subject: str | None = None) -> list[Activity]:
        """The newest entries, or those about one instance or image (its id), the newest first."""
        where, values = ("", ()) if subject is None else ("WHERE subject = ?", (subject,))
        rows = self._database.read(
            f"SELECT {_COLUMNS}, id, owner FROM activity {where} ORDER BY id DESC LIMIT ?", (*values, limit)
        )
        return [self._entry(row) for row in rows]

    def update_words(self, number: int, words: str) -> None:
        """Write how far a running entry has come, in case its program dies now."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE activity SET words = ? WHERE id = ? AND result = 'running'", (words, number))

    def cut_short_entries(self, command: str) -> list[Activity]:
        """The entries of a command whose program died before their result was known, oldest first.

        Those that the next start takes up, from a journal, are not among them.
        """
        rows = self._database.read(
            f"SELECT {_COLUMNS}, id, owner FROM activity WHERE result = 'running' AND command = ?"
            " AND id NOT IN (SELECT activity FROM type_changes WHERE stage = 'stopped') ORDER BY id",
            (command,),
        )
        return [entry for entry in map(self._entry, rows) if entry.is_cut_short]

    def unknown_entries(self, since: datetime) -> list[Activity]:
        """The entries since then whose change AWS was asked for and whose result is not known, oldest first.

        AWS did not answer and could not be asked again, or the program ended, or was cancelled, before the answer.
        """
        found = f"SELECT {_COLUMNS}, id AS number, owner FROM activity WHERE at >= ? AND"
        rows = self._database.read(
            f"{found} result = 'unknown' UNION ALL {found} result = 'running' AND words = ? ORDER BY number",
            (to_micros(since), to_micros(since), ASKED),
        )
        return [entry for entry in map(self._entry, rows) if entry.result == "unknown" or entry.is_cut_short]

    def close_orphans(self, at: datetime) -> int:
        """End the running entries of programs that died. Returns how many there were.

        They are cancelled, except launches and freezes whose result is in their journal, and changes that AWS had been
        asked for, which are unknown. Those that the next start still has to find out, or to take up, stay as they are.
        """
        rows = self._database.read(
            "SELECT id, owner, instance_id, image_id, words FROM activity LEFT JOIN"
            " (SELECT activity, instance_id FROM launches WHERE stage IN ('ready', 'found')) ON activity = id LEFT JOIN"
            " (SELECT activity AS frozen, image_id FROM freezes WHERE stage = 'done') ON frozen = id"
            " WHERE activity.result = 'running' AND id NOT IN"
            " (SELECT activity FROM launches WHERE stage IN ('intended', 'launched')"
            " UNION SELECT activity FROM freezes WHERE stage IN ('intended', 'pending')"
            " UNION SELECT activity FROM type_changes WHERE stage = 'stopped')"
        )
        orphans = [row for row in rows if not self._presence.is_alive(row[1])]
        if orphans:
            with self._database.transaction() as connection:
                connection.executemany(
                    "UPDATE activity SET result = ?, words = ?, ended_at = ?, subject = COALESCE(?, subject)"
                    " WHERE id = ? AND result = 'running'",
                    [
                        (*_orphan_result(instance, image, words), to_micros(at), instance, number)
                        for number, _, instance, image, words in orphans
                    ],
                )
        return len(orphans)

    def _add(self, connection: Connection, activity: Activity) -> int:
        ended_at = maybe_micros(activity.ended_at)
        values = (to_micros(activity.at), *_texts(activity), ended_at, self._presence.owner)
        marks = ", ".join("?" * len(values))
        made = connection.execute(f"INSERT INTO activity ({_COLUMNS}, owner) VALUES ({marks}) RETURNING id", values)
        number = int(made.fetchone()[0])
        connection.execute("DELETE FROM activity WHERE id <= ?", (number - MAX_ENTRIES,))
        return number

    def _entry(self, row: tuple[Any, ...]) -> Activity:
        at, *texts, ended_at, number, owner = row
        named = dict(zip(_TEXTS, texts, strict=True))
        entry = Activity(from_micros(at), **named, ended_at=maybe_moment(ended_at), id=number)
        if entry.result != "running" or self._presence.is_alive(owner):
            return entry
        return replace(entry, is_cut_short=True, words=_cut_short_text(entry.words))


def _cut_short_text(words: str) -> str:
    known = "" if words in ("", UNDER_WAY) else f" {words}"
    return f"The program ended before the result was known.{known}"


def _orphan_result(instance_id: str | None, image_id: str | None, words: str) -> tuple[str, str]:
    if instance_id is not None:
        return "done", f"{instance_id} was launched; the program ended at that moment."
    if image_id is not None:
        return "done", f"The image {image_id} was made; the program ended at that moment."
    return "unknown" if words == ASKED else "cancelled", _cut_short_text(words)
