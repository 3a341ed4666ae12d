"""What a launch begins with. Launching from an image: what is typed for it, and a small type that it can run on."""

from __future__ import annotations

from collections.abc import Mapping

from fe2tui.model.fleet import Fleet
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.tui.forms.launch_draft import USUAL_TYPE, First
from fe2tui.tui.possible import IMAGES, SPOT
from fe2tui.tui.view import View

__all__ = ["First", "first", "type_for", "typed"]

_SMALL: Mapping[str, str] = {
    "arm64": "t4g.micro",
    "i386": "t2.micro",
    "x86_64_mac": "mac1.metal",
    "arm64_mac": "mac2.metal",
}


def first(view: View) -> First:
    """In the images what is needed for the one that is meant, in the spot prices the type; elsewhere the usual."""
    if view.pane == SPOT and view.spot.type:
        catalogue = view.desk.catalogues.kept(view.place)
        kind = catalogue.types.get(view.spot.type) if catalogue is not None else None
        is_spot = kind is None or kind.spot
        return First(machine=view.spot.type, market="spot" if is_spot else "on-demand", zone=view.spot.zone or None)
    if view.pane != IMAGES or not view.images:
        return First()
    image = view.images[0]
    return First(typed(image, view.fleet), type_for(image))


def typed(image: Image, fleet: Fleet | None) -> str:
    """What to type for an image: an own one's name, the word of a public one, else the id.

    A word means the newest image for the type's own architecture, and a person may choose another type: for others
    than x86_64 it is the id.
    """
    if fleet is not None and image.id in fleet.images:
        same = [one for one in fleet.images.values() if one.name == image.name]
        is_plain = bool(image.name) and image.name == image.name.strip() and image.name.lower() not in IMAGE_WORDS
        return image.name if is_plain and len(same) == 1 else image.id
    known = [one for one in fleet.public_images if one.image.id == image.id] if fleet is not None else []
    return known[0].word if known and image.architecture == "x86_64" else image.id


def type_for(image: Image) -> str:
    """A small type that an image can run on."""
    return _SMALL.get(image.architecture, USUAL_TYPE)
