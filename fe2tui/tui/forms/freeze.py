"""Freeze: the name of the image, and how to create it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, cast

from textual import on
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.model.command_text import CommandText
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tasks.freeze import FreezePlan
from fe2tui.tui.forms.form import SETTLE_SECONDS, Field, PlanForm, safe_content
from fe2tui.tui.forms.radio import RadioList, RadioOption

NAME_FIELD_ID = "ami_name"
DEFAULT_WAY: FreezeWay = "reboot"
MAX_TITLE_LENGTH = 70  # of a frame of 76
PlanFreeze = Callable[[str | None, FreezeWay], Awaitable[FreezePlan]]


@dataclass(frozen=True, slots=True)
class FreezeRequest:
    name: str
    way: FreezeWay


class FreezeForm(PlanForm[FreezeRequest, FreezePlan]):
    """Answers with a name and a way whose plan has no errors, or None."""

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "freeze.tcss"]

    ENTER_GOES_ON = True

    def __init__(
        self,
        label: str,
        plan: PlanFreeze,
        *,
        name: str = "",
        way: FreezeWay = DEFAULT_WAY,
        command: Callable[[str, FreezeWay | None], CommandText] | None = None,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        """``name`` and ``way`` are the initial ones. ``command`` gives the command for a name and a way."""
        long = f"Freeze {label} into an image"
        title = long if len(long) <= MAX_TITLE_LENGTH else f"Freeze {label}"
        super().__init__(title, submit_label="Freeze", settle_seconds=settle_seconds)
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._plan_freeze = plan
        self._initial_name, self._initial_way = name, way
        if command is not None:
            self.command_text = lambda: command(self._name_field.value, self._shown_way)
        self._is_name_edited = bool(name)
        self._planned_name = ""

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Field("Name", id=NAME_FIELD_ID, value=self._initial_name, placeholder="looking up a free name …"),
            RadioList((), self._initial_way, id="ways"),
            Static(id="means"),
            Static(id="trouble"),
            classes="-narrow-form -wide-field",
        )

    def on_mount(self) -> None:
        self.show_form_error(None)
        self.query_one("#ways").display = False
        self._plan_soon()

    @property
    def _name_field(self) -> Field:
        return self.query_one(f"#{NAME_FIELD_ID}", Field)

    @property
    def _chosen_way(self) -> FreezeWay:
        return cast("FreezeWay", self.query_one("#ways", RadioList).chosen_id)

    @property
    def _shown_way(self) -> FreezeWay | None:
        return self._chosen_way if self.query_one("#ways").display else None

    # The plan

    @on(Input.Changed)
    def _plan_after_typing(self, event: Input.Changed) -> None:
        event.stop()
        if self._plan is None or event.value != self._plan.name:
            self._is_name_edited = True
            self._name_field.show_error(None)
            self._plan_soon(self._settle_seconds)

    @on(RadioList.Changed)
    def _plan_other_way(self, event: RadioList.Changed) -> None:
        event.stop()
        self._plan_soon()

    async def _make_plan(self) -> FreezePlan:
        typed = self._planned_name = self._name_field.value
        return await self._plan_freeze(typed if self._is_name_edited else None, self._chosen_way)

    def _show_plan(self, plan: FreezePlan) -> None:
        ways = self.query_one("#ways", RadioList)
        ways.display = bool(plan.options)
        ways.set_options([RadioOption(way.way, way.title, way.words) for way in plan.options])
        if not self._is_name_edited:
            self._name_field.input.value = plan.name
            self._name_field.input.action_select_all()
        elif not self._planned_name:
            self._name_field.input.placeholder = plan.name
        self._name_field.show_error(plan.error_for(NAME_FIELD_ID))
        sentences = (plan.name_text, *plan.sentences) if plan.name_text else plan.sentences
        self.query_one("#means", Static).update(Content("\n").join(map(safe_content, sentences)))
        self.call_after_refresh(self.write_key_hints)  # the ways may have become the last that takes the focus

    # Submitting

    def _finish(self, plan: FreezePlan) -> None:
        if not plan.errors:
            self.dismiss(FreezeRequest(plan.name, plan.way))
            return
        self._name_field.show_error(plan.error_for(NAME_FIELD_ID))
        if (wrong := plan.error_for("way")) is not None:
            self.show_form_error(wrong)
        self.set_focus(self._name_field.input if plan.error_for(NAME_FIELD_ID) else self.query_one("#ways", RadioList))


def done_text(name: str, label: str) -> str:
    return f"The image {visible(name)} of {visible(label)} is ready: press l on it in Images to launch from it."
