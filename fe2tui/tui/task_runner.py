"""Runs tasks in workers, shows their steps, cancels them, and announces their results."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Any, Protocol

from fe2tui.errors import Fe2Error
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Activity, Outcome, Progress
from fe2tui.model.text import plural
from fe2tui.tui.internal_error import log_internal_error
from fe2tui.tui.services import Severity, TaskFunction

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.model.progress import Report
    from fe2tui.tasks.context import ActivityEntry, Context

MAX_FAILURES = 50
NUDGE_INTERVAL = timedelta(seconds=1)  # that a task's steps have the region read


@dataclass(slots=True)
class RunningTask:
    """One task under way. ``progress`` is its newest step, by the instance it is about (empty: the whole)."""

    number: int
    title: str
    started_at: datetime
    instances: tuple[Instance, ...] = ()
    progress: dict[str, Progress] = field(default_factory=dict)
    worker: Worker[None] | None = None
    log_entries: list[ActivityEntry] = field(default_factory=list)

    @property
    def latest_step(self) -> Progress | None:
        """The newest step."""
        return next(reversed(self.progress.values()), None)

    @property
    def left_behind(self) -> str:
        """What it would leave behind if it ended now, in words."""
        open_texts = [entry.left_behind for entry in self.log_entries if not entry.is_ended]
        return " ".join(dict.fromkeys(left for left in open_texts if left)) or "What AWS was asked to do goes on."

    def set_step(self, step: Progress) -> bool:
        """Keep a step as the newest; whether it is another one than before, and not the same a little further on."""
        previous = self.progress.pop(step.subject, None)
        self.progress[step.subject] = step
        return previous is None or previous.step != step.step

    def add_log_entry(self, entry: ActivityEntry) -> None:
        """It has this entry in the log."""
        if not any(entry is existing for existing in self.log_entries):
            self.log_entries.append(entry)


class TaskHost(Protocol):
    """What jobs need of the dashboard."""

    def run_worker(self, work: Any, *, name: str, group: str, exit_on_error: bool) -> Worker[None]:
        """Run a coroutine."""

    def task_context(self, report: Report) -> Context:
        """A context that reports there."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """A toast."""

    def tasks_changed(self) -> None:
        """Something of them is to be drawn anew."""

    def nudge(self) -> None:
        """Read at once, and be quick for a while."""

    def task_ended(self) -> None:
        """A task ended: read again soon."""


class TaskRunner:
    """All tasks of this dashboard. ``failures`` are the newest first, those of this session only."""

    def __init__(self, host: TaskHost, clock: Callable[[], datetime]) -> None:
        self._host = host
        self._clock = clock
        self._numbers = count(1)
        self.running: dict[int, RunningTask] = {}
        self.failures: list[Activity] = []
        self.unseen_failures = 0
        self._nudged_at: datetime | None = None

    def start(
        self,
        title: str,
        run: TaskFunction,
        instances: Sequence[Instance],
        result_text: Callable[[Any], str] | None,
        region: str,
    ) -> None:
        """Run a task in a worker."""
        task = RunningTask(next(self._numbers), title, self._clock(), tuple(instances))
        self.running[task.number] = task
        task.worker = self._host.run_worker(
            self._run(task, run, result_text, region), name=title, group="tasks", exit_on_error=False
        )
        self._host.tasks_changed()

    def cancel(self, number: int) -> bool:
        """Cancel one; whether it was under way."""
        task = self.running.get(number)
        if task is None or task.worker is None:
            return False
        task.worker.cancel()
        return True

    async def _run(
        self, task: RunningTask, run: TaskFunction, result_text: Callable[[Any], str] | None, region: str
    ) -> None:
        def report(step: Progress) -> None:
            if task.set_step(step):
                self._nudge()
            self._host.tasks_changed()

        try:
            context = replace(self._host.task_context(report), on_entry=task.add_log_entry)
            self._announce_result(task, await run(context), result_text, region)
        except asyncio.CancelledError:
            self._host.tell(f"{task.title}: cancelled.", "warning")
        except Fe2Error as error:
            self.report_error(task.title, error, region)
        except Exception as error:
            self.report_error(task.title, log_internal_error(error), region)
        finally:
            del self.running[task.number]
            self._host.task_ended()
            self._host.tasks_changed()

    def _nudge(self) -> None:
        """A step of a task changes what there is: it is to be seen at once, not at the next read that is due."""
        now = self._clock()
        if self._nudged_at is None or not timedelta(0) <= now - self._nudged_at < NUDGE_INTERVAL:
            self._nudged_at = now
            self._host.nudge()

    def _announce_result(
        self, task: RunningTask, result: object, result_text: Callable[[Any], str] | None, region: str
    ) -> None:
        outcomes = result if isinstance(result, list) and result and isinstance(result[0], Outcome) else []
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            if outcome.error is not None:
                title = f"{task.title}: {outcome.label}" if len(outcomes) > 1 else task.title
                self._record_failure(title, outcome.error, region, outcome.subject)
        if failed:
            left_out_count = sum(outcome.left_out for outcome in outcomes)
            words = (
                f"{len(outcomes) - len(failed) - left_out_count} of {len(outcomes)} done" if len(outcomes) > 1 else ""
            )
            words += f", {left_out_count} left out; " if left_out_count else "; " if words else ""
            label = f"{failed[0].label}: " if len(outcomes) > 1 else ""  # of one, the title says which
            self._host.tell(f"{task.title}: {words}{label}{failed[0].error}", "error")
        elif result_text is not None:
            self._host.tell(result_text(result))
        else:
            self._host.tell(_default_result_text(task.title, result, outcomes))

    def report_error(self, title: str, error: Fe2Error, region: str, *, shows_toast: bool = True) -> None:
        """Keep a failure for the activity, and tell of it."""
        self._record_failure(title, error, region)
        if shows_toast:
            self._host.tell(f"{title}: {error.summary}", "error")

    def _record_failure(self, title: str, error: Fe2Error, region: str, subject: str = "") -> None:
        now = self._clock()
        failure = Activity(
            now, title, subject, "", region, "failed", error.summary, error.remedy, error.code, "dashboard", now
        )
        self.failures = [failure, *self.failures][:MAX_FAILURES]
        self.unseen_failures += 1


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
