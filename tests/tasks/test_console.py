"""The console output, as new as EC2 has it, and the picture of the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import StateError, UsageError
from fe2tui.model.console import console_lines
from fe2tui.tasks.console import ConsoleReader, follow_console, save_screenshot
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import reboot
from tests.tasks.conftest import Begin
from tests.tasks.tasks_bench import Bench


async def test_the_output_of_this_moment_is_asked_for_and_for_xen_once(bench: Bench) -> None:
    base, train = await find_instance(bench.ctx, "base"), await find_instance(bench.ctx, "train-resnet")
    bench.forget_calls()
    assert "SSH HOST KEY" in await ConsoleReader(bench.ctx, base.id).read()
    assert [call["params"].get("Latest") for call in bench.calls("GetConsoleOutput")] == ["true"]
    assert train.type.startswith("p3.")  # on Xen
    reader = ConsoleReader(bench.ctx, train.id)
    bench.forget_calls()
    assert await reader.read() == await reader.read() != ""
    assert [call["params"].get("Latest") for call in bench.calls("GetConsoleOutput")] == ["true", None, None]


async def test_what_is_followed_comes_with_each_change_also_after_a_read_that_failed(
    fresh_cloud: Callable[..., Cloud], begin: Begin
) -> None:
    bench = await begin(fresh_cloud())
    base = await find_instance(bench.ctx, "base")
    outputs: list[str] = []
    following = asyncio.create_task(follow_console(bench.ctx, base, outputs.append, seconds=0.05))
    while not outputs:
        await asyncio.sleep(0.02)
    bench.fault("throttle", action="GetConsoleOutput", times=8)
    while not bench.words("waiting"):
        await asyncio.sleep(0.02)
    await reboot(bench.ctx, [base.id])
    while len(outputs) < 2:
        await asyncio.sleep(0.02)
    following.cancel()
    assert outputs[1].startswith(outputs[0]) and len(console_lines(outputs[1])) > len(console_lines(outputs[0]))


async def test_a_screenshot_is_a_new_file_and_is_of_a_running_instance_with_a_screen(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    base, od1 = await find_instance(bench.ctx, "base"), await find_instance(bench.ctx, "od1")
    path = await save_screenshot(bench.ctx, base)
    assert path.name.startswith("base-2") and path.suffix == ".jpg"
    assert path.read_bytes().startswith(b"\xff\xd8") and path.read_bytes().endswith(b"\xff\xd9")
    with pytest.raises(UsageError, match="exists already"):
        await save_screenshot(bench.ctx, base, path)
    with pytest.raises(StateError):
        await save_screenshot(bench.ctx, od1)
    assert list(tmp_path.glob("*.jpg")) == [tmp_path / path]
