"""What methods of ``EC2`` return for people: lists and tables that print as in the shell, charts in a notebook."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import timedelta
from html import escape
from typing import TypeVar

from fe2tui.model.price_hist import PriceHist
from fe2tui.model.progress import Outcome
from fe2tui.tasks.price_hist import price_charts

_Item = TypeVar("_Item")


class Lines(list[_Item]):
    """A list whose repr has one item a line, as in the shell."""

    def __repr__(self) -> str:
        return "\n".join(map(repr, self)) or "[]"


def outcome_lines(found: list[Outcome]) -> Lines[Outcome]:
    """The outcomes as a list; the error of a single one is raised."""
    if len(found) == 1 and found[0].error is not None:
        raise found[0].error
    return Lines(found)


CHART_SPAN = timedelta(weeks=4)
"""How far back charts go at least."""

_CHART_SIZE = (960, 280)  # of each chart, in pixels


@dataclass(frozen=True, slots=True, repr=False)
class NotebookPriceHist(PriceHist):
    """A ``PriceHist`` that a notebook shows as a table with charts."""

    @classmethod
    def from_price_hist(cls, found: PriceHist) -> NotebookPriceHist:
        return cls(**{field.name: getattr(found, field.name) for field in fields(found)})

    def _repr_html_(self) -> str:
        from fe2tui.chart.svg import chart_svg

        width, height = _CHART_SIZE
        since = min(self.days[0].start, self.days[-1].end - CHART_SPAN)
        charts = [chart_svg(chart, width, height, chart.type_name) for chart in price_charts(self, since)]
        head = f"<thead><tr>{_html_cells('th', self.heads)}</tr></thead>"
        rows = [f"<tr>{_html_cells('td', cells)}</tr>" for cells in self.cells()]
        return "\n".join(["<table>", head, *rows, "</table>", *(f"<div>{chart}</div>" for chart in charts)])


def _html_cells(tag: str, texts: Iterable[str]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
