"""The README tells of the program that is there."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

CHECKOUT = Path(__file__).resolve().parent.parent
TEXT = (CHECKOUT / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def readme() -> ModuleType:
    spec = importlib.util.spec_from_file_location("readme", CHECKOUT / "screenshots/readme.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_its_lists_of_keys_commands_and_settings_are_the_programs(readme: ModuleType) -> None:
    assert readme.written(TEXT) == TEXT, "run screenshots/readme.py"


def test_its_pictures_are_there() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", TEXT)
    assert pictures
    assert [each for each in pictures if not (CHECKOUT / each).is_file()] == []


@pytest.mark.parametrize("end", ["fe2tui --demo", "-m pytest -n auto"])
def test_each_of_its_two_commands_is_one_line_that_installs_into_an_environment_of_its_own(end: str) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith("python3 -m venv") and line.endswith(end)]
    make, install, use = line.split(" && ")
    assert make == "python3 -m venv --without-pip .venv"
    assert install.startswith("python3 -m pip --python .venv/bin/python install ")
    assert use.startswith(".venv/bin/")
