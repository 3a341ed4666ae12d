"""Freeze: the image's name, and how it is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.content import Content
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.words import visible
from fe2tui.paths import sheets_folder
from fe2tui.tasks.freeze import FreezePlan
from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.form import Form, dim, shown
from fe2tui.tui.forms.radio import Radio, Way

SETTLE = 0.25  # seconds without a key before the name is checked
NAME = "ami_name"
FIRST: FreezeWay = "reboot"
LONGEST_TITLE = 70  # of a frame of 76
Plan = Callable[[str | None, FreezeWay], Awaitable[FreezePlan]]


@dataclass(frozen=True, slots=True)
class Freeze:
    """What was asked for: the image's name, and the way to make it."""

    name: str
    way: FreezeWay


class FreezeForm(Form[Freeze]):
    """Answers with a name that was free a moment ago and a way that is possible, or None."""

    CSS_PATH: ClassVar[CSSPathType | None] = [sheets_folder() / "forms.tcss", sheets_folder() / "freeze.tcss"]

    def __init__(self, label: str, plan: Plan, *, settle: float = SETTLE) -> None:
        title = f"Freeze {label} into an image"
        super().__init__(title if len(title) <= LONGEST_TITLE else f"Freeze {label}", submit_word="Freeze")
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._make = plan
        self._settle = settle
        self._plan: FreezePlan | None = None
        self._timer: Timer | None = None
        self._touched = False
        self._submitting = False
        self._ways: dict[str, FreezeWay] = {}

    def compose(self) -> Iterator[Widget]:
        """The name, the ways, and what it comes to."""
        yield from self.framed(
            Field("Name", id=NAME, placeholder="looking which name is free …"),
            Radio((), FIRST, id="ways"),
            Static(id="means"),
            Static(id="trouble"),
            classes="-narrow-form -wide-field",
        )

    def on_mount(self) -> None:
        """Find a free name, and what is possible."""
        self._complain(None)
        self.query_one("#ways").display = False
        self._plan_soon(0)

    @property
    def _ami(self) -> Field:
        return self.query_one(f"#{NAME}", Field)

    @property
    def _way(self) -> FreezeWay:
        return self._ways.get(self.query_one("#ways", Radio).chosen, FIRST)

    # The plan

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        if self._plan is None or event.value != self._plan.name:
            self._touched = True
            self._ami.blame(None)
            self._plan_soon(self._settle)

    @on(Radio.Changed)
    def _other_way(self, event: Radio.Changed) -> None:
        event.stop()
        self._plan_soon(0)

    def _plan_soon(self, seconds: float) -> None:
        self._plan = None
        self._submitting = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(max(seconds, 0.01), self._plan_now)

    def _plan_now(self) -> None:
        self.run_worker(self._make_plan(), group="plan", exclusive=True, exit_on_error=False)

    async def _make_plan(self) -> None:
        typed = self._ami.value
        try:
            plan = await self._make(typed if self._touched else None, self._way)
        except Fe2Error as error:
            self._submitting = False
            self._complain(error)
            return
        self._complain(None)
        self._show(plan, typed)
        if self._submitting:
            self._submitting = False
            self._finish(plan)

    def _show(self, plan: FreezePlan, typed: str) -> None:
        self._plan = plan
        self._ways = {way.way: way.way for way in plan.ways}
        ways = self.query_one("#ways", Radio)
        ways.display = bool(plan.ways)
        ways.offer([Way(way.way, way.title, way.words) for way in plan.ways])
        if not self._touched:
            self._ami.input.value = plan.name
            self._ami.input.action_select_all()
        elif not typed:
            self._ami.input.placeholder = plan.name
        self._ami.blame(plan.error(NAME))
        sentences = (plan.name_words, *plan.sentences) if plan.name_words else plan.sentences
        self.query_one("#means", Static).update(Content("\n").join(map(shown, sentences)))

    def _complain(self, error: Fe2Error | None) -> None:
        line = self.query_one("#trouble", Static)
        line.display = error is not None
        if error is not None:
            line.update(Content.assemble(("▲ ", "$error"), shown(error.summary), " ", dim(error.remedy)))

    # Submitting

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Enter goes on to the ways where there are some, else it freezes."""
        event.stop()
        ways = self.query_one("#ways", Radio)
        if ways.display:
            ways.focus()
        else:
            self.action_submit()

    def action_submit(self) -> None:
        """Freeze if what is on the screen was checked; else check it first."""
        if self._timer is not None:
            self._timer.stop()
        if self._plan is not None:
            self._finish(self._plan)
            return
        self._submitting = True
        self._plan_now()

    def _finish(self, plan: FreezePlan) -> None:
        if not plan.errors:
            self.dismiss(Freeze(plan.name, plan.way))
            return
        self._ami.blame(plan.error(NAME))
        if (wrong := plan.error("way")) is not None:
            self._complain(wrong)
        self.set_focus(self._ami.input if plan.error(NAME) else self.query_one("#ways", Radio))


def done_words(name: str, label: str) -> str:
    """What a toast says at the end."""
    return f"The image {visible(name)} of {visible(label)} is ready: l launches from it in Images."
