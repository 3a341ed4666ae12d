"""What the launch form says: hints beside its fields, costs, zones and warnings below them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from fe2tui.errors import Fe2Error, FieldError
from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.instance_type import InstanceType, size_sort_key
from fe2tui.model.location import zone_letter
from fe2tui.model.spot import saving
from fe2tui.model.text import dollars, join_words, percent, short_age, visible
from fe2tui.model.volume import GP3_IOPS
from fe2tui.tasks.keys import KeyChoices
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms.form import DIM, Field, FormRow, dim, safe_content
from fe2tui.tui.forms.launch_draft import FIELD_NAMES
from fe2tui.tui.forms.launch_purchase import PurchasePrices
from fe2tui.tui.forms.suggest import Suggestion

if TYPE_CHECKING:
    from textual.screen import Screen

    from fe2tui.model.launch import LaunchRequest


_ARCHITECTURE_NAMES = {"arm64": "Arm", "x86_64": "x86_64"}


def image_suggestions(own: Sequence[Image], now: datetime) -> list[Suggestion]:
    """The words, then the account's own AMIs: by name, or by id where two share one."""
    words = [Suggestion(family.word, f"newest {family.title}") for family in IMAGE_WORDS.values()]
    shared = {name for name, count in Counter(image.name for image in own).items() if count > 1 or not name}
    return words + [
        Suggestion(
            image.id if image.name in shared else image.name,
            "  ".join(part for part in (image.name if image.name in shared else "", _image_hint(image, now)) if part),
            image.id,
        )
        for image in own
    ]


def _image_hint(image: Image, now: datetime) -> str:
    return f"{image.architecture}  {image.root_size} GiB  {_origin_text(image, now)}"


def _origin_text(image: Image, now: datetime) -> str:
    old = f"{short_age(now - image.created_at)} old" if image.created_at else ""
    return ", ".join(part for part in ("" if image.public else "yours", old) if part)


def type_suggestions(types: Iterable[InstanceType], prices: Mapping[str, Decimal]) -> list[Suggestion]:
    """Types in the order given, with what they have and cost."""
    suggestions: list[Suggestion] = []
    for each in types:
        price = prices.get(each.name)
        cost = f"  ${dollars(price, 4)}/h" if price is not None else ""
        arm = "  Arm" if each.architectures == ("arm64",) else ""
        words = f"{'gpu ' if each.gpus else ''}{' '.join(each.architectures)}{' free' if each.free_tier else ''}"
        suggestions.append(Suggestion(each.name, f"{each.summary}{arm}{cost}", words))
    return suggestions


def priced_suggestions(prices: Mapping[str, Decimal]) -> list[Suggestion]:
    """Types of which only the price is known yet."""
    names = sorted(prices, key=size_sort_key)
    return [Suggestion(name, f"${dollars(prices[name], 4)} an hour") for name in names]


def key_suggestions(offer: KeyChoices, create: str) -> list[Suggestion]:
    """The account's keys, those usable first, then what can be imported, then one to create."""
    account = sorted(offer.account, key=lambda key: not key.is_usable)
    return [
        *(Suggestion(key.name, key.words) for key in account),
        *(Suggestion(key.name, f"import {key.source}", f"import {key.type}") for key in offer.importable),
        Suggestion(create, "create a new key, kept on this computer", "create new"),
    ]


def free_key_name(offer: KeyChoices) -> str:
    """A name for a key to create that nothing has yet."""
    used_names = {key.name for key in offer.account} | {key.name for key in offer.importable}
    names = ("default", "fe2tui", *(f"fe2tui-{number}" for number in range(2, len(used_names) + 3)))
    return next(name for name in names if name not in used_names)


def image_hints(plan: LaunchPlan, now: datetime) -> tuple[str, ...]:
    """The id, architecture, size and age of the image, in fewer and fewer words."""
    image = plan.image
    if image is None:
        return ("",)
    short = f"{image.id[:12]}…" if len(image.id) > 13 else image.id
    core = f"{short}  {_ARCHITECTURE_NAMES.get(image.architecture, image.architecture)}  {image.root_size} GiB"
    origin = _origin_text(image, now)
    return (f"{core}  {origin}", core, f"{short}  {image.architecture}")


