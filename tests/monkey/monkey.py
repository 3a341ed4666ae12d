"""A monkey at the dashboard: random keys, clicks, pastes and resizes, as many as a seed says, and what it was asked."""

from __future__ import annotations

import asyncio
import math
import random
import re
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from textual import events
from textual.events import Event
from textual.screen import Screen
from textual.widgets import Input, Static

from fe2tui.tasks.context import Context
from fe2tui.tui.forms.command_line import CommandLine
from fe2tui.tui.forms.confirm import ConfirmForm
from fe2tui.tui.forms.form import Form
from fe2tui.tui.forms.impact import ImpactForm
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.services import TaskFunction
from tests.tui.driver import Driven

COMMAND_KEYS = "lcsbftpXdao yegP12363!$z?/[]vrRTgGjknhwi+:EKALNx"
ANSWER_KEYS = "ynfwtozmdr"
NAMED_KEYS: tuple[str, ...] = (
    *("enter", "enter", "escape", "escape", "escape", "tab", "shift+tab", "ctrl+s", "ctrl+s", "ctrl+p", "ctrl+r"),
    *("up", "down", "down", "left", "right", "home", "end", "pageup", "pagedown", "backspace", "delete", "space"),
    *("shift+left", "shift+right", "ctrl+n", "ctrl+t", "ctrl+o", "ctrl+c", "ctrl+d", "ctrl+u", "f1"),
)
TEXTS = (
    "base",
    "od1",
    "state:running",
    "t3.micro",
    "80",
    "spot>0.1",
    "name:[",
    "2",
    "16",
    "\x1b[31m",
    "ünï 🐒",
    "~/x.csv",
)
SIZES = ((80, 24), (120, 36), (200, 50), (60, 20), (150, 30), (100, 30))
LINES = (
    *("stop base", "start od1", "reboot base", "terminate base od1", "freeze base", "change-type od1 m5.large"),
    *("launch x ubuntu 8 t3.micro", "deregister base", "protect base on", "cost", "types gpu", "instance base"),
    *("console base", "images", "tunnels", "help", "nope", "stop base --yes", "stop 'base", "amis base"),
)
LEAVING_KEYS = frozenset({"q"})  # end the program, which others test
CLOCK_SECONDS = 1.0  # between the clocks of the cloud and of the test
READING_TIME = 0.4  # seconds after which a question takes keys

ALLOWED_CALLS: Mapping[str, frozenset[str]] = {
    "Launch": frozenset(
        {
            *("RunInstances", "CreateTags", "CreateSecurityGroup", "AuthorizeSecurityGroupIngress", "ImportKeyPair"),
            *("CreateKeyPair", "ModifyInstanceAttribute", "CancelSpotInstanceRequests", "TerminateInstances"),
        }
    ),
    "Start": frozenset({"StartInstances"}),
    "Stop": frozenset({"StopInstances"}),
    "Force stop": frozenset({"StopInstances"}),
    "Reboot": frozenset({"RebootInstances"}),
    "Freeze": frozenset({"CreateImage", "StopInstances", "StartInstances", "CreateTags"}),
    "Change type of": frozenset({"StopInstances", "ModifyInstanceAttribute", "StartInstances"}),
    "Terminate": frozenset({"TerminateInstances", "CancelSpotInstanceRequests", "CreateTags", "DeleteTags"}),
    "Deregister": frozenset({"DeregisterImage", "DeleteSnapshot"}),
    "Tag": frozenset({"CreateTags", "DeleteTags"}),
    "Keep": frozenset({"CreateTags"}),
    "Unkeep": frozenset({"DeleteTags"}),
    "Protect": frozenset({"ModifyInstanceAttribute"}),
}
"""The calls that change something, by how the title of the task begins that may make them."""

UNASKED = frozenset({"Keep", "Unkeep"})
"""Tasks that ask nothing: they spend and lose nothing, and the same key undoes them."""

READING_CALLS = ("Describe", "Get", "List", "AssumeRole", "Lookup", "Decode")


def is_change(call: Mapping[str, Any]) -> bool:
    return not str(call["action"]).startswith(READING_CALLS)


@dataclass(slots=True)
class Deed:
    """A task that was begun, and the form whose answer began it; empty if there was none."""

    title: str
    form: str
    began_at: float
    ended_at: float = math.inf

    @property
    def verb(self) -> str:
        return next((verb for verb in ALLOWED_CALLS if self.title.startswith(f"{verb} ")), "")

    @property
    def is_asked(self) -> bool:
        return bool(self.form) or self.verb in UNASKED

    def may_make(self, call: Mapping[str, Any]) -> bool:
        is_meanwhile = self.began_at - CLOCK_SECONDS <= call["at"] <= self.ended_at + CLOCK_SECONDS
        return self.is_asked and bool(self.verb) and is_meanwhile and call["action"] in ALLOWED_CALLS[self.verb]


