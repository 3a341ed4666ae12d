"""Termination protection, stop protection and shutdown behavior of one instance."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Static

from fe2tui.errors import Fe2Error
from fe2tui.model.command_text import CommandText
from fe2tui.model.instance import Instance, InstanceAttributes
from fe2tui.paths import stylesheets_folder
from fe2tui.tasks.protection import spot_protection_error
from fe2tui.tui.forms.form import Form, FormRow, dim
from fe2tui.tui.forms.radio import RadioLine, RadioLineOption

_ON_OFF = (RadioLineOption("on", ("on",)), RadioLineOption("off", ("off",)))
_BEHAVIORS = (RadioLineOption("stop", ("stop it",)), RadioLineOption("terminate", ("terminate it",)))


class _ChoiceRow(FormRow):
    def __init__(
        self, label: str, options: tuple[RadioLineOption, ...], chosen: str, report: Callable[[str], None], *, id: str
    ) -> None:
        super().__init__(label, id=id)
        self.line = RadioLine(options, chosen, report_choice=report)

    def compose_value(self) -> Iterator[Widget]:
        yield self.line


class ProtectionForm(Form[tuple[InstanceAttributes, InstanceAttributes]]):
    """Reads the attributes first. Answers with them and with those that are wanted, or None if they are the same."""

    CSS_PATH: ClassVar[CSSPathType | None] = [
        stylesheets_folder() / "forms.tcss",
        stylesheets_folder() / "protection.tcss",
    ]
    AUTO_FOCUS = None
    ENTER_GOES_ON = True

    def __init__(
        self,
        label: str,
        instance: Instance,
        read_attributes: Callable[[], Awaitable[InstanceAttributes]],
        change: Callable[[InstanceAttributes], InstanceAttributes] = lambda attributes: attributes,
        *,
        command: Callable[[InstanceAttributes, InstanceAttributes], CommandText | None] | None = None,
    ) -> None:
        """``change`` gives the attributes that are filled in, from those that were read."""
        super().__init__(f"Protection of {label}", submit_label="Save")
        if command is not None:
            self.command_text = lambda: command(self._before, self._wanted) if self._before is not None else None
        self._instance = instance
        self._read_attributes = read_attributes
        self._change = change
        self._before: InstanceAttributes | None = None

    def compose(self) -> Iterator[Widget]:
        yield from self.compose_frame(
            Static(dim("Reading …"), id="rows"), Static(id="means"), Static(id="trouble"), classes="-narrow-form"
        )

    def on_mount(self) -> None:
        self.show_form_error(None)
        self.start_worker(self._read)

    async def _read(self) -> None:
        try:
            before = self._before = await self._read_attributes()
        except Fe2Error as error:
            await self.query_one("#rows").remove()
            self.show_form_error(error)
            return
        rows, shown = self.query_one("#rows"), self._change(before)
        if not self._instance.is_spot:
            for label, id, is_on in (
                ("Termination", "termination", shown.termination_protected),
                ("Stop", "stop", shown.stop_protected),
            ):
                row = _ChoiceRow(label, _ON_OFF, "on" if is_on else "off", self._show_meaning, id=id)
                await self.query_one("#frame").mount(row, before=rows)
        behavior = _ChoiceRow("On poweroff", _BEHAVIORS, shown.shutdown_behavior, self._show_meaning, id="behavior")
        await self.query_one("#frame").mount(behavior, before=rows)
        await rows.remove()
        self.query(RadioLine).first().focus()
        self._show_meaning()

    @property
    def _wanted(self) -> InstanceAttributes:
        chosen = {str(row.id): row.line.chosen_id for row in self.query(_ChoiceRow)}
        return InstanceAttributes(
            chosen.get("termination") == "on",
            chosen.get("stop") == "on",
            "terminate" if chosen.get("behavior") == "terminate" else "stop",
        )

    def _show_meaning(self, _: str = "") -> None:
        wanted = self._wanted
        lines = []
        if self._instance.is_spot:
            error = spot_protection_error(self._instance)
            lines.append(f"{error.summary} {error.remedy}")
        elif wanted.stop_protected:
            lines.append("EC2 refuses to stop it and to terminate it, whoever asks.")
        elif wanted.termination_protected:
            lines.append("EC2 refuses to terminate it, whoever asks.")
        else:
            lines.append("It can be stopped and terminated.")
        if wanted.shutdown_behavior == "terminate":
            is_lost = any(one.delete_on_termination for one in self._instance.attachments)
            disks = " and deletes its disks" if is_lost else ""
            lines.append(f"A shutdown from inside (sudo poweroff) terminates it{disks}, also if it is protected.")
        else:
            lines.append("A shutdown from inside (sudo poweroff) stops it.")
        self.query_one("#means", Static).update(Content("\n").join(dim(line) for line in lines))

    def action_submit(self) -> None:
        if self._before is not None:
            wanted = self._wanted
            self.dismiss((self._before, wanted) if wanted != self._before else None)
