"""The line that shows progress at a terminal."""

from __future__ import annotations

import sys

import pytest

from fe2tui.cli.progress_line import ProgressLine
from fe2tui.model.progress import COUNTDOWN, Progress


@pytest.mark.parametrize("step", ["waiting", COUNTDOWN])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_a_wait_tells_how_long_it_lasts_however_narrow_the_terminal(
    step: str, width: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    words = "no spot p3.8xlarge in any zone; trying again in 42 s (3rd time, until 14:30)"
    ProgressLine().report(Progress("launch", step, words, label="train-resnet-on-many-gpus"))
    shown = capsys.readouterr().err.removeprefix("\r\x1b[K")
    assert shown.endswith("; trying again in 42 s (3rd time, until 14:30)")
    assert len(shown) < width
