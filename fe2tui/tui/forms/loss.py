"""What is about to be lost, as the impact sheet shows it: of instances and of images alike."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fe2tui.model.words import dollars, plural
from fe2tui.tasks.image_impact import ImageImpact, ImageRow, SnapshotFate
from fe2tui.tasks.terminate import DiskFate, Impact, InstanceImpact


@dataclass(frozen=True, slots=True)
class Part:
    """What becomes of one part of a thing: ``disk data 100 GiB: deleted``. ``name`` (data) gives way first."""

    kind: str
    name: str
    what: str
    end: str
    kept: bool

    def words(self, name: str) -> str:
        """It all, with that much of the name."""
        return f"{' '.join(part for part in (self.kind, name, self.what) if part)}: {self.end}"


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that goes. ``warning`` is said beside its state; empty for none."""

    id: str
    name: str
    state_words: str
    parts: tuple[Part, ...] = ()
    warning: str = ""

    @property
    def label(self) -> str:
        """The name, or the id of one that has none."""
        return self.name or self.id


@dataclass(frozen=True, slots=True)
class Loss:
    """All that goes. ``verb`` is what is done to it, ``parts`` what its parts are called in the plural.

    ``confirmation`` is what has to be typed: the name of one (its id, if it has none), the count of several.
    """

    verb: str
    noun: str
    parts: str
    rows: tuple[Row, ...]
    confirmation: str
    sentences: tuple[str, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of what goes."""
        return tuple(row.id for row in self.rows)

    @property
    def count_words(self) -> str:
        """``2 instances``."""
        return plural(len(self.rows), self.noun)


def of_instances(impact: Impact) -> Loss:
    """What terminating takes."""
    rows = tuple(_instance(row) for row in impact.rows)
    return Loss("terminate", "instance", "disks", rows, impact.confirmation, impact.sentences)


def of_images(impact: ImageImpact) -> Loss:
    """What deregistering takes: the images that go, with their snapshots."""
    rows = tuple(_image(row) for row in impact.going)
    return Loss("deregister", "image", "snapshots", rows, impact.confirmation, impact.sentences)


def _instance(row: InstanceImpact) -> Row:
    one = row.instance
    disks = tuple(_disk(disk, one.name) for disk in row.disks)
    return Row(one.id, one.name, row.state_words, disks, "protected" if row.protected else "")


def _disk(disk: DiskFate, owner: str) -> Part:
    """A name that only repeats the instance's says nothing."""
    before, _, end = replace(disk, name="").words.rpartition(": ")
    name = disk.name if disk.name != owner else ""
    return Part("disk", name, before.removeprefix("disk "), end, disk.kept)


def _image(row: ImageRow) -> Row:
    return Row(row.image.id, row.image.name, row.state_words, tuple(_snapshot(one) for one in row.snapshots))


def _snapshot(fate: SnapshotFate) -> Part:
    before, _, end = fate.words.rpartition(": ")
    if not fate.kept and fate.monthly is not None:
        end = f"{end}, at most {dollars(fate.monthly, sign='$')} a month less"
    return Part("snapshot", "", before.removeprefix("snapshot "), end, fate.kept)
