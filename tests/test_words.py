"""Words that were withdrawn stay away: in the program's text, its names, its comments, its tests and the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SUFFIXES = {".py", ".tcss", ".md"}

# What is withdrawn, and what to say instead. A space stands for any white space, for a line's end and for an
# underscore; upper and lower case are the same; the words are whole words.
WORDS = {
    "taken back": "interrupted",
    "takes back": "interrupts",
    "take back": "interrupt",
    "told of": "reported, or shown",
    "nobody": "no one, or a sentence about the program: unknown, unused, not running",
    "anew": "again",
    "came of": "what happened to, or the result of",
    "becomes of": "what happens to",
    "became of": "what happened to",
    "of whom": "whose",
    "of which": "a sentence of its own, or whose",
    "is another": "differs, or has changed",
    "who (?:starts|stops|launches|reboots)": "whoever does it is the user: say what the program does",
    "machine side": "the instance's own shell, or machines",
    "it was found": "fe2tui found",
    "livedesk|takennews|acquaintance": "Services, InterruptionNotifier, HostKeyCache",
}

# Where a word may still stand until it is replaced. To be empty in the end; take out what you have cleaned.
ALLOWED: dict[str, set[str]] = {
    "fe2tui/store": {"taken back"},  # the name of a column, which older stores have
}


def files() -> list[Path]:
    """The files that people read."""
    found = [ROOT / "README.md", ROOT / "pyproject.toml"]
    for folder in ("fe2tui", "tests", "tcss", "screenshots"):
        found += [path for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES]
    return sorted(path for path in found if path != Path(__file__))


def pattern(words: str) -> re.Pattern[str]:
    spaced = words.replace(" ", r"(?:\s|_|#)+")
    return re.compile(rf"(?<![a-z])(?:{spaced})(?![a-z])", re.IGNORECASE)


def folder_of(path: Path) -> str:
    """The folder that the list of what is still allowed names: `fe2tui/tui`, `tests/store`, `README.md`."""
    return "/".join(path.relative_to(ROOT).parts[:2])


@pytest.fixture(scope="module")
def texts() -> dict[Path, str]:
    return {path: path.read_text(encoding="utf-8") for path in files()}


@pytest.mark.parametrize("words", WORDS)
def test_withdrawn_words_are_not_used(texts: dict[Path, str], words: str) -> None:
    wanted = pattern(words)
    places = [
        f"{path.relative_to(ROOT)}:{len(text[: found.start() + 1].splitlines())}: {' '.join(found[0].split())}"
        for path, text in texts.items()
        if words not in ALLOWED.get(folder_of(path), ())
        for found in wanted.finditer(text)
    ]
    assert not places, f"say instead: {WORDS[words]}\n" + "\n".join(places)


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("was taken back by AWS", True),
        ("what was taken\n    # back", True),
        ("def test_what_is_taken_back_is_said", True),
        ("Taken back: 1", True),
        ("mistaken backups", False),
        ("taken aback", False),
    ],
)
def test_words_are_found_in_sentences_and_in_names(text: str, is_found: bool) -> None:
    assert bool(pattern("taken back").search(text)) is is_found
