"""Prices as a notebook shows them: the table, and charts of the past weeks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from html import escape

from fe2tui.model.price_hist import PriceHist
from fe2tui.tasks.price_hist import charts_of

DRAWN = timedelta(weeks=4)
"""How much of the past is drawn, if not more was asked for."""

_SIZE = (960, 280)  # of each chart, in pixels


@dataclass(frozen=True, slots=True, repr=False)
class DrawnPriceHist(PriceHist):
    """A ``PriceHist`` that shows itself as a table in a REPL, and with charts in a notebook."""

    @classmethod
    def of(cls, found: PriceHist) -> DrawnPriceHist:
        """The same, to be shown."""
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})

    def _repr_html_(self) -> str:
        """The table, and a chart of each type that has a price."""
        from fe2tui.chart.svg import svg

        width, height = _SIZE
        since = min(self.days[0].start, self.days[-1].end - DRAWN)
        charts = [svg(chart, width, height, chart.about) for chart in charts_of(self, since)]
        return "\n".join([*self._html_table(), *(f"<div>{chart}</div>" for chart in charts)])

    def _html_table(self) -> Iterable[str]:
        yield "<table>"
        yield f"<thead><tr>{_cells('th', self.heads)}</tr></thead>"
        yield from (f"<tr>{_cells('td', cells)}</tr>" for cells in self.cells())
        yield "</table>"


def _cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
