"""What the fields of the launch form suggest, and which types its picker hides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance_type import InstanceType, TypeCatalogue, size_sort_key
from fe2tui.model.spot import Market
from fe2tui.model.text import dollars, join_words, visible
from fe2tui.tasks.keys import KeyChoices
from fe2tui.tui.forms.launch_text import image_origin
from fe2tui.tui.forms.suggest import Suggestion
from fe2tui.tui.forms.type_list import UnfitReason
from fe2tui.tui.forms.type_picker import InitialFilter

CREATE = "create"
_ARCHITECTURE_NAMES = {"arm64": "Arm", "arm64_mac": "Mac", "x86_64_mac": "Mac"}


def image_suggestions(own: Sequence[Image], now: datetime) -> list[Suggestion]:
    """The words, then the account's own images: by name, or by id where two share a name."""
    words = [Suggestion(family.word, f"newest {family.title}") for family in IMAGE_WORDS.values()]
    shared = {name for name, count in Counter(image.name for image in own).items() if count > 1 or not name}
    for image in own:
        hint = f"{image.architecture}  {image.root_size} GiB  {image_origin(image, now)}"
        if image.name not in shared:
            words.append(Suggestion(image.name, hint, image.id))
        else:
            words.append(Suggestion(image.id, f"{image.name}  {hint}" if image.name else hint, image.id))
    return words


def type_suggestions(types: Iterable[InstanceType], prices: Mapping[str, Decimal]) -> list[Suggestion]:
    suggestions: list[Suggestion] = []
    for each in types:
        price = prices.get(each.name)
        cost = f"  ${dollars(price, 4)}/h" if price is not None else ""
        arm = "  Arm" if each.architectures == ("arm64",) else ""
        device = "gpu " if each.gpus else "accel " if each.accelerators else ""
        words = f"{device}{' '.join(each.architectures)}{' free' if each.free_tier else ''}"
        suggestions.append(Suggestion(each.name, f"{each.summary}{arm}{cost}", words))
    return suggestions


def priced_suggestions(prices: Mapping[str, Decimal]) -> list[Suggestion]:
    """Types before their sizes are read: with the price only."""
    names = sorted(prices, key=size_sort_key)
    return [Suggestion(name, f"${dollars(prices[name], 4)} an hour") for name in names]


def key_suggestions(choices: KeyChoices, new_key: str) -> list[Suggestion]:
    """The account's key pairs, usable ones first, then keys to import, then one to create."""
    account = sorted(choices.account, key=lambda key: not key.is_usable)
    return [
        *(Suggestion(key.name, key.words) for key in account),
        *(Suggestion(key.name, f"import {key.source}", f"import {key.type}") for key in choices.importable),
        Suggestion(new_key, "create a new key, kept on this computer", "create new"),
    ]


def group_suggestions(groups: Sequence[str]) -> list[Suggestion]:
    """The security groups, preceded by ``ssh`` if it does not exist: the launch creates it."""
    new_group = [] if "ssh" in groups else [Suggestion("ssh", "created by this launch, for your own address only")]
    return [*new_group, *(Suggestion(name) for name in groups)]


def new_key_suggestion(choices: KeyChoices | None, typed: str) -> Suggestion | None:
    """A suggestion to create a key pair of the typed name; None if the list has that name."""
    if not typed or choices is None or typed in choices.names or typed == choices.free_name:
        return None
    return Suggestion(typed, "create a new key of this name", CREATE)


def similar_types_filter(catalogue: TypeCatalogue | None, name: str, market: Market) -> InitialFilter | None:
    """A filter for other types that have at least as much, the cheapest first; None if the type is not known."""
    kind = catalogue.types.get(name) if catalogue is not None else None
    if kind is None:
        return None
    terms = [f"vcpu>={kind.vcpus}", f"mem>={kind.memory / 1024:g}"]
    terms += [f"gpus>={kind.gpus}"] if kind.gpus else ["accel"] if kind.accelerators else []
    is_spot = market != "on-demand"
    terms += ["spot"] if is_spot else []
    return InitialFilter(" ".join([*terms, f"-type:{name}"]), "spot" if is_spot else "price")


def image_name(image: Image | None, text: str) -> str:
    """The name of the image in the form: its word, else its name, else the typed text."""
    return image.label if image is not None and text.strip() not in IMAGE_WORDS else text.strip()


def unfit_reason_for(image: Image | None, text: str, catalogue: Callable[[], TypeCatalogue | None]) -> UnfitReason:
    """A function that says why a type cannot run an image; ``text`` is the text of the image field.

    A word for a public image means one image for each architecture.
    """
    word = IMAGE_WORDS.get(text.strip())
    if word is not None:
        architectures = frozenset(name for edition in word.editions for name in edition.patterns)
    else:
        architectures = frozenset({image.architecture} if image is not None else ())
    label = visible(image_name(image, text))

    def unfit(kind: InstanceType) -> str | None:
        if architectures and not architectures & set(kind.architectures):
            kinds = list(dict.fromkeys(_ARCHITECTURE_NAMES.get(one, one) for one in kind.architectures))
            wanted = join_words([_ARCHITECTURE_NAMES.get(one, one) for one in sorted(architectures)], "or")
            return f"{join_words(kinds, 'or')}; {label} is {wanted}"
        if image is not None and word is None and (reason := _incompatibility(image, kind)):
            return reason
        loaded_catalogue = catalogue()
        if loaded_catalogue is not None and loaded_catalogue.zones_of(kind.name) == ():
            return "not on choices in this region"
        return None

    return unfit


def _incompatibility(image: Image, kind: InstanceType) -> str | None:
    label = visible(image.label)
    if image.virtualization not in kind.virtualizations:
        return f"needs {join_words(kind.virtualizations, 'or')} virtualisation; {label} is {image.virtualization}"
    only = image.boot_mode if image.boot_mode in ("uefi", "legacy-bios") else ""
    if only and kind.boot_modes and only not in kind.boot_modes:
        return f"boots by {join_words(kind.boot_modes, 'or')}; {label} by {only}"
    if kind.ena == "required" and not image.ena:
        return f"needs ENA networking, which {label} does not enable"
    return None
