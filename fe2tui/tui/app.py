"""The Textual app: draws a first frame at once, then makes the controller, and passes keys on to it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver
from textual.errors import NoWidget
from textual.filter import LineFilter
from textual.message_pump import MessagePump
from textual.screen import ModalScreen

from fe2tui.errors import Fe2Error
from fe2tui.model.text import visible
from fe2tui.paths import stylesheets_folder
from fe2tui.tui.contrast import ReadableText
from fe2tui.tui.first_frame import FirstFrame
from fe2tui.tui.key_queue import KeyQueue
from fe2tui.tui.preferences import Preferences
from fe2tui.tui.terminal import BELL, TolerantDriver, notification, run_notify_command, title_sequence
from fe2tui.tui.terminal_handover import is_handed_over
from fe2tui.tui.theme import DARK, THEMES, default_variables
from fe2tui.tui.toasts import failure_text, plain_text
from fe2tui.tui.widgets.cells import clip

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.session import Choice
    from fe2tui.settings import Settings
    from fe2tui.tui.controller import DashboardController
    from fe2tui.tui.fleet_watch import FleetNotRead, FleetSeen
    from fe2tui.tui.services import Severity
    from fe2tui.tui.shell_commands import ShellCommands

KEY_TIMEOUT = 0.5  # seconds at most for one key
PASTED_WIDTH = 20  # cells of a pasted text that are shown
TOAST_SECONDS = {"information": 4.0, "warning": 5.0, "error": 6.0}


def utc_now() -> datetime:
    return datetime.now(UTC)


async def _next_turn(node: MessagePump) -> None:
    """Wait until a node has handled the messages that are in its queue now."""
    is_handled = asyncio.Event()
    if node.call_later(is_handled.set):
        await is_handled.wait()


class Dashboard(App[None], inherit_bindings=False):
    CSS_PATH = stylesheets_folder() / "app.tcss"
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+c", "hint", show=False, system=True),
        Binding("ctrl+q", "quit", show=False, system=True),
    ]

    def __init__(
        self,
        choice: Choice,
        settings: Settings,
        *,
        start_demo: Callable[[], Mapping[str, str]] | None = None,
        startup_problem: str = "",
        open_shell: Callable[[], ShellCommands] | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self.choice = choice
        self.settings = settings
        self.preferences = Preferences.load()
        self.readable_text = ReadableText()
        self.start_demo = start_demo
        self.startup_problem = startup_problem
        self.open_shell = open_shell
        self.clock = clock
        self.error: Fe2Error | None = None
        self._controller: DashboardController | None = None
        self.key_queue = KeyQueue(self.post_message, self._takes_text)
        self.key_queue.hold()
        self._held_toasts: dict[str, Severity] = {}
        self._terminal_title = ""
        self._key_task: asyncio.Task[None] | None = None  # of the key that is being handled
        self._set_first_theme(settings.theme, self.preferences.theme)

    def _set_first_theme(self, *names: str) -> None:
        """Set the first of these themes that there is, else ours."""
        # Setting ``theme`` would have every style sheet read twice before the first frame.
        for theme in THEMES.values():
            self.register_theme(theme)
        for name, other in self.available_themes.items():
            if other.ansi:  # lines are drawn in colours that are known
                self.unregister_theme(name)
        self.set_reactive(App.theme, next((name for name in names if name in self.available_themes), DARK))
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_driver_class(self) -> type[Driver]:
        driver_class = super().get_driver_class()
        return TolerantDriver if driver_class is LinuxDriver else driver_class

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return default_variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), self.readable_text]

    def compose(self) -> ComposeResult:
        yield FirstFrame()

    def on_mount(self) -> None:
        self.readable_text.has_256_colours = not self.is_headless and self.console.color_system == "256"
        self.app_resume_signal.subscribe(self, lambda _: self.call_later(self._resume_terminal))
        self.call_after_refresh(self._open_controller)

    def set_terminal_title(self, title: str) -> None:
        if title != self._terminal_title:
            self._terminal_title = title
            self._write_to_terminal(title_sequence(title))

    def tell_outside(self, text: str) -> None:
        """Tell a person who looks at another window, as the setting ``notify`` says."""
        how = self.settings.notify
        is_away = is_handed_over(self)
        if how is False or (self.app_focus and not is_away):
            return
        if isinstance(how, str):
            self.start_worker(run_notify_command(how, text), "Notification")
        else:
            self._write_to_terminal(BELL if is_away else notification(text, os.environ))

    def _write_to_terminal(self, data: str) -> None:
        if isinstance(self._driver, TolerantDriver) and self.is_running:
            self._driver.write(data)

    def _resume_terminal(self) -> None:
        title, self._terminal_title = self._terminal_title, ""  # the other program may have set another
        if title:
            self.set_terminal_title(title)
        held, self._held_toasts = self._held_toasts, {}
        for text, severity in held.items():
            self.toast(text, severity)

    async def _open_controller(self) -> None:
        from fe2tui.tui.controller import DashboardController

        if self.is_headless:
            self.key_queue.look_ahead_seconds = 0
        self._controller = DashboardController(self)
        await self._controller.start()
        self.call_after_refresh(self.key_queue.release)

    async def on_event(self, event: events.Event) -> None:
        """Handle one key at a time; keys typed ahead wait in the queue."""
        if isinstance(event, events.InputEvent) and not self.screen_stack:
            return  # the program ends
        if isinstance(event, events.MouseEvent) and not event.is_forwarded and self._is_over_removed_widget(event):
            return
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif self.key_queue.queue_if_busy(event):
            return
        elif self._is_refused(event):
            self.key_queue.finish(event)
        else:
            target = self.focused or self.screen
            await super().on_event(event)
            self._key_task = asyncio.create_task(self._finish_when_handled(event, target))

    def _takes_text(self) -> bool:
        if not self.screen_stack or self.focused is None:
            return False
        from textual.widgets import Input  # not before the first frame

        return isinstance(self.focused, Input)

    def _is_refused(self, event: events.Key) -> bool:
        """Whether a key is none: a letter of a pasted text that no field takes, or pressed before its form was read."""
        burst = self.key_queue.current_burst
        if burst.is_text and not self._takes_text() and not self._opens_filter(event):
            if not burst.is_reported:
                burst.is_reported = True
                text = clip(visible(burst.text), PASTED_WIDTH)
                self.toast(f"“{text}” arrived all at once, like pasted text: none of its letters was used.", "warning")
            return True
        screen = self.screen
        return isinstance(screen, ModalScreen) and not getattr(screen, "takes_key", lambda _: True)(event)

    def _opens_filter(self, event: events.Key) -> bool:
        is_first = event is self.key_queue.current_burst.first
        return is_first and event.key in self.key_queue.field_keys and self.screen.id == "main"

    def _is_over_removed_widget(self, event: events.MouseEvent) -> bool:
        """Whether the mouse is over a widget that is still drawn, but was removed, such as a toast clicked twice."""
        try:
            widget, _ = self.get_widget_at(event.x, event.y)
        except NoWidget:
            return False
        return widget is not self.screen and not widget.is_attached

    async def _finish_when_handled(self, event: events.Key, target: DOMNode) -> None:
        """Let the next key in when this one and the messages that it made widgets post have been handled.

        A key goes from the focused widget up to the app, which runs what is bound to it; what that posts, such as
        ``Input.Submitted``, goes the same way, and each message may make its receiver post one more.
        """
        screen = self.screen_stack[-1:]
        try:
            async with asyncio.timeout(KEY_TIMEOUT):
                for turns in (1, 2):
                    for node in target.ancestors_with_self:
                        for _ in range(turns):
                            is_there = node is self or node in screen or node.is_attached
                            if is_there and self.screen_stack[-1:] == screen:
                                await _next_turn(node)
                await _next_turn(self)
        except TimeoutError:
            pass  # a widget was removed while it handled the key
        self.key_queue.finish(event)

    async def on_unmount(self) -> None:
        if self._controller is not None:
            await self._controller.close()

    @property
    def controller(self) -> DashboardController:
        assert self._controller is not None, "there is no controller before the first frame"
        return self._controller

    @on(events.AppFocus)
    @on(events.AppBlur)
    def _set_window_focus(self, event: events.AppFocus | events.AppBlur) -> None:
        if self._controller is not None:
            self._controller.main_screen.refresh_timer.set_window_focus(isinstance(event, events.AppFocus))

    def on_location_changed(self) -> None:
        """The main screen shows another location. By its name: importing the message would delay the first frame."""
        self.controller.startup.expect_first_read()

    def on_fleet_seen(self, event: FleetSeen) -> None:
        if not event.from_store:
            self.controller.startup.continue_after_read()

    def on_fleet_not_read(self, event: FleetNotRead) -> None:
        self.controller.startup.continue_after_read(event.error)

    def action_perform(self, command_id: str) -> None:
        self.controller.command_runner.perform(command_id)

    async def action_quit(self) -> None:
        if self._controller is None:
            self.exit()
        else:
            self._controller.command_runner.perform("quit")

    def action_hint(self) -> None:
        """Ctrl-C must not quit the program by accident."""
        self.toast("q quits the program.")

    def start_worker(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run a coroutine in a worker. Errors are reported under ``name``, and never end the program."""

        async def guarded() -> None:
            try:
                await work
            except Fe2Error as error:
                self.controller.report_error(name, error)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                from fe2tui.tui.internal_error import log_internal_error

                self.controller.report_error(name, log_internal_error(error))

        return self.run_worker(guarded(), name=name, group=name, exit_on_error=False)

    def toast(self, text: str, severity: Severity = "information") -> None:
        """Show a text that disappears by itself. The text is data, never markup.

        A text that is still shown is not shown twice. While another program has the terminal, it waits.
        """
        if is_handed_over(self):
            self._held_toasts[text] = severity
            return
        words = " ".join(text.split())
        if severity == "error":
            from fe2tui.tui.commands import key_label

            key = self._controller.keymap.keys.get("errors", "!") if self._controller is not None else ""
            words = failure_text(words, self.size.width, key_label(key))
        else:
            words = plain_text(words, self.size.width)
        for shown in [one for one in self._notifications if (one.message, one.severity) == (words, severity)]:
            self._unnotify(shown, refresh=False)
        self.notify(words, severity=severity, markup=False, timeout=TOAST_SECONDS[severity])
