"""The parts of a fleet beside its instances and volumes: each is kept as one text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, NamedTuple, TypeVar

from fe2tui.model.fleet import Fleet, Prices, Problem, PublicImage
from fe2tui.model.image import Image
from fe2tui.model.snapshot import Snapshot
from fe2tui.model.spot import SpotRequest
from fe2tui.store import pricecache
from fe2tui.store.encoding import decode, decode_volume, encode, maybe_moment

_Thing = TypeVar("_Thing")
_Readers = Mapping[str, Callable[[Any], Any]]


class Part(NamedTuple):
    """One part: its source in a fleet, and how it is written and read."""

    of: Callable[[Fleet], tuple[Any, ...]]
    write: Callable[[Fleet], Any]
    build: Callable[[Any], Any]

    def differs(self, before: Fleet, after: Fleet) -> bool:
        """Whether it has to be written again."""
        return any(was is not now and was != now for was, now in zip(self.of(before), self.of(after), strict=True))

    def written(self, fleet: Fleet) -> str:
        """As text."""
        return encode(self.write(fleet))

    def read(self, body: str) -> Any:
        """From text."""
        return self.build(decode(body))


def _names(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(of))


def _rows(things: Iterable[object], of: type) -> Any:
    """Things as lists, with the names of their fields before them: a later version may have others."""
    names = _names(of)
    values = attrgetter(*names)
    return [names, [values(thing) for thing in things]]


def _things(kept: Any, of: type[_Thing], readers: _Readers) -> list[_Thing]:
    """What ``_rows`` was given. Fields that are no more are left out, new ones have what they have by default."""
    names, rows = kept
    known = [(at, name, readers.get(name)) for at, name in enumerate(names) if name in _names(of)]
    return [of(**{name: read(row[at]) if read else row[at] for at, name, read in known}) for row in rows]


_IMAGE: _Readers = {
    "created_at": maybe_moment,
    "snapshot_ids": tuple,
    "disks": lambda kept: tuple(decode_volume(values) for values in kept),
}
_SNAPSHOT: _Readers = {"started_at": maybe_moment}
_REQUEST: _Readers = {"created_at": maybe_moment, "status_at": maybe_moment}
_prices = attrgetter(*_names(Prices))


def _by_id(of: type[Any], readers: _Readers) -> Callable[[Any], Mapping[str, Any]]:
    return lambda kept: {thing.id: thing for thing in _things(kept, of, readers)}


def _write_prices(fleet: Fleet) -> Any:
    spot = [(kind, zone, price) for (kind, zone), price in fleet.prices.spot.items()]
    return [pricecache.written(fleet.prices), spot]


def _read_prices(kept: Any) -> Prices:
    if len(kept) == 2:
        listed, spot = pricecache.read(kept[0]), kept[1]
    else:
        listed, spot = pricecache.read(kept[:2]), kept[2]  # as the first version of this program wrote them
    return replace(listed, spot={(kind, zone): Decimal(price) for kind, zone, price in spot})


def _write_public(fleet: Fleet) -> Any:
    public = fleet.public_images
    return [[(one.word, one.title) for one in public], _rows([one.image for one in public], Image)]


def _read_public(kept: Any) -> tuple[PublicImage, ...]:
    words, images = kept[0], _things(kept[1], Image, _IMAGE)
    return tuple(PublicImage(word, title, image) for (word, title), image in zip(words, images, strict=True))


PARTS: Mapping[str, Part] = {
    "prices": Part(lambda fleet: _prices(fleet.prices), _write_prices, _read_prices),
    "cpu": Part(
        lambda fleet: (fleet.cpu,),
        lambda fleet: fleet.cpu,
        lambda kept: {key: tuple(figures) for key, figures in kept.items()},
    ),
    "image_names": Part(lambda fleet: (fleet.image_names,), lambda fleet: fleet.image_names, dict),
    "images": Part(
        lambda fleet: (fleet.images,), lambda fleet: _rows(fleet.images.values(), Image), _by_id(Image, _IMAGE)
    ),
    "snapshots": Part(
        lambda fleet: (fleet.snapshots,),
        lambda fleet: _rows(fleet.snapshots.values(), Snapshot),
        _by_id(Snapshot, _SNAPSHOT),
    ),
    "public_images": Part(lambda fleet: (fleet.public_images,), _write_public, _read_public),
    "idle_addresses": Part(lambda fleet: (fleet.idle_addresses,), lambda fleet: fleet.idle_addresses, tuple),
    "requests": Part(
        lambda fleet: (fleet.requests,),
        lambda fleet: _rows(fleet.requests.values(), SpotRequest),
        _by_id(SpotRequest, _REQUEST),
    ),
    "problems": Part(
        lambda fleet: (fleet.problems,),
        lambda fleet: [(it.part, it.summary, it.remedy, it.code) for it in fleet.problems],
        lambda kept: tuple(Problem(*fields) for fields in kept),
    ),
}
"""By the name of the field of ``Fleet``."""
