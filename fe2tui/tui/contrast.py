"""Keeps every text readable, in any theme and also where the terminal has 256 colours.

The themes choose the colours. A line filter, through which Textual passes all that it draws, looks at each text on its
background; where their contrast is below ``MIN_CONTRAST`` it moves the colour of the text towards white or black, as
far as is needed. Lines, frames, charts and bars are no text, and stay as faint as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter

MIN_CONTRAST = 4.5
"""Source: WCAG 2.2, success criterion 1.4.3."""

RGB: TypeAlias = tuple[int, int, int]

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_STEPS = 20  # from a colour to white or black
_NO_TEXT = re.compile(r"[\s\u2500-\u259f\u2800-\u28ff]*\Z")  # box drawing, blocks, braille
_LEVELS = (0, 95, 135, 175, 215, 255)
_MAX_TINT = 40  # between the parts of a colour that is called grey
_FIRST_COLOUR = 16  # the 16 before it are the person's own, and may be anything
XTERM_COLOURS: tuple[RGB, ...] = (
    *((red, green, blue) for red in _LEVELS for green in _LEVELS for blue in _LEVELS),
    *((grey, grey, grey) for grey in range(8, 248, 10)),
)
"""The colours 16 to 255 of a terminal with 256 colours."""


def luminance(colour: RGB) -> float:
    """Relative luminance, from 0 to 1. Source: WCAG 2.2, relative luminance."""
    red, green, blue = (_linear(part / 255) for part in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def contrast(one: RGB, other: RGB) -> float:
    """From 1 to 21. Source: WCAG 2.2, contrast ratio."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@lru_cache(maxsize=4096)
def nearest_number(colour: RGB) -> int:
    """The number of the nearest of the 256 colours, from 16 on.

    A grey with a tint becomes a grey: Rich's own choice makes a dark one navy, or teal.
    """
    red, green, blue = (min(range(6), key=lambda n: abs(_LEVELS[n] - part)) for part in colour)
    grey = max(0, min(23, round((sum(colour) / 3 - 8) / 10)))
    numbers = (_FIRST_COLOUR + 36 * red + 6 * green + blue, _FIRST_COLOUR + 216 + grey)
    if max(colour) - min(colour) <= _MAX_TINT and 3 < max(colour) < 243:  # the greys reach from 8 to 238
        return numbers[1]
    return min(numbers, key=lambda number: _distance(colour, XTERM_COLOURS[number - _FIRST_COLOUR]))


def _distance(one: RGB, other: RGB) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _as_shown(colour: RGB) -> RGB:
    return colour


def _as_shown_in_256(colour: RGB) -> RGB:
    return XTERM_COLOURS[nearest_number(colour) - _FIRST_COLOUR]


def readable_colour(text: RGB, background: RGB, shown: Callable[[RGB], RGB] = _as_shown) -> RGB:
    """The colour of a text, or one that is nearer to white or black, with enough contrast to its background.

    ``shown`` gives the colour that the terminal shows for one.
    """
    back = shown(background)
    if contrast(shown(text), back) >= MIN_CONTRAST:
        return text
    likely, other = (_WHITE, _BLACK) if luminance(text) >= luminance(back) else (_BLACK, _WHITE)
    # one of the two has a contrast of at least 4.58 to any colour
    target = likely if contrast(likely, back) >= MIN_CONTRAST else other
    for step in range(1, _STEPS):
        red, green, blue = (round(a + (b - a) * step / _STEPS) for a, b in zip(text, target, strict=True))
        if contrast(shown((red, green, blue)), back) >= MIN_CONTRAST:
            return red, green, blue
    return target


class ReadableText(LineFilter):
    """The last of the app's filters: it gets the colours that the terminal would show."""

    def __init__(self) -> None:
        super().__init__()
        self.has_256_colours = False

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        has_256_colours, is_no_text = self.has_256_colours, _NO_TEXT.match
        readable: list[Segment] = []
        for segment in segments:
            text, style, control = segment
            if not control:
                style = style or Style.null()
                is_text = is_no_text(text) is None
                if is_text or has_256_colours:
                    segment = Segment(text, _readable_style(style, background, is_text, has_256_colours), control)
            readable.append(segment)
        return readable


@lru_cache(maxsize=4096)
def _readable_style(style: Style, background: Color, is_text: bool, has_256_colours: bool) -> Style:
    text, back = _rgb(style.color), _rgb(style.bgcolor) or background.rgb
    if text is None:
        number = nearest_number(back)
        return style + Style(bgcolor=RichColor.from_ansi(number)) if has_256_colours else style
    colour = text
    if is_text and style.reverse:
        back = readable_colour(back, text, _as_shown_in_256 if has_256_colours else _as_shown)
    elif is_text:
        colour = readable_colour(text, back, _as_shown_in_256 if has_256_colours else _as_shown)
    if has_256_colours:
        numbers = nearest_number(colour), nearest_number(back)
        return style + Style(color=RichColor.from_ansi(numbers[0]), bgcolor=RichColor.from_ansi(numbers[1]))
    if style.reverse:
        return style + Style(bgcolor=RichColor.from_rgb(*back))
    return style if colour is text else style + Style(color=RichColor.from_rgb(*colour))


def _rgb(colour: RichColor | None) -> RGB | None:
    if colour is None or colour.is_default:
        return None
    red, green, blue = colour.get_truecolor()
    return red, green, blue
