"""What is typed into the launch form, made into a request."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from fe2tui.errors import FieldError
from fe2tui.model.image import DEFAULT_IMAGE
from fe2tui.model.launch import LaunchRequest, field_errors
from fe2tui.model.spot import Market
from fe2tui.tasks.keys import KeyChoices

_SIZE = re.compile(r"(\d[\d,]*)\s*(?:g|gb|gib)?", re.IGNORECASE)
CREATE, IMPORT, USE = "create", "import", "use"
FIELD_NAMES = ("name", "image", "disk", "type", "key_name", "security_group", "address", "iops")
USUAL_TYPE = "t3.micro"


@dataclass(frozen=True, slots=True)
class LaunchDefaults:
    """What stands in the launch form to begin with. ``zone`` None: the one that is cheapest by then."""

    image: str = DEFAULT_IMAGE
    type: str = USUAL_TYPE
    market: Market = "on-demand"
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class PurchaseOption:
    """How a machine is bought, and in which zone; None: the cheapest that has room. On demand no zone is chosen."""

    market: Market = "on-demand"
    zone: str | None = None


@dataclass(slots=True)
class LaunchDraft:
    """The texts of the form by field. ``key_wishes`` are the key names picked to be created or imported.

    ``touched`` are the fields that a person changed: an address that nobody touched is the one looked up.
    """

    texts: Mapping[str, str]
    edited_fields: frozenset[str] = frozenset()
    key_actions: Mapping[str, str] = field(default_factory=dict)
    key_choices: KeyChoices | None = None
    purchase: PurchaseOption = PurchaseOption()

    def request(self) -> tuple[LaunchRequest, list[FieldError]]:
        """The request, and what can be seen to be wrong with it, one error a field at most."""
        errors: list[FieldError] = []
        key_name = self.texts["key_name"] or None
        action, public = self._key_action(key_name)
        request = LaunchRequest(
            name=self.texts["name"],
            image=self.texts["image"],
            type=self.texts["type"].lower(),
            disk=_parse_number(self.texts["disk"], "disk", "GiB", errors),
            key_name=key_name,
            key_action=action,
            key_public=public,
            security_group=self.texts["security_group"] or "ssh",
            iops=_parse_number(self.texts["iops"], "iops", "IOPS", errors),
            address=self.texts["address"] if "address" in self.edited_fields else None,
            market=self.purchase.market,
            zone=self.purchase.zone if self.purchase.market != "on-demand" else None,
        )
        unread = {error.field for error in errors}
        return request, [*errors, *(error for error in field_errors(request) if error.field not in unread)]

    def _key_action(self, name: str | None) -> tuple[str, str | None]:
        """What to do for the key, and the public key to import."""
        if name is None or (self.key_choices is not None and self.key_choices.find(name) is not None):
            return USE, None
        if self.key_actions.get(name) == CREATE:
            return CREATE, None
        own = next((key for key in (self.key_choices.importable if self.key_choices else ()) if key.name == name), None)
        return (IMPORT, own.public) if own is not None else (USE, None)


def default_texts(defaults: LaunchDefaults) -> dict[str, str]:
    """The texts of the form when nothing is typed yet."""
    texts = dict.fromkeys(FIELD_NAMES, "")
    return texts | {"image": defaults.image, "type": defaults.type, "security_group": "ssh"}


def request_texts(request: LaunchRequest) -> dict[str, str]:
    """What a person typed for a request: the texts of the fields that were filled."""
    texts = {
        "name": request.name,
        "image": request.image,
        "disk": str(request.disk or ""),
        "type": request.type,
        "key_name": request.key_name or "",
        "security_group": request.security_group,
        "iops": str(request.iops or ""),
    }
    filled = {name: text for name, text in texts.items() if text}
    return filled | ({} if request.address is None else {"address": request.address})


def _parse_number(text: str, name: str, unit: str, errors: list[FieldError]) -> int | None:
    if not text:
        return None
    match = _SIZE.fullmatch(text) if unit == "GiB" else re.fullmatch(r"(\d[\d,]*)", text)
    if match is None:
        errors.append(FieldError(name, f"“{text}” is not a number of {unit}.", "Type a whole number, or nothing."))
        return None
    return int(match[1].replace(",", ""))
