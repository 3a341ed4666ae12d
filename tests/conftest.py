"""What all tests share: a guard that keeps them on this computer, a clean environment, and demo clouds."""

from __future__ import annotations

import gc
import importlib.util
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from botocore.httpsession import where

from fe2tui import paths
from fe2tui.aws import service_models
from fe2tui.demo import Cloud, Options
from tests.forks import ForkedCloud, ForkServer, share_service_models

GUARD_FOLDER = Path(__file__).parent / "guard"
_PERSONAL = ("AWS_", "FE2TUI_", "XDG_", "SSH_", "BOTO", "LESS", "PAGER")


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """For ``-n auto``: twice as many as processors, since most of a test is waiting for a machine or a screen."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(2, cores * 2)


def pytest_collection_finish() -> None:
    """Spare the collector what is there for good: all that the tests import."""
    gc.collect()
    gc.freeze()


def pytest_addoption(parser: pytest.Parser) -> None:
    """For ``tests/monkey``."""
    parser.addoption("--seeds", default="1,2,3,4", help="seeds of the random keys, separated by commas")
    parser.addoption("--keys", default="500", help="how many random keys each seed presses")


def _load_guard() -> ModuleType:
    """The guard under a name of its own: `sitecustomize` may be taken by the interpreter's."""
    spec = importlib.util.spec_from_file_location("fe2tui_test_guard", GUARD_FOLDER / "sitecustomize.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


guard = _load_guard()
share_service_models()


@pytest.fixture(scope="session", autouse=True)
def _children_heed_signals() -> Iterator[None]:
    """Children start with Ctrl-C and hangup heeded, as in a terminal. Under ``nohup`` and ``&`` they are ignored, and a
    child inherits that; a handler, even one that does nothing, it does not."""
    numbers = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT)
    ignored = [each for each in numbers if signal.getsignal(each) is signal.SIG_IGN]
    for each in ignored:
        signal.signal(each, lambda _signal, _frame: None)
    yield
    for each in ignored:
        signal.signal(each, signal.SIG_IGN)


@pytest.fixture(scope="session", autouse=True)
def _guarded_children(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Children of the tests get the guard through their environment and note their attempts in one file."""
    log = tmp_path_factory.mktemp("guard") / "attempts"
    log.touch()
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(_PERSONAL)]:
        del os.environ[name]
    rest = before.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join([str(GUARD_FOLDER), *([rest] if rest else [])])
    os.environ["TESTS_GUARD_LOG"] = str(log)
    # Without bytecode, each of the many processes that the tests start would compile its modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    yield log
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(autouse=True)
def network_guard(_guarded_children: Path) -> Iterator[None]:
    """Fails a test that tried to reach anything but this computer, also when the attempt's error was swallowed."""
    guard.ATTEMPTS.clear()
    noted = _guarded_children.stat().st_size
    yield
    with _guarded_children.open() as log:
        log.seek(noted)
        attempts = [*dict.fromkeys([*guard.ATTEMPTS, *log.read().splitlines()])]
    if attempts:
        pytest.fail("left this computer: " + "; ".join(attempts))


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Nothing of the person's own gets in; HOME is an empty folder, which is returned."""
    for name in [name for name in os.environ if name.startswith(_PERSONAL)]:
        monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def guarded_environment(clean_environment: Path) -> dict[str, str]:
    """The environment for a child process, with the guard in it."""
    return dict(os.environ)


@pytest.fixture(scope="session")
def forked_cloud(_guarded_children: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[type[Cloud]]:
    """The class of the tests' clouds: their processes are forks of one that has imported all that a cloud needs."""
    ForkedCloud.server = ForkServer("demo", tmp_path_factory.mktemp("demo") / "socket")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FE2TUI_HOME", str(tmp_path_factory.mktemp("prepared")))
        service_models.SubsetLoader(service_models.full_loader()).prepare()
        ForkedCloud.cache = paths.cache_folder()
    ForkedCloud.certificates = tmp_path_factory.mktemp("certificates") / "one.pem"
    first, end, _ = Path(where()).read_text().partition("-----END CERTIFICATE-----\n")
    ForkedCloud.certificates.write_text(first + end)
    yield ForkedCloud
    ForkedCloud.server.close()
    ForkedCloud.server = ForkedCloud.cache = ForkedCloud.certificates = None


@pytest.fixture(scope="session")
def cloud(forked_cloud: type[Cloud]) -> Iterator[Cloud]:
    """The lived-in demo cloud that the tests of one worker share; a test that changes much takes a `fresh_cloud`."""
    with forked_cloud(Options.instant()) as shared:
        yield shared


@pytest.fixture
def fresh_cloud(clean_environment: Path, forked_cloud: type[Cloud]) -> Iterator[Callable[..., Cloud]]:
    """Starts clouds of a test's own: `fresh_cloud()`, `fresh_cloud(scene=False, boot_seconds=2)`; instant otherwise."""
    started: list[Cloud] = []

    def start(**changes: Any) -> Cloud:
        made = forked_cloud(Options.instant(**changes))
        started.append(made)
        made.start().wait_ready()
        return made

    yield start
    for made in started:
        made.stop()


@pytest.fixture
def enter_cloud(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[Cloud], Path]:
    """Points this process at a cloud, as its export line does a shell; returns a FE2TUI_HOME private to the test."""

    def enter(cloud: Cloud) -> Path:
        home = tmp_path / "fe2tui-home"
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(cloud.home, home)
        for name, value in cloud.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("FE2TUI_HOME", str(home))
        return home

    return enter


@pytest.fixture
def demo_env(cloud: Cloud, enter_cloud: Callable[[Cloud], Path]) -> Path:
    """The shared cloud's environment in this process; returns the private FE2TUI_HOME."""
    return enter_cloud(cloud)