def type_hints(plan: LaunchPlan, has_picker: bool) -> tuple[str, ...]:
    """What the type has, and the key that shows all types."""
    if plan.type is None:
        return ("^t all types" if has_picker else "",)
    summary = plan.type.summary
    return (f"{summary}  ^t all types", f"{summary}  ^t", summary) if has_picker else (summary,)


def disk_hints(plan: LaunchPlan, typed: str) -> tuple[str, ...]:
    """What the disk costs a month, with the further disks of the image."""
    if plan.volume_size is None:
        return ("GiB gp3",)
    size = "GiB gp3" if typed else f"{plan.volume_size} GiB gp3"
    if further := (plan.volumes or ())[1:]:
        size += f" + {sum(one.size for one in further):,} GiB"
    cost = plan.cost.volume_per_month if plan.cost else None
    if cost is None:
        return (f"{size}  price unknown",)
    money = f"${dollars(cost)} a month"
    return (f"{size}  {money}, also while stopped", f"{size}  {money}, also stopped", f"{size}  {money}")


def group_hints(plan: LaunchPlan) -> tuple[str, ...]:
    """Who may reach port 22."""
    if plan.group is None:
        return ("",)
    words = plan.group.words
    return (words, words.removesuffix(" only"), words.replace("port 22 from", "22 from").removesuffix(" only"))


def key_hints(plan: LaunchPlan) -> tuple[str, ...]:
    """Where the private key is, or what will be done for the key."""
    if plan.key is None:
        return ("",)
    file = plan.key.private_key
    short = (f"in …/{'/'.join(file.parts[-2:])}", f"in …/{file.name}") if file and plan.key.action == "use" else ()
    return (plan.key.words, *short)


def address_hints(plan: LaunchPlan) -> tuple[str, ...]:
    """Whether it matters who is let in at port 22."""
    if plan.group is None or plan.group.id is None:
        return ("who may reach port 22; empty: nobody", "who may reach port 22")
    return (f"only for a new group; {visible(plan.group.name)} is there", "only for a new group")


def cost_content(plan: LaunchPlan | None) -> Content:
    """What it costs while it runs, while it is stopped, and a month if left on."""
    cost = plan.cost if plan is not None and plan.type is not None and plan.volume_size is not None else None
    if cost is None:
        return dim("What it costs shows here once image and type are known.")
    hour, stopped, month = cost.per_hour, cost.stopped_per_hour, cost.per_month
    if hour is not None and stopped is not None and month is not None:
        market = plan.request.market if plan is not None else "on-demand"
        if market == "spot-once":  # it cannot be stopped
            costs = Content.assemble("This costs ", (f"${_amount_text(hour)}", "bold"), " an hour while it is there. ")
        else:
            costs = Content.assemble(
                "This costs ",
                (f"${_amount_text(hour)}", "bold"),
                " an hour while it runs, ",
                (f"${_amount_text(stopped)}", "bold"),
                " while stopped. ",
            )
        left_on = " a month if left on." if market == "on-demand" else " a month if left on at this price."
        return Content.assemble(costs, (f"${dollars(month)}", "bold"), left_on)
    known_parts = []
    if cost.instance_per_hour is not None:
        known_parts.append(f"the machine ${_amount_text(cost.instance_per_hour)} an hour")
    if cost.volume_per_month is not None:
        disks = "disks" if plan is not None and len(plan.volumes or ()) > 1 else "disk"
        known_parts.append(f"its {disks} ${dollars(cost.volume_per_month)} a month, also while stopped")
    known_parts.append(f"its address ${cost.address_per_hour} an hour")
    return Content.assemble(("Price unknown. ", "$warning"), f"What is known: {join_words(known_parts)}.")


def _amount_text(amount: Decimal) -> str:
    """Cents, or more places where cents would say nothing."""
    return dollars(amount, 2 if amount >= Decimal("0.095") or amount == 0 else 4 if amount < Decimal("0.01") else 3)


