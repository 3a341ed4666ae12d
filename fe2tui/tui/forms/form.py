"""What all forms share: the frame, the keys in its lower edge, labelled fields with their errors."""

from __future__ import annotations

import math
import time
from abc import abstractmethod
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Literal, Self, TypeVar

from textual import events, on
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.worker import Worker, WorkerState

from fe2tui.errors import Fe2Error
from fe2tui.model.text import fit, visible
from fe2tui.paths import stylesheets_folder

if TYPE_CHECKING:
    from fe2tui.model.command_text import CommandText

Answer = TypeVar("Answer")
Plan = TypeVar("Plan")
READING_SECONDS = 1 / 3  # between the first frame of a form and the first key that may answer it
SUBMIT_KEYS = frozenset({"enter", "ctrl+s", "ctrl+j"})
SETTLE_SECONDS = 0.25  # seconds without a key before a plan is made
DIM = "$foreground 60%"


def safe_content(text: str, style: str = "") -> Content:
    """Foreign text as content: never markup, invisible characters as escapes."""
    return Content.styled(visible(text), style) if style else Content(visible(text))


def dim(text: str) -> Content:
    return safe_content(text, DIM)


def error_content(error: Fe2Error) -> Content:
    return Content.assemble(("▲ ", "$error"), safe_content(error.summary), " ", dim(error.remedy))


class FormList(OptionList):
    """A list of options that the keys of the form move in.

    A click on an option that was replaced meanwhile does nothing.
    """

    can_focus = False
    _is_drawn = True

    def set_options(self, options: Iterable[Any]) -> Self:
        self._is_drawn = False
        self.call_after_refresh(self._finish_drawing)
        return super().set_options(options)

    def _finish_drawing(self) -> None:
        self._is_drawn = True

    def on_click(self, event: events.Click) -> None:
        number = event.style.meta.get("option", 0)
        if not self._is_drawn or number >= self.option_count:
            event.prevent_default()


class FormFrame(VerticalScroll):
    """The rounded frame around a form's body; scrolls when the terminal is lower than the form."""

    can_focus = False


