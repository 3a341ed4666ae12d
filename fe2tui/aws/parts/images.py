"""Images: names of those that instances run, the account's own with their snapshots, the newest public ones."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.aws.images import image_names, own_images, public_images
from fe2tui.aws.parts.part import OFTEN, RARELY, SELDOM, Part, loop_time
from fe2tui.aws.reading import Sight
from fe2tui.aws.session import Session
from fe2tui.aws.snapshots import own_snapshots, snapshots_by_id, snapshots_of_image
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import PublicImage
from fe2tui.model.image import Image
from fe2tui.model.snapshot import Snapshot

_SOON, _LATER = 5.0, 15.0  # seconds between two looks at an image that is being made: at first, and after minutes
_SLOWER = 20.0  # how many times longer than the look that waiting has lasted
_SETTLES = 20.0  # seconds in which EC2 may still show what was before a change
_AFTER_FAILURE = 60.0


class ImageNames(Part):
    """What the images of new instances are called."""

    name = "image names"
    every = RARELY
    quiet = True

    def __init__(self, session: Session, found: Mapping[str, str]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._new: set[str] = set()

    def see(self, sight: Sight, now: float) -> None:
        """A new image is due."""
        new = sight.new_images - self.found.keys() - self._new - {""}
        if new:
            self._new |= new
            self.due = now

    async def read(self, sight: Sight) -> None:
        """Those that a failed read has left are asked for again, too."""
        wanted = frozenset(self._new)
        if wanted:
            self.found = {**self.found, **await image_names(self._session, wanted)}
            self._new -= wanted


class OwnImages(Part):
    """The account's own images, every ten minutes; every few seconds while one is pending, or after a change."""

    name = "images"
    every = 2 * OFTEN

    def __init__(self, session: Session, found: Mapping[str, Image]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._unsettled_until = 0.0
        self._waits_since: float | None = None

    @property
    def pending(self) -> tuple[Image, ...]:
        """Those that AWS is making."""
        return tuple(image for image in self.found.values() if image.state == "pending")

    @property
    def hurries(self) -> bool:
        """While one is pending, or EC2 may not show yet what was done."""
        return bool(self.pending) or loop_time() < self._unsettled_until

    def change(self) -> None:
        """Something was done to an image: look now, and again until EC2 shows it."""
        self._unsettled_until = loop_time() + _SETTLES
        self._waits_since = None
        self.due = 0.0

    async def read(self, sight: Sight) -> None:
        """All of them: they are few."""
        found = {image.id: image for image in await own_images(self._session)}
        if found != self.found:
            self.found = found

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """While it hurries, the next look is soon; later when it takes long, or fails."""
        super().ended(now, error)
        if not self.hurries:
            self._waits_since = None
            return
        if self._waits_since is None:
            self._waits_since = now
        wait = min(max((now - self._waits_since) / _SLOWER, _SOON), _LATER)
        self.due = now + (_AFTER_FAILURE if error else wait)


class Snapshots(Part):
    """The account's snapshots, every half hour and when an image comes or goes; those of pending images with them."""

    name = "snapshots"
    every = SELDOM

    def __init__(self, session: Session, images: OwnImages, found: Mapping[str, Snapshot]) -> None:
        super().__init__()
        self.found = found
        self._session = session
        self._images = images
        self._states: Mapping[str, str] | None = None
        self._retry_at = 0.0
        self._all_due = 0.0
        self._reads_all = True

    @property
    def hurries(self) -> bool:
        """Those of images that are being made."""
        return self._all_due <= 0.0 or bool(self._images.pending)

    def images_read(self, now: float) -> None:
        """The images were just read: their snapshots are due if one is pending, came, went, or became what it is."""
        before, self._states = self._states, {key: image.state for key, image in self._images.found.items()}
        if before is not None and before != self._states:
            self.due = self._all_due = 0.0
        elif self._images.pending:
            self.due = min(self.due, max(now, self._retry_at))

    def begin(self, now: float) -> None:
        """All of them when their time has come, else those of pending images."""
        self._reads_all = self._all_due <= now
        if self._reads_all:
            self._all_due = now + self.every
        self.due = self._all_due

    async def read(self, sight: Sight) -> None:
        """Read all, or those of pending images."""
        if self._reads_all:
            found = {one.id: one for one in await own_snapshots(self._session)}
        else:
            found = dict(self.found)
            for image in self._images.pending:
                found |= {one.id: one for one in await self._of(image)}
        if found != self.found:
            self.found = found

    async def _of(self, image: Image) -> list[Snapshot]:
        if image.snapshot_ids:
            return await snapshots_by_id(self._session, image.snapshot_ids)
        known = [one.id for one in self.found.values() if image.id in one.description]
        if known:
            return await snapshots_by_id(self._session, known)
        return await snapshots_of_image(self._session, image.id)

    def ended(self, now: float, error: Fe2Error | None) -> None:
        """After a failure, those of pending images wait for a minute; if all were read, all are read again."""
        super().ended(now, error)
        if error is not None and self._reads_all:
            self._all_due = now
        self._retry_at = now + _AFTER_FAILURE if error else 0.0

    def renew(self, *, failed: bool) -> None:
        """All of them."""
        super().renew(failed=failed)
        self._all_due = self.due


class PublicImages(Part):
    """The newest images of well-known families, every six hours."""

    name = "public images"
    every = 6 * RARELY

    def __init__(self, session: Session, found: tuple[PublicImage, ...]) -> None:
        super().__init__()
        self.found = found
        self._session = session

    async def read(self, sight: Sight) -> None:
        """Two calls."""
        self.found = await public_images(self._session)
