"""Runs tasks in workers, keeps their newest steps and failures, cancels them, and announces their results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.message import Message

from fe2tui.errors import Fe2Error
from fe2tui.model.instance import Instance
from fe2tui.model.progress import COUNTDOWN, Activity, Outcome, Progress
from fe2tui.model.text import plural

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.tasks.context import ActivityEntry
    from fe2tui.tui.services import Services, TaskFunction

MAX_FAILURES = 50
LONG_TASK = timedelta(seconds=10)  # its end is told outside the dashboard, too
_WAITING_STEPS = ("waiting", COUNTDOWN)
PRESENT_VERBS: Mapping[str, str] = {
    "Launch": "Launching",
    "Start": "Starting",
    "Stop": "Stopping",
    "Force stop": "Forcing the stop of",
    "Reboot": "Rebooting",
    "Freeze": "Freezing",
    "Change type of": "Changing the type of",
    "Terminate": "Terminating",
    "Deregister": "Deregistering",
    "Connect": "Connecting to",
    "Screenshot of": "Taking a screenshot of",
}
"""What a task does while it runs, by how its title begins."""

NUDGE_INTERVAL = timedelta(seconds=1)
"""The steps of tasks make the fleet be read at once, but not more often than this."""


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task that runs, for ``instances`` as they were when it began.

    ``steps`` has the newest step by the id it is about (empty: the whole), the newest last. ``is_waiting``: for AWS to
    have capacity. ``uses_terminal``: it hands the terminal to another program.
    """

    number: int
    title: str
    started_at: datetime
    instances: tuple[Instance, ...] = ()
    uses_terminal: bool = False
    steps: Mapping[str, Progress] = field(default_factory=dict)
    is_waiting: bool = False
    log_entries: list[ActivityEntry] = field(default_factory=list, compare=False)

    @property
    def latest_step(self) -> Progress | None:
        return next(reversed([*self.steps.values()]), None)

    @property
    def present_text(self) -> str:
        """``Launching x``, from the title ``Launch x``."""
        verb = next((verb for verb in PRESENT_VERBS if self.title.startswith(f"{verb} ")), "")
        return f"{PRESENT_VERBS[verb]}{self.title.removeprefix(verb)}" if verb else self.title

    @property
    def left_behind(self) -> str:
        """What it would leave behind if it ended now, in words."""
        open_texts = [entry.left_behind for entry in self.log_entries if not entry.is_ended]
        return " ".join(dict.fromkeys(left for left in open_texts if left)) or "What AWS was asked to do goes on."

    def with_step(self, step: Progress) -> RunningTask:
        others = {subject: other for subject, other in self.steps.items() if subject != step.subject}
        is_waiting = step.step in _WAITING_STEPS or (self.is_waiting and not step.subject)
        return replace(self, steps={**others, step.subject: step}, is_waiting=is_waiting)

    def add_log_entry(self, entry: ActivityEntry) -> None:
        if not any(entry is existing for existing in self.log_entries):
            self.log_entries.append(entry)


class TaskState(NamedTuple):
    """The running tasks, the failures of this session (the newest first), and how many of them were not looked at."""

    running: tuple[RunningTask, ...] = ()
    failures: tuple[Activity, ...] = ()
    unseen_failures: int = 0


class TasksChanged(Message):
    """Tasks began, reported a step or ended, or something failed. ``TaskRunner.state`` has the newest."""

    def can_replace(self, message: Message) -> bool:
        """One of these is enough, however many steps are reported at once."""
        return isinstance(message, TasksChanged)


