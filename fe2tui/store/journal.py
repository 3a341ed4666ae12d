"""What launches, freezes and type changes have in common: an intent is on the disk before its call is sent."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from fe2tui.errors import StoreError
from fe2tui.model.location import KnownAccount
from fe2tui.store.database import Database
from fe2tui.store.presence import Presence

Intent = TypeVar("Intent")


def account_condition(account: KnownAccount) -> tuple[str, tuple[str, ...]]:
    """The SQL condition of an account's intents, with its parameters: by its number, else by what signed for it."""
    marks = ", ".join("?" * len(account.profiles))
    condition = f"endpoint = ? AND CASE WHEN account = '' OR ? = '' THEN profile IN ({marks}) ELSE account = ? END"
    return condition, (account.endpoint, account.number, *account.profiles, account.number)


class Journal(Generic[Intent]):
    """Intents by token. A store claims the intents it works on; those of a process that died are free again."""

    _NOUN: ClassVar[str]
    _TABLE: ClassVar[str]
    _COLUMNS: ClassVar[str]  # the token first
    _OPEN: ClassVar[str]  # the SQL condition of the intents whose end is not known

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence
        self._lock = threading.Lock()
        self._claimed: set[str] = set()

    def release(self, token: str) -> None:
        """Give up the claim: ``claim_open`` may give the intent out again."""
        with self._lock:
            self._claimed.discard(token)

    def get(self, token: str) -> Intent | None:
        return next(iter(self._read("token = ?", token)), None)

    def has_open(self) -> bool:
        """Whether the end of any intent is not known, of whatever account or process."""
        return bool(self._database.read(f"SELECT 1 FROM {self._TABLE} WHERE {self._OPEN} LIMIT 1"))

    def claim_open(self, account: KnownAccount) -> list[Intent]:
        """Claim, oldest first, the account's intents whose end is not known and which no living process works on.

        If two processes call this at once, each intent goes to one. ``release`` those that could not be settled.
        """
        if not self.has_open():
            return []
        mine, (condition, parameters) = self._presence.owner, account_condition(account)
        with self._lock, self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT {self._COLUMNS}, owner FROM {self._TABLE} WHERE {condition} AND {self._OPEN} ORDER BY made_at",
                parameters,
            ).fetchall()
            free = [row[:-1] for row in rows if self._is_unclaimed(row[0], row[-1], mine)]
            connection.executemany(
                f"UPDATE {self._TABLE} SET owner = ? WHERE token = ?", [(mine, row[0]) for row in free]
            )
            self._claimed.update(row[0] for row in free)
        return list(map(self._intent, free))

    def _add(self, values: Sequence[Any], refuse_duplicate: Callable[[sqlite3.Connection], None]) -> None:
        """Keep an intent, in the order of the columns: it is on the disk when this returns. This store claims it."""
        if not self._database.is_durable:
            problem = self._database.problem
            raise StoreError(
                f"The {self._NOUN} cannot be recorded, so it is not begun.", problem.summary if problem else ""
            ) from problem
        owner = self._presence.owner
        with self._lock, self._database.transaction() as connection:
            refuse_duplicate(connection)
            marks = ", ".join("?" * (len(values) + 1))
            connection.execute(f"INSERT INTO {self._TABLE} ({self._COLUMNS}, owner) VALUES ({marks})", (*values, owner))
            self._claimed.add(values[0])

    def _read(self, condition: str, *parameters: object) -> list[Intent]:
        rows = self._database.read(f"SELECT {self._COLUMNS} FROM {self._TABLE} WHERE {condition}", parameters)
        return list(map(self._intent, rows))

    def _is_unclaimed(self, token: str, owner: str, mine: str) -> bool:
        return token not in self._claimed if owner == mine else not self._presence.is_alive(owner)

    def _intent(self, row: Sequence[Any]) -> Intent:
        raise NotImplementedError
