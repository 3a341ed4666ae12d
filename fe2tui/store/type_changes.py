"""The journal of type changes: every instance that is stopped for one, on the disk before it is stopped."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any, ClassVar

from fe2tui.model.type_change import TypeChangeIntent
from fe2tui.store.encoding import from_micros, to_micros
from fe2tui.store.journal import Journal

_FIELDS = ("token", "instance_id", "label", "new_type", "region", "profile", "endpoint", "stage", "activity", "account")
_values = attrgetter(*_FIELDS)


class TypeChangeJournal(Journal[TypeChangeIntent]):
    _NOUN: ClassVar[str] = "type change"
    _TABLE: ClassVar[str] = "type_changes"
    _COLUMNS: ClassVar[str] = f"{', '.join(_FIELDS)}, made_at"
    _OPEN: ClassVar[str] = "stage = 'stopped'"

    def add(self, intent: TypeChangeIntent) -> None:
        """Keep an intent: it is on the disk when this returns. Raises StoreError, also if the store keeps nothing."""
        self._add((*_values(intent), to_micros(intent.stopped_at)), lambda connection: None)

    def end(self, token: str) -> None:
        """Keep that the instance has been started again, or is not to be."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE type_changes SET stage = 'done' WHERE token = ?", (token,))

    def _intent(self, row: Sequence[Any]) -> TypeChangeIntent:
        *values, made_at = row
        return TypeChangeIntent(**dict(zip(_FIELDS, values, strict=True)), stopped_at=from_micros(made_at))
