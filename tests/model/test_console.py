"""Console output as people read it, and what is new in it."""

from __future__ import annotations

from fe2tui.model.console import console_lines, new_output


def test_colours_are_left_out_and_what_was_overwritten_and_nothing_reaches_the_terminal() -> None:
    output = "[\x1b[0;32m  OK  \x1b[0m] Started sshd.\r\n10 %\r50 %\r100 %\r\n\x1b]0;title\x07\x1b[2Jbox login: \x9b31m"
    assert console_lines(output) == ["[  OK  ] Started sshd.", "100 %", "box login: \\x9b31m"]


def test_what_is_new_is_found_also_when_the_beginning_was_dropped() -> None:
    lines = [f"line {number}\n" for number in range(5_000)]
    before, after = "".join(lines[:3_000]), "".join(lines[1_000:])
    assert new_output("", "abc") == "abc"
    assert new_output("abc", "abcdef") == "def"
    assert new_output(before, after) == "".join(lines[3_000:])
    assert new_output("another boot", "abc") == "abc"
