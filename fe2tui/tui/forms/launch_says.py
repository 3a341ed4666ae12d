"""Where the launch form says what it knows: beside its fields, and below them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from fe2tui.errors import Fe2Error, FieldError
from fe2tui.model.money import GP3_IOPS
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_words as words
from fe2tui.tui.forms.field import Field, Row
from fe2tui.tui.forms.form import dim, shown
from fe2tui.tui.forms.launch_draft import FIELDS
from fe2tui.tui.forms.launch_market import MarketPrices

if TYPE_CHECKING:
    from textual.screen import Screen

    from fe2tui.model.launch import LaunchRequest

ROWS = (*FIELDS, "market")
_SHOWN_AS = {"zone": "market"}


def wrong_in(plan: LaunchPlan, row: str) -> FieldError | None:
    """What is wrong with what a row of the form asks for."""
    return next((error for error in plan.errors if _SHOWN_AS.get(error.field, error.field) == row), None)


class Says:
    """Writes a plan, and what is wrong with it, into a form. ``has_picker``: there is a picker of all types."""

    def __init__(self, form: Screen[LaunchRequest], clock: Callable[[], datetime], has_picker: bool) -> None:
        self._form = form
        self._clock = clock
        self._has_picker = has_picker

    def _field(self, name: str) -> Field:
        return self._form.query_one(f"#{name}", Field)

    def _line(self, name: str) -> Static:
        return self._form.query_one(f"#{name}", Static)

    def trouble(self, error: Fe2Error | None) -> None:
        """What stands in the way of all of it, or that nothing does."""
        line = self._line("trouble")
        line.display = error is not None
        if error is not None:
            line.update(Content.assemble(("▲ ", "$error"), shown(error.summary), " ", dim(error.remedy)))

    def plan(self, plan: LaunchPlan | None) -> None:
        """What a plan comes to, below the fields and beside them; None: there is none yet."""
        self._line("cost").update(words.cost_line(plan))
        self._line("zones").update(words.zone_line(plan) if plan and not plan.error("type") else Content(""))
        warnings = plan.warnings if plan else ()
        self._line("warnings").update(words.warning_lines(warnings))
        self._line("warnings").display = bool(warnings)
        if plan is None:
            return
        self._form.query_one(MarketPrices).show_plan(plan)
        self._line("data").update(dim(plan.market_words))
        self._field("image").hint(*words.image_hints(plan, self._clock()))
        self._field("disk").hint(*words.disk_hints(plan, self._field("disk").value))
        if plan.volumes and plan.request.iops is None:
            self._field("iops").input.placeholder = str(plan.volumes[0].iops or GP3_IOPS)
        self._field("type").hint(*words.type_hints(plan, self._has_picker))
        self._field("key_name").hint(*words.key_hints(plan))
        self._field("security_group").hint(*words.group_hints(plan))
        self._field("address").hint(*words.address_hints(plan))

    def errors(self, plan: LaunchPlan, judged: Collection[str]) -> None:
        """What is wrong stands beside those rows that are to be judged; what belongs to none, below them all."""
        for name in ROWS:
            self._form.query_one(f"#{name}", Row).blame(wrong_in(plan, name) if name in judged else None)
        elsewhere = [error for error in plan.errors if error.field not in (*ROWS, *_SHOWN_AS)]
        if elsewhere:
            self.trouble(elsewhere[0])

    def read_first(self, plan: LaunchPlan) -> None:
        """The warnings came after the key that launches: they are to be read, and it is to be pressed once more."""
        self._line("warnings").update(
            Content.assemble(words.warning_lines(plan.warnings), "\n", dim("  ^s launches all the same."))
        )
