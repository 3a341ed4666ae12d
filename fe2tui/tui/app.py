"""The Textual app: a first frame at once, then the parts it is made of."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.dom import DOMNode
from textual.message_pump import MessagePump

from fe2tui.errors import Fe2Error
from fe2tui.paths import sheets_folder
from fe2tui.tui.ahead import Ahead
from fe2tui.tui.commands import key_name
from fe2tui.tui.opening import Opening
from fe2tui.tui.theme import DARK, THEMES, variables_of
from fe2tui.tui.toasts import failure_words, plain_words

if TYPE_CHECKING:
    from textual.worker import Worker

    from fe2tui.aws.session import Choice
    from fe2tui.settings import Settings
    from fe2tui.tui.parts import Parts
    from fe2tui.tui.view import Severity

KEY_SECONDS = 0.25  # at most for one key; its widget may be gone before it says that it is done
TOAST_SECONDS = {"information": 4.0, "warning": 6.0, "error": 8.0}


def utc_now() -> datetime:
    """This moment."""
    return datetime.now(UTC)


class Dashboard(App[None], inherit_bindings=False):
    """Draws first and imports the rest after: what the dashboard does is in its parts."""

    CSS_PATH = sheets_folder() / "app.tcss"
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
        trouble: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__()
        self.choice = choice
        self.settings = settings
        self.start_demo = start_demo
        self.trouble = trouble
        self.clock = clock
        self.error: Fe2Error | None = None
        self._parts: Parts | None = None
        self.ahead = Ahead(self.post_message)
        self.ahead.hold()
        self._choose_theme(settings.theme)

    def _choose_theme(self, wanted: str) -> None:
        # Not by setting ``theme``, which would have every style sheet read twice before the first frame.
        for theme in THEMES.values():
            self.register_theme(theme)
        self.set_reactive(App.theme, wanted if wanted in self.available_themes else DARK)
        self.set_class(self.current_theme.dark, "-dark-mode", update=False)
        self.set_class(not self.current_theme.dark, "-light-mode", update=False)
        self.stylesheet.set_variables(self.get_css_variables())

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our variables, for themes that have none of them."""
        return variables_of(self.current_theme)

    def compose(self) -> ComposeResult:
        """The first frame."""
        yield Opening()

    def on_mount(self) -> None:
        """First a frame, then all the rest."""
        self.call_after_refresh(self._begin)

    async def _begin(self) -> None:
        from fe2tui.tui.parts import Parts

        self._parts = Parts(self)
        await self._parts.begin()
        self.call_after_refresh(self.ahead.release)

    async def on_event(self, event: events.Event) -> None:
        """One key at a time; those typed ahead wait."""
        if not isinstance(event, events.Key) or event.is_forwarded:
            await super().on_event(event)
        elif not self.ahead.take(event):
            target = self.focused or self.screen
            await super().on_event(event)
            asyncio.get_running_loop().call_later(KEY_SECONDS, self.ahead.done, event)
            self._follow(target, event)

    def _follow(self, node: DOMNode | None, event: events.Key) -> None:
        """Go the way of a key, from the widget it was given to up to the app, where it has been dealt with."""
        if node is None or node is self:
            self.call_later(self.ahead.done, event)
        elif isinstance(node, MessagePump):
            node.call_later(self._follow, node.parent, event)

    async def on_unmount(self) -> None:
        """Close what is open."""
        if self._parts is not None:
            await self._parts.close()

    @property
    def parts(self) -> Parts:
        """What the dashboard is made of, from a moment after the first frame on."""
        assert self._parts is not None, "asked for before the first frame"
        return self._parts

    @on(events.AppFocus)
    @on(events.AppBlur)
    def _looked_at(self, event: events.AppFocus | events.AppBlur) -> None:
        if self._parts is not None:
            self._parts.pulse.focus(isinstance(event, events.AppFocus))

    def action_perform(self, command_id: str) -> None:
        """A key of the table of commands."""
        self.parts.runner.perform(command_id)

    async def action_quit(self) -> None:
        """Leave as ``q`` does, with its question while tasks are under way."""
        if self._parts is None:
            self.exit()
        else:
            self._parts.runner.perform("quit")

    def action_hint(self) -> None:
        """Ctrl-C does not end the program by accident."""
        self.toast("q leaves the program.")

    def work(self, work: Awaitable[None], name: str) -> Worker[None]:
        """Run something in a worker. What it raises is told, and never ends the program."""

        async def guarded() -> None:
            try:
                await work
            except Fe2Error as error:
                self.parts.desk.fail(name, error)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                from fe2tui.tui.broken import broken

                self.parts.desk.fail(name, broken(error))

        return self.run_worker(guarded(), name=name, group=name, exit_on_error=False)

    def toast(self, text: str, severity: Severity = "information") -> None:
        """One line where it fits, that goes by itself. The text is data, never markup.

        What is told once more while it still stands there takes the place of what stands there.
        """
        words = " ".join(text.split())
        if severity == "error":
            key = self._parts.keymap.keys.get("errors", "!") if self._parts is not None else ""
            words = failure_words(words, self.size.width, key_name(key))
        else:
            words = plain_words(words, self.size.width)
        for told in [told for told in self._notifications if (told.message, told.severity) == (words, severity)]:
            self._unnotify(told, refresh=False)
        self.notify(words, severity=severity, markup=False, timeout=TOAST_SECONDS[severity])
