"""The launch form: its fields, and the plan that is made a moment after each change."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error
from fe2tui.model.image import Image
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.spot import Market
from fe2tui.model.volume import GP3_IOPS
from fe2tui.paths import stylesheets_folder
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_text as words
from fe2tui.tui.forms.form import Field, Form, FormRow
from fe2tui.tui.forms.launch_draft import (
    CREATE,
    FIELD_NAMES,
    LaunchDefaults,
    LaunchDraft,
    PurchaseOption,
    default_texts,
    request_texts,
)
from fe2tui.tui.forms.launch_purchase import PurchaseField, PurchasePrices
from fe2tui.tui.forms.launch_suggestions import (
    LaunchSources,
    SuggestionLoader,
    TypeField,
    image_name,
    similar_types_filter,
    unfit_reason_for,
)
from fe2tui.tui.forms.launch_text import ROW_NAMES, LaunchFormText, row_error
from fe2tui.tui.forms.suggest import SuggestField
from fe2tui.tui.forms.type_picker import TypePicker

if TYPE_CHECKING:
    from textual.screen import Screen


class LaunchPlanner:
    """Makes plans for a form. ``plan`` is that of the very texts on the screen, None while they have none.

    ``made`` gets each plan, and whether it was waited for to launch; ``failed`` gets what a plan failed with, and None
    when one came about; ``busy`` whether one is being made.
    """

    def __init__(
        self,
        form: Screen[LaunchRequest],
        make: Callable[[], Awaitable[LaunchPlan]],
        *,
        on_plan: Callable[[LaunchPlan, bool], None],
        on_error: Callable[[Fe2Error | None], None],
        on_busy: Callable[[bool], None],
    ) -> None:
        self.plan: LaunchPlan | None = None
        self._form = form
        self._make = make
        self._on_plan = on_plan
        self._on_error = on_error
        self._on_busy = on_busy
        self._timer: Timer | None = None
        self._is_requested = False

    def plan_soon(self, delay: float) -> None:
        """Make the plan anew when nothing changes for a while; one under way for older texts is given up."""
        if not self._form.is_attached:
            return
        self.plan = None
        self._is_requested = False
        self._stop_timer()
        self._timer = self._form.set_timer(max(delay, 0.01), self._plan_now)

    def request_plan(self) -> LaunchPlan | None:
        """The plan to launch by, if there is one; else it is made at once, and ``made`` gets it."""
        self._stop_timer()
        if self.plan is None:
            self._is_requested = True
            self._plan_now()
        return self.plan

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()

    def _plan_now(self) -> None:
        self._form.run_worker(self._make_plan(), group="plan", exclusive=True, exit_on_error=False)

    async def _make_plan(self) -> None:
        self._on_busy(True)
        try:
            plan = await self._make()
        except Fe2Error as error:
            self._is_requested = False
            self._on_error(error)
            return
        finally:
            self._on_busy(False)
        self._on_error(None)
        self.plan = plan
        is_awaited, self._is_requested = self._is_requested, False
        self._on_plan(plan, is_awaited)


USUAL_DEFAULTS = LaunchDefaults()
SETTLE_SECONDS = 0.25  # seconds without a key before the plan is made anew


class LaunchForm(Form[LaunchRequest]):
    """Answers with a request that was found possible, or None.

    It begins with what ``first`` says, or with all that was typed for the request ``again``. ``picks_type``: it opens
    with the picker of types over it, at those like the one in the field, the cheapest first.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = [stylesheets_folder() / "forms.tcss", stylesheets_folder() / "launch.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "types", "All types", show=False)]

    def __init__(
        self,
        sources: LaunchSources,
        *,
        region: str,
        clock: Callable[[], datetime],
        defaults: LaunchDefaults = USUAL_DEFAULTS,
        previous: LaunchRequest | None = None,
        opens_type_picker: bool = False,
        settle_seconds: float = SETTLE_SECONDS,
    ) -> None:
        super().__init__(f"Launch in {region}", submit_label="Launch")
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._sources = sources
        self._region = region
        self._clock = clock
        self._settle_seconds = settle_seconds
        self._opens_type_picker = opens_type_picker
        typed = request_texts(previous) if previous is not None else {}
        self._start_texts = default_texts(defaults) | typed
        self._purchase = (
            PurchaseOption(defaults.market, defaults.zone)
            if previous is None
            else PurchaseOption(previous.market, previous.zone)
        )
        self._planned_texts: dict[str, str] = {}  # the texts that the newest plan is of
        self._edited_fields: set[str] = set(typed)
        self._suggestion_loader = SuggestionLoader(self, sources, clock)
        if previous is not None and previous.key_name and previous.key_action == CREATE:
            self._suggestion_loader.key_actions[previous.key_name] = CREATE
        self._form_text = LaunchFormText(self, clock, sources.type_source is not None)
        self._planner = LaunchPlanner(
            self, self._make_plan, on_plan=self._show_plan, on_error=self._form_text.show_error, on_busy=self._show_busy
        )
        self._image: Image | None = None
        self._image_text = ""
        self._read_warnings: tuple[str, ...] = ()
        self._checked_rows = {"market"}  # a choice is never half typed

    def compose(self) -> Iterator[Widget]:
        """The fields in their order, then what it comes to."""
        text = self._start_texts
        images = words.image_suggestions((), self._clock())
        fields = VerticalScroll(
            Field("Name", id="name", value=text["name"], placeholder="a name of its own"),
            SuggestField("Image", id="image", value=text["image"], suggestions=images),
            Field("Disk", id="disk", value=text["disk"], placeholder="as the image", hint="GiB gp3"),
            TypeField("Type", id="type", value=text["type"], make_picker=self._type_picker),
            SuggestField(
                "Key pair", id="key_name", value=text["key_name"], suggestion_from=self._suggestion_loader.key_to_create
            ),
            SuggestField("Security group", id="security_group", value=text["security_group"]),
            PurchaseField(self._purchase.market, self._choose_market),
            Field(
                "Port 22 from",
                id="address",
                value=text["address"],
                placeholder="looking up …",
                hint="who may reach a new group",
            ),
            Field("IOPS", id="iops", value=text["iops"], placeholder=str(GP3_IOPS), hint="of the disk"),
            id="fields",
            can_focus=False,
        )
        below = (Static(id=name) for name in ("data", "cost", "zones", "warnings", "trouble"))
        yield from self.compose_frame(
            fields, PurchasePrices(self._purchase, self._choose_purchase), *below, classes="-launch"
        )

    def on_mount(self) -> None:
        """Look up what can be suggested, and make the first plan."""
        self._suggestion_loader.load_all(self._form_text.show_error, self._fill_key_pair)
        self._form_text.show_plan(None)
        if self._opens_type_picker:
            self.call_after_refresh(self.action_types)

    def field(self, name: str) -> Field:
        """One of the fields."""
        return self.query_one(f"#{name}", Field)

    def _fill_key_pair(self) -> None:
        field = self.field("key_name")
        if "key_name" not in self._edited_fields and not field.value:
            field.input.value = self._suggestion_loader.default_key
        self._planner.plan_soon(0)

    # What a person changes

    @on(SuggestField.SuggestionPicked)
    def _use_suggestion(self, event: SuggestField.SuggestionPicked) -> None:
        event.stop()
        if event.field.id == "key_name":
            self._suggestion_loader.remember_key(event.suggestion)
        self._edited_fields.add(event.field.id or "")
        self._planner.plan_soon(0)

    def _choose_market(self, market: Market) -> None:
        prices = self.query_one(PurchasePrices)
        prices.set_market(market)
        self._choose_purchase(prices.purchase)

    def _choose_purchase(self, bought: PurchaseOption) -> None:
        self._purchase = bought
        row = self.query_one(PurchaseField)
        row.line.choose(bought.market)
        row.show_error(None)
        self._planner.plan_soon(0)

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
            self._planner.plan_soon(self._settle_seconds)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field."""
        event.stop()
        self.focus_next()

    @on(Input.Blurred)
    def _check_left_field(self, event: Input.Blurred) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is not None and field.id is not None and field.id in self._edited_fields:
            self._checked_rows.add(field.id)
            if self._planner.plan is not None:
                self._form_text.show_row_errors(self._planner.plan, self._checked_rows)

    def action_types(self) -> None:
        """Look for the type among all of them, whatever field has the focus."""
        types = self.query_one(TypeField)
        types.input.focus()
        types.action_types()

    def _type_picker(self, present: str) -> TypePicker | None:
        """The picker of all types that fit the image, as far as that is known."""
        shelf, text = self._sources.type_source, self.field("image").value
        if shelf is None:
            return None
        image = self._image if self._image_text == text else None
        called = image_name(image, text)
        title = f"Types in {self._region} for {called}" if called else f"Types in {self._region}"
        fits = unfit_reason_for(image, text, shelf.cached)
        look = similar_types_filter(shelf.cached(), present, self._purchase.market) if self._opens_type_picker else None
        self._opens_type_picker = False
        return TypePicker(
            shelf,
            region=self._region,
            clock=self._clock,
            unfit_reason=fits,
            current_type=present,
            title=title,
            initial_filter=look,
        )

    # The plan

    def _field_texts(self) -> dict[str, str]:
        return {name: self.field(name).value for name in FIELD_NAMES}

    async def _make_plan(self) -> LaunchPlan:
        texts = self._planned_texts = self._field_texts()
        draft = LaunchDraft(
            texts,
            frozenset(self._edited_fields),
            self._suggestion_loader.key_actions,
            self._suggestion_loader.key_choices,
            self._purchase,
        )
        request, wrong = draft.request()
        plan = await self._sources.plan(request)
        fields_with_errors = {error.field for error in wrong}
        errors = (*wrong, *(error for error in plan.errors if error.field not in fields_with_errors))
        return replace(plan, errors=errors)

    def _show_busy(self, is_busy: bool) -> None:
        if self.is_attached:
            self.retitle(f"Launch in {self._region}{' · looking up …' if is_busy else ''}")

    def _show_plan(self, plan: LaunchPlan, is_awaited: bool) -> None:
        self._image, self._image_text = plan.image, plan.request.image
        self._form_text.show_plan(plan)
        self._form_text.show_row_errors(plan, self._checked_rows)
        if is_awaited:
            self._finish(plan)

    # Submitting

    def action_submit(self) -> None:
        """Launch if the plan on the screen is of these very texts; else make it first."""
        self._checked_rows = set(ROW_NAMES)
        if self._field_texts() != self._planned_texts:  # the last key has not been told of yet
            self._planner.plan_soon(0)
        plan = self._planner.request_plan()
        if plan is not None:
            self._read_warnings = plan.warnings
            self._finish(plan)

    def _finish(self, plan: LaunchPlan) -> None:
        self._form_text.show_row_errors(plan, self._checked_rows)
        if plan.errors:
            wrong = next((name for name in ROW_NAMES if row_error(plan, name) is not None), None)
            if wrong is not None:
                self.set_focus(self.query_one(f"#{wrong}", FormRow).query("Input, RadioLine").first())
        elif plan.warnings != self._read_warnings:
            self._form_text.ask_to_read_warnings(plan)
        else:
            self.dismiss(plan.request)
