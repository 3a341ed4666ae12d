"""The launch form: six fields, what is known about each, and what it will cost, before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widget import Widget
from textual.widgets import Input, Static

from fe2tui.errors import Fe2Error, FieldError
from fe2tui.model.image import Image
from fe2tui.model.launch import LaunchRequest, field_errors
from fe2tui.paths import sheets_folder
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms import launch_words as words
from fe2tui.tui.forms.field import Field
from fe2tui.tui.forms.form import Form, dim, shown
from fe2tui.tui.forms.launch_draft import Draft
from fe2tui.tui.forms.launch_lists import Lists, Sources
from fe2tui.tui.forms.launch_types import TypeField, name_of, unfit_for
from fe2tui.tui.forms.suggest import Suggest
from fe2tui.tui.forms.type_picker import PickTypes

SETTLE = 0.25  # seconds without a key before the plan is made anew
_FIELDS = ("name", "image", "disk", "type", "key_name", "security_group", "address", "iops")


class LaunchForm(Form[LaunchRequest]):
    """Answers with a request that was found possible, or None."""

    CSS_PATH: ClassVar[CSSPathType | None] = [sheets_folder() / "forms.tcss", sheets_folder() / "launch.tcss"]
    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+t", "types", "All types", show=False)]

    def __init__(
        self,
        sources: Sources,
        *,
        region: str,
        clock: Callable[[], datetime],
        image: str = "ubuntu",
        machine: str = "t3.micro",
        settle: float = SETTLE,
    ) -> None:
        super().__init__(f"Launch in {region}", submit_word="Launch")
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-roomy")]
        self._sources = sources
        self._region = region
        self._clock = clock
        self._first = {"image": image, "type": machine, "security_group": "ssh"}
        self._settle = settle
        self._timer: Timer | None = None
        self._touched: set[str] = set()
        self._lists = Lists(self, sources, clock)
        self._plan: LaunchPlan | None = None
        self._image: Image | None = None
        self._image_text = ""
        self._read: tuple[str, ...] = ()
        self._submitting = False
        self._judged: set[str] = set()

    def compose(self) -> Iterator[Widget]:
        """The fields in their order, then what it comes to."""
        first = self._first
        fields = Vertical(
            Field("Name", id="name", placeholder="a name of its own"),
            Suggest("Image", id="image", value=first["image"], suggestions=words.image_suggestions((), self._clock())),
            Field("Disk", id="disk", placeholder="as the image", hint="GiB gp3"),
            TypeField("Type", id="type", value=first["type"], make_picker=self._type_picker),
            Suggest("Key pair", id="key_name", made_from=self._lists.key_to_create),
            Suggest("Security group", id="security_group", value=first["security_group"]),
            Field("Port 22 from", id="address", placeholder="looking up …", hint="who may reach a new group"),
            Field("IOPS", id="iops", placeholder="3000", hint="of the disk"),
            id="fields",
        )
        yield from self.framed(
            fields,
            Static(id="cost"),
            Static(id="zones"),
            Static(id="warnings"),
            Static(id="trouble"),
            classes="-launch",
        )

    def on_mount(self) -> None:
        """Look up what can be suggested, and make the first plan."""
        self._lists.start(self._complain, self._keys_known)
        self._show_plan(None)

    def field(self, name: str) -> Field:
        """One of the fields."""
        return self.query_one(f"#{name}", Field)

    def _keys_known(self) -> None:
        field = self.field("key_name")
        if "key_name" not in self._touched and not field.value:
            field.input.value = self._lists.best_key
        self._plan_soon(0)

    @on(Suggest.Picked)
    def _picked(self, event: Suggest.Picked) -> None:
        event.stop()
        if event.field.id == "key_name":
            self._lists.picked_key(event.suggestion)
        self._touched.add(event.field.id or "")
        self._plan_soon(0)

    def _type_picker(self, present: str) -> PickTypes | None:
        """The picker of all types that fit the image, as far as that is known."""
        shelf, text = self._sources.shelf, self.field("image").value
        if shelf is None:
            return None
        image = self._image if self._image_text == text else None
        called = name_of(image, text)
        title = f"Types in {self._region} for {called}" if called else f"Types in {self._region}"
        fits = unfit_for(image, text, shelf.kept)
        return PickTypes(shelf, region=self._region, clock=self._clock, fits=fits, present=present, title=title)

    # The plan

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is None or field.id is None:
            return
        if event.input.has_focus:
            self._touched.add(field.id)
            self._judged.discard(field.id)
        field.blame(None)
        self._plan_soon(self._settle)

    @on(Input.Submitted)
    def _enter(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field."""
        event.stop()
        self.focus_next(Input)

    @on(Input.Blurred)
    def _left(self, event: Input.Blurred) -> None:
        field = next((node for node in event.input.ancestors if isinstance(node, Field)), None)
        if field is not None and field.id is not None and field.id in self._touched:
            self._judged.add(field.id)
            self._show_errors()

    def _plan_soon(self, seconds: float) -> None:
        """Make the plan anew when nothing is typed for a while; one under way for older texts is given up."""
        if not self.is_attached:
            return
        self._plan = None
        self._submitting = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(max(seconds, 0.01), self._plan_now)

    def _plan_now(self) -> None:
        self.run_worker(self._make_plan(), group="plan", exclusive=True, exit_on_error=False)

    def _request(self) -> tuple[LaunchRequest, list[FieldError]]:
        texts = {name: self.field(name).value for name in _FIELDS}
        draft = Draft(texts, frozenset(self._touched), self._lists.key_wishes, self._lists.keys)
        request, unread = draft.request()
        named = {error.field for error in unread}
        return request, [*unread, *(error for error in field_errors(request) if error.field not in named)]

    async def _make_plan(self) -> None:
        request, unread = self._request()
        self._say_busy(True)
        try:
            plan = await self._sources.plan(request)
        except Fe2Error as error:
            self._submitting = False
            self._complain(error)
            return
        finally:
            self._say_busy(False)
        self._complain(None)
        if unread:
            known = {error.field for error in unread}
            errors = (*unread, *(error for error in plan.errors if error.field not in known))
            plan = replace(plan, errors=errors)
        self._show_plan(plan)
        if self._submitting:
            self._submitting = False
            self._finish(plan)

    # What it says

    def _say_busy(self, is_busy: bool) -> None:
        if self.is_attached:
            self.retitle(f"Launch in {self._region}{' · looking up …' if is_busy else ''}")

    def _complain(self, error: Fe2Error | None) -> None:
        line = self.query_one("#trouble", Static)
        line.display = error is not None
        if error is not None:
            line.update(
                Content.assemble(("▲ ", "$error"), shown(error.summary), " ", dim(error.remedy)),
            )

    def _show_plan(self, plan: LaunchPlan | None) -> None:
        self._plan = plan
        self.query_one("#cost", Static).update(words.cost_line(plan))
        zones = words.zone_line(plan) if plan and not plan.error("type") else Content("")
        self.query_one("#zones", Static).update(zones)
        warnings = plan.warnings if plan else ()
        self.query_one("#warnings", Static).update(words.warning_lines(warnings))
        self.query_one("#warnings").display = bool(warnings)
        if plan is None:
            return
        self._image, self._image_text = plan.image, plan.request.image
        self.field("image").hint(*words.image_hints(plan, self._clock()))
        self.field("disk").hint(*words.disk_hints(plan, self.field("disk").value))
        self.field("type").hint(*words.type_hints(plan, self._sources.shelf is not None))
        self.field("key_name").hint(*words.key_hints(plan))
        self.field("security_group").hint(*words.group_hints(plan))
        self.field("address").hint(*words.address_hints(plan))
        self._show_errors()

    def _show_errors(self) -> None:
        """Errors stand beside the fields that a person is done with; beside all, once asked to launch."""
        if self._plan is None:
            return
        elsewhere = [error for error in self._plan.errors if error.field not in _FIELDS]
        for name in _FIELDS:
            self.field(name).blame(self._plan.error(name) if name in self._judged else None)
        if elsewhere:
            self._complain(elsewhere[0])

    def action_types(self) -> None:
        """Look for the type among all of them, whatever field has the focus."""
        types = self.query_one(TypeField)
        types.input.focus()
        types.action_types()

    # Submitting

    def action_submit(self) -> None:
        """Launch if the plan on the screen is of these very texts; else make it first."""
        self._judged = set(_FIELDS)
        if self._timer is not None:
            self._timer.stop()
        if self._plan is not None:
            self._read = self._plan.warnings
            self._finish(self._plan)
            return
        self._submitting = True
        self._plan_now()

    def _finish(self, plan: LaunchPlan) -> None:
        self._show_errors()
        if plan.errors:
            wrong = next((name for name in _FIELDS if plan.error(name) is not None), None)
            if wrong is not None:
                self.field(wrong).input.focus()
            return
        if plan.warnings != self._read:
            self.query_one("#warnings", Static).update(
                Content.assemble(words.warning_lines(plan.warnings), "\n", dim("  ^s launches all the same."))
            )
            return
        self.dismiss(plan.request)
