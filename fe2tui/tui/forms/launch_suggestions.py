"""What can be picked in the fields of the launch form."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fe2tui.errors import Fe2Error
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.spot import Market
from fe2tui.model.text import join_words, visible
from fe2tui.tasks.keys import KeyChoices
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_text as words
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.launch_draft import CREATE
from fe2tui.tui.forms.suggest import SuggestField, Suggestion
from fe2tui.tui.forms.type_list import TypeSource, UnfitReason
from fe2tui.tui.forms.type_picker import InitialFilter, TypePicker

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class LaunchSources:
    """Where the form gets what it shows; each may raise Fe2Error. ``on_demand`` are dollars an hour by type.

    ``shelf`` is where the picker of all types gets them; without it there is none.
    """

    plan: Callable[[LaunchRequest], Awaitable[LaunchPlan]]
    types: Callable[[], Awaitable[Mapping[str, InstanceType]]]
    images: Callable[[], Awaitable[Sequence[Image]]]
    key_choices: Callable[[], Awaitable[KeyChoices]]
    groups: Callable[[], Awaitable[Sequence[str]]]
    own_address: Callable[[], Awaitable[str | None]]
    on_demand: Mapping[str, Decimal]
    type_source: TypeSource | None = None


class SuggestionLoader:
    """Fills the lists of a form's fields. ``key_wishes`` are the key names that stand for one to create."""

    def __init__(self, form: Screen[LaunchRequest], sources: LaunchSources, clock: Callable[[], datetime]) -> None:
        self._form = form
        self._sources = sources
        self._clock = clock
        self.key_choices: KeyChoices | None = None
        self.key_actions: dict[str, str] = {}

    def load_all(self, show_error: Callable[[Fe2Error], None], on_keys: Callable[[], None]) -> None:
        """Look everything up at the same time."""

        async def shielded(source: Callable[[], Awaitable[None]], then: Callable[[], None]) -> None:
            try:
                await source()
            except Fe2Error as error:
                show_error(error)
            else:
                then()

        def nothing() -> None:
            """Only keys change what is typed."""

        # All of a region's types take seconds to read; prices are in the fleet already.
        self._suggest_field("type").set_suggestions(words.priced_suggestions(self._sources.on_demand))
        for source in (self._load_types, self._load_images, self._load_groups, self._load_address):
            self._form.run_worker(shielded(source, nothing), group="lists", exit_on_error=False)
        self._form.run_worker(shielded(self._load_keys, on_keys), group="lists", exit_on_error=False)

    def _suggest_field(self, field: str) -> SuggestField:
        return self._form.query_one(f"#{field}", SuggestField)

    async def _load_types(self) -> None:
        types = await self._sources.types()
        self._suggest_field("type").set_suggestions(words.type_suggestions(types.values(), self._sources.on_demand))

    async def _load_images(self) -> None:
        images = await self._sources.images()
        self._suggest_field("image").set_suggestions(words.image_suggestions(images, self._clock()))

    async def _load_groups(self) -> None:
        groups = await self._sources.groups()
        new_group = [] if "ssh" in groups else [Suggestion("ssh", "made by this launch, for your own address only")]
        self._suggest_field("security_group").set_suggestions([*new_group, *(Suggestion(name) for name in groups)])

    async def _load_address(self) -> None:
        address = await self._sources.own_address()
        self._form.query_one("#address", Field).input.placeholder = address or "not found out"

    async def _load_keys(self) -> None:
        self.key_choices = await self._sources.key_choices()
        create = words.free_key_name(self.key_choices)
        self.key_actions.setdefault(create, CREATE)
        self._suggest_field("key_name").set_suggestions(words.key_suggestions(self.key_choices, create))

    @property
    def default_key(self) -> str:
        """The key pair's name to begin with: one that can be used, else one to import, else one to create."""
        if self.key_choices is None:
            return ""
        own = (
            self.key_choices.importable[0].name
            if self.key_choices.importable
            else words.free_key_name(self.key_choices)
        )
        return self.key_choices.preferred or own

    def key_to_create(self, typed: str) -> Suggestion | None:
        """One more thing to pick: a new key of the name that is typed."""
        if not typed or self.key_choices is None:
            return None
        used_names = {key.name for key in self.key_choices.account} | {key.name for key in self.key_choices.importable}
        if typed in used_names or typed == words.free_key_name(self.key_choices):
            return None
        return Suggestion(typed, "create a new key of this name", CREATE)

    def remember_key(self, suggestion: Suggestion) -> None:
        """Remember that a name was picked to be created."""
        if suggestion.search_terms.startswith(CREATE):
            self.key_actions[suggestion.value] = CREATE


MakeTypePicker = Callable[[str], "TypePicker | None"]
"""From the type that is in the field."""

_ARCHITECTURE_NAMES = {"arm64": "Arm", "arm64_mac": "Mac", "x86_64_mac": "Mac"}


class TypeField(SuggestField):
    """A field of suggestions beside the picker of all types."""

    def __init__(self, label: str, *, make_picker: MakeTypePicker, **more: Any) -> None:
        super().__init__(label, **more)
        self._make_picker = make_picker

    def action_types(self) -> None:
        """Open the picker at the type that is in the field."""
        picker = self._make_picker(self.value.lower())
        if picker is not None:
            self.close()
            self.app.push_screen(picker, self._use_picked)

    def _use_picked(self, name: str | None) -> None:
        if name is not None:
            self.pick(Suggestion(name))


def similar_types_filter(catalogue: TypeCatalogue | None, name: str, market: Market) -> InitialFilter | None:
    """How the picker begins where another type is wanted: others that have at least as much, the cheapest first."""
    kind = catalogue.types.get(name) if catalogue is not None else None
    if kind is None:
        return None
    terms = [f"vcpu>={kind.vcpus}", f"mem>={kind.memory / 1024:g}"]
    terms += [f"gpus>={kind.gpus}"] if kind.gpus else []
    is_spot = market != "on-demand"
    terms += ["spot"] if is_spot else []
    return InitialFilter(" ".join([*terms, f"-type:{name}"]), "spot" if is_spot else "price")


def image_name(image: Image | None, text: str) -> str:
    """What to call the image: the word as it stands, else its name where that is known."""
    return image.label if image is not None and text.strip() not in IMAGE_WORDS else text.strip()


def unfit_reason_for(image: Image | None, text: str, catalogue: Callable[[], TypeCatalogue | None]) -> UnfitReason:
    """Why a type cannot be launched of an image; ``text`` is what the form says of it.

    A word for a public image stands for one of each architecture that it is made for.
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
        return (
            "not on offer in this region"
            if loaded_catalogue is not None and loaded_catalogue.zones_of(kind.name) == ()
            else None
        )

    return unfit


def _incompatibility(image: Image, kind: InstanceType) -> str | None:
    label = visible(image.label)
    if image.virtualization not in kind.virtualizations:
        return f"needs {join_words(kind.virtualizations, 'or')} virtualisation; {label} is {image.virtualization}"
    only = image.boot_mode if image.boot_mode in ("uefi", "legacy-bios") else ""
    if only and kind.boot_modes and only not in kind.boot_modes:
        return f"boots by {join_words(kind.boot_modes, 'or')}; {label} by {only}"
    if kind.ena == "required" and not image.ena:
        return f"needs ENA networking, which {label} does not have turned on"
    return None
