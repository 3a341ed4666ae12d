"""The console output of an instance, followed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error
from fe2tui.model.console import console_lines
from fe2tui.model.instance import Instance
from fe2tui.model.progress import Progress
from fe2tui.model.text import visible
from fe2tui.tasks.console import follow_console
from fe2tui.tui.pane_ids import INSTANCES
from fe2tui.tui.panes.details import Fact
from fe2tui.tui.panes.full_text import Block
from fe2tui.tui.panes.full_view import FullView
from fe2tui.tui.widgets.line import Span

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.tui.services import Services


class ConsoleView(FullView):
    """Reads the output every few seconds. It stays at the end while the end is in view."""

    what = "Console output"
    has_blocks = False

    def __init__(self, services: Services, instance: Instance) -> None:
        super().__init__(services, INSTANCES, instance.id)
        self._instance = instance
        self._output: str | None = None
        self._lines: Sequence[str] = ()
        self._error: Fe2Error | None = None
        self._problem = ""  # a read that is repeated
        self._reading: Worker[None] | None = None
        self.text.follows_end = True

    def on_mount(self) -> None:
        self._reading = self._services.start_worker(self._follow(), f"Console output of {self.name_text}")

    def on_unmount(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    async def _follow(self) -> None:
        try:
            await follow_console(self._services.task_context(self._on_step), self._instance, self._on_output)
        except Fe2Error as error:
            self._error = error
            self.update()

    def _on_output(self, output: str) -> None:
        self._output, self._problem = output, ""
        self._lines = console_lines(output.rstrip("\r\n"))
        self.update()

    def _on_step(self, step: Progress) -> None:
        self._problem = step.words
        self.write_frame_title()

    @property
    def name_text(self) -> str:
        return visible(self._instance.label)

    @property
    def state_spans(self) -> Sequence[Span]:
        if self._error is not None or self._problem:
            return (Span("▲ not read ", "trouble"),)
        if not self._output:
            return ()
        return (Span("following " if self.text.is_at_end else "G follows ", "dim"),)

    def blocks(self) -> Sequence[Block]:
        if self._output:
            return (Block("", lines=self._lines),)
        if self._error is not None:
            facts = [Fact("", visible(self._error.summary), "state-trouble")]
            facts += [Fact("", visible(self._error.remedy))] if self._error.remedy else []
        elif self._output is None:
            facts = [Fact("", f"{visible(self._problem) or 'Reading'} …", "ink-dim")]
        else:
            facts = [
                Fact("", "AWS has no console output of this instance yet."),
                Fact("", "It comes some minutes after a start. A stopped instance may have none.", "ink-dim"),
            ]
        return (Block("", facts),)
