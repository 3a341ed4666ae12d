"""The type in the launch form: typed, picked from the list, or looked for among all types of the region."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fe2tui.model.catalogue import Catalogue
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.machine_type import MachineType
from fe2tui.model.spot import Market
from fe2tui.model.words import listed, visible
from fe2tui.tui.forms.suggest import Suggest, Suggestion
from fe2tui.tui.forms.type_columns import Unfit
from fe2tui.tui.forms.type_picker import Look, PickTypes

MakePicker = Callable[[str], "PickTypes | None"]
"""From the type that is in the field."""

_KINDS = {"arm64": "Arm", "arm64_mac": "Mac", "x86_64_mac": "Mac"}


class TypeField(Suggest):
    """A field of suggestions beside the picker of all types."""

    def __init__(self, label: str, *, make_picker: MakePicker, **more: Any) -> None:
        super().__init__(label, **more)
        self._make_picker = make_picker

    def action_types(self) -> None:
        """Open the picker at the type that is in the field."""
        picker = self._make_picker(self.value.lower())
        if picker is not None:
            self.close()
            self.app.push_screen(picker, self._take)

    def _take(self, name: str | None) -> None:
        if name is not None:
            self.fill(Suggestion(name))


def alike(catalogue: Catalogue | None, name: str, market: Market) -> Look | None:
    """How the picker begins where another type is wanted: others that have at least as much, the cheapest first."""
    kind = catalogue.types.get(name) if catalogue is not None else None
    if kind is None:
        return None
    terms = [f"vcpu>={kind.vcpus}", f"mem>={kind.memory / 1024:g}"]
    terms += [f"gpus>={kind.gpus}"] if kind.gpus else []
    is_spot = market != "on-demand"
    terms += ["spot"] if is_spot else []
    return Look(" ".join([*terms, f"-type:{name}"]), "spot" if is_spot else "price")


def name_of(image: Image | None, text: str) -> str:
    """What to call the image: the word as it stands, else its name where that is known."""
    return image.label if image is not None and text.strip() not in IMAGE_WORDS else text.strip()


def unfit_for(image: Image | None, text: str, catalogue: Callable[[], Catalogue | None]) -> Unfit:
    """Why a type cannot be launched of an image; ``text`` is what the form says of it.

    A word for a public image stands for one of each architecture that it is made for.
    """
    word = IMAGE_WORDS.get(text.strip())
    if word is not None:
        architectures = frozenset(name for edition in word.editions for name in edition.patterns)
    else:
        architectures = frozenset({image.architecture} if image is not None else ())
    label = visible(name_of(image, text))

    def unfit(kind: MachineType) -> str | None:
        if architectures and not architectures & set(kind.architectures):
            kinds = list(dict.fromkeys(_KINDS.get(one, one) for one in kind.architectures))
            wanted = listed([_KINDS.get(one, one) for one in sorted(architectures)], "or")
            return f"{listed(kinds, 'or')}; {label} is {wanted}"
        if image is not None and word is None and (reason := _other_machine(image, kind)):
            return reason
        known = catalogue()
        return "not on offer in this region" if known is not None and known.zones_of(kind.name) == () else None

    return unfit


def _other_machine(image: Image, kind: MachineType) -> str | None:
    label = visible(image.label)
    if image.virtualization not in kind.virtualizations:
        return f"needs {listed(kind.virtualizations, 'or')} virtualisation; {label} is {image.virtualization}"
    only = image.boot_mode if image.boot_mode in ("uefi", "legacy-bios") else ""
    if only and kind.boot_modes and only not in kind.boot_modes:
        return f"boots by {listed(kind.boot_modes, 'or')}; {label} by {only}"
    if kind.ena == "required" and not image.ena:
        return f"needs ENA networking, which {label} does not have turned on"
    return None
