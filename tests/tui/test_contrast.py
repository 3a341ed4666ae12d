"""Every text can be read: the contrast of all that is drawn, in every theme, also with 256 colours and without any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from fe2tui.settings import ProfileSettings
from fe2tui.tui.contrast import _NO_TEXT, MIN_CONTRAST, ReadableText, contrast, nearest_number
from fe2tui.tui.forms.launch import LaunchForm
from fe2tui.tui.theme import DARK, THEMES, LineStyles, default_variables
from tests.tui.driver import Driven, dashboard

ALL_THEMES = [*THEMES.values(), *(theme for theme in BUILTIN_THEMES.values() if not theme.ansi)]
TINTS = ("red", "#aa3355", "orange", "green", "white", "black")  # colours of a profile's status line
TEXTS = ("foreground", "accent", "primary", "error", "warning", "success", "ink-dim", "state-trouble")
BACKGROUNDS = (  # variables of the theme, each with what it is blended over and how much of it, as in the style sheets
    ("background", "background", 1.0),
    ("surface", "surface", 1.0),
    ("panel", "panel", 1.0),
    ("foreground", "surface", 0.06),
    ("foreground", "surface", 0.12),
    ("foreground", "background", 0.12),
    ("primary", "surface", 0.4),
    ("primary", "panel", 0.4),
    ("primary", "surface", 0.5),
    ("error", "surface", 0.5),
)


def variables_of(theme: Theme) -> Mapping[str, str]:
    """The variables of a theme, as the dashboard has them."""
    return {**default_variables(theme), **theme.to_color_system().generate(), **theme.variables}


def pairs(theme: Theme) -> Iterator[tuple[str, Style]]:
    """Every text on every background that lines and style sheets draw in a theme, with its name."""
    variables = variables_of(theme)
    lines = LineStyles(variables)
    for name in lines.styles:
        for row in lines.row_backgrounds:
            yield f"{name} on row {row}", lines.on_row(name, row)
        for tint in TINTS:
            back = Style(bgcolor=lines.background.blend(Color.parse(tint), 0.45).rich_color)
            yield f"{name} on a {tint} status line", lines[name] + back
    for back_name, below, share in BACKGROUNDS:
        ground = Color.parse(variables[below]).blend(Color.parse(variables[back_name]), share)
        for name in TEXTS:
            text = Color.parse(variables.get(name, variables["foreground"]))
            shown = ground.blend(text, text.a) if text.a < 1 else text
            yield f"{name} on {back_name} {share}", Style.from_color(shown.rich_color, ground.rich_color)
            faint = ground.blend(shown, 0.6)
            yield f"60 % {name} on {back_name} {share}", Style.from_color(faint.rich_color, ground.rich_color)


def contrast_of(style: Style | None) -> float:
    """The contrast of a text to its background, as the terminal shows them."""
    assert style is not None and style.color is not None and style.bgcolor is not None
    text, back = style.color.get_truecolor(), style.bgcolor.get_truecolor()
    return contrast((text.red, text.green, text.blue), (back.red, back.green, back.blue))


def test_contrast_is_that_of_wcag() -> None:
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((0x76, 0x76, 0x76), (255, 255, 255)) == pytest.approx(4.54, abs=0.01)
    assert nearest_number((0x1D, 0x24, 0x30)) == 235  # a grey, not navy
    assert nearest_number((0x5F, 0xAF, 0xFF)) == 75
    assert [nearest_number((part, part, part)) for part in (0, 148, 255)] == [16, 246, 231]


@pytest.mark.parametrize("has_256_colours", [False, True])
@pytest.mark.parametrize("theme", ALL_THEMES, ids=lambda theme: theme.name)
def test_every_text_of_every_theme_has_enough_contrast(theme: Theme, has_256_colours: bool) -> None:
    readable = ReadableText()
    readable.has_256_colours = has_256_colours
    for name, style in pairs(theme):
        (drawn,) = readable.apply([Segment("a", style)], Color(0, 0, 0))
        assert contrast_of(drawn.style) >= MIN_CONTRAST, name


@pytest.mark.parametrize("theme", THEMES.values(), ids=lambda theme: theme.name)
def test_our_own_themes_are_drawn_as_they_were_chosen(theme: Theme) -> None:
    lines = LineStyles(variables_of(theme))
    for name in ("text", "strong", "dim", "accent", "running", "moving", "stopped", "trouble"):
        for row in lines.row_backgrounds:
            assert contrast_of(lines.on_row(name, row)) >= MIN_CONTRAST, (name, row)


def test_lines_and_bars_stay_as_faint_as_they_are() -> None:
    faint = LineStyles(variables_of(THEMES[DARK]))["faint"]
    for text in ("╭──╮", "▁▂█", "⠤⡀", "   "):
        assert ReadableText().apply([Segment(text, faint)], Color(0, 0, 0))[0].style == faint


def test_with_256_colours_also_what_is_empty_has_one_of_them() -> None:
    readable = ReadableText()
    readable.has_256_colours = True
    for style in (Style(bgcolor="#11151c"), Style(), None):
        (drawn,) = readable.apply([Segment("   ", style)], Color(0x11, 0x15, 0x1C))
        assert drawn.style is not None and drawn.style.bgcolor is not None
        assert drawn.style.bgcolor.number == 233


def hard_to_read(driven: Driven) -> list[tuple[str, float]]:
    """The texts on the screen without enough contrast."""
    return [
        (segment.text, contrast_of(segment.style))
        for strip in driven.app.screen._compositor.render_strips()
        for segment in strip
        if _NO_TEXT.match(segment.text) is None and contrast_of(segment.style) < MIN_CONTRAST
    ]


@pytest.mark.parametrize(
    ("is_colourless", "theme", "other"), [(False, "gruvbox", "fe2tui-light"), (True, DARK, "nord")]
)
async def test_all_that_is_on_the_screen_has_enough_contrast(
    demo_env: Path, monkeypatch: pytest.MonkeyPatch, is_colourless: bool, theme: str, other: str
) -> None:
    if is_colourless:
        monkeypatch.setenv("NO_COLOR", "1")
    profiles = {"default": ProfileSettings(colour="red")}
    async with dashboard(size=(160, 44), profiles=profiles, theme=theme) as driven:
        await driven.until(lambda: driven.spot_pane.body is not None)
        assert hard_to_read(driven) == []
        await driven.press("l")
        form = await driven.opened(LaunchForm)
        await driven.until(lambda: form.query_one("#cost").render())
        assert hard_to_read(driven) == []
        driven.app.readable_text.has_256_colours = True
        driven.app.theme = other
        background = variables_of(driven.app.current_theme)["background"]
        await driven.until(lambda: driven.app.theme_variables["background"] == background)
        await driven.pilot.pause()
        assert hard_to_read(driven) == []
