"""A question with buttons; the answer is no unless the person chooses another."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.model.command_text import CommandText
from fe2tui.model.text import plural
from fe2tui.tui.forms.form import Form, dim, key_button, safe_content
from fe2tui.tui.task_runner import RunningTask


@dataclass(frozen=True, slots=True)
class ConfirmChoice:
    """A button besides No: ``key`` is its letter, ``answer`` what the form then answers."""

    key: str
    label: str
    answer: str
    is_destructive: bool = False


class ConfirmForm(Form[str]):
    """Answers with the ``answer`` of a choice, or None for No, which has the focus at first."""

    TYPED_AHEAD = "nothing"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "leave", "No", show=False),
        Binding("right,down,l,j", "app.focus_next", show=False),
        Binding("left,up,h,k", "app.focus_previous", show=False),
    ]
    AUTO_FOCUS = "#no"

    def __init__(
        self,
        question: str,
        details: Sequence[str] | Callable[[], Sequence[str]] = (),
        *,
        title: str = "",
        choices: Sequence[ConfirmChoice] = (ConfirmChoice("y", "Yes", "yes"),),
        no_label: str = "No",
        command: CommandText | None = None,
    ) -> None:
        """``details`` are lines below the question; a function gives them as they are now, every second.

        ``command`` does the same as the first choice.
        """
        super().__init__(title or "Sure?", leave_label=no_label)
        self._question = question
        self._details = details if callable(details) else lambda: details
        self._choices = tuple(choices)
        self._no_label = no_label
        if command is not None:
            self.command_text = lambda: command

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Static(safe_content(self._question), classes="question"),
            Static(classes="details"),
            Horizontal(
                key_button("n", self._no_label, "leave", id="no"),
                *(
                    key_button(
                        one.key, one.label, f"choose({at})", id=f"choice-{at}", is_destructive=one.is_destructive
                    )
                    for at, one in enumerate(self._choices)
                ),
                classes="buttons",
            ),
            classes="-narrow-form",
        )

    def on_mount(self) -> None:
        self._write_details()
        self.set_interval(1.0, self._write_details)
        for number, choice in enumerate(self._choices):
            self._bindings.bind(choice.key, f"choose({number})", choice.label, show=False)

    def _write_details(self) -> None:
        details, lines = self.query_one(".details", Static), [dim(line) for line in self._details()]
        details.display = bool(lines)
        details.update(Content("\n").join(lines))

    def action_choose(self, number: int) -> None:
        self.dismiss(self._choices[number].answer)


_MAX_NAMED = 6  # tasks named in the question; the rest are counted


def cancel_question(task_now: Callable[[], RunningTask]) -> ConfirmForm:
    """``task_now`` gives the task with its newest step: a countdown goes on while the question is open."""

    def details() -> Sequence[str]:
        task = task_now()
        return (f"Now: {_step_text(task)}.", f"If it is cancelled now: {task.left_behind}")

    return ConfirmForm(
        f"Cancel “{task_now().title}”?",
        details,
        title="Cancel",
        choices=(ConfirmChoice("y", "Cancel it", "yes", is_destructive=True),),
        no_label="Let it run",
    )


def quit_question(tasks_now: Callable[[], Sequence[RunningTask]]) -> ConfirmForm:
    """``tasks_now`` gives the running tasks with their newest steps."""

    def details() -> Sequence[str]:
        tasks = tasks_now()
        lines = [f"{task.title} ({_step_text(task)}). {task.left_behind}" for task in tasks[:_MAX_NAMED]]
        more = len(tasks) - _MAX_NAMED
        return [*lines, f"And {plural(more, 'more task')}."] if more > 0 else lines or ["They have ended."]

    count = len(tasks_now())
    return ConfirmForm(
        f"{plural(count, 'task')} {'is' if count == 1 else 'are'} running. Quit now?",
        details,
        title="Quit",
        choices=(ConfirmChoice("y", "Quit", "yes", is_destructive=True),),
        no_label="Stay",
    )


def _step_text(task: RunningTask) -> str:
    newest = task.latest_step
    return newest.words.rstrip(".") if newest is not None and newest.words else "starting"
