"""Whatever keys are pressed: nothing crashes, and nothing changes that no person has agreed to.

``pytest tests/monkey --seeds 1,2,3 --keys 5000`` plays more.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from tests.monkey.monkey import Monkey, is_change
from tests.tui.driver import dashboard


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    seeds = [int(one) for one in str(metafunc.config.getoption("--seeds")).split(",")]
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", seeds)


@pytest.fixture
def keys(request: pytest.FixtureRequest) -> int:
    """How many keys each run presses."""
    return int(request.config.getoption("--keys"))


@pytest.mark.parametrize("read_only", [False, True], ids=["writing", "read-only"])
async def test_random_keys_crash_nothing_and_change_nothing_unasked(
    fresh_cloud: Callable[..., Cloud],
    enter_cloud: Callable[[Cloud], Path],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    seed: int,
    keys: int,
    read_only: bool,
) -> None:
    cloud = fresh_cloud()
    home = enter_cloud(cloud)
    (tmp_path / "exports").mkdir()
    monkeypatch.chdir(tmp_path / "exports")
    async with dashboard(size=(120, 36), toasts=True, read_only=read_only) as driven:
        driven.app.key_queue.look_ahead_seconds = 0.002
        before = len(cloud.control("/demo/calls", method="GET"))
        monkey = Monkey(driven, seed, monkeypatch)
        try:
            await monkey.play(keys // 4 if read_only else keys)
            await monkey.come_home()
        except BaseException:
            print(f"seed {seed}, the last events:", *monkey.history, sep="\n")
            raise
        calls = cloud.control("/demo/calls", method="GET")[before:]
    log = home / "data" / "errors.log"
    assert not log.exists() or not log.read_text()
    assert [deed for deed in monkey.deeds if not deed.is_asked] == []
    assert monkey.unasked_calls(calls) == []
    if read_only:
        assert [call["action"] for call in calls if is_change(call)] == []
