"""The arrows between the rooms: what importing each of them may bring along, seen in a fresh process."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

AMAZON = ("aiobotocore", "botocore", "boto3", "aiohttp")
MACHINES = ("asyncssh",)
SCREEN = ("textual",)
PLOTS = ("plotext",)
CLOUD = ("fe2tui.demo",)

_EVERY_MODULE = """
import importlib, json, pkgutil, sys
room = importlib.import_module(sys.argv[1])
if hasattr(room, "__path__"):
    for found in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)
print(json.dumps(sorted(sys.modules)))
"""


def modules_after(code: str, *arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    names: list[str] = json.loads(done.stdout.splitlines()[-1])
    return names


def brought(modules: list[str], unwanted: tuple[str, ...]) -> list[str]:
    return [each for each in modules if any(each == name or each.startswith(f"{name}.") for name in unwanted)]


def rooms(*names: str) -> tuple[str, ...]:
    return tuple(f"fe2tui.{name}" for name in names)


@pytest.mark.parametrize(
    ("room", "unwanted"),
    [
        ("fe2tui.errors", rooms("model", "store", "aws", "ssh", "tasks", "ec2", "tui", "cli", "demo", "settings")),
        ("fe2tui.settings", rooms("model", "store", "aws", "ssh", "tasks", "ec2", "tui", "cli", "demo")),
        ("fe2tui.paths", rooms("model", "store", "aws", "ssh", "tasks", "ec2", "tui", "cli", "demo", "settings")),
        ("fe2tui.model", rooms("store", "aws", "ssh", "tasks", "ec2", "tui", "cli", "demo", "settings", "paths")),
        ("fe2tui.store", rooms("aws", "ssh", "tasks", "ec2", "tui", "cli", "demo")),
        ("fe2tui.chart", (*rooms("store", "aws", "ssh", "tasks", "ec2", "tui", "cli", "demo"), *AMAZON, *SCREEN)),
        ("fe2tui.aws", (*rooms("store", "ssh", "tasks", "ec2", "tui", "cli", "demo"), *MACHINES)),
        ("fe2tui.ssh", (*rooms("store", "aws", "tasks", "ec2", "tui", "cli", "demo"), *AMAZON)),
        ("fe2tui.tasks", rooms("ec2", "tui", "cli", "demo")),
        ("fe2tui.ec2", rooms("tui", "cli", "demo")),
        ("fe2tui.tui", (*rooms("ec2", "cli", "demo"), *CLOUD)),
        ("fe2tui.cli", (*SCREEN, *CLOUD)),
    ],
)
def test_a_room_brings_no_room_beyond_its_arrows(room: str, unwanted: tuple[str, ...]) -> None:
    assert brought(modules_after(_EVERY_MODULE, room), unwanted) == []


@pytest.mark.parametrize("room", ["errors", "settings", "paths", "model", "store", "aws", "ssh", "tasks", "ec2", "cli"])
def test_only_the_dashboard_imports_textual(room: str) -> None:
    assert brought(modules_after(_EVERY_MODULE, f"fe2tui.{room}"), SCREEN) == []


def test_the_demo_imports_nothing_of_ours_but_the_model() -> None:
    ours = brought(modules_after(_EVERY_MODULE, "fe2tui.demo"), ("fe2tui",))
    allowed = ("fe2tui.demo", "fe2tui.model", "fe2tui.errors")
    assert [each for each in ours if each != "fe2tui" and not each.startswith(allowed)] == []


def test_the_model_needs_the_standard_library_only() -> None:
    bare = set(modules_after("import json, sys; print(json.dumps(sorted(sys.modules)))"))
    fresh = {each.partition(".")[0] for each in set(modules_after(_EVERY_MODULE, "fe2tui.model")) - bare}
    assert fresh - sys.stdlib_module_names == {"fe2tui"}


@pytest.mark.parametrize("room", ["ec2", "tui", "cli", "chart.chart", "chart.svg"])
def test_what_draws_charts_comes_when_somebody_looks_at_one(room: str) -> None:
    assert brought(modules_after(_EVERY_MODULE, f"fe2tui.{room}"), PLOTS) == []


@pytest.mark.parametrize(
    "first",
    [
        "import fe2tui",
        "import fe2tui.cli",
        "from fe2tui import demo",
        "from fe2tui.cli.options import dashboard_options",
    ],
)
def test_what_is_waited_for_at_the_start_is_cheap(first: str) -> None:
    modules = modules_after(f"{first}\nimport json, sys; print(json.dumps(sorted(sys.modules)))")
    assert brought(modules, (*AMAZON, *MACHINES, *SCREEN, "click", "sqlite3", "lxml")) == []


def test_what_tab_and_help_need_is_cheap() -> None:
    code = "from fe2tui.cli.main import _COMMANDS, group; [group('fe2').get_command(None, name) for name in _COMMANDS]"
    modules = modules_after(f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))")
    assert brought(modules, (*AMAZON, *MACHINES, *SCREEN, "asyncio", "sqlite3", "lxml")) == []


def test_choosing_account_and_region_imports_nothing_of_amazons() -> None:
    code = "from fe2tui.aws.session import Choice, Session; Session(Choice(region='Ohio')).location"
    modules = modules_after(f"{code}\nimport json, sys; print(json.dumps(sorted(sys.modules)))")
    assert brought(modules, (*AMAZON, *MACHINES, *SCREEN)) == []


MOST_MODULES_AT_START = 110

_UNTIL_THE_FIRST_FRESH_ROW = """
import asyncio, json, sys
from fe2tui.cli.options import choice_of, dashboard_options
import fe2tui.cli.dashboard
from fe2tui import settings
from fe2tui.tui.app import Dashboard

async def main():
    loaded = settings.load()
    app = Dashboard(choice_of(dashboard_options([]), loaded), loaded)
    async with app.run_test(size=(120, 36)) as pilot:
        while app.screen.id != "main":
            await pilot.pause(0.01)
        at_first_draw = asyncio.Event()
        modules = []

        def drawn():  # counted here: once this returns, a thread begins to import what comes after the first row
            if not modules:
                modules.extend(sorted(sys.modules))
                at_first_draw.set()

        app.watch(app.screen, "fleet", lambda _: app.screen.call_after_refresh(drawn), init=False)
        await at_first_draw.wait()
        return modules

print(json.dumps(asyncio.run(main())))
"""


def test_few_modules_are_imported_before_the_first_fresh_row(demo_env: Path) -> None:
    ours = brought(modules_after(_UNTIL_THE_FIRST_FRESH_ROW), ("fe2tui",))
    assert "fe2tui.aws.poller.poller" in ours, "the fleet was not read from AWS"
    assert len(ours) <= MOST_MODULES_AT_START, " ".join(ours)