def zones_content(plan: LaunchPlan) -> Content:
    """Where it will go, what that saves, and where else it goes when there is no room."""
    zones = [zone for zone in plan.zones if zone]
    if not zones:
        return Content("")
    others = [zone_letter(zone) for zone in zones[1:]]
    only = " only" if plan.request.zone else ""
    rest = f"; to {join_words(others, 'or')} if AWS has no room there" if others else ""
    return Content.styled(f"Goes to {zones[0]}{only}{_saving_text(plan)}{rest}.", DIM)


def _saving_text(plan: LaunchPlan) -> str:
    """How far the spot price is below the one on demand."""
    saves = (
        saving(plan.cost.instance_per_hour, plan.on_demand_per_hour)
        if plan.cost is not None and plan.request.is_spot
        else None
    )
    if saves is None:
        return ""
    return f", {percent(float(abs(saves)))} {'below' if saves >= 0 else 'above'} on demand"


def warnings_content(warnings: Collection[str]) -> Content:
    """What has to be read first."""
    return Content("\n").join(Content.assemble(("▲ ", "$warning"), safe_content(visible(words))) for words in warnings)


ROW_NAMES = (*FIELD_NAMES, "market")
_ROW_OF_FIELD = {"zone": "market"}


def row_error(plan: LaunchPlan, row: str) -> FieldError | None:
    """What is wrong with what a row of the form asks for."""
    return next((error for error in plan.errors if _ROW_OF_FIELD.get(error.field, error.field) == row), None)


class LaunchFormText:
    """Writes a plan, and what is wrong with it, into a form. ``has_picker``: there is a picker of all types."""

    def __init__(self, form: Screen[LaunchRequest], clock: Callable[[], datetime], has_picker: bool) -> None:
        self._form = form
        self._clock = clock
        self._has_picker = has_picker

    def _field(self, name: str) -> Field:
        return self._form.query_one(f"#{name}", Field)

    def _line(self, name: str) -> Static:
        return self._form.query_one(f"#{name}", Static)

    def show_error(self, error: Fe2Error | None) -> None:
        """What stands in the way of all of it, or that nothing does."""
        line = self._line("trouble")
        line.display = error is not None
        if error is not None:
            line.update(Content.assemble(("▲ ", "$error"), safe_content(error.summary), " ", dim(error.remedy)))

    def show_plan(self, plan: LaunchPlan | None) -> None:
        """What a plan comes to, below the fields and beside them; None: there is none yet."""
        self._line("cost").update(cost_content(plan))
        self._line("zones").update(zones_content(plan) if plan and not plan.error_for("type") else Content(""))
        warnings = plan.warnings if plan else ()
        self._line("warnings").update(warnings_content(warnings))
        self._line("warnings").display = bool(warnings)
        if plan is None:
            return
        self._form.query_one(PurchasePrices).show_plan(plan)
        self._line("data").update(dim(plan.purchase_text))
        self._field("image").show_hint(*image_hints(plan, self._clock()))
        self._field("disk").show_hint(*disk_hints(plan, self._field("disk").value))
        if plan.volumes and plan.request.iops is None:
            self._field("iops").input.placeholder = str(plan.volumes[0].iops or GP3_IOPS)
        self._field("type").show_hint(*type_hints(plan, self._has_picker))
        self._field("key_name").show_hint(*key_hints(plan))
        self._field("security_group").show_hint(*group_hints(plan))
        self._field("address").show_hint(*address_hints(plan))

    def show_row_errors(self, plan: LaunchPlan, checked_rows: Collection[str]) -> None:
        """What is wrong stands beside those rows that are to be judged; what belongs to none, below them all."""
        for name in ROW_NAMES:
            self._form.query_one(f"#{name}", FormRow).show_error(
                row_error(plan, name) if name in checked_rows else None
            )
        elsewhere = [error for error in plan.errors if error.field not in (*ROW_NAMES, *_ROW_OF_FIELD)]
        if elsewhere:
            self.show_error(elsewhere[0])

    def ask_to_read_warnings(self, plan: LaunchPlan) -> None:
        """The warnings came after the key that launches: they are to be read, and it is to be pressed once more."""
        self._line("warnings").update(
            Content.assemble(warnings_content(plan.warnings), "\n", dim("  ^s launches all the same."))
        )
