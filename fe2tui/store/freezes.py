"""The freeze journal: every image that is to be made, on the disk before anything is done for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, ClassVar

from fe2tui.errors import FieldError
from fe2tui.model.freeze import FreezeIntent
from fe2tui.model.location import KnownAccount
from fe2tui.store.encoding import decode, encode, from_micros, maybe_micros, maybe_moment, to_micros
from fe2tui.store.journal import Journal, account_condition

_SAME_NAMED = "token, name, instance_id, label, region, profile, endpoint, stage, image_id, error, activity, account"
_FIELDS = tuple(_SAME_NAMED.split(", "))
_field_values = attrgetter(*_FIELDS)
_IMAGE_ID = _FIELDS.index("image_id")


class FreezeJournal(Journal[FreezeIntent]):
    _NOUN: ClassVar[str] = "freeze"
    _TABLE: ClassVar[str] = "freezes"
    _COLUMNS: ClassVar[str] = f"{_SAME_NAMED}, made_at, body"
    _OPEN: ClassVar[str] = "stage IN ('intended', 'pending')"

    def add(self, intent: FreezeIntent) -> None:
        """Keep an intent: it is on the disk when this returns.

        Raises FieldError(ami_name) if a living process, this one included, is requesting an image of that name in that
        region; StoreError, also where the store keeps nothing.
        """
        body = {
            "way": intent.way,
            "restart": intent.restart,
            "stopped_at": maybe_micros(intent.stopped_at),
            "asked_at": maybe_micros(intent.asked_at),
            "disks": intent.volume_count,
            "tags": intent.tags,
        }
        values = (*_field_values(intent), to_micros(intent.created_at), encode(body))
        self._add(values, lambda connection: self._refuse_duplicate(connection, intent))

    def update(self, token: str, *, stage: str, image_id: str | None = None, error: str = "") -> None:
        """Keep the stage that a freeze has reached. An image id that is already known is kept."""
        with self._database.transaction() as connection:
            connection.execute(
                "UPDATE freezes SET stage = ?, image_id = COALESCE(?, image_id), error = ? WHERE token = ?",
                (stage, image_id, error, token),
            )

    def record_stop(self, token: str, at: datetime) -> None:
        """Keep, before the StopInstances call, that the instance has to be started again."""
        self._change(token, restart=True, stopped_at=to_micros(at))

    def record_request(self, token: str, at: datetime) -> None:
        """Keep, before the CreateImage call, that there may be an image from now on."""
        self._change(token, asked_at=to_micros(at))

    def clear_restart(self, token: str) -> None:
        """Keep that the instance has been started again, or is not to be."""
        self._change(token, restart=False)

    def settle_deregistered(self, account: KnownAccount, image_id: str) -> None:
        """Settle the freezes of an image that was deregistered, except where the instance is still to be started."""
        condition, parameters = account_condition(account)
        with self._database.transaction() as connection:
            rows = connection.execute(
                f"SELECT token, body FROM freezes WHERE {condition} AND image_id = ? AND {self._OPEN}",
                (*parameters, image_id),
            ).fetchall()
            settled = [(token,) for token, body in rows if not decode(body)["restart"]]
            connection.executemany(
                "UPDATE freezes SET stage = 'abandoned', error = 'deregistered' WHERE token = ?", settled
            )

    def pending(self, account: KnownAccount, region: str) -> list[FreezeIntent]:
        """The account's freezes whose image is being made, newest first, whichever process works on them."""
        condition, parameters = account_condition(account)
        return self._read(
            f"{condition} AND region = ? AND stage = 'pending' ORDER BY made_at DESC", *parameters, region
        )

    def unsettled(self, account: KnownAccount | None = None) -> list[FreezeIntent]:
        """The freezes of an account, or of all, that no living process works on, and that no image alone will end.

        Their instance is still to be started, or it is not known whether there is an image.
        """
        condition, parameters = account_condition(account) if account is not None else ("1", ())
        rows = self._database.read(
            f"SELECT {self._COLUMNS}, owner FROM freezes WHERE {condition} AND {self._OPEN} ORDER BY made_at",
            parameters,
        )
        waiting = [row for row in rows if row[_IMAGE_ID] is None or decode(row[-2])["restart"]]
        mine = self._presence.owner if waiting else ""
        return [self._intent(row[:-1]) for row in waiting if self._is_unclaimed(row[0], row[-1], mine)]

    def _change(self, token: str, **changes: Any) -> None:
        with self._database.transaction() as connection:
            row = connection.execute("SELECT body FROM freezes WHERE token = ?", (token,)).fetchone()
            if row is not None:
                body = encode({**decode(row[0]), **changes})
                connection.execute("UPDATE freezes SET body = ? WHERE token = ?", (body, token))

    def _refuse_duplicate(self, connection: sqlite3.Connection, intent: FreezeIntent) -> None:
        condition, parameters = account_condition(KnownAccount(intent.account, (intent.profile,), intent.endpoint))
        rows = connection.execute(
            f"SELECT owner FROM freezes WHERE {condition} AND region = ? AND name = ? AND stage = 'intended'",
            (*parameters, intent.region, intent.name),
        )
        if any(self._presence.is_alive(owner) for (owner,) in rows):
            raise FieldError(
                "ami_name",
                f"The image “{intent.name}” is being created already.",
                "Wait for it, or choose another name.",
            )

    def _intent(self, row: Sequence[Any]) -> FreezeIntent:
        *values, made_at, text = row
        body, created_at = decode(text), from_micros(made_at)
        return FreezeIntent(
            **dict(zip(_FIELDS, values, strict=True)),
            created_at=created_at,
            way=body["way"],
            restart=body["restart"],
            stopped_at=maybe_moment(body["stopped_at"]),
            # an earlier version did not write it
            asked_at=maybe_moment(body["asked_at"]) if "asked_at" in body else created_at,
            volume_count=body["disks"],
            tags=body["tags"],
        )
