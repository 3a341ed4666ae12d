"""How a read and a key flow: each part is painted once, a step nudges once, no modules import each other in a ring."""

from __future__ import annotations

import ast
import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import fe2tui.tui
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import State
from fe2tui.model.money.account import AccountTracker
from fe2tui.tasks.context import Context
from fe2tui.tui.fleet_watch import FleetSeen
from fe2tui.tui.main_screen import MainScreen
from fe2tui.tui.panes.details import DetailsPanel
from fe2tui.tui.widgets.frame import Framed
from fe2tui.tui.widgets.line import TextLine
from fe2tui.tui.widgets.table import Table
from tests.tui.driver import Driven, dashboard

PAINTING: tuple[tuple[type[Any], str], ...] = (
    (TextLine, "redraw"),
    (Framed, "set_frame_title"),
    (DetailsPanel, "show"),
    (Table, "show"),
    (Table, "redraw"),
    (MainScreen, "_repaint"),
)


@asynccontextmanager
async def counted(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Driven, Counter[str]]]:
    """A dashboard that reads nothing and in which no time passes, and how often each part of it is painted."""
    async with dashboard(size=(120, 36), quick_seconds=600.0, slow_seconds=600.0) as driven:
        await driven.until(lambda: driven.fleet.spot_history and driven.fleet.images)
        for timer in driven.main_screen._timers:
            timer.pause()
        await driven.pilot.pause(0.3)
        counts: Counter[str] = Counter()
        for kind, name in PAINTING:
            original = getattr(kind, name)

            def count(self: Any, *args: Any, _original: Callable[..., Any] = original, _name: str = name) -> Any:
                counts[f"{_name} {self.id}"] += 1
                return _original(self, *args)

            monkeypatch.setattr(kind, name, count)
        yield driven, counts


def other(fleet: Fleet) -> Fleet:
    """The fleet two seconds later: one instance is stopping."""
    key = next(key for key, one in fleet.instances.items() if one.state is State.RUNNING)
    instances = {**fleet.instances, key: replace(fleet.instances[key], state=State.STOPPING)}
    return replace(fleet, instances=instances, seen_at=fleet.seen_at + timedelta(seconds=2))


async def test_a_read_paints_each_part_once(demo_env: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with counted(monkeypatch) as (driven, counts):
        fleet = other(driven.fleet)
        driven.main_screen.post_message(FleetSeen(fleet, AccountTracker().update(fleet, driven.app.clock())))
        await driven.until(lambda: driven.fleet is fleet)
        await driven.pilot.pause(0.3)
        assert counts.pop("_repaint main") == 1
        assert {name: count for name, count in counts.items() if count != 1} == {}
        painted = {"redraw status", "redraw footer", "set_frame_title instances", "show details", "show instances"}
        assert painted <= counts.keys()


async def test_a_step_of_a_task_paints_each_part_once_and_nudges_once(
    demo_env: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with counted(monkeypatch) as (driven, counts):
        nudges: list[str] = []
        monkeypatch.setattr(driven.fleet_watch, "nudge", lambda: nudges.append("nudge"))
        go_on, end = asyncio.Event(), asyncio.Event()

        async def work(ctx: Context) -> str:
            await go_on.wait()
            ctx.report_step("launch", "requested", "The launch is requested.", subject="i-1")
            ctx.report_step("launch", "requested", "The launch is requested, 50 %.", subject="i-1")
            await end.wait()
            return "Done."

        driven.view.services.run_task("Launch x", work)
        await driven.until(lambda: driven.main_screen.tasks.running)
        await driven.pilot.pause(0.1)
        counts.clear()
        go_on.set()
        await driven.until(lambda: driven.main_screen.tasks.running[0].steps)
        await driven.pilot.pause(0.1)
        assert nudges == ["nudge"]
        assert counts.pop("_repaint main") == 1
        assert {name: count for name, count in counts.items() if count != 1} == {}
        end.set()
        await driven.until(lambda: "Done." in driven.toasts)
        assert nudges == ["nudge", "nudge"]


@pytest.mark.parametrize(("path", "count"), [("A key", 4), ("A read", 7)])
def test_the_rooms_docstring_names_the_files_of_a_key_and_of_a_read(path: str, count: int) -> None:
    folder = Path(fe2tui.tui.__file__).parent
    text = (fe2tui.tui.__doc__ or "").partition(f"- {path}:")[2].partition("\n- ")[0]
    files = [name for name in re.findall(r"``([a-z_/]+)``", text) if (folder / name).with_suffix(".py").is_file()]
    folders = [name for name in re.findall(r"``([a-z_/]+)``", text) if (folder / name).is_dir()]
    assert len(files) + len(folders) == count


def run_time_imports(path: Path) -> Iterator[str]:
    """The modules of tui that a module imports when it is imported."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fe2tui.tui"):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_no_modules_of_the_dashboard_import_each_other_in_a_ring() -> None:
    folder = Path(fe2tui.tui.__file__).parent
    modules = {
        "fe2tui.tui." + ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in folder.rglob("*.py")
        if path.name != "__init__.py"
    }
    imports = {name: {one for one in run_time_imports(path) if one in modules} for name, path in modules.items()}
    done: set[str] = set()

    def visit(name: str, above: tuple[str, ...]) -> None:
        assert name not in above, f"a ring: {' → '.join((*above[above.index(name) :], name))}"
        if name not in done:
            for imported in sorted(imports[name]):
                visit(imported, (*above, name))
            done.add(name)

    for name in modules:
        visit(name, ())
