"""What is shipped runs where it is installed: style sheets included, nothing of the checkout needed."""

from __future__ import annotations

import json
import shlex
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Mapping
from pathlib import Path

import psutil
import pytest

from fe2tui.demo import Cloud
from tests.screen import Screen, plain_environment

CHECKOUT = Path(__file__).resolve().parent.parent


class Environment:
    """A fresh environment without fe2tui. With `borrow`, it uses this environment's dependencies."""

    def __init__(self, folder: Path, *, borrow: bool = True) -> None:
        self.folder = folder
        self.python = folder / "bin/python"
        self._borrows = borrow
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
        if borrow:
            site = self.run("import sysconfig; print(sysconfig.get_path('purelib'))")
            (Path(site) / "borrowed.pth").write_text(sysconfig.get_path("purelib"))

    def install(self, *what: str) -> None:
        """Installs with pip; resolves and installs the dependencies as well, unless they are borrowed."""
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "--disable-pip-version-check"]
        borrowed = ["--no-deps", "--no-index", "--no-build-isolation", "--no-compile"] if self._borrows else []
        # The guard of the tests is on PYTHONPATH and would keep pip from its index.
        environment = {key: value for key, value in plain_environment().items() if key != "PYTHONPATH"}
        done = subprocess.run(
            [*pip, "install", "-q", *borrowed, *what],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def packages(self) -> list[str]:
        return self.run("import importlib.metadata as m; print(*(d.name for d in m.distributions()))").split()

    def megabytes(self) -> float:
        """The size of its files, in millions of bytes."""
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return sum(path.stat().st_size for path in files) / 1e6

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


SHEETS = """
from fe2tui.paths import stylesheets_folder
print(stylesheets_folder(), *sorted(path.name for path in stylesheets_folder().glob("*.tcss")), sep="\\n")
"""
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
        command = [str(installed.folder / "bin" / program), "--version"]
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


_WORK_IN_ORDER: Mapping[str, tuple[str, str]] = {
    "launch": ("plain ubuntu 8 t3.micro", "plain (i-"),
    "instances": ("", "plain (i-"),
    "instance": ("plain", "running"),
    "get-instance": ("plain - instance-type", "t3.micro"),
    "ip": ("plain", "127.0.0.1"),
    "connect": ("plain", ""),
    "freeze": ("plain plain-image --no-reboot --wait", "ami-"),
    "amis": ("", "plain-image"),
    "ami": ("plain-image", "plain-image"),
    "get-ami": ("plain-image - state", "available"),
    "deregister": ("plain-image --yes", ""),
    "stop": ("plain", ""),
    "change-type": ("plain t3.small", ""),
    "start": ("plain --yes", "plain (i-"),
    "reboot": ("plain", ""),
    "tag": ("plain project=vision", ""),
    "console": ("plain", ""),
    "screenshot": ("plain screen.jpg", "screen.jpg"),
    "protect": ("plain off", "termination protection is off"),
    "shutdown-behavior": ("plain stop", "EC2 stops it"),
    "rename": ("plain plainer", ""),
    "release": ("{address} --yes", ""),
    "terminate": ("plainer --yes", ""),
    "activity": ("", "plain"),
    "requests": ("", "train-resnet"),
    "get-request-from-instance": ("train-resnet - state", "active"),
    "get-request": ("{request} - state", "active"),
    "types": ("t3.micro", "t3.micro"),
    "price-demand": ("m5", "m5.xlarge"),
    "price-hist": ("m5 --days 1", "m5.xlarge"),
    "cost": ("", "base"),
    "region": ("Oregon", "us-west-2"),
    "regions": ("", "us-east-2"),
    "completion": ("bash", "fe2"),
    "demo": ("--instant --empty", "export AWS_ENDPOINT_URL="),
}
"""Each command with its arguments and a part of what it prints."""


def test_every_command_works_where_pip_installed_the_wheel_and_its_dependencies_and_nothing_else(
    tmp_path: Path, wheel: Path, fresh_cloud: Callable[..., Cloud], enter_cloud: Callable[[Cloud], Path]
) -> None:
    cloud = fresh_cloud()
    home = enter_cloud(cloud)
    environment = Environment(tmp_path / "plain", borrow=False)
    environment.install(str(wheel))
    assert len(environment.packages()) <= 40
    assert environment.megabytes() <= 120
    fe2 = str(environment.folder / "bin/fe2")
    variables = plain_environment() | cloud.environment | {"FE2TUI_HOME": str(home)}

    def run(*arguments: str, **more: str) -> str:
        done = subprocess.run(
            [fe2, *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=variables | more,
        )
        assert done.returncode == 0, f"fe2 {shlex.join(arguments)}: {done.stderr}"
        return done.stdout

    completed = run(_FE2_COMPLETE="bash_complete", COMP_WORDS="fe2 ", COMP_CWORD="1")
    commands = [line.removeprefix("plain,") for line in completed.splitlines()]
    assert sorted(commands) == sorted(_WORK_IN_ORDER)
    request = run("get-request-from-instance", "train-resnet", "-", "id").strip()
    (address,) = json.loads(run("cost", "kind:address", "--json"))["rows"]
    for command, (arguments, printed) in _WORK_IN_ORDER.items():
        words = [command, *shlex.split(arguments.format(request=request, address=address["id"]))]
        if command == "connect":
            with Screen([fe2, *words], variables) as screen:
                screen.wait_for("~$")
                screen.type("exit 7\r")
                assert screen.wait_for_end() == 7
        elif command == "demo":
            with subprocess.Popen([fe2, *words], stdout=subprocess.PIPE, text=True, env=variables) as serving:
                assert serving.stdout is not None and printed in serving.stdout.readline()
                serving.send_signal(signal.SIGINT)
        else:
            assert printed in run(*words), command
