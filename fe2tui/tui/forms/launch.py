"""The launch form: its fields, and the plan that is made a moment after each change."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error, FieldError
from fe2tui.model.command_text import CommandText
from fe2tui.model.image import DEFAULT_IMAGE, Image
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.launch import LaunchRequest, field_errors
from fe2tui.model.spot import Market
from fe2tui.model.volume import GP3_IOPS
from fe2tui.paths import stylesheets_folder
from fe2tui.tasks.keys import KeyChoices
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_suggestions, launch_text
from fe2tui.tui.forms.form import READING_SECONDS, SETTLE_SECONDS, Field, FormRow, PlanForm, dim
from fe2tui.tui.forms.launch_purchase import PurchaseField, PurchaseOption, PurchasePrices
from fe2tui.tui.forms.launch_suggestions import CREATE
from fe2tui.tui.forms.suggest import SuggestField, Suggestion
from fe2tui.tui.forms.type_list import TypeSource
from fe2tui.tui.forms.type_picker import TypePicker

USUAL_TYPE = "t3.micro"
FIELD_NAMES = ("name", "image", "disk", "type", "key_name", "security_group", "address", "iops")
ROW_NAMES = (*FIELD_NAMES, "market")
_PAIR = frozenset({"image", "type"})  # which have to fit each other
_LOOKED_UP_FIELDS = _PAIR | {"key_name", "security_group"}
PRICE_CHECK_SECONDS = 1.0  # until a plan is made again whose prices were still being read
_ROW_OF_FIELD = {"zone": "market"}  # errors of these fields are shown in the row of another
_SIZE = re.compile(r"(\d[\d,]*)\s*(?:g|gb|gib)?", re.IGNORECASE)
_NUMBER = re.compile(r"(\d[\d,]*)")


@dataclass(frozen=True, slots=True)
class LaunchDefaults:
    """The initial values of the form. ``zone`` None: the cheapest one."""

    image: str = DEFAULT_IMAGE
    type: str = USUAL_TYPE
    market: Market = "on-demand"
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class LaunchDraft:
    """What a person had typed into a form that was left, or whose launch was refused.

    ``defaults`` are the values with which that form began, in ``region``.
    """

    region: str
    defaults: LaunchDefaults
    texts: Mapping[str, str]
    purchase: PurchaseOption
    new_keys: frozenset[str]


@dataclass(frozen=True, slots=True)
class LaunchSources:
    """Where the form gets what it shows; each call may raise Fe2Error. ``on_demand`` is dollars an hour by type.

    Without ``type_source`` there is no picker of all types.
    """

    plan: Callable[[LaunchRequest], Awaitable[LaunchPlan]]
    types: Callable[[], Awaitable[Mapping[str, InstanceType]]]
    images: Callable[[], Awaitable[Sequence[Image]]]
    key_choices: Callable[[], Awaitable[KeyChoices]]
    groups: Callable[[], Awaitable[Sequence[str]]]
    own_address: Callable[[], Awaitable[str | None]]
    on_demand: Mapping[str, Decimal]
    type_source: TypeSource | None = None


class LaunchForm(PlanForm[LaunchRequest, LaunchPlan]):
    """Answers with a request whose plan has no errors, or None.

    Each change makes a plan soon after: what AWS would launch, its cost, and what is wrong. ``previous`` is a request
    to start from, ``draft`` what was typed before; ``opens_type_picker`` opens the picker at types like the one in the
    field, the cheapest first. When the form is left, ``draft`` has what was typed into it, or None.
    ``command`` gives the command for a request.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "launch.tcss"]
    ENTER_GOES_ON = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "types", "All types", show=False),
        Binding("ctrl+n", "start_over", "New form", show=False),
    ]

    def __init__(
        self,
        sources: LaunchSources,
        *,
        region: str,
        clock: Callable[[], datetime],
        defaults: LaunchDefaults | None = None,
        previous: LaunchRequest | None = None,
        draft: LaunchDraft | None = None,
        opens_type_picker: bool = False,
        command: Callable[[LaunchRequest], CommandText] | None = None,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        super().__init__(f"Launch in {region}", submit_label="Launch", settle_seconds=settle_seconds)
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        defaults = defaults or LaunchDefaults()
        self._sources = sources
        self._region = region
        self._clock = clock
        self._opens_type_picker = opens_type_picker
        if command is not None:
            self.command_text = lambda: command(self._request(self._field_texts())[0])
        typed = _request_texts(previous) if previous is not None else {}
        self._defaults = defaults
        self._default_texts = {"image": defaults.image, "type": defaults.type, "security_group": "ssh"}
        self._has_draft = draft is not None
        self.draft = draft
        if draft is not None:
            typed = {name: text for name, text in draft.texts.items() if text != self._default_texts.get(name, "")}
        self._start_texts = self._default_texts | typed
        first = defaults if previous is None else previous
        self._purchase = PurchaseOption(first.market, first.zone) if draft is None else draft.purchase
        self._key_choices: KeyChoices | None = None
        self._new_keys = set(draft.new_keys if draft is not None else ())  # names picked for a key pair to create
        if previous is not None and previous.key_name and previous.key_action == CREATE:
            self._new_keys.add(previous.key_name)
        self._edited_fields = set(typed)  # an address that was not edited is looked up by the plan
        self._checked_rows = {"market"}  # the rows that show their errors: those that the person has left
        self._planned_texts: dict[str, str] = {}
        self._read_warnings: tuple[str, ...] = ()  # the warnings that were on the screen when the person submitted
        self._image: Image | None = None  # the image of the latest plan
        self._image_text = ""
        self._focused_at = math.inf  # when the field with the focus got it

    def extra_keys(self) -> Sequence[tuple[str, str, str]]:
        keys = [("^t", "All types", "types")] if self._sources.type_source is not None else []
        keys += [("^n", "New form", "start_over")] if self._has_draft else []
        return keys

    def on_descendant_focus(self) -> None:
        self._focused_at = time.monotonic()

    def compose(self) -> Iterator[Widget]:
        def text(name: str) -> str:
            return self._start_texts.get(name, "")

        images = launch_suggestions.image_suggestions((), self._clock())
        fields = VerticalScroll(
            Field("Name", id="name", value=text("name"), placeholder="a new name"),
            SuggestField("Image", id="image", value=text("image"), suggestions=images),
            Field("Disk", id="disk", value=text("disk"), placeholder="as the image", hint="GiB gp3"),
            TypeField("Type", id="type", value=text("type"), make_picker=self._type_picker),
            SuggestField("Key pair", id="key_name", value=text("key_name"), suggestion_from=self._suggest_new_key),
            SuggestField("Security group", id="security_group", value=text("security_group")),
            PurchaseField(self._purchase.market, self._choose_market),
            Field(
                "Port 22 from",
                id="address",
                value=text("address"),
                placeholder="looking up …",
                hint="who can reach a new security group",
            ),
            Field("IOPS", id="iops", value=text("iops"), placeholder=str(GP3_IOPS), hint="of the disk"),
            id="fields",
            can_focus=False,
        )
        below = (Static(id=name) for name in ("data", "cost", "zones", "warnings", "trouble"))
        yield from self.compose_frame(
            fields, PurchasePrices(self._purchase, self._choose_purchase), *below, classes="-launch"
        )

    def on_mount(self) -> None:
        self._load_suggestions()
        self._line("cost").update(launch_text.cost_content(None))
        if self._opens_type_picker:
            self.call_after_refresh(self.action_types)

    # What was typed

    def action_start_over(self) -> None:
        """Forget what was typed, in this form and before."""
        self._edited_fields.clear()
        self._checked_rows = {"market"}
        for name in FIELD_NAMES:
            self._field(name).input.value = self._default_texts.get(name, "")
        if self._key_choices is not None:
            self._prefer_key(self._key_choices)
        self._has_draft = False
        self.write_key_hints()
        self._choose_market(self._defaults.market)
        self._field("name").input.focus()

    def dismiss(self, result: LaunchRequest | None = None) -> AwaitComplete:
        texts = self._field_texts() if self.is_active else {}
        if texts:
            is_filled = any(texts[name] != self._default_texts.get(name, "") for name in self._edited_fields)
            draft = LaunchDraft(self._region, self._defaults, texts, self._purchase, frozenset(self._new_keys))
            self.draft = draft if is_filled else None
        return super().dismiss(result)

    def _field(self, name: str) -> Field:
        return self.query_one(f"#{name}", Field)

    def _suggest_field(self, name: str) -> SuggestField:
        return self.query_one(f"#{name}", SuggestField)

    def _line(self, name: str) -> Static:
        return self.query_one(f"#{name}", Static)

    # Suggestions

    def _load_suggestions(self) -> None:
        # All types of a region take seconds to read; the prices come with the fleet.
        prices = self._sources.on_demand
        self._suggest_field("type").set_suggestions(launch_suggestions.priced_suggestions(prices))
        for load in (self._load_types, self._load_images, self._load_groups, self._load_address, self._load_keys):
            self.start_worker(partial(self._show_error_of, load), "lists")

    async def _show_error_of(self, load: Callable[[], Awaitable[None]]) -> None:
        try:
            await load()
        except Fe2Error as error:
            self.show_form_error(error)

    async def _load_types(self) -> None:
        types = await self._sources.types()
        suggestions = launch_suggestions.type_suggestions(types.values(), self._sources.on_demand)
        self._suggest_field("type").set_suggestions(suggestions)

    async def _load_images(self) -> None:
        images = await self._sources.images()
        self._suggest_field("image").set_suggestions(launch_suggestions.image_suggestions(images, self._clock()))

    async def _load_groups(self) -> None:
        groups = await self._sources.groups()
        self._suggest_field("security_group").set_suggestions(launch_suggestions.group_suggestions(groups))

    async def _load_address(self) -> None:
        address = await self._sources.own_address()
        self._field("address").input.placeholder = address or "unknown"

    async def _load_keys(self) -> None:
        choices = self._key_choices = await self._sources.key_choices()
        new_key = choices.free_name
        self._new_keys.add(new_key)
        self._suggest_field("key_name").set_suggestions(launch_suggestions.key_suggestions(choices, new_key))
        if "key_name" not in self._edited_fields and not self._field("key_name").value:
            self._prefer_key(choices)
        self._plan_soon()

    def _prefer_key(self, choices: KeyChoices) -> None:
        importable = choices.importable[0].name if choices.importable else choices.free_name
        self._field("key_name").input.value = choices.preferred or importable

    def _suggest_new_key(self, typed: str) -> Suggestion | None:
        return launch_suggestions.new_key_suggestion(self._key_choices, typed)

    # Changes

    @on(SuggestField.SuggestionPicked)
    def _use_suggestion(self, event: SuggestField.SuggestionPicked) -> None:
        event.stop()
        if event.field.id == "key_name" and event.suggestion.search_terms.startswith(CREATE):
            self._new_keys.add(event.suggestion.value)
        self._edited_fields.add(event.field.id or "")
        self._plan_soon()

    def _choose_market(self, market: Market) -> None:
        prices = self.query_one(PurchasePrices)
        prices.set_market(market)
        self._choose_purchase(prices.purchase)

    def _choose_purchase(self, purchase: PurchaseOption) -> None:
        self._purchase = purchase
        row = self.query_one(PurchaseField)
        row.line.choose(purchase.market)
        row.show_error(None)
        self._plan_soon()

    @on(Input.Changed)
    def _plan_after_typing(self, event: Input.Changed) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is None or field.id is None:
            return
        if event.input.has_focus:
            self._edited_fields.add(field.id)
            self._checked_rows.discard(field.id)
        if field.value != self._planned_texts.get(field.id):
            field.show_error(None)
            if field.id in _LOOKED_UP_FIELDS:
                field.show_hint("")  # it was about the text before
            self._plan_soon(self._settle_seconds)

    def submit_by_enter(self) -> None:
        """In the last field, enter launches, but not while the key is held down."""
        had_focus, self._focused_at = time.monotonic() - self._focused_at, time.monotonic()
        if not self._submits_by_enter or had_focus >= READING_SECONDS:
            super().submit_by_enter()

    @on(Input.Blurred)
    def _check_left_field(self, event: Input.Blurred) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is not None and field.id is not None and field.id in self._edited_fields:
            self._checked_rows.add(field.id)
            if field.id in _PAIR:
                self._checked_rows.update(_PAIR)
            if self._plan is not None:
                self._show_row_errors(self._plan)

    def action_types(self) -> None:
        types = self.query_one(TypeField)
        types.input.focus()
        types.action_types()

    def _type_picker(self, current_type: str) -> TypePicker | None:
        """The picker of all types; types that the image cannot run on are hidden."""
        source, text = self._sources.type_source, self._field("image").value
        if source is None:
            return None
        image = self._image if self._image_text == text else None
        name = launch_suggestions.image_name(image, text)
        initial_filter = None
        if self._opens_type_picker:
            self._opens_type_picker = False
            initial_filter = launch_suggestions.similar_types_filter(
                source.cached(), current_type, self._purchase.market
            )
        return TypePicker(
            source,
            region=self._region,
            clock=self._clock,
            unfit_reason=launch_suggestions.unfit_reason_for(image, text, source.cached),
            current_type=current_type,
            title=f"Types in {self._region} for {name}" if name else f"Types in {self._region}",
            initial_filter=initial_filter,
        )

    # The plan

    def _field_texts(self) -> dict[str, str]:
        return {name: self._field(name).value for name in FIELD_NAMES}

    async def _make_plan(self) -> LaunchPlan:
        self._show_busy(True)
        texts = self._planned_texts = self._field_texts()
        try:
            request, errors = self._request(texts)
            plan = await self._sources.plan(request)
        finally:
            self._show_busy(False)
        fields_with_errors = {error.field for error in errors}
        further = (error for error in plan.errors if error.field not in fields_with_errors)
        return replace(plan, errors=(*errors, *further))

    def _request(self, texts: Mapping[str, str]) -> tuple[LaunchRequest, list[FieldError]]:
        """The request that the texts make, and the errors visible without asking AWS, at most one a field."""
        errors: list[FieldError] = []
        key_name = texts["key_name"] or None
        action, public = self._key_action(key_name)
        request = LaunchRequest(
            name=texts["name"],
            image=texts["image"],
            type=texts["type"].lower(),
            disk=_parse_number(texts["disk"], _SIZE, "disk", "GiB", errors),
            key_name=key_name,
            key_action=action,
            key_public=public,
            security_group=texts["security_group"] or "ssh",
            iops=_parse_number(texts["iops"], _NUMBER, "iops", "IOPS", errors),
            address=texts["address"] if "address" in self._edited_fields else None,
            market=self._purchase.market,
            zone=self._purchase.zone if self._purchase.market != "on-demand" else None,
        )
        unreadable = {error.field for error in errors}
        return request, [*errors, *(error for error in field_errors(request) if error.field not in unreadable)]

    def _key_action(self, name: str | None) -> tuple[str, str | None]:
        """``use``, ``create`` or ``import`` for a key pair, and the public key to import."""
        choices = self._key_choices
        if name is None or (choices is not None and choices.find(name) is not None):
            return "use", None
        if name in self._new_keys:
            return CREATE, None
        own = next((key for key in (choices.importable if choices else ()) if key.name == name), None)
        return ("import", own.public) if own is not None else ("use", None)

    # Showing the plan

    def _show_busy(self, is_busy: bool) -> None:
        if self.is_attached:
            self.retitle(f"Launch in {self._region}{' · looking up …' if is_busy else ''}")

    def _show_plan(self, plan: LaunchPlan) -> None:
        self._image, self._image_text = plan.image, plan.request.image
        self._line("cost").update(launch_text.cost_content(plan))
        self._line("zones").update(Content("") if plan.error_for("type") else launch_text.zones_content(plan))
        self._line("warnings").update(launch_text.warnings_content(plan.warnings))
        self._line("warnings").display = bool(plan.warnings)
        self._line("data").update(dim(plan.purchase_text))
        self.query_one(PurchasePrices).show_plan(plan)
        if plan.volumes and plan.request.iops is None:
            self._field("iops").input.placeholder = str(plan.volumes[0].iops or GP3_IOPS)
        self._field("image").show_hint(*launch_text.image_hints(plan, self._clock()))
        self._field("disk").show_hint(*launch_text.disk_hints(plan, self._field("disk").value))
        self._field("type").show_hint(*launch_text.type_hints(plan, self._sources.type_source is not None))
        self._field("key_name").show_hint(*launch_text.key_hints(plan))
        self._field("security_group").show_hint(*launch_text.group_hints(plan))
        self._field("address").show_hint(*launch_text.address_hints(plan))
        self.write_key_hints()  # the prices may have become the last that takes the focus
        self._show_row_errors(plan)
        if plan.is_price_pending:
            self._plan_timer = self.set_timer(PRICE_CHECK_SECONDS, self._plan_now)

    def _show_row_errors(self, plan: LaunchPlan) -> None:
        """Show the errors of the checked rows beside them, and an error that belongs to no row below them all."""
        for name in ROW_NAMES:
            error = row_error(plan, name) if name in self._checked_rows else None
            self.query_one(f"#{name}", FormRow).show_error(error)
        elsewhere = [error for error in plan.errors if error.field not in (*ROW_NAMES, *_ROW_OF_FIELD)]
        if elsewhere:
            self.show_form_error(elsewhere[0])

    # Submitting

    def action_submit(self) -> None:
        """Launch if the plan is of the texts on the screen; else make that plan first."""
        self._checked_rows = set(ROW_NAMES)
        if self._field_texts() != self._planned_texts:  # the message of the last key may not have arrived
            self._plan = None
        if self._plan is not None:
            self._read_warnings = self._plan.warnings
        super().action_submit()

    def _finish(self, plan: LaunchPlan) -> None:
        self._show_row_errors(plan)
        if plan.errors:
            wrong = next((name for name in ROW_NAMES if row_error(plan, name) is not None), None)
            if wrong is not None:
                self.set_focus(self.query_one(f"#{wrong}", FormRow).query("Input, RadioLine").first())
        elif plan.warnings != self._read_warnings:
            again = dim("  ^s launches in spite of this.")
            self._line("warnings").update(Content.assemble(launch_text.warnings_content(plan.warnings), "\n", again))
        else:
            self.dismiss(plan.request)


class TypeField(SuggestField):
    """A field of suggestions that can also open the picker of all types."""

    def __init__(self, label: str, *, make_picker: Callable[[str], TypePicker | None], **more: Any) -> None:
        """``make_picker`` gets the type in the field."""
        super().__init__(label, **more)
        self._make_picker = make_picker

    def action_types(self) -> None:
        picker = self._make_picker(self.value.lower())
        if picker is not None:
            self.close()
            self.app.push_screen(picker, self._use_picked)

    def _use_picked(self, name: str | None) -> None:
        if name is not None:
            self.pick(Suggestion(name))


def row_error(plan: LaunchPlan, row: str) -> FieldError | None:
    return next((error for error in plan.errors if _ROW_OF_FIELD.get(error.field, error.field) == row), None)


def _request_texts(request: LaunchRequest) -> dict[str, str]:
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


def _parse_number(text: str, pattern: re.Pattern[str], name: str, unit: str, errors: list[FieldError]) -> int | None:
    if not text:
        return None
    match = pattern.fullmatch(text)
    if match is None:
        errors.append(FieldError(name, f"“{text}” is not a number of {unit}.", "Type a whole number, or nothing."))
        return None
    return int(match[1].replace(",", ""))
