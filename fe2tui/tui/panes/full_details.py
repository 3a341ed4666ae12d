"""The full-screen details of one instance or image: they follow the reads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.model.text import visible
from fe2tui.tasks.describe import Description, describe_image, describe_instance
from fe2tui.tui.pane_ids import IMAGES, INSTANCES
from fe2tui.tui.panes.details import Fact
from fe2tui.tui.panes.full_text import Block
from fe2tui.tui.panes.full_view import FullView
from fe2tui.tui.panes.images import image_title
from fe2tui.tui.panes.instance_blocks import image_blocks, instance_blocks
from fe2tui.tui.panes.instances import row_sign
from fe2tui.tui.widgets.line import Span

if TYPE_CHECKING:
    from fe2tui.tui.services import Services

_GONE = (Block("", [Fact("", "EC2 no longer shows it.", "ink-dim")]),)


class DetailsView(FullView):
    """Reads what the fleet does not have when it opens, and again whenever the row or its tasks have changed."""

    what = "Details of"

    def __init__(self, services: Services, pane: str, row_id: str) -> None:
        super().__init__(services, pane, row_id)
        self._description: Description | None = None
        self._described: tuple[object, ...] = ()  # what the description was read for
        self._is_reading = False

    def update(self) -> None:
        super().update()
        state = self._state
        if state != self._described and not self._is_reading:
            self._described, self._is_reading = state, True
            self._services.start_worker(self._read(), f"Details of {self.name_text}")

    def read_again(self) -> None:
        self._described = ()
        self.update()

    async def _read(self) -> None:
        try:
            self._description = await self._describe()
        finally:
            self._is_reading = False
        if self.is_attached:
            self.update()

    @property
    def _state(self) -> tuple[object, ...]:
        """The row, and the entries about it in the activity log."""
        main = self._services.main_screen
        return self._row, *(entry for entry in main.activity_log if entry.subject == self.row_id)

    @property
    @abstractmethod
    def _row(self) -> Instance | Image | None:
        """The instance or image as it was read last; None if it is not shown any more."""

    @abstractmethod
    async def _describe(self) -> Description: ...


class InstanceDetailsView(DetailsView):
    def __init__(self, services: Services, row_id: str) -> None:
        super().__init__(services, INSTANCES, row_id)
        self._last_name = row_id

    @property
    def _row(self) -> Instance | None:
        return self._services.main_screen.instances.model.items.get(self.row_id)

    async def _describe(self) -> Description:
        return await describe_instance(self._services.task_context(), self.row_id)

    @property
    def name_text(self) -> str:
        row, scope = self._row, self._services.main_screen.instances.row_scope()
        if row is not None and scope is not None:
            self._last_name = visible(scope.fleet.name_of(row)) or "no name"
        return self._last_name

    @property
    def state_spans(self) -> Sequence[Span]:
        row, scope = self._row, self._services.main_screen.instances.row_scope()
        if row is None or scope is None:
            return ()
        sign, style = row_sign(row, scope)
        return (Span(f"{sign} {row.state.value}  ", style),)

    def blocks(self) -> Sequence[Block]:
        pane, row = self._services.main_screen.instances, self._row
        scope = pane.row_scope()
        if row is None or scope is None:
            return _GONE
        return instance_blocks(
            row,
            scope,
            self._description,
            self._services.keymap.keys,
            has_host_key=pane.host_keys.has_host_key(row.id, scope.fleet),
            reads_cpu=self._services.fleet_watch.reads_cpu,
            tunnels=[kept for kept in self._services.kept_tunnels if kept.instance.id == row.id],
        )


class ImageDetailsView(DetailsView):
    def __init__(self, services: Services, row_id: str) -> None:
        super().__init__(services, IMAGES, row_id)
        self._last_name = row_id

    @property
    def _row(self) -> Image | None:
        return self._services.main_screen.images.model.items.get(self.row_id)

    async def _describe(self) -> Description:
        return await describe_image(self._services.task_context(), self.row_id)

    @property
    def name_text(self) -> str:
        row, scope = self._row, self._services.main_screen.images.row_scope()
        if row is not None and scope is not None:
            self._last_name = image_title(row, scope)
        return self._last_name

    def blocks(self) -> Sequence[Block]:
        row, scope = self._row, self._services.main_screen.images.row_scope()
        if row is None or scope is None:
            return _GONE
        return image_blocks(row, scope, self._description, self._services.keymap.keys)
