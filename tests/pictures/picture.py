"""A picture of the dashboard's screen: an SVG with one line of text a row, without anything that differs by run."""

from __future__ import annotations

import difflib
import html
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from textual.app import App

STORED = Path(__file__).parent / "svg"
DIFFERING = Path(__file__).parent / "differing"

_WIDTH, _HEIGHT, _TOP, _BASE = 12.2, 24.4, 1.5, 20.0  # of a cell in Rich's SVG; its first row and that one's baseline
_STYLE = re.compile(r"^\s*\.[\w-]+-(r\d+) \{ (.*?) \}", re.MULTILINE)
_RECT = re.compile(
    r'<rect fill="(#\w+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+" shape-rendering="crispEdges"/>'
)
_TEXT = re.compile(r'<text class="[\w-]+-(r\d+)" x="([\d.]+)" y="([\d.]+)" [^>]*>([^<]*)</text>')
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')
_PORT = re.compile(r"(?<=127\.0\.0\.1:)\d+")


def picture_of(app: App[Any]) -> str:
    """What is on the app's screen. The cloud's port is always 40123 in it."""
    return _normalised(app.export_screenshot(simplify=True))


def path_of(name: str, size: tuple[int, int]) -> Path:
    """Where the picture of that name is stored: by name first, so that the sizes stand together."""
    return STORED / f"{name}-{size[0]}x{size[1]}.svg"


def difference(stored: str, seen: str) -> str:
    """The rows in which two pictures differ: their words, or what their styles are where the words are the same."""
    before, after = _words(stored), _words(seen)
    lines = list(difflib.unified_diff(before, after, "stored", "seen", lineterm="", n=0))
    if not lines:
        lines = list(difflib.unified_diff(stored.splitlines(), seen.splitlines(), "stored", "seen", lineterm="", n=0))
    return "\n".join(lines)


def _normalised(svg: str) -> str:
    styles = {name: _style_name(rules) for name, rules in _STYLE.findall(svg)}
    size = _SIZE.search(svg)
    assert size is not None
    columns, rows = round(float(size[1]) / _WIDTH) - 1, round(float(size[2]) / _HEIGHT) - 2
    width, height = columns * _WIDTH, rows * _HEIGHT
    grounds: dict[int, list[tuple[int, int, str]]] = {}
    for colour, x, y, wide in _RECT.findall(svg):
        row = round((float(y) - _TOP) / _HEIGHT)
        grounds.setdefault(row, []).append((round(float(x) / _WIDTH), round(float(wide) / _WIDTH), colour))
    words: dict[int, list[tuple[int, str, str]]] = {}
    for style, x, y, text in _TEXT.findall(svg):
        if text := html.unescape(text).replace("\xa0", " ").rstrip("\n"):
            row = round((float(y) - _BASE) / _HEIGHT)
            words.setdefault(row, []).append((round(float(x) / _WIDTH), styles[style], _PORT.sub("40123", text)))
    areas = Counter[str]()
    for runs in grounds.values():
        for _, wide, colour in runs:
            areas[colour] += wide
    commonest = areas.most_common(1)[0][0] if areas else "#000000"
    used = {style for runs in words.values() for _, style, _ in runs}
    sheet = {styles[name]: rules.replace(" ", "") for name, rules in _STYLE.findall(svg) if styles[name] in used}
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" xml:space="preserve" viewBox="0 0 {width:g} {height:g}">',
        "<style>",
        'text{font:20.3px "DejaVu Sans Mono","Fira Code",monospace}',
        *(f".{name}{{{rules}}}" for name, rules in sorted(sheet.items())),
        "</style>",
        f'<rect width="100%" height="100%" fill="{commonest}"/>',
        *(_row(row, grounds.get(row, []), words.get(row, []), commonest) for row in range(rows)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _style_name(rules: str) -> str:
    """A name that says what the style is, so that it is the same in every picture: `c7aa2f7-b`."""
    colour = re.search(r"fill: #(\w+)", rules)
    signs = {"bold": "b", "italic": "i", "underline": "u", "line-through": "s"}
    more = "".join(sign for word, sign in signs.items() if word in rules)
    return f"c{colour[1] if colour else ''}{'-' if more else ''}{more}"


def _row(number: int, grounds: list[tuple[int, int, str]], words: list[tuple[int, str, str]], behind: str) -> str:
    rects = "".join(
        f'<rect x="{x * _WIDTH:g}" width="{wide * _WIDTH:g}" height="{_HEIGHT}" fill="{colour}"/>'
        for x, wide, colour in _joined(sorted(grounds))
        if colour != behind
    )
    spans = "".join(
        f'<tspan x="{x * _WIDTH:g}" class="{style}">{html.escape(text, quote=False)}</tspan>'
        for x, style, text in words
    )
    text = f'<text y="{_BASE - _TOP:g}">{spans}</text>' if spans else ""
    return f'<g transform="translate(0 {number * _HEIGHT:g})">{rects}{text}</g>'


def _joined(grounds: list[tuple[int, int, str]]) -> Iterator[tuple[int, int, str]]:
    """Neighbours of one colour as one."""
    for colour, runs in groupby(grounds, key=lambda run: run[2]):
        ordered = list(runs)
        yield ordered[0][0], ordered[-1][0] + ordered[-1][1] - ordered[0][0], colour


def _words(svg: str) -> list[str]:
    """The rows of a picture as text."""
    rows = []
    for line in svg.splitlines():
        if line.startswith("<g "):
            cells: Mapping[int, str] = {
                round(float(x) / _WIDTH): html.unescape(text)
                for x, text in re.findall(r'<tspan x="([\d.]+)" [^>]*>([^<]*)</tspan>', line)
            }
            row = ""
            for x, text in cells.items():
                row = row.ljust(x) + text
            rows.append(row)
    return rows
