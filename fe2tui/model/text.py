"""Ages, sizes, dollars, times and foreign text as people read them, and texts fitted to a terminal's width."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from shlex import quote
from typing import TypeVar, overload

DASH = "–"
# Parts of an emoji that terminals give different widths to: a joiner and the skin tones.
_EMOJI_MODIFIERS = frozenset("\u200d\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff")
_TRANSITION = re.compile(r"\((\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) (?:GMT|UTC)\)")

_Form = TypeVar("_Form")


def age(span: timedelta) -> str:
    """A span in at most two units: ``41s``, ``5h 12m``, ``3d 2h``, ``41d``, ``2y 3d``. Never negative."""
    seconds = max(0, int(span.total_seconds()))
    if seconds < 60:
        return f"{seconds}s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes}m {seconds % 60}s" if minutes < 10 and seconds % 60 else f"{minutes}m"
    hours = minutes // 60
    if hours < 24:
        return f"{hours}h {minutes % 60}m" if minutes % 60 else f"{hours}h"
    days = hours // 24
    if days < 365:
        return f"{days}d {hours % 24}h" if hours % 24 else f"{days}d"
    return f"{days // 365}y {days % 365}d" if days % 365 else f"{days // 365}y"


def short_age(span: timedelta) -> str:
    """A span in its largest unit: ``41s``, ``12m``, ``5h``, ``3d``."""
    return age(span).split(" ", 1)[0]


def dollars(amount: Decimal | None, places: int = 2, *, sign: str = "") -> str:
    """An amount with fixed decimals and thousands separated, a dash when it is not known."""
    if amount is None:
        return DASH
    rounded = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return f"{'-' if rounded < 0 else ''}{sign}{abs(rounded):,}"


def percent(share: float) -> str:
    """A part of 1 as ``40 %``."""
    return f"{share * 100:.0f} %"


def plural(count: int, noun: str) -> str:
    """``1 instance``, ``2 instances``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def join_words(parts: list[str] | tuple[str, ...], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def shell_word(name: str, key: str) -> str:
    """What stands for a thing in a command that a person copies: its name, quoted for a shell, else its id ``key``.

    A name that begins with ``-`` would be an option, and one with invisible characters cannot be typed.
    """
    return quote(name) if name and name.isprintable() and not name.startswith("-") else key


# Times are shown in this computer's time zone.


def local_time(moment: datetime, now: datetime | None = None) -> str:
    """``14:02:09`` today, else ``21 Nov 14:02``, or ``21 Nov 2025`` in another year."""
    here, today = moment.astimezone(), (now or datetime.now(UTC)).astimezone()
    if here.date() == today.date():
        return f"{here:%H:%M:%S}"
    return f"{here.day} {here:%b %H:%M}" if here.year == today.year else f"{here.day} {here:%b %Y}"


def time_phrase(moment: datetime | None, now: datetime) -> str:
    """The same within a sentence: `` at 14:02``, `` on 21 Nov at 14:02``, `` on 21 Nov 2025``; empty for None."""
    if moment is None:
        return ""
    here, today = moment.astimezone(), now.astimezone()
    if here.date() == today.date():
        return f" at {here:%H:%M}"
    return f" on {here.day} {here:%b at %H:%M}" if here.year == today.year else f" on {here.day} {here:%b %Y}"


def short_time(moment: datetime | None, now: datetime) -> str:
    """The same where space is scarce: `` 14:02``, `` 21 Nov``; empty for None."""
    if moment is None:
        return ""
    here = moment.astimezone()
    return f" {here:%H:%M}" if here.date() == now.astimezone().date() else f" {here.day} {here:%b}"


def parse_transition_time(reason: str) -> datetime | None:
    """The moment inside EC2's StateTransitionReason, ``User initiated (2026-11-20 10:00:00 GMT)``."""
    found = _TRANSITION.search(reason)
    return datetime.strptime(found[1], "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC) if found else None


def visible(text: str) -> str:
    """Foreign text made safe to show on one line: control, direction and other invisible characters as escapes.

    A tag may hold anything; an escape sequence in it must not reach the terminal, nor a right-to-left mark turn
    the line round. Emoji lose what joins and tints them, so that every terminal gives them the same width.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible_character(character) for character in text)


def _visible_character(character: str) -> str:
    if character in _EMOJI_MODIFIERS or "\ufe00" <= character <= "\ufe0f":
        return ""
    category = unicodedata.category(character)
    if category in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        code = ord(character)
        return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"
    return " " if category == "Zs" else character


def cell_width(text: str) -> int:
    """The cells that a ``visible`` text takes in a terminal: two a wide character, none a combining mark."""
    return len(text) if text.isascii() else sum(map(_character_width, text))


@lru_cache(maxsize=4096)
def _character_width(character: str) -> int:
    # Hangul vowels and finals are shown within the syllable that the initial before them begins
    is_hangul_vowel_or_final = "\u1160" <= character <= "\u11ff" or "\ud7b0" <= character <= "\ud7ff"
    if is_hangul_vowel_or_final or unicodedata.category(character) in ("Mn", "Me", "Mc", "Cc"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


@overload
def fit(width: int, forms: Iterable[str]) -> str: ...
@overload
def fit(width: int, forms: Iterable[_Form], width_of: Callable[[_Form], int]) -> _Form: ...
def fit(width: int, forms: Iterable[_Form], width_of: Callable[[_Form], int] = cell_width) -> _Form:  # type: ignore[assignment]
    """The first of these forms, longest first, that takes no more cells than ``width``; else the last of them.

    ``forms`` may be an iterator: no form is made after the one that fits. There has to be at least one.
    """
    for form in forms:
        if width_of(form) <= width:
            break
    return form


def table_lines(heads: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[str] = ()) -> list[str]:
    """Aligned lines of text; the columns named in ``right`` to the right. Cells are made ``visible``."""
    grid = [list(heads), *([visible(cell) for cell in row] for row in rows)]
    widths = [max(cell_width(row[column]) for row in grid) for column in range(len(heads))]
    at_right = {column for column, head in enumerate(heads) if head in set(right)}

    def line(row: Sequence[str]) -> str:
        cells = []
        for column, cell in enumerate(row):
            space = " " * (widths[column] - cell_width(cell))
            cells.append(space + cell if column in at_right else cell + space)
        return "  ".join(cells).rstrip()

    return [line(row) for row in grid]
