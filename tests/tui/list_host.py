"""An app around one list, which is all of the services that a list needs."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, Generic, TypeVar, cast

from textual.app import App, ComposeResult

from fe2tui.model.fleet import Fleet
from fe2tui.settings import Settings
from fe2tui.tui.list_model import Arrangement, ListModel, ListRows, ListSpec, compute_rows
from fe2tui.tui.pane_ids import PANES
from fe2tui.tui.panes.details import RowDetails
from fe2tui.tui.panes.instances import instance_list_spec
from fe2tui.tui.panes.list_pane import FleetListPane
from fe2tui.tui.services import Services
from fe2tui.tui.theme import DARK, THEMES
from fe2tui.tui.widgets.table import Table
from tests.tui.fleets import NOW

Item = TypeVar("Item")
Scope = TypeVar("Scope")


def instance_spec(settings: Settings | None = None) -> ListSpec[Any, Any]:
    """How instances are listed."""
    return instance_list_spec(settings or Settings(), {}, lambda instance, scope: RowDetails("", instance.id, (), ()))


def instance_rows(seen: Fleet, previous: ListRows[Any, Any] | None = None, **arrangement: Any) -> ListRows[Any, Any]:
    """The instances of a fleet as rows."""
    return compute_rows(instance_spec(), lambda: NOW, seen, Arrangement(**arrangement), previous)


class ListHost(App[None], Generic[Item, Scope]):
    """One list and nothing else."""

    CSS = """
    .list { height: 1fr; }
    Table { border: round white; scrollbar-gutter: stable; scrollbar-size: 0 1; overflow-x: hidden; }
    """

    def __init__(self, spec: ListSpec[Item, Scope], open_command: str) -> None:
        super().__init__()
        for theme in THEMES.values():
            self.register_theme(theme)
        self.theme = DARK
        self.now = NOW
        self.heard: list[str] = []
        self.main_screen = self
        self.pane: FleetListPane[Item, Scope] = FleetListPane(spec, cast(Services, self), open_command=open_command)
        self.pane.set_in_view(True)

    # What a list needs of the services

    def clock(self) -> datetime:
        return self.now

    def console_url(self, resource_id: str) -> str | None:
        return None

    def start_worker(self, work: Awaitable[None], name: str) -> object:
        return asyncio.ensure_future(work)

    def repaint_soon(self) -> None:
        self.pane.write_frame_title({self.pane.kind.pane: self.pane.count_text}, PANES.keys())

    # What tests look at

    @property
    def model(self) -> ListModel[Item, Scope]:
        return self.pane.model

    @property
    def table(self) -> Table:
        return self.pane.table

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_table_row_opened(self) -> None:
        self.heard.append(self.pane.open_row())

    def lines(self) -> list[str]:
        return [self.table.render_line(y).text for y in range(self.table.scrollable_content_region.height)]
