"""What can be picked in the launch form, looked up while the form is already there to be typed into."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from fe2tui.errors import Fe2Error
from fe2tui.model.image import Image
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.machine_type import MachineType
from fe2tui.tasks.keys import KeyOffer
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_words as words
from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.launch_draft import CREATE
from fe2tui.tui.forms.suggest import Suggest, Suggestion
from fe2tui.tui.forms.type_list import TypeSource

if TYPE_CHECKING:
    from textual.screen import Screen


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the form gets what it shows; each may raise Fe2Error. ``on_demand`` are dollars an hour by type.

    ``shelf`` is where the picker of all types gets them; without it there is none.
    """

    plan: Callable[[LaunchRequest], Awaitable[LaunchPlan]]
    types: Callable[[], Awaitable[Mapping[str, MachineType]]]
    images: Callable[[], Awaitable[Sequence[Image]]]
    keys: Callable[[], Awaitable[KeyOffer]]
    groups: Callable[[], Awaitable[Sequence[str]]]
    address: Callable[[], Awaitable[str | None]]
    on_demand: Mapping[str, Decimal]
    shelf: TypeSource | None = None


class Lists:
    """Fills the lists of a form's fields. ``key_wishes`` are the key names that stand for one to create."""

    def __init__(self, form: Screen[LaunchRequest], sources: Sources, clock: Callable[[], datetime]) -> None:
        self._form = form
        self._sources = sources
        self._clock = clock
        self.keys: KeyOffer | None = None
        self.key_wishes: dict[str, str] = {}

    def start(self, complain: Callable[[Fe2Error], None], keys_known: Callable[[], None]) -> None:
        """Look everything up at the same time."""

        async def shielded(source: Callable[[], Awaitable[None]], then: Callable[[], None]) -> None:
            try:
                await source()
            except Fe2Error as error:
                complain(error)
            else:
                then()

        def nothing() -> None:
            """Only keys change what is typed."""

        # All of a region's types take seconds to read; prices are in the fleet already.
        self._suggest("type").suggest(words.priced_suggestions(self._sources.on_demand))
        for source in (self._types, self._images, self._groups, self._address):
            self._form.run_worker(shielded(source, nothing), group="lists", exit_on_error=False)
        self._form.run_worker(shielded(self._keys, keys_known), group="lists", exit_on_error=False)

    def _suggest(self, field: str) -> Suggest:
        return self._form.query_one(f"#{field}", Suggest)

    async def _types(self) -> None:
        types = await self._sources.types()
        self._suggest("type").suggest(words.type_suggestions(types.values(), self._sources.on_demand))

    async def _images(self) -> None:
        images = await self._sources.images()
        self._suggest("image").suggest(words.image_suggestions(images, self._clock()))

    async def _groups(self) -> None:
        groups = await self._sources.groups()
        made = [] if "ssh" in groups else [Suggestion("ssh", "made by this launch, for your own address only")]
        self._suggest("security_group").suggest([*made, *(Suggestion(name) for name in groups)])

    async def _address(self) -> None:
        found = await self._sources.address()
        self._form.query_one("#address", Field).input.placeholder = found or "not found out"

    async def _keys(self) -> None:
        self.keys = await self._sources.keys()
        create = words.free_key_name(self.keys)
        self.key_wishes.setdefault(create, CREATE)
        self._suggest("key_name").suggest(words.key_suggestions(self.keys, create))

    @property
    def best_key(self) -> str:
        """The key pair's name to begin with: one that can be used, else one to import, else one to create."""
        if self.keys is None:
            return ""
        own = self.keys.importable[0].name if self.keys.importable else words.free_key_name(self.keys)
        return self.keys.preferred or own

    def key_to_create(self, typed: str) -> Suggestion | None:
        """One more thing to pick: a new key of the name that is typed."""
        if not typed or self.keys is None:
            return None
        taken = {key.name for key in self.keys.account} | {key.name for key in self.keys.importable}
        if typed in taken or typed == words.free_key_name(self.keys):
            return None
        return Suggestion(typed, "create a new key of this name", CREATE)

    def picked_key(self, suggestion: Suggestion) -> None:
        """Remember that a name was picked to be created."""
        if suggestion.words.startswith(CREATE):
            self.key_wishes[suggestion.value] = CREATE
