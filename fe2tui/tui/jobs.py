"""Tasks under way: run in workers, shown while they run, cancelled on request, told of when they end."""

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
from fe2tui.model.words import plural
from fe2tui.tui.broken import broken
from fe2tui.tui.view import Severity, Work

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.model.progress import Report
    from fe2tui.tasks.context import Context
    from fe2tui.tasks.record import Entry

MOST_KEPT = 50
AT_MOST_EVERY = timedelta(seconds=1)  # that a task's steps have the region read


@dataclass(slots=True)
class Job:
    """One task under way. ``progress`` is its newest step, by the instance it is about (empty: the whole)."""

    number: int
    title: str
    started: datetime
    subjects: tuple[Instance, ...] = ()
    progress: dict[str, Progress] = field(default_factory=dict)
    worker: Worker[None] | None = None
    entries: list[Entry] = field(default_factory=list)

    @property
    def newest(self) -> Progress | None:
        """The newest step."""
        return next(reversed(self.progress.values()), None)

    @property
    def left(self) -> str:
        """What it would leave behind if it ended now, in words."""
        going = [entry.left for entry in self.entries if not entry.is_over]
        return " ".join(dict.fromkeys(left for left in going if left)) or "What AWS was asked to do goes on."

    def note(self, step: Progress) -> bool:
        """Keep a step as the newest; whether it is another one than before, and not the same a little further on."""
        before = self.progress.pop(step.subject, None)
        self.progress[step.subject] = step
        return before is None or before.step != step.step

    def enter(self, entry: Entry) -> None:
        """It has this entry in the log."""
        if not any(entry is known for known in self.entries):
            self.entries.append(entry)


class Host(Protocol):
    """What jobs need of the dashboard."""

    def run_worker(self, work: Any, *, name: str, group: str, exit_on_error: bool) -> Worker[None]:
        """Run a coroutine."""

    def context(self, report: Report) -> Context:
        """A context that reports there."""

    def tell(self, text: str, severity: Severity = "information") -> None:
        """A toast."""

    def jobs_changed(self) -> None:
        """Something of them is to be drawn anew."""

    def nudge(self) -> None:
        """Read at once, and be quick for a while."""

    def job_ended(self) -> None:
        """A task ended: read again soon."""


class Jobs:
    """All tasks of this dashboard. ``failures`` are the newest first, those of this session only."""

    def __init__(self, host: Host, clock: Callable[[], datetime]) -> None:
        self._host = host
        self._clock = clock
        self._numbers = count(1)
        self.running: dict[int, Job] = {}
        self.failures: list[Activity] = []
        self.unseen = 0
        self._nudged_at: datetime | None = None

    def start(
        self, title: str, work: Work, subjects: Sequence[Instance], done: Callable[[Any], str] | None, region: str
    ) -> None:
        """Run a task in a worker."""
        job = Job(next(self._numbers), title, self._clock(), tuple(subjects))
        self.running[job.number] = job
        job.worker = self._host.run_worker(
            self._run(job, work, done, region), name=title, group="tasks", exit_on_error=False
        )
        self._host.jobs_changed()

    def cancel(self, number: int) -> bool:
        """Cancel one; whether it was under way."""
        job = self.running.get(number)
        if job is None or job.worker is None:
            return False
        job.worker.cancel()
        return True

    async def _run(self, job: Job, work: Work, done: Callable[[Any], str] | None, region: str) -> None:
        def report(step: Progress) -> None:
            if job.note(step):
                self._nudge()
            self._host.jobs_changed()

        try:
            context = replace(self._host.context(report), noted=job.enter)
            self._tell_end(job, await work(context), done, region)
        except asyncio.CancelledError:
            self._host.tell(f"{job.title}: cancelled.", "warning")
        except Fe2Error as error:
            self.fail(job.title, error, region)
        except Exception as error:
            self.fail(job.title, broken(error), region)
        finally:
            del self.running[job.number]
            self._host.job_ended()
            self._host.jobs_changed()

    def _nudge(self) -> None:
        """A step of a task changes what there is: it is to be seen at once, not at the next read that is due."""
        now = self._clock()
        if self._nudged_at is None or not timedelta(0) <= now - self._nudged_at < AT_MOST_EVERY:
            self._nudged_at = now
            self._host.nudge()

    def _tell_end(self, job: Job, result: object, done: Callable[[Any], str] | None, region: str) -> None:
        outcomes = result if isinstance(result, list) and result and isinstance(result[0], Outcome) else []
        failed = [outcome for outcome in outcomes if outcome.error is not None]
        for outcome in failed:
            if outcome.error is not None:
                title = f"{job.title}: {outcome.label}" if len(outcomes) > 1 else job.title
                self._keep(title, outcome.error, region, outcome.subject)
        if failed:
            left = sum(outcome.left_out for outcome in outcomes)
            words = f"{len(outcomes) - len(failed) - left} of {len(outcomes)} done" if len(outcomes) > 1 else ""
            words += f", {left} left out; " if left else "; " if words else ""
            label = f"{failed[0].label}: " if len(outcomes) > 1 else ""  # of one, the title says which
            self._host.tell(f"{job.title}: {words}{label}{failed[0].error}", "error")
        elif done is not None:
            self._host.tell(done(result))
        else:
            self._host.tell(_in_words(job.title, result, outcomes))

    def fail(self, title: str, error: Fe2Error, region: str, *, aloud: bool = True) -> None:
        """Keep a failure for the activity, and tell of it."""
        self._keep(title, error, region)
        if aloud:
            self._host.tell(f"{title}: {error.summary}", "error")

    def _keep(self, title: str, error: Fe2Error, region: str, subject: str = "") -> None:
        now = self._clock()
        failure = Activity(
            now, title, subject, "", region, "failed", error.summary, error.remedy, error.code, "dashboard", now
        )
        self.failures = [failure, *self.failures][:MOST_KEPT]
        self.unseen += 1


def _in_words(title: str, result: object, outcomes: Sequence[Outcome]) -> str:
    if isinstance(result, str) and result:
        return result
    if isinstance(result, Instance):
        return f"{title}: {result.label} is {result.state.value}."
    done = [outcome for outcome in outcomes if not outcome.left_out]
    left = f", {len(outcomes) - len(done)} left out" if len(outcomes) > len(done) else ""
    if len(done) == 1:
        return f"{done[0].label}: {done[0].words}{left}"
    if done:
        same = {outcome.words for outcome in done}
        return f"{_counted(done)}: {same.pop() if len(same) == 1 else 'done'}{left}"
    return f"{title}: done."


_KINDS = {"i-": "instance", "ami-": "image", "snap-": "snapshot", "vol-": "volume"}


def _counted(outcomes: Sequence[Outcome]) -> str:
    """How many of what: by what their ids begin with."""
    nouns = {next((n for prefix, n in _KINDS.items() if one.subject.startswith(prefix)), "") for one in outcomes}
    return plural(len(outcomes), (nouns.pop() if len(nouns) == 1 else "") or "thing")
