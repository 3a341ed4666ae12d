"""Questions before work under way is cut short: each says what that would leave behind, and enter lets it go on."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.model.words import plural
from fe2tui.tui.forms.confirm import Choice, Confirm
from fe2tui.tui.jobs import Job

_NAMED = 6  # tasks that are named; the rest of many are counted


def cancelling(job: Job) -> Confirm:
    """Whether to cancel a task."""
    return Confirm(
        f"Cancel “{job.title}”?",
        [f"Under way: {_step(job)}.", f"If it ends now: {job.left}"],
        title="Cancel",
        choices=(Choice("y", "Cancel it", "yes", is_grave=True),),
        no_word="Let it go on",
    )


def leaving(jobs: Sequence[Job]) -> Confirm:
    """Whether to leave the program with tasks under way."""
    lines = [f"{job.title} ({_step(job)}). {job.left}" for job in jobs[:_NAMED]]
    if len(jobs) > _NAMED:
        lines.append(f"And {plural(len(jobs) - _NAMED, 'more task')}.")
    return Confirm(
        f"{plural(len(jobs), 'task')} {'is' if len(jobs) == 1 else 'are'} under way. Leave now?",
        lines,
        title="Leave",
        choices=(Choice("y", "Leave", "yes", is_grave=True),),
        no_word="Stay",
    )


def _step(job: Job) -> str:
    newest = job.newest
    return newest.words.rstrip(".") if newest is not None and newest.words else "begins"