@dataclass
class Monkey:
    """Plays with a dashboard. ``history`` has the last of what it did, ``deeds`` the tasks that this began."""

    driven: Driven
    seed: int
    monkeypatch: pytest.MonkeyPatch
    history: deque[str] = field(default_factory=lambda: deque(maxlen=60))
    deeds: list[Deed] = field(default_factory=list)
    _answered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        services: Any = self.driven.app.controller
        ask, run_task = services.ask, services.run_task

        async def recorded_ask(screen: Screen[Any]) -> Any:
            answer = await ask(screen)
            if answer is not None and not isinstance(screen, CommandLine):  # a line asks as its key does
                self._answered.append(type(screen).__name__)
            return answer

        def recorded_run_task(title: str, run: TaskFunction, *args: Any, **more: Any) -> int:
            deed = Deed(title, self._answered[-1] if self._answered else "", time.time())

            async def recorded_run(ctx: Context) -> Any:
                try:
                    return await run(ctx)
                finally:
                    deed.ended_at = time.time()

            if not title.startswith("Connect"):
                self._answered.clear()  # one answer, one task
                self.deeds.append(deed)
            number: int = run_task(title, recorded_run, *args, **more)
            return number

        self.monkeypatch.setattr(services, "ask", recorded_ask)
        self.monkeypatch.setattr(services, "run_task", recorded_run_task)

    async def play(self, keys: int) -> None:
        """Press so many keys, with all the rest in between."""
        pressed = 0
        while pressed < keys:
            pressed += await self._act()
            assert self.driven.app.is_running, f"the dashboard ended after {pressed} keys"
            await asyncio.sleep(self.random.choice((0, 0, 0, 0.001, 0.005, 0.02, 0.05)))
            if self.random.random() < 0.05:
                await self.driven.pilot.pause(READING_TIME)

    async def _act(self) -> int:
        """Do one thing; how many keys it had."""
        screen = self.driven.app.screen
        if isinstance(screen, Form) and self.random.random() < (0.9 if isinstance(screen, CommandLine) else 0.5):
            return await self._answer(screen)
        choice = self.random.random()
        if choice < 0.03:
            return self._press([":"])
        if choice < 0.80:
            return self._press([self._any_key()])
        if choice < 0.86:
            return self._press([self._any_key() for _ in range(self.random.randint(2, 12))])
        if choice < 0.90:
            self._post(f"paste {(text := self.random.choice(TEXTS))!r}", events.Paste(text))
        elif choice < 0.97:
            self._click(self.random.choice((1, 1, 1, 2, 2, 3)))
        elif choice < 0.98:
            is_focus = self.random.random() < 0.5
            self._post(f"focus {is_focus}", events.AppFocus() if is_focus else events.AppBlur())
        elif choice < 0.99:
            self._scroll()
        else:
            size = self.random.choice(SIZES)
            self.history.append(f"resize {size}")
            await self.driven.pilot.resize_terminal(*size)
        return 0

    async def _answer(self, form: Form[Any]) -> int:
        """Do as a person who has read the form and wants what it asks."""
        for _ in range(40):
            if form.is_readable:
                break
            await asyncio.sleep(0.02)
        if not form.is_readable or form is not self.driven.app.screen:
            return 0  # the computer is busy, or a key that was pressed before has closed it
        if isinstance(form, ImpactForm):
            asked = re.search(r"Type (.*) to \w+ ", str(form.query_one("#ask", Static).render()))
            self._post("paste the name", events.Paste(asked[1] if asked else ""))
        if isinstance(form, LaunchForm):
            for field_id, text in (("name", f"m{self.random.randrange(1000)}"), ("image", "ubuntu"), ("disk", "8")):
                form.query_one(f"#{field_id} Input", Input).value = text
            await self.driven.pilot.pause(READING_TIME)
        if isinstance(form, CommandLine) and form.query("#line"):
            line = form.query_one("#line", Input).value = self.random.choice(LINES)
            self.history.append(f"line {line}")
        return self._press([self.random.choice("yyyfwt") if isinstance(form, ConfirmForm) else "ctrl+s"])

    def _any_key(self) -> str:
        keys = self.random.choice((COMMAND_KEYS, COMMAND_KEYS, ANSWER_KEYS, NAMED_KEYS, NAMED_KEYS, "abcdef1x."))
        key = self.random.choice(keys)
        return "x" if key in LEAVING_KEYS else key

    def _press(self, keys: Sequence[str]) -> int:
        for key in keys:
            name = {
                " ": "space",
                "/": "slash",
                "?": "question_mark",
                "!": "exclamation_mark",
                "$": "dollar_sign",
                ":": "colon",
            }
            self._post(f"key {key}", events.Key(name.get(key, key), key if len(key) == 1 else None))
        return len(keys)

    def _click(self, times: int) -> None:
        width, height = self.driven.app.size
        widgets = [one for one in self.driven.app.screen.query("*") if one.region and one.display]
        if widgets and self.random.random() < 0.6:
            region = self.random.choice(widgets).region
            x, y = self.random.randrange(region.x, region.right), self.random.randrange(region.y, region.bottom)
        else:
            x, y = self.random.randrange(width), self.random.randrange(height)
        if 0 <= x < width and 0 <= y < height:
            for _ in range(times):
                for kind in (events.MouseDown, events.MouseUp):
                    self._post(f"{kind.__name__} {x},{y}", kind(None, x, y, 0, 0, 1, False, False, False, x, y))
            self._post("move", events.MouseMove(None, x, y, 1, 0, 0, False, False, False, x, y))

    def _scroll(self) -> None:
        width, height = self.driven.app.size
        x, y = self.random.randrange(width), self.random.randrange(height)
        kind = self.random.choice((events.MouseScrollDown, events.MouseScrollUp))
        self._post(f"{kind.__name__} {x},{y}", kind(None, x, y, 0, 0, 0, False, False, False, x, y))

    def _post(self, words: str, event: Event) -> None:
        self.history.append(words)
        self.driven.app.post_message(event)

    async def come_home(self) -> None:
        """Leave all forms by esc, and wait for the end of all tasks that end by themselves."""
        driven = self.driven
        for _ in range(40):
            if driven.is_home:
                break
            await driven.press("escape")
            await driven.pilot.pause(0.1)
        assert driven.is_home, f"esc does not leave {driven.app.screen!r}"

    def unasked_calls(self, calls: Sequence[Mapping[str, Any]]) -> list[str]:
        """The calls that changed something while no task ran that was asked for and may make them."""
        return [
            f"{call['action']} {call['params']}"
            for call in calls
            if is_change(call) and not any(deed.may_make(call) for deed in self.deeds)
        ]
