"""What is typed into the launch form, made into a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fe2tui.errors import FieldError
from fe2tui.model.image import NEWEST
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.spot import Market
from fe2tui.tasks.keys import KeyOffer

_SIZE = re.compile(r"(\d[\d,]*)\s*(?:g|gb|gib)?", re.IGNORECASE)
CREATE, IMPORT, USE = "create", "import", "use"
USUAL_TYPE = "t3.micro"


@dataclass(frozen=True, slots=True)
class First:
    """What stands in the launch form to begin with. ``zone`` None: the one that is cheapest by then."""

    image: str = NEWEST
    machine: str = USUAL_TYPE
    market: Market = "on-demand"
    zone: str | None = None


@dataclass(slots=True)
class Draft:
    """The texts of the form by field. ``key_wishes`` are the key names picked to be created or imported.

    ``touched`` are the fields that a person changed: an address that nobody touched is the one looked up.
    """

    texts: Mapping[str, str]
    touched: frozenset[str] = frozenset()
    key_wishes: Mapping[str, str] = field(default_factory=dict)
    keys: KeyOffer | None = None

    def request(self) -> tuple[LaunchRequest, list[FieldError]]:
        """The request, and what could not be read at all."""
        errors: list[FieldError] = []
        key_name = self.texts["key_name"] or None
        action, public = self._key(key_name)
        request = LaunchRequest(
            name=self.texts["name"],
            image=self.texts["image"],
            type=self.texts["type"].lower(),
            disk=_number(self.texts["disk"], "disk", "GiB", errors),
            key_name=key_name,
            key_action=action,
            key_public=public,
            security_group=self.texts["security_group"] or "ssh",
            iops=_number(self.texts["iops"], "iops", "IOPS", errors),
            address=self.texts["address"] if "address" in self.touched else None,
        )
        return request, errors

    def _key(self, name: str | None) -> tuple[str, str | None]:
        """What to do for the key, and the public key to import."""
        if name is None or (self.keys is not None and self.keys.named(name) is not None):
            return USE, None
        if self.key_wishes.get(name) == CREATE:
            return CREATE, None
        own = next((key for key in (self.keys.importable if self.keys else ()) if key.name == name), None)
        return (IMPORT, own.public) if own is not None else (USE, None)


def _number(text: str, name: str, unit: str, errors: list[FieldError]) -> int | None:
    if not text:
        return None
    found = _SIZE.fullmatch(text) if unit == "GiB" else re.fullmatch(r"(\d[\d,]*)", text)
    if found is None:
        errors.append(FieldError(name, f"“{text}” is not a number of {unit}.", "Type a whole number, or nothing."))
        return None
    return int(found[1].replace(",", ""))
