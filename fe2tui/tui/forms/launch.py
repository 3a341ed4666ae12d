"""The launch form: its fields, what is known about each, and what it will cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.model.image import Image
from fe2tui.model.launch import LaunchRequest
from fe2tui.model.money import GP3_IOPS
from fe2tui.model.spot import Market
from fe2tui.paths import sheets_folder
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_words as words
from fe2tui.tui.forms.field import Field, Row
from fe2tui.tui.forms.form import Form
from fe2tui.tui.forms.launch_draft import CREATE, FIELDS, Bought, Draft, First, texts_of, typed_for
from fe2tui.tui.forms.launch_lists import Lists, Sources
from fe2tui.tui.forms.launch_market import MarketField, MarketPrices
from fe2tui.tui.forms.launch_planner import Planner
from fe2tui.tui.forms.launch_says import ROWS, Says, wrong_in
from fe2tui.tui.forms.launch_types import TypeField, alike, name_of, unfit_for
from fe2tui.tui.forms.suggest import Suggest
from fe2tui.tui.forms.type_picker import PickTypes

USUAL = First()
SETTLE = 0.25  # seconds without a key before the plan is made anew


class LaunchForm(Form[LaunchRequest]):
    """Answers with a request that was found possible, or None.

    It begins with what ``first`` says, or with all that was typed for the request ``again``. ``picks_type``: it opens
    with the picker of types over it, at those like the one in the field, the cheapest first.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = [sheets_folder() / "forms.tcss", sheets_folder() / "launch.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "types", "All types", show=False)]

    def __init__(
        self,
        sources: Sources,
        *,
        region: str,
        clock: Callable[[], datetime],
        first: First = USUAL,
        again: LaunchRequest | None = None,
        picks_type: bool = False,
        settle: float = SETTLE,
    ) -> None:
        super().__init__(f"Launch in {region}", submit_word="Launch")
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-roomy")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
        self._sources = sources
        self._region = region
        self._clock = clock
        self._settle = settle
        self._picks_type = picks_type
        typed = typed_for(again) if again is not None else {}
        self._texts = texts_of(first) | typed
        self._bought = Bought(first.market, first.zone) if again is None else Bought(again.market, again.zone)
        self._planned_texts: dict[str, str] = {}  # the texts that the newest plan is of
        self._touched: set[str] = set(typed)
        self._lists = Lists(self, sources, clock)
        if again is not None and again.key_name and again.key_action == CREATE:
            self._lists.key_wishes[again.key_name] = CREATE
        self._says = Says(self, clock, sources.shelf is not None)
        self._planner = Planner(self, self._make_plan, made=self._planned, failed=self._says.trouble, busy=self._busy)
        self._image: Image | None = None
        self._image_text = ""
        self._read: tuple[str, ...] = ()
        self._judged = {"market"}  # a choice is never half typed

    def compose(self) -> Iterator[Widget]:
        """The fields in their order, then what it comes to."""
        text = self._texts
        images = words.image_suggestions((), self._clock())
        fields = VerticalScroll(
            Field("Name", id="name", value=text["name"], placeholder="a name of its own"),
            Suggest("Image", id="image", value=text["image"], suggestions=images),
            Field("Disk", id="disk", value=text["disk"], placeholder="as the image", hint="GiB gp3"),
            TypeField("Type", id="type", value=text["type"], make_picker=self._type_picker),
            Suggest("Key pair", id="key_name", value=text["key_name"], made_from=self._lists.key_to_create),
            Suggest("Security group", id="security_group", value=text["security_group"]),
            MarketField(self._bought.market, self._buy_as),
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
        yield from self.framed(fields, MarketPrices(self._bought, self._buy), *below, classes="-launch")

    def on_mount(self) -> None:
        """Look up what can be suggested, and make the first plan."""
        self._lists.start(self._says.trouble, self._keys_known)
        self._says.plan(None)
        if self._picks_type:
            self.call_after_refresh(self.action_types)

    def field(self, name: str) -> Field:
        """One of the fields."""
        return self.query_one(f"#{name}", Field)

    def _keys_known(self) -> None:
        field = self.field("key_name")
        if "key_name" not in self._touched and not field.value:
            field.input.value = self._lists.best_key
        self._planner.soon(0)

    # What a person changes

    @on(Suggest.Picked)
    def _picked(self, event: Suggest.Picked) -> None:
        event.stop()
        if event.field.id == "key_name":
            self._lists.picked_key(event.suggestion)
        self._touched.add(event.field.id or "")
        self._planner.soon(0)

    def _buy_as(self, market: Market) -> None:
        prices = self.query_one(MarketPrices)
        prices.buy(market)
        self._buy(prices.bought)

    def _buy(self, bought: Bought) -> None:
        self._bought = bought
        row = self.query_one(MarketField)
        row.line.choose(bought.market)
        row.blame(None)
        self._planner.soon(0)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is None or field.id is None:
            return
        if event.input.has_focus:
            self._touched.add(field.id)
            self._judged.discard(field.id)
        if field.value != self._planned_texts.get(field.id):
            field.blame(None)
            self._planner.soon(self._settle)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field."""
        event.stop()
        self.focus_next()

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is not None and field.id is not None and field.id in self._touched:
            self._judged.add(field.id)
            if self._planner.plan is not None:
                self._says.errors(self._planner.plan, self._judged)

    def action_types(self) -> None:
        """Look for the type among all of them, whatever field has the focus."""
        types = self.query_one(TypeField)
        types.input.focus()
        types.action_types()

    def _type_picker(self, present: str) -> PickTypes | None:
        """The picker of all types that fit the image, as far as that is known."""
        shelf, text = self._sources.shelf, self.field("image").value
        if shelf is None:
            return None
        image = self._image if self._image_text == text else None
        called = name_of(image, text)
        title = f"Types in {self._region} for {called}" if called else f"Types in {self._region}"
        fits = unfit_for(image, text, shelf.kept)
        look = alike(shelf.kept(), present, self._bought.market) if self._picks_type else None
        self._picks_type = False
        return PickTypes(
            shelf, region=self._region, clock=self._clock, fits=fits, present=present, title=title, look=look
        )

    # The plan

    def _typed(self) -> dict[str, str]:
        return {name: self.field(name).value for name in FIELDS}

    async def _make_plan(self) -> LaunchPlan:
        texts = self._planned_texts = self._typed()
        draft = Draft(texts, frozenset(self._touched), self._lists.key_wishes, self._lists.keys, self._bought)
        request, wrong = draft.request()
        plan = await self._sources.plan(request)
        known = {error.field for error in wrong}
        errors = (*wrong, *(error for error in plan.errors if error.field not in known))
        return replace(plan, errors=errors)

    def _busy(self, is_busy: bool) -> None:
        if self.is_attached:
            self.retitle(f"Launch in {self._region}{' · looking up …' if is_busy else ''}")

    def _planned(self, plan: LaunchPlan, is_awaited: bool) -> None:
        self._image, self._image_text = plan.image, plan.request.image
        self._says.plan(plan)
        self._says.errors(plan, self._judged)
        if is_awaited:
            self._finish(plan)

    # Submitting

    def action_submit(self) -> None:
        """Launch if the plan on the screen is of these very texts; else make it first."""
        self._judged = set(ROWS)
        if self._typed() != self._planned_texts:  # the last key has not been told of yet
            self._planner.soon(0)
        plan = self._planner.wanted()
        if plan is not None:
            self._read = plan.warnings
            self._finish(plan)

    def _finish(self, plan: LaunchPlan) -> None:
        self._says.errors(plan, self._judged)
        if plan.errors:
            wrong = next((name for name in ROWS if wrong_in(plan, name) is not None), None)
            if wrong is not None:
                self.set_focus(self.query_one(f"#{wrong}", Row).query("Input, RadioLine").first())
        elif plan.warnings != self._read:
            self._says.read_first(plan)
        else:
            self.dismiss(plan.request)
