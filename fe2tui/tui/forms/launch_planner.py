"""When the plan of what stands in the launch form is made: a little after the last change, and never of older texts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from textual.timer import Timer

from fe2tui.errors import Fe2Error
from fe2tui.tasks.launch import LaunchPlan

if TYPE_CHECKING:
    from textual.screen import Screen

    from fe2tui.model.launch import LaunchRequest


class Planner:
    """Makes plans for a form. ``plan`` is that of the very texts on the screen, None while they have none.

    ``made`` gets each plan, and whether it was waited for to launch; ``failed`` gets what a plan failed with, and None
    when one came about; ``busy`` whether one is being made.
    """

    def __init__(
        self,
        form: Screen[LaunchRequest],
        make: Callable[[], Awaitable[LaunchPlan]],
        *,
        made: Callable[[LaunchPlan, bool], None],
        failed: Callable[[Fe2Error | None], None],
        busy: Callable[[bool], None],
    ) -> None:
        self.plan: LaunchPlan | None = None
        self._form = form
        self._make = make
        self._made = made
        self._failed = failed
        self._busy = busy
        self._timer: Timer | None = None
        self._is_awaited = False

    def soon(self, seconds: float) -> None:
        """Make the plan anew when nothing changes for a while; one under way for older texts is given up."""
        if not self._form.is_attached:
            return
        self.plan = None
        self._is_awaited = False
        self._stop()
        self._timer = self._form.set_timer(max(seconds, 0.01), self._now)

    def wanted(self) -> LaunchPlan | None:
        """The plan to launch by, if there is one; else it is made at once, and ``made`` gets it."""
        self._stop()
        if self.plan is None:
            self._is_awaited = True
            self._now()
        return self.plan

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()

    def _now(self) -> None:
        self._form.run_worker(self._work(), group="plan", exclusive=True, exit_on_error=False)

    async def _work(self) -> None:
        self._busy(True)
        try:
            plan = await self._make()
        except Fe2Error as error:
            self._is_awaited = False
            self._failed(error)
            return
        finally:
            self._busy(False)
        self._failed(None)
        self.plan = plan
        is_awaited, self._is_awaited = self._is_awaited, False
        self._made(plan, is_awaited)
