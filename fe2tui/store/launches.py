"""The launch journal: what was about to be asked of EC2, on the disk before it is asked."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fe2tui.errors import FieldError, StoreError
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, from_micros, to_micros
from fe2tui.store.presence import Presence

_COLUMNS = "token, request, call, region, profile, made_at, stage, instance_id, error, endpoint, process, activity"
_OPEN = "stage IN ('intended', 'launched')"


class LaunchJournal:
    """Launch intents by token. An intent is ours while this store works on it, and anybody's once its process died."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence
        self._lock = threading.Lock()
        self._claimed: set[str] = set()

    def add(self, intent: LaunchIntent, since: datetime | None = None) -> None:
        """Keep an intent: it is on the disk when this returns.

        Raises FieldError(name) if a living process, this one included, is launching that name there right now, or any
        has launched it ``since`` a moment, and StoreError, also where nothing can be kept.
        """
        if not self._database.is_durable:
            problem = self._database.problem
            raise StoreError(
                "The launch cannot be recorded, so it is not begun.", problem.summary if problem else ""
            ) from problem
        owner = self._presence.owner
        values = (
            intent.token,
            encode(intent.request.as_json()),
            encode(intent.call),
            intent.region,
            intent.profile,
            to_micros(intent.created_at),
            intent.stage,
            intent.instance_id,
            intent.error,
            intent.endpoint,
            intent.process,
            intent.activity,
            owner,
        )
        with self._lock, self._database.transaction() as connection:
            self._refuse_duplicate(connection, intent, since)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO launches ({_COLUMNS}, owner) VALUES ({marks})", values)
            self._claimed.add(intent.token)

    def update(self, token: str, *, stage: str, instance_id: str | None = None, error: str = "") -> None:
        """Keep what became of it; an instance id already known stays known."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE launches SET stage = ?, instance_id = COALESCE(?, instance_id), error = ? WHERE token = ?",
                (stage, instance_id, error, token),
            )

    def release(self, token: str) -> None:
        """Say that nobody here works on it any more: ``open`` may give it out again."""
        with self._lock:
            self._claimed.discard(token)

    def get(self, token: str) -> LaunchIntent | None:
        """The intent with that token."""
        return next(
            iter(_intents(self._database.read(f"SELECT {_COLUMNS} FROM launches WHERE token = ?", (token,)))), None
        )

    def claim_open(self, profile: str, endpoint: str) -> list[LaunchIntent]:
        """Take over, oldest first, the intents of which it is not known what became and on which nobody works.

        They are this store's from then on: of two processes that ask at once, each intent goes to one. ``release``
        gives back what could not be settled.
        """
        mine = self._presence.owner
        with self._lock, self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, owner FROM launches"
                f" WHERE profile = ? AND endpoint = ? AND {_OPEN} ORDER BY made_at",
                (profile, endpoint),
            ).fetchall()
            free = [row[:-1] for row in rows if self._is_unclaimed(row[0], row[-1], mine)]
            connection.executemany("UPDATE launches SET owner = ? WHERE token = ?", [(mine, row[0]) for row in free])
            self._claimed.update(row[0] for row in free)
        return _intents(free)

    def _refuse_duplicate(self, connection: sqlite3.Connection, intent: LaunchIntent, since: datetime | None) -> None:
        rows = connection.execute(
            f"SELECT owner, request FROM launches WHERE profile = ? AND endpoint = ? AND region = ? AND {_OPEN}",
            (intent.profile, intent.endpoint, intent.region),
        )
        name = intent.request.name
        if any(decode(request)["name"] == name and self._presence.is_alive(owner) for owner, request in rows):
            raise FieldError("name", f"“{name}” is being launched already.", "Wait for it, or choose another name.")
        if since is None:
            return
        rows = connection.execute(
            "SELECT request FROM launches WHERE profile = ? AND endpoint = ? AND region = ? AND made_at >= ?"
            " AND stage IN ('ready', 'found')",
            (intent.profile, intent.endpoint, intent.region, to_micros(since)),
        )
        if any(decode(request)["name"] == name for (request,) in rows):
            raise FieldError("name", f"“{name}” was launched a moment ago, by another.", "Choose another name.")

    def _is_unclaimed(self, token: str, owner: str, mine: str) -> bool:
        return token not in self._claimed if owner == mine else not self._presence.is_alive(owner)


def _intents(rows: Iterable[tuple[Any, ...]]) -> list[LaunchIntent]:
    return [
        LaunchIntent(
            token=row[0],
            request=LaunchRequest.from_json(decode(row[1])),
            call=decode(row[2]),
            region=row[3],
            profile=row[4],
            created_at=from_micros(row[5]),
            stage=row[6],
            instance_id=row[7],
            error=row[8],
            endpoint=row[9],
            process=row[10],
            activity=row[11],
        )
        for row in rows
    ]
