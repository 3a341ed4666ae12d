"""The table of the picker of types: the cursor is bright while the filter has the focus."""

from __future__ import annotations

from fe2tui.model.fleet import Prices
from fe2tui.model.type_query import TypesAt
from fe2tui.tui.forms.type_columns import TypeRows
from fe2tui.tui.widgets.brush import Look
from fe2tui.tui.widgets.table import Table


class TypeTable(Table, can_focus=False):
    """It is moved in by the form's keys, and by the mouse."""

    OPENS = "choose"

    def __init__(self) -> None:
        self.types = TypeRows((), TypesAt(Prices(), {}), {})
        self._was_put_on: str | None = None
        super().__init__(self.types, id="types")

    def show_types(self, types: TypeRows, sorted_by: tuple[str, bool]) -> None:
        """Show these."""
        self.types, self.sorted_by = types, sorted_by
        self.show(types)

    def put_on(self, name: str) -> None:
        """Put the cursor on the type of that name, else on the first, and in sight."""
        if not self.go_to(name) and self.types.ids:
            self.go_to(self.types.ids[0])
        self._was_put_on = self.cursor_id
        if self._cursor or self.scroll_y:  # once more when the table has its height, and what came meanwhile was drawn
            self.call_after_refresh(self.action_move, 0)

    @property
    def is_moved(self) -> bool:
        """Whether a person has moved the cursor to where it is."""
        return self.cursor_id != self._was_put_on

    @property
    def titles(self) -> tuple[str, ...]:
        """The titles of the columns that have room."""
        return tuple(column.title for column in self._brush.layout.columns)

    def texts(self, row_id: str) -> tuple[str, ...]:
        """The cells of a row that have room."""
        return tuple(text for text, _ in self.types.cells(row_id, self._brush.layout.columns)[1])

    def _look(self, row: int) -> Look:
        look = super()._look(row)
        return Look(look.row_id, "cursor", look.marked) if look.ground == "idle" else look
