"""The journal of freezes: what was about to be made an image, on the disk before anything is done."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fe2tui.errors import FieldError, StoreError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.store.database import Database
from fe2tui.store.encoding import decode, encode, from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.presence import Presence

_COLUMNS = "token, name, instance_id, label, region, profile, endpoint, made_at, stage, image_id, error, activity, body"
_OPEN = "stage IN ('intended', 'pending')"


class FreezeJournal:
    """Intents by token. One is ours while this store works on it, and anybody's once its process died."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence
        self._lock = threading.Lock()
        self._claimed: set[str] = set()

    def add(self, intent: FreezeIntent) -> None:
        """Keep an intent: it is on the disk when this returns.

        Raises FieldError(ami_name) if a living process, this one included, is asking for an image of that name there
        right now, and StoreError, also where nothing can be kept.
        """
        if not self._database.is_durable:
            problem = self._database.problem
            raise StoreError(
                "The freeze cannot be recorded, so it is not begun.", problem.summary if problem else ""
            ) from problem
        values = (
            intent.token,
            intent.name,
            intent.instance_id,
            intent.label,
            intent.region,
            intent.profile,
            intent.endpoint,
            to_micros(intent.created_at),
            intent.stage,
            intent.image_id,
            intent.error,
            intent.activity,
            _body(intent),
            self._presence.owner,
        )
        with self._lock, self._database.transaction() as connection:
            self._refuse_duplicate(connection, intent)
            marks = ", ".join("?" * len(values))
            connection.execute(f"INSERT INTO freezes ({_COLUMNS}, owner) VALUES ({marks})", values)
            self._claimed.add(intent.token)

    def update(self, token: str, *, stage: str, image_id: str | None = None, error: str = "") -> None:
        """Keep what became of it; an image's id already known stays known."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE freezes SET stage = ?, image_id = COALESCE(?, image_id), error = ? WHERE token = ?",
                (stage, image_id, error, token),
            )

    def record_stop(self, token: str, at: datetime) -> None:
        """Keep, before the call, that its instance is told to stop: it has to be started again."""
        self._change(token, restart=True, stopped_at=to_micros(at))

    def record_request(self, token: str, at: datetime) -> None:
        """Keep, before the call, that the image is asked for: from now on there may be one."""
        self._change(token, asked_at=to_micros(at))

    def clear_restart(self, token: str) -> None:
        """Keep that its instance has been started again, or is not to be."""
        self._change(token, restart=False)

    def settle_deregistered(self, profile: str, endpoint: str, image_id: str) -> None:
        """Settle those of an image that its person took away. One whose instance is still to be started stays open."""
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT token, body FROM freezes WHERE profile = ? AND endpoint = ? AND image_id = ? AND {_OPEN}",
                (profile, endpoint, image_id),
            ).fetchall()
            settled = [(token,) for token, body in rows if not decode(body)["restart"]]
            connection.executemany(
                "UPDATE freezes SET stage = 'abandoned', error = 'deregistered' WHERE token = ?", settled
            )

    def release(self, token: str) -> None:
        """Say that nobody here works on it any more: ``open`` may give it out again."""
        with self._lock:
            self._claimed.discard(token)

    def get(self, token: str) -> FreezeIntent | None:
        """The intent with that token."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM freezes WHERE token = ?", (token,))
        return next(iter(_intents(rows)), None)

    def pending(self, profile: str, endpoint: str, region: str) -> list[FreezeIntent]:
        """Those whose image's id is known and whose end is not, newest first, whoever works on them."""
        rows = self._database.read(
            f"SELECT {_COLUMNS} FROM freezes WHERE profile = ? AND endpoint = ? AND region = ? AND stage = 'pending'"
            " ORDER BY made_at DESC",
            (profile, endpoint, region),
        )
        return _intents(rows)

    def waiting_for_restart(self) -> list[FreezeIntent]:
        """Those that nobody works on and whose instance is to be started again, of every account."""
        rows = self._database.read(f"SELECT {_COLUMNS}, owner FROM freezes WHERE {_OPEN} ORDER BY made_at")
        waiting = [row for row in rows if decode(row[12])["restart"]]
        mine = self._presence.owner if waiting else ""
        return _intents(row[:-1] for row in waiting if self._is_unclaimed(row[0], row[-1], mine))

    def claim_open(self, profile: str, endpoint: str) -> list[FreezeIntent]:
        """Take over, oldest first, those whose end is not known and on which nobody works.

        They are this store's from then on: of two processes that ask at once, each intent goes to one. ``release``
        gives back what could not be settled.
        """
        if not self._database.read(f"SELECT 1 FROM freezes WHERE {_OPEN} LIMIT 1"):
            return []
        mine = self._presence.owner
        with self._lock, self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS}, owner FROM freezes"
                f" WHERE profile = ? AND endpoint = ? AND {_OPEN} ORDER BY made_at",
                (profile, endpoint),
            ).fetchall()
            free = [row[:-1] for row in rows if self._is_unclaimed(row[0], row[-1], mine)]
            connection.executemany("UPDATE freezes SET owner = ? WHERE token = ?", [(mine, row[0]) for row in free])
            self._claimed.update(row[0] for row in free)
        return _intents(free)

    def _change(self, token: str, **changes: Any) -> None:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT body FROM freezes WHERE token = ?", (token,)).fetchone()
            if row is not None:
                body = encode({**decode(row[0]), **changes})
                connection.execute("UPDATE freezes SET body = ? WHERE token = ?", (body, token))

    def _refuse_duplicate(self, connection: sqlite3.Connection, intent: FreezeIntent) -> None:
        rows = connection.execute(
            "SELECT owner FROM freezes WHERE profile = ? AND endpoint = ? AND region = ? AND name = ?"
            " AND stage = 'intended'",
            (intent.profile, intent.endpoint, intent.region, intent.name),
        )
        if any(self._presence.is_alive(owner) for (owner,) in rows):
            raise FieldError(
                "ami_name", f"The image “{intent.name}” is being made already.", "Wait for it, or choose another name."
            )

    def _is_unclaimed(self, token: str, owner: str, mine: str) -> bool:
        return token not in self._claimed if owner == mine else not self._presence.is_alive(owner)


def _body(intent: FreezeIntent) -> str:
    return encode(
        {
            "way": intent.way,
            "restart": intent.restart,
            "stopped_at": maybe_micros(intent.stopped_at),
            "asked_at": maybe_micros(intent.asked_at),
            "disks": intent.volume_count,
            "tags": intent.tags,
        }
    )


def _intents(rows: Iterable[tuple[Any, ...]]) -> list[FreezeIntent]:
    found = []
    for row in rows:
        body = decode(row[12])
        made_at = from_micros(row[7])
        found.append(
            FreezeIntent(
                token=row[0],
                name=row[1],
                instance_id=row[2],
                label=row[3],
                region=row[4],
                profile=row[5],
                endpoint=row[6],
                created_at=made_at,
                stage=row[8],
                image_id=row[9],
                error=row[10],
                activity=row[11],
                way=body["way"],
                restart=body["restart"],
                stopped_at=maybe_moment(body["stopped_at"]),
                asked_at=maybe_moment(body["asked_at"]) if "asked_at" in body else made_at,
                volume_count=body["disks"],
                tags=body["tags"],
            )
        )
    return found
