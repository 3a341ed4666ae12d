"""A chart as one self-contained SVG, legible on a dark and on a light background."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from xml.etree import ElementTree as ET

from fe2tui.chart.chart import MARKERS, Chart, ChartLine
from fe2tui.chart.ticks import PriceAxis, price_axis, spread_labels, time_ticks
from fe2tui.model.text import visible

_COLOURS = ("#3b82f6", "#d97706", "#16a34a", "#c946c9", "#a38a00", "#8b5cf6")
"""The colour of each line style, all of medium brightness."""

_DASHES = ("", "9 3", "3 3", "12 3 3 3", "6 6", "1 4")
_GREY = "#78808c"
_FONT = "ui-sans-serif, system-ui, 'DejaVu Sans', sans-serif"
_LETTER_WIDTH, _LINE_HEIGHT = 7.0, 17.0  # pixels of a letter and of a line of text, with spacing
_BREAK_HEIGHT = 34.0  # pixels for a reference beyond a break of the axis


def chart_svg(chart: Chart, width: int = 960, height: int = 400, title: str = "") -> str:
    """The chart as one ``<svg>`` element, for a file or a notebook. Sizes are pixels, at least 240 × 120."""
    return _Drawing(chart, max(width, 240), max(height, 120), title).text()


class _Drawing:
    def __init__(self, chart: Chart, width: int, height: int, title: str) -> None:
        self._chart, self._title = chart, visible(title)
        attributes = {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width} {height}",
            "width": str(width),
            "height": str(height),
            "role": "img",
            "font-family": _FONT,
            "font-size": "12",
            "fill": _GREY,
        }
        self._root = ET.Element("svg", attributes)
        prices = chart.price_range()
        self._top, self._bottom = (_LINE_HEIGHT * 2 if self._title else _LINE_HEIGHT), height - _LINE_HEIGHT * 2
        self._width, self._height = float(width), float(height)
        if prices is not None:
            self._axis = self._scale_axis(prices)
            self._left = self._axis.label_width(chart.reference) * _LETTER_WIDTH + _LINE_HEIGHT
            longest = max((len(self._label(line)) for line in chart.lines), default=0)
            self._right = width - longest * _LETTER_WIDTH - _LINE_HEIGHT

    def text(self) -> str:
        if self._title:
            ET.SubElement(self._root, "title").text = self._title
            self._write(_LINE_HEIGHT / 2, _LINE_HEIGHT, self._title, size="14", weight="600")
        if self._chart.price_range() is None:
            self._write(self._width / 2, self._height / 2, "no price in this period", anchor="middle")
        else:
            self._draw_axes()
            self._draw_reference()
            for line in reversed(self._chart.lines):
                self._draw_line(line)
            self._draw_labels()
        return ET.tostring(self._root, encoding="unicode")

    def _scale_axis(self, prices: tuple[Decimal, Decimal]) -> PriceAxis:
        rows = max(4, int((self._bottom - self._top) / _LINE_HEIGHT))
        axis = price_axis(*prices, self._chart.reference, rows)
        if axis.reference_position in ("above", "below"):
            axis = price_axis(*prices, self._chart.reference, max(4, rows - 2))
            if axis.reference_position == "above":
                self._top += _BREAK_HEIGHT
            else:
                self._bottom -= _BREAK_HEIGHT
        return axis

    def _x(self, moment: datetime) -> float:
        chart = self._chart
        return self._left + (self._right - self._left) * ((moment - chart.start) / (chart.end - chart.start))

    def _y(self, price: Decimal) -> float:
        return self._bottom - (self._bottom - self._top) * self._axis.share(price)

    def _label(self, line: ChartLine) -> str:
        price = line.series.at(self._chart.end)
        return f"{line.marker} {visible(line.label)}" + (f" {price:,.4f}" if price is not None else "")

    def _write(self, x: float, y: float, text: str, *, anchor: str = "start", size: str = "", weight: str = "") -> None:
        attributes = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor, "font-size": size, "font-weight": weight}
        ET.SubElement(self._root, "text", {name: value for name, value in attributes.items() if value}).text = text

    def _stroke(self, path: str, colour: str, width: str, dash: str = "", opacity: str = "1") -> None:
        attributes = {"d": path, "fill": "none", "stroke": colour, "stroke-width": width, "stroke-opacity": opacity}
        ET.SubElement(self._root, "path", attributes | ({"stroke-dasharray": dash} if dash else {}))

    def _draw_axes(self) -> None:
        left, right, foot = self._left, self._right, self._height - _LINE_HEIGHT * 2
        for price in self._axis.ticks:
            y = self._y(price)
            self._write(left - 6, y + 4, self._axis.label(price), anchor="end")
            self._stroke(f"M{left:.1f} {y:.1f}H{right:.1f}", _GREY, "1", opacity="0.25")
        self._stroke(f"M{left:.1f} {self._top:.1f}V{self._bottom:.1f}M{left:.1f} {foot:.1f}H{right:.1f}", _GREY, "1")
        self._write(left - 6, foot + _LINE_HEIGHT, "$/h", anchor="end")
        columns = int((right - left) / _LETTER_WIDTH)
        for moment, words in time_ticks(self._chart.start, self._chart.end, self._chart.tz, columns):
            x = self._x(moment)
            self._stroke(f"M{x:.1f} {foot:.1f}v5", _GREY, "1")
            self._write(x, foot + _LINE_HEIGHT, words, anchor="middle")

    def _draw_reference(self) -> None:
        price, position = self._chart.reference, self._axis.reference_position
        if price is None or position == "none":
            return
        y = self._y(price)
        if position != "inside":
            y = self._top - _BREAK_HEIGHT * 0.7 if position == "above" else self._bottom + _BREAK_HEIGHT * 0.7
            self._write(self._left - 6, y + 4, self._axis.label(price), anchor="end")
            at = self._top if position == "above" else self._bottom + _BREAK_HEIGHT / 2
            self._write(self._left, at - 2, "≈", anchor="middle")
        self._stroke(f"M{self._left:.1f} {y:.1f}H{self._right:.1f}", _GREY, "1.2", "6 4")
        words = visible(self._chart.reference_text)
        x, y = self._free_position(y, len(words) * _LETTER_WIDTH) if position == "inside" else (self._right, y - 5)
        self._write(x, y, words, anchor="end")

    def _free_position(self, y: float, width: float) -> tuple[float, float]:
        """A place for a text above or below ``y``, ending at x, as far right as possible, without a line behind it."""
        chart = self._chart
        columns = int((self._right - self._left - width) / _LINE_HEIGHT)
        for x in (self._right - _LINE_HEIGHT * column for column in range(columns + 1)):
            begin, end = (
                chart.start + (chart.end - chart.start) * ((at - self._left) / (self._right - self._left))
                for at in (x - width, x)
            )
            spans = [(one.series.highest(begin, end), one.series.lowest(begin, end)) for one in chart.lines]
            known = [(self._y(high), self._y(low)) for high, low in spans if high is not None and low is not None]
            for base in (y - 5, y + _LINE_HEIGHT - 3):
                if not any(top - 2 < base and bottom + 2 > base - 12 for top, bottom in known):
                    return x, base
        return self._right, y - 5

    def _draw_line(self, line: ChartLine) -> None:
        parts: list[str] = []
        for begin, _, price in line.series.steps(self._chart.start, self._chart.end):
            x, y = self._x(begin), self._y(price)
            parts.append(f"H{x:.1f}V{y:.1f}" if parts else f"M{x:.1f} {y:.1f}")
        if parts:
            style = line.style % len(MARKERS)
            path = "".join(parts) + f"H{self._right:.1f}"
            self._stroke(path, _COLOURS[style], "1.8", _DASHES[style])

    def _draw_labels(self) -> None:
        first, last = int(self._top // _LINE_HEIGHT), int(self._bottom // _LINE_HEIGHT)
        ends = [(line.series.at(self._chart.end), line) for line in self._chart.lines[: last - first + 1]]
        known = sorted(((price, line) for price, line in ends if price is not None), key=lambda one: -one[0])
        rows = spread_labels([round(self._y(price) / _LINE_HEIGHT) for price, _ in known], first, last)
        for (price, line), row in zip(known, rows, strict=True):
            here = self._y(price)
            y = here if abs(here - row * _LINE_HEIGHT) < _LINE_HEIGHT / 2 and len(known) == 1 else row * _LINE_HEIGHT
            self._write(self._right + 6, y + 4, self._label(line))
            self._root[-1].set("fill", _COLOURS[line.style % len(MARKERS)])