class TaskRunner:
    """All tasks of this dashboard. Posts ``TasksChanged`` to the main screen."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._numbers = count(1)
        self._tasks: dict[int, RunningTask] = {}
        self._workers: dict[int, Worker[None]] = {}
        self._failures: tuple[Activity, ...] = ()
        self._unseen_failures = 0
        self._nudged_at: datetime | None = None

    @property
    def state(self) -> TaskState:
        return TaskState(tuple(self._tasks.values()), self._failures, self._unseen_failures)

    def start(
        self,
        title: str,
        run: TaskFunction,
        instances: Sequence[Instance] = (),
        result_text: Callable[[Any], str] | None = None,
        *,
        uses_terminal: bool = False,
    ) -> int:
        self._services.take_up_unfinished()
        number = next(self._numbers)
        task = RunningTask(number, title, self._services.clock(), tuple(instances), uses_terminal)
        self._tasks[number] = task
        if not instances:  # else the rows are marked
            self._services.tell(f"{task.present_text} …")
        self._workers[number] = self._services.app.run_worker(
            self._run(number, run, result_text, self._services.session.region),
            name=title,
            group="tasks",
            exit_on_error=False,
        )
        self._post_change()
        return number

    def cancel(self, number: int) -> bool:
        """Cancel a task; False if it has ended."""
        worker = self._workers.get(number)
        if worker is not None:
            worker.cancel()
        return worker is not None

    def report_error(
        self, title: str, error: Fe2Error, region: str, *, subject: str = "", shows_toast: bool = True
    ) -> None:
        """Add a failure, and show it in a toast. ``subject`` is the id of what it is about."""
        now = self._services.clock()
        failure = Activity(
            now, title, subject, "", region, "failed", error.summary, error.remedy, error.code, "dashboard", now
        )
        self._failures = (failure, *self._failures)[:MAX_FAILURES]
        self._unseen_failures += 1
        if shows_toast:
            self._services.tell(f"{title}: {error.summary}", "error")
        self._post_change()

    def mark_failures_seen(self) -> None:
        self._unseen_failures = 0
        self._post_change()

    def _post_change(self) -> None:
        self._services.main_screen.post_message(TasksChanged())

    async def _run(self, number: int, run: TaskFunction, result_text: Callable[[Any], str] | None, region: str) -> None:
        task = self._tasks[number]

        def report(step: Progress) -> None:
            previous = self._tasks[number].steps.get(step.subject)
            self._tasks[number] = self._tasks[number].with_step(step)
            if previous is None or previous.step != step.step:
                self._nudge()
            self._post_change()

        try:
            context = replace(self._services.task_context(report), on_entry=task.add_log_entry)
            self._tell_outside(task, self._announce_result(task.title, await run(context), result_text, region))
        except asyncio.CancelledError:
            self._services.tell(f"{task.title}: cancelled.", "warning")
        except Fe2Error as error:
            self._tell_outside(task, f"{task.title}: {error.summary}")
            self.report_error(task.title, error, region)
        except Exception as error:
            self._tell_outside(task, f"{task.title}: failed.")
            from fe2tui.tui.internal_error import log_internal_error

            self.report_error(task.title, log_internal_error(error), region)
        finally:
            del self._tasks[number], self._workers[number]
            self._services.fleet_watch.nudge()
            self._post_change()

    def _nudge(self) -> None:
        """Read the fleet at once: a step changes it."""
        now = self._services.clock()
        if self._nudged_at is None or not timedelta(0) <= now - self._nudged_at < NUDGE_INTERVAL:
            self._nudged_at = now
            self._services.fleet_watch.nudge()

    def _announce_result(
        self, title: str, result: object, result_text: Callable[[Any], str] | None, region: str
    ) -> str:
        """Show the result in a toast. Returns its text."""
        outcomes = result if isinstance(result, list) and result and isinstance(result[0], Outcome) else []
        failed = [(outcome, outcome.error) for outcome in outcomes if outcome.error is not None]
        for outcome, error in failed:
            outcome_title = f"{title}: {outcome.label}" if len(outcomes) > 1 else title
            self.report_error(outcome_title, error, region, subject=outcome.subject, shows_toast=False)
        if failed:
            text = _failed_text(title, outcomes, *failed[0])
        else:
            text = result_text(result) if result_text is not None else _default_result_text(title, result, outcomes)
        self._services.tell(text, "error" if failed else "information")
        return text

    def _tell_outside(self, task: RunningTask, text: str) -> None:
        if not task.uses_terminal and self._services.clock() - task.started_at >= LONG_TASK:
            self._services.tell_outside(text)


def _failed_text(title: str, outcomes: Sequence[Outcome], first: Outcome, error: Fe2Error) -> str:
    """``Stop 3 instances: 1 of 3 done, 1 left out; base: …``."""
    if len(outcomes) == 1:
        return f"{title}: {error}"
    left_out_count = sum(outcome.left_out for outcome in outcomes)
    done_count = sum(outcome.error is None and not outcome.left_out for outcome in outcomes)
    left_out_text = f", {left_out_count} left out" if left_out_count else ""
    return f"{title}: {done_count} of {len(outcomes)} done{left_out_text}; {first.label}: {error}"


def _default_result_text(title: str, result: object, outcomes: Sequence[Outcome]) -> str:
    if isinstance(result, str) and result:
        return result
    if isinstance(result, Instance):
        return f"{title}: {result.label} is {result.state.value}."
    done = [outcome for outcome in outcomes if not outcome.left_out]
    left_out_text = f", {len(outcomes) - len(done)} left out" if len(outcomes) > len(done) else ""
    if len(done) == 1:
        return f"{done[0].label}: {done[0].words}{left_out_text}"
    if done:
        same = {outcome.words for outcome in done}
        return f"{_count_text(done)}: {same.pop() if len(same) == 1 else 'done'}{left_out_text}"
    return f"{title}: done."


_NOUNS_BY_ID_PREFIX = {"i-": "instance", "ami-": "image", "snap-": "snapshot", "vol-": "volume"}


def _count_text(outcomes: Sequence[Outcome]) -> str:
    """How many of what: by what their ids begin with."""
    nouns = {
        next((n for prefix, n in _NOUNS_BY_ID_PREFIX.items() if one.subject.startswith(prefix)), "") for one in outcomes
    }
    return plural(len(outcomes), (nouns.pop() if len(nouns) == 1 else "") or "thing")
