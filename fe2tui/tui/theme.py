"""The colours: a dark and a light theme, and the Rich styles that lines are drawn with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from rich.style import Style
from textual.color import Color
from textual.theme import Theme

DARK, LIGHT = "fe2tui-dark", "fe2tui-light"

LINE_COLOURS = tuple(f"line-{number}" for number in range(6))
"""The colours of a chart's lines. Each is one of the terminal's 256, so that no two look alike there."""

_COLOURS: Mapping[str, tuple[str, str]] = {  # in the dark theme, in the light one
    "accent": ("#7aa2f7", "#2f5bd0"),
    "warning": ("#e0af68", "#8f5b00"),
    "error": ("#f7768e", "#c22840"),
    "success": ("#73c991", "#1e763b"),
    "foreground": ("#c8d0e0", "#20242c"),
    "background": ("#11151c", "#fafaf8"),
    "surface": ("#171c26", "#f1f1ee"),
    "panel": ("#1d2430", "#e7e7e3"),
}
_VARIABLES: Mapping[str, tuple[str, str]] = {
    "ink-dim": ("#8791a4", "#616772"),
    "ink-faint": ("#343d4f", "#c9ccd2"),
    "ink-spark": ("#5b76ad", "#8ea5dd"),
    "row-cursor": ("#1f2a40", "#dde6fb"),
    "row-idle-cursor": ("#191f2b", "#eeeeea"),
    "row-glow": ("#2b2a1c", "#fbf0cf"),
    "state-running": ("#73c991", "#1e763b"),
    "state-moving": ("#e0af68", "#8f5b00"),
    "state-stopped": ("#8791a4", "#616772"),
    "state-trouble": ("#f7768e", "#c22840"),
    "line-0": ("#5fafff", "#005fd7"),
    "line-1": ("#ffaf5f", "#af5f00"),
    "line-2": ("#5fd787", "#00875f"),
    "line-3": ("#ff87d7", "#af0087"),
    "line-4": ("#d7d75f", "#5f5f00"),
    "line-5": ("#af87ff", "#8700ff"),
    "input-cursor-text-style": ("none", "none"),
}


def _theme(name: str, column: int) -> Theme:
    colours: dict[str, Any] = {key: both[column] for key, both in _COLOURS.items()}
    colours |= {"primary": colours["accent"], "secondary": colours["accent"]}
    variables = {key: both[column] for key, both in _VARIABLES.items()}
    variables |= {f"scrollbar{part}": variables[ink] for part, ink in (("", "ink-faint"), ("-hover", "ink-dim"))}
    variables |= {"scrollbar-active": colours["accent"], "scrollbar-corner-color": colours["surface"]}
    variables |= {f"scrollbar-background{part}": colours["surface"] for part in ("", "-hover", "-active")}
    return Theme(name, **colours, dark=name == DARK, variables=variables)


THEMES: Mapping[str, Theme] = {DARK: _theme(DARK, 0), LIGHT: _theme(LIGHT, 1)}


def default_variables(theme: Theme) -> dict[str, str]:
    """Our own variables for a theme of somebody else, derived from its colours."""
    colours = theme.to_color_system().generate()
    return {
        "ink-dim": colours["foreground-darken-3"] if theme.dark else colours["foreground-lighten-3"],
        "ink-faint": colours["panel-lighten-2"] if theme.dark else colours["panel-darken-2"],
        "ink-spark": colours["primary"],
        "row-cursor": colours["primary-muted"],
        "row-idle-cursor": colours["surface"],
        "row-glow": colours["warning-muted"],
        "state-running": colours["success"],
        "state-moving": colours["warning"],
        "state-stopped": colours["foreground-darken-3"] if theme.dark else colours["foreground-lighten-3"],
        "state-trouble": colours["error"],
        **{name: THEMES[DARK if theme.dark else LIGHT].variables[name] for name in LINE_COLOURS},
    }


class LineStyles:
    """Rich styles by name, for one theme. They include the background: lines are drawn, not composed."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        def colour(name: str) -> Color:
            text = variables.get(name, "")
            return Color.parse("#808080" if not text or text.startswith(("auto", "ansi")) else text)

        back = colour("background")
        self.background = back
        base = Style.from_color(colour("foreground").rich_color, back.rich_color)

        def text_style(name: str, bold: bool | None = None) -> Style:
            shade = colour(name)
            solid = back.blend(shade, shade.a) if shade.a < 1 else shade
            return Style(color=solid.rich_color, bgcolor=base.bgcolor, bold=bold)

        def row(name: str) -> Style:
            shade = colour(name)
            return Style(bgcolor=(back.blend(shade.with_alpha(1), shade.a) if shade.a < 1 else shade).rich_color)

        self.styles: Mapping[str, Style] = {
            "text": base,
            "strong": base + Style(bold=True),
            "dim": text_style("ink-dim"),
            "faint": text_style("ink-faint"),
            "spark": text_style("ink-spark"),
            "accent": text_style("accent"),
            "key": text_style("accent", bold=True),
            "mark": text_style("accent", bold=True),
            "running": text_style("state-running"),
            "moving": text_style("state-moving"),
            "stopped": text_style("state-stopped"),
            "trouble": text_style("state-trouble"),
            "alarm": text_style("state-trouble", bold=True),
            **{name: text_style(name) for name in LINE_COLOURS},
        }
        self.row_backgrounds: Mapping[str, Style] = {
            "cursor": row("row-cursor"),
            "idle": row("row-idle-cursor"),
            "glow": row("row-glow"),
            "": Style(),
        }

    def __getitem__(self, name: str) -> Style:
        return self.styles[name]

    @lru_cache(maxsize=128)  # noqa: B019 - one object per theme, and few styles
    def on_row(self, name: str, row: str) -> Style:
        """A style on the background of a row: cursor, idle (the cursor without focus), glow, or empty."""
        return self.styles[name] + self.row_backgrounds[row]


_styles_by_theme: dict[tuple[tuple[str, str], ...], LineStyles] = {}


def line_styles(variables: Mapping[str, str]) -> LineStyles:
    """The styles for the variables of a theme, cached."""
    key = tuple((name, variables.get(name, "")) for name in ("background", "foreground", "accent", *_VARIABLES))
    if key not in _styles_by_theme:
        _styles_by_theme[key] = LineStyles(variables)
    return _styles_by_theme[key]