class Form(ModalScreen[Answer]):
    """A modal form. Enter in a field submits, or goes to the next; ``ctrl+s`` submits; ``esc`` leaves with None.

    All keys can be clicked in the lower edge of the frame.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = stylesheets_folder() / "forms.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "submit", "Submit", id="form.submit", show=False, priority=True),
        Binding("escape", "leave", "Leave", id="form.leave", show=False),
        Binding("ctrl+y", "copy_as_command", "As a command", show=False, priority=True),
    ]
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    TYPED_AHEAD: ClassVar[Literal["all", "text", "nothing"]] = "text"
    """Which keys are taken that were pressed before a person can have read the form: all but those that submit, or
    none where a letter answers. Esc is always taken."""
    ENTER_GOES_ON: ClassVar[bool] = False
    """Whether enter goes to the next field, and submits in the last only."""

    def __init__(self, title: str, *, submit_label: str = "", leave_label: str = "Leave") -> None:
        super().__init__()
        self._title = title
        self._submit_label = submit_label
        self._leave_label = leave_label
        self._readable_at = math.inf
        self.command_text: Callable[[], CommandText | None] | None = None
        """Gives the command of the shell and of Python that does what the form does; None while nothing is chosen."""

    @on(events.Mount)
    def _begin_reading(self) -> None:
        self.call_after_refresh(self._set_readable_at)

    def _set_readable_at(self) -> None:
        self._readable_at = time.monotonic() + READING_SECONDS

    @property
    def is_readable(self) -> bool:
        """Whether the form is on the screen for so long that a key is meant for it."""
        return self.TYPED_AHEAD == "all" or time.monotonic() >= self._readable_at

    def takes_key(self, event: events.Key) -> bool:
        if self.TYPED_AHEAD == "all" or event.key == "escape" or event.time >= self._readable_at:
            return True
        return self.TYPED_AHEAD == "text" and event.key not in SUBMIT_KEYS

    def compose_frame(self, *body: Widget, classes: str = "") -> Iterator[Widget]:
        """The frame with the body in it, for ``compose`` to yield from."""
        frame = FormFrame(*body, id="frame", classes=classes)
        frame.border_title = safe_content(self._title)
        frame.border_subtitle = self._key_hints()
        yield frame

    def _key_hints(self) -> Content:
        keys: list[Content] = []
        if self._submit_label and self._submits_by_enter:
            keys.append(key_hint("enter", self._submit_label, "screen.submit"))
        elif self._submit_label:
            keys.append(key_hint("enter", "Next", "screen.enter"))
            keys.append(key_hint("^s", self._submit_label, "screen.submit"))
        keys += [key_hint(key, word, f"screen.{action}") for key, word, action in self.extra_keys()]
        if self.command_text is not None:
            keys.append(key_hint("^y", "As a command", "screen.copy_as_command"))
        keys.append(key_hint("esc", self._leave_label, "screen.leave"))
        return Content("  ").join(keys)

    @property
    def _submits_by_enter(self) -> bool:
        return not self.ENTER_GOES_ON or (self.focused is not None and self.focused in self.focus_chain[-1:])

    @on(events.DescendantFocus)
    def _show_what_enter_does(self) -> None:
        if self.ENTER_GOES_ON:
            self.write_key_hints()

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        """Further keys for the lower edge: key, word, and the name of the action."""
        return ()

    def action_copy_as_command(self) -> None:
        """Ask whether to copy the line for the shell or the one for Python."""
        text = self.command_text() if self.command_text is not None else None
        if text is not None:
            from fe2tui.tui.forms.picker import command_picker

            self.app.push_screen(command_picker({"": text}), self._copy_command)

    def _copy_command(self, line: str | None) -> None:
        if line is not None:
            from fe2tui.tui.actions.clipboard import copy_text

            self.start_worker(partial(copy_text, self.app, line))
            self.notify(visible(f"Copied {line}"), markup=False)

    def write_key_hints(self) -> None:
        """Rewrite the lower edge if its keys have changed; that redraws the whole frame."""
        if not self.is_attached:
            return  # it was left meanwhile
        frame, edge = self.query_one("#frame"), self._key_hints()
        if frame.border_subtitle != edge.markup:
            frame.border_subtitle = edge

    def retitle(self, title: str) -> None:
        self._title = title
        self.query_one("#frame").border_title = safe_content(title)

    @on(Input.Submitted)
    def _handle_enter(self, event: Input.Submitted) -> None:
        event.stop()
        self.submit_by_enter()

    def submit_by_enter(self) -> None:
        if self._submits_by_enter:
            self.action_submit()
        else:
            self.focus_next()

    def action_enter(self) -> None:
        """Do what enter does in a field."""
        self.submit_by_enter()

    def action_submit(self) -> None:
        """Answer with the content of the form. Does nothing in a form without a default answer."""

    def show_form_error(self, error: Fe2Error | None) -> None:
        """Show an error that belongs to no field in the line ``#trouble``, or remove it."""
        line = self.query_one("#trouble", Static)
        line.display = error is not None
        if error is not None:
            line.update(error_content(error))

    def start_worker(
        self, work: Callable[[], Awaitable[None]], group: str = "default", *, exclusive: bool = False
    ) -> None:
        """Run a coroutine function in a worker of the form. ``exclusive``: cancel what runs in that group."""
        call: Any = work  # typed as a function of a coroutine that is never sent anything
        self.run_worker(call, group=group, exclusive=exclusive, exit_on_error=False)

    @on(Worker.StateChanged)
    def _report_fault(self, event: Worker.StateChanged) -> None:
        """Say that a worker of the form ended by a fault of ours: else what it was to show would just not come."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            from fe2tui.tui.internal_error import log_internal_error

            error = log_internal_error(event.worker.error)
            self.notify(visible(f"{error.summary} {error.remedy}"), severity="error", markup=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    def dismiss(self, result: Answer | None = None) -> AwaitComplete:
        """Answer, once: a second answer, or one that comes while another form is open over this one, does nothing."""
        return super().dismiss(result) if self.is_active else AwaitComplete()


class PlanForm(Form[Answer], Generic[Answer, Plan]):
    """A form that makes a plan soon after each change. Only the plan of what is on the screen is carried out."""

    def __init__(self, title: str, *, submit_label: str, settle_seconds: float) -> None:
        """``settle_seconds`` pass without a key before a plan is made."""
        super().__init__(title, submit_label=submit_label)
        self._settle_seconds = settle_seconds
        self._plan: Plan | None = None  # the plan of the very texts on the screen
        self._plan_timer: Timer | None = None
        self._is_submitting = False

    @abstractmethod
    async def _make_plan(self) -> Plan:
        """The plan of what is on the screen. May raise Fe2Error."""

    @abstractmethod
    def _show_plan(self, plan: Plan) -> None: ...

    @abstractmethod
    def _finish(self, plan: Plan) -> None:
        """Answer, or show why the plan cannot be carried out."""

    def _plan_soon(self, seconds: float = 0) -> None:
        """Make a plan when nothing changes for so long. Cancels a plan of older texts."""
        if self.is_attached:
            self._plan = None
            self._is_submitting = False
            self._stop_plan_timer()
            self._plan_timer = self.set_timer(max(seconds, 0.01), self._plan_now)

    def _stop_plan_timer(self) -> None:
        if self._plan_timer is not None:
            self._plan_timer.stop()

    def _plan_now(self) -> None:
        self.start_worker(self._make_and_show_plan, "plan", exclusive=True)

    async def _make_and_show_plan(self) -> None:
        try:
            plan = self._plan = await self._make_plan()
        except Fe2Error as error:
            self._is_submitting = False
            self.show_form_error(error)
            return
        self.show_form_error(None)
        self._show_plan(plan)
        if self._is_submitting:
            self._is_submitting = False
            self._finish(plan)

    def action_submit(self) -> None:
        """Carry out the plan if it is of the texts on the screen; else make that plan first."""
        self._stop_plan_timer()
        if self._plan is None:
            self._is_submitting = True
            self._plan_now()
        else:
            self._finish(self._plan)


def key_hint(key: str, word: str, action: str) -> Content:
    """A key and its word, clickable. Both are parsed as markup: never pass foreign text."""
    return Content.from_markup(f"[@click={action}()][bold $accent]{key}[/] {word}[/]")


def key_button(key: str, word: str, action: str, *, id: str, is_destructive: bool = False) -> Button:
    """A button that runs an action of the form, with the key that does the same. ``word`` is never markup."""
    label = Content.assemble(" ", (key, "bold $accent"), "  ", word, " ")
    classes = "-grave" if is_destructive else ""
    return Button(label, id=id, action=f"screen.{action}", compact=True, classes=classes)


class FormRow(Vertical):
    """A label, a value, and a line for the error below. Its ``id`` is the name of the field in a FieldError."""

    def __init__(self, label: str, *, id: str) -> None:
        super().__init__(id=id, classes="field")
        self._label = label
        self.error: Fe2Error | None = None

    def compose(self) -> Iterator[Widget]:
        with Horizontal(classes="line"):
            yield Label(self._label, classes="label", markup=False)
            yield from self.compose_value()
        yield Static(classes="error", markup=False)

    def compose_value(self) -> Iterator[Widget]:
        raise NotImplementedError

    def on_descendant_focus(self) -> None:
        self.add_class("-here")

    def on_descendant_blur(self) -> None:
        self.remove_class("-here")

    def show_error(self, error: Fe2Error | None) -> None:
        self.error = error
        line = self.query_one(".error", Static)
        line.display = error is not None
        self.set_class(error is not None, "-wrong")
        if error is not None:
            parts = [safe_content(error.summary)] + ([dim(error.remedy)] if error.remedy else [])
            line.update(Content.assemble("▲ ", Content(" ").join(parts)))


class Field(FormRow):
    """A line to type into. ``hint`` is what is known about the value, shown to the right of it."""

    def __init__(
        self,
        label: str,
        *,
        id: str,
        value: str = "",
        placeholder: str = "",
        hint: str = "",
        max_length: int = 0,
    ) -> None:
        super().__init__(label, id=id)
        self._hint_forms: tuple[str, ...] = (hint,)
        self.input = self.make_input(value, placeholder, max_length)

    def make_input(self, value: str, placeholder: str, max_length: int) -> Input:
        return Input(value, placeholder=placeholder, max_length=max_length, compact=True)

    def compose_value(self) -> Iterator[Widget]:
        yield self.input
        yield from self.compose_opener()
        yield Static(dim(self._hint_forms[0]), classes="hint")

    def compose_opener(self) -> Iterator[Widget]:
        yield Static(classes="opener")

    @property
    def value(self) -> str:
        return self.input.value.strip()

    def show_hint(self, *forms: str) -> None:
        """Show the first of these forms of a hint that fits, else the last, cut."""
        if forms != self._hint_forms:
            self._hint_forms = forms
            self._write_hint()

    def on_resize(self) -> None:
        self._write_hint()

    def _write_hint(self) -> None:
        line = self.query_one(".hint", Static)
        width = line.content_size.width or len(self._hint_forms[0])
        line.update(dim(fit(width, self._hint_forms)))
