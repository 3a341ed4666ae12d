"""Sources of images: names of those that instances use, own images with their snapshots, the newest public ones."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.aws.paged_reads import InstancesRead
from fe2tui.aws.poller.fleet_source import OFTEN, RARELY, SELDOM, FleetSource, loop_time
from fe2tui.aws.session import Session
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import PublicImage
from fe2tui.model.image import Image
from fe2tui.model.volume import Snapshot

_PENDING_INTERVAL_MIN = 5.0  # seconds between two reads of a pending image, at first
_PENDING_INTERVAL_MAX = 15.0  # after minutes
_BACKOFF_DIVISOR = 20.0  # the interval is a twentieth of the time waited so far
_SETTLE_SECONDS = 20.0  # seconds in which EC2 may still return the state before a change
_RETRY_AFTER = 60.0


class ImageNameSource(FleetSource[Mapping[str, str]]):
    """The names of the instances' images."""

    name = "image names"
    interval = RARELY
    ignores_failures = True

    def __init__(self, session: Session, latest: Mapping[str, str]) -> None:
        super().__init__(session, latest)
        self._new_ids: set[str] = set()

    def on_instances_read(self, instances_read: InstancesRead, now: float) -> None:
        new = instances_read.new_image_ids - self.latest.keys() - self._new_ids - {""}
        if new:
            self._new_ids |= new
            self.due = now

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.images import image_names

        wanted = frozenset(self._new_ids)
        if wanted:
            self.latest = {**self.latest, **await image_names(self._session, wanted)}
            self._new_ids -= wanted


class OwnImageSource(FleetSource[Mapping[str, Image]]):
    """The account's own images: every ten minutes; every few seconds while one is pending, or after a change."""

    name = "images"
    interval = 2 * OFTEN

    def __init__(self, session: Session, latest: Mapping[str, Image]) -> None:
        super().__init__(session, latest)
        self._unsettled_until = 0.0
        self._waiting_since: float | None = None

    @property
    def pending(self) -> tuple[Image, ...]:
        return tuple(image for image in self.latest.values() if image.state == "pending")

    @property
    def is_urgent(self) -> bool:
        return bool(self.pending) or loop_time() < self._unsettled_until

    def on_change(self) -> None:
        """An image was created or deregistered: read now, and again until EC2 returns the change."""
        self._unsettled_until = loop_time() + _SETTLE_SECONDS
        self._waiting_since = None
        self.due = 0.0

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.images import own_images

        self._keep_if_changed({image.id: image for image in await own_images(self._session)})

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        if not self.is_urgent:
            self._waiting_since = None
            return
        if self._waiting_since is None:
            self._waiting_since = now
        wait = min(max((now - self._waiting_since) / _BACKOFF_DIVISOR, _PENDING_INTERVAL_MIN), _PENDING_INTERVAL_MAX)
        self.due = now + (_RETRY_AFTER if error else wait)


class SnapshotSource(FleetSource[Mapping[str, Snapshot]]):
    """The account's snapshots: every half hour, and with each read of images that are pending, new or gone."""

    name = "snapshots"
    interval = SELDOM

    def __init__(self, session: Session, images: OwnImageSource, latest: Mapping[str, Snapshot]) -> None:
        super().__init__(session, latest)
        self._images = images
        self._image_states: Mapping[str, str] | None = None
        self._retry_at = 0.0
        self._all_due_at = 0.0
        self._reads_all = True

    @property
    def is_urgent(self) -> bool:
        return self._all_due_at <= 0.0 or bool(self._images.pending)

    def on_images_read(self, now: float) -> None:
        """The images were read: snapshots are due if one is pending, new, gone, or changed its state."""
        before = self._image_states
        self._image_states = {key: image.state for key, image in self._images.latest.items()}
        if before is not None and before != self._image_states:
            self.due = self._all_due_at = 0.0
        elif self._images.pending:
            self.due = min(self.due, max(now, self._retry_at))

    def on_read_start(self, now: float) -> None:
        self._reads_all = self._all_due_at <= now
        if self._reads_all:
            self._all_due_at = now + self.interval
        self.due = self._all_due_at

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.snapshots import own_snapshots

        if self._reads_all:
            found = {one.id: one for one in await own_snapshots(self._session)}
        else:
            found = dict(self.latest)
            for image in self._images.pending:
                found |= {one.id: one for one in await self._read_for_image(image)}
        self._keep_if_changed(found)

    async def _read_for_image(self, image: Image) -> list[Snapshot]:
        from fe2tui.aws.snapshots import snapshots_by_id, snapshots_of_image

        if image.snapshot_ids:
            return await snapshots_by_id(self._session, image.snapshot_ids)
        known = [one.id for one in self.latest.values() if image.id in one.description]
        if known:
            return await snapshots_by_id(self._session, known)
        return await snapshots_of_image(self._session, image.id)

    def on_read_end(self, now: float, error: Fe2Error | None) -> None:
        super().on_read_end(now, error)
        if error is not None and self._reads_all:
            self._all_due_at = now
        self._retry_at = now + _RETRY_AFTER if error else 0.0

    def request_read(self, *, failed: bool) -> None:
        super().request_read(failed=failed)
        self._all_due_at = self.due


class PublicImageSource(FleetSource[tuple[PublicImage, ...]]):
    """The newest images of well-known families, every six hours."""

    name = "public images"
    interval = 6 * RARELY

    async def read(self, instances_read: InstancesRead) -> None:
        from fe2tui.aws.images import public_images

        self.latest = await public_images(self._session)
