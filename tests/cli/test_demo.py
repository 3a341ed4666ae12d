"""``fe2tui demo``: a cloud for other programs."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from fe2tui.demo import Cloud, Options
from tests.screen import plain_environment


@pytest.fixture
def serving(alone: Any, tmp_path: Path) -> Any:
    shell = alone(TMPDIR=str(tmp_path))
    running = shell.start("demo", "--instant")
    yield running
    running.kill()
    running.communicate()


def variables(line: str) -> dict[str, str]:
    export, *assigned = shlex.split(line)
    assert export == "export"
    return dict(word.split("=", 1) for word in assigned)


def test_its_first_line_points_other_programs_at_it(serving: Any) -> None:
    line = serving.stdout.readline()
    commands = (
        "fe2 instances",
        "fe2 connect analysis --print",
        "aws ec2 describe-instances --query 'length(Reservations)'",
    )
    script = f"{line}\n{' && '.join(commands)}"
    done = subprocess.run(
        ["bash", "-c", script],
        env=plain_environment() | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "analysis (i-" in done.stdout
    assert "HostKeyAlias" in done.stdout
    assert int(done.stdout.splitlines()[-1]) > 5
    assert Path(variables(line)["FE2TUI_HOME"]).is_dir()


def test_the_museum_is_asked_for(alone: Any, tmp_path: Path) -> None:
    running = alone(TMPDIR=str(tmp_path)).start("demo", "--instant", "--scene", "museum")
    try:
        shell = alone()
        listed = shell("instances", "--json", **variables(running.stdout.readline())).json
        assert {"[prod] web", "worker", "vault"} <= {one["name"] for one in listed}
    finally:
        running.kill()
        running.communicate()


def test_the_commands_of_the_readme_work_in_the_plain_scene_one_after_another(on: Any) -> None:
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    block = next(part for part in readme.split("```") if "$ fe2 launch" in part)
    lines = [shlex.split(line)[2:] for line in block.splitlines() if line.startswith("$ fe2 ")]
    assert [words[:2] for words in lines[:2]] == [["launch", "base"], ["connect", "base"]]
    with Cloud(Options.instant()) as cloud:
        fe2 = on(cloud)
        for words in lines:
            # Without a terminal, nothing is asked, and no shell can be opened.
            said = fe2("--yes", *words, *(["--print"] if words[0] == "connect" else []))
            assert said.status == 0, f"fe2 {' '.join(words)}: {said.err}"


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_when_told_and_leaves_no_process_and_no_file(
    serving: Any, tmp_path: Path, ending: signal.Signals
) -> None:
    line = serving.stdout.readline()
    children = psutil.Process(serving.pid).children(recursive=True)
    assert children
    serving.send_signal(ending)
    assert serving.wait(timeout=20) == 0
    assert psutil.wait_procs(children, timeout=20)[1] == []
    assert not Path(variables(line)["FE2TUI_HOME"]).exists()
    assert list(tmp_path.glob("fe2tui-demo-*")) == []


def test_a_taken_port_is_said_in_plain_words(serving: Any, alone: Any) -> None:
    port = variables(serving.stdout.readline())["AWS_ENDPOINT_URL"].rpartition(":")[2]
    said = alone()("demo", "--port", port)
    assert (said.status, said.out) == (1, "")
    assert port in said.err
    assert "Traceback" not in said.err
