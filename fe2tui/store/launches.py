"""The launch journal: every RunInstances call, on the disk before it is sent."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

from fe2tui.errors import FieldError
from fe2tui.model.launch import LaunchIntent, LaunchRequest
from fe2tui.model.location import KnownAccount
from fe2tui.store.encoding import decode, encode, from_micros, to_micros
from fe2tui.store.journal import Journal, account_condition

_STATE_FIELDS = ("stage", "instance_id", "error", "endpoint", "process", "activity", "account")
_state_values = attrgetter(*_STATE_FIELDS)


class LaunchJournal(Journal[LaunchIntent]):
    _NOUN: ClassVar[str] = "launch"
    _TABLE: ClassVar[str] = "launches"
    _COLUMNS: ClassVar[str] = f"token, request, call, region, profile, made_at, {', '.join(_STATE_FIELDS)}"
    _OPEN: ClassVar[str] = "stage IN ('intended', 'launched')"

    def add(self, intent: LaunchIntent, since: datetime | None = None) -> None:
        """Keep an intent: it is on the disk when this returns.

        Raises FieldError(name) if a living process, this one included, is launching an instance of that name in that
        region, or if any has launched one after ``since``; StoreError, also where the store keeps nothing.
        """
        values = (
            intent.token,
            encode(intent.request.as_json()),
            encode(intent.call),
            intent.region,
            intent.profile,
            to_micros(intent.created_at),
            *_state_values(intent),
        )
        self._add(values, lambda connection: self._refuse_duplicate(connection, intent, since))

    def update(self, token: str, *, stage: str, instance_id: str | None = None, error: str = "") -> None:
        """Keep the stage that a launch has reached. An instance id that is already known is kept."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE launches SET stage = ?, instance_id = COALESCE(?, instance_id), error = ? WHERE token = ?",
                (stage, instance_id, error, token),
            )

    def since(self, account: KnownAccount, region: str, at: datetime) -> list[LaunchIntent]:
        """The account's launches after a moment that EC2 accepted, whichever process made them."""
        condition, parameters = account_condition(account)
        condition += " AND region = ? AND made_at >= ? AND instance_id IS NOT NULL"
        return self._read(condition, *parameters, region, to_micros(at))

    def _refuse_duplicate(self, connection: sqlite3.Connection, intent: LaunchIntent, since: datetime | None) -> None:
        condition, parameters = account_condition(KnownAccount(intent.account, (intent.profile,), intent.endpoint))
        rows = connection.execute(
            f"SELECT owner, request FROM launches WHERE {condition} AND region = ? AND {self._OPEN}",
            (*parameters, intent.region),
        )
        name = intent.request.name
        if any(decode(request)["name"] == name and self._presence.is_alive(owner) for owner, request in rows):
            raise FieldError("name", f"“{name}” is being launched already.", "Wait for it, or choose another name.")
        if since is None:
            return
        rows = connection.execute(
            f"SELECT request FROM launches WHERE {condition} AND region = ? AND made_at >= ?"
            " AND stage IN ('ready', 'found')",
            (*parameters, intent.region, to_micros(since)),
        )
        if any(decode(request)["name"] == name for (request,) in rows):
            raise FieldError("name", f"“{name}” was launched a moment ago by another program.", "Choose another name.")

    def _intent(self, row: Sequence[Any]) -> LaunchIntent:
        token, text, call, region, profile, made_at, *state = row
        request = LaunchRequest.from_json(decode(text))
        return LaunchIntent(token, request, decode(call), region, profile, from_micros(made_at), *state)
