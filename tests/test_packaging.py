"""What is shipped runs where it is installed: style sheets included, nothing of the checkout needed."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from pathlib import Path

import psutil
import pytest
from screen import Screen, plain_environment

CHECKOUT = Path(__file__).resolve().parent.parent


class Environment:
    """A fresh environment that has our dependencies, borrowed from this one, and not us."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = folder / "bin/python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        site = self.run("import sysconfig; print(sysconfig.get_path('purelib'))")
        (Path(site) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))

    def install(self, *what: str) -> None:
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        quiet = ["install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
        subprocess.run([*pip, *quiet, *what], check=True, env=plain_environment())

    def run(self, code: str, **more: str) -> str:
        done = subprocess.run(
            [self.python, "-c", code],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=plain_environment() | more,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", into],
        check=True,
        cwd=CHECKOUT,
        stdout=subprocess.DEVNULL,
    )
    (made,) = into.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("installed"))
    environment.install(str(wheel))
    return environment


SHEETS = (
    "from fe2tui.paths import sheets_folder as f; print(f(), *sorted(p.name for p in f().glob('*.tcss')), sep='\\n')"
)
SHIPPED = sorted(path.name for path in (CHECKOUT / "tcss").glob("*.tcss"))


def test_the_style_sheets_are_found_in_an_installed_wheel(installed: Environment) -> None:
    folder, *names = installed.run(SHEETS).splitlines()
    assert Path(folder).is_relative_to(installed.folder)
    assert names == SHIPPED != []


def test_the_style_sheets_are_found_in_an_editable_installation(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "editable")
    environment.install("-e", str(CHECKOUT))
    folder, *names = environment.run(SHEETS).splitlines()
    assert Path(folder) == CHECKOUT / "tcss"
    assert names == SHIPPED


def test_the_style_sheets_are_found_in_a_checkout(tmp_path: Path) -> None:
    environment = Environment(tmp_path / "bare")
    folder, *names = environment.run(SHEETS, PYTHONPATH=str(CHECKOUT)).splitlines()
    assert Path(folder) == CHECKOUT / "tcss"
    assert names == SHIPPED


def test_both_commands_are_installed_and_know_their_version(installed: Environment) -> None:
    version = installed.run("import importlib.metadata as m; print(m.version('fe2tui'))")
    for program in ("fe2", "fe2tui"):
        command = [installed.folder / "bin" / program, "--version"]
        said = subprocess.run(command, capture_output=True, text=True, check=True)
        assert said.stdout.split() == [program, version]


def test_the_installed_dashboard_shows_the_demos_instances_and_leaves_nothing_behind(installed: Environment) -> None:
    environment = plain_environment() | {"TMPDIR": str(installed.folder)}
    with Screen([str(installed.folder / "bin/fe2tui"), "--demo"], environment, cwd=str(installed.folder)) as screen:
        screen.wait_for("running", timeout=60)
        started = psutil.Process(screen.pid).children(recursive=True)
        assert started
        screen.type("q")
        assert screen.wait_for_end() == 0
    assert [each for each in started if each.is_running()] == []
    assert list(installed.folder.glob("fe2tui-demo-*")) == []
