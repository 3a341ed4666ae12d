"""What the launch form says beside its fields, and what it suggests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from textual.content import Content

from fe2tui.model.image import IMAGE_WORDS, Image
from fe2tui.model.machine_type import MachineType, size_order
from fe2tui.model.spot import saving
from fe2tui.model.words import dollars, listed, percent, short_age, visible
from fe2tui.tasks.keys import KeyOffer
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms.form import DIM, dim, shown
from fe2tui.tui.forms.suggest import Suggestion

_KINDS = {"arm64": "Arm", "x86_64": "x86_64"}


def image_suggestions(own: Sequence[Image], now: datetime) -> list[Suggestion]:
    """The words, then the account's own AMIs: by name, or by id where two share one."""
    words = [Suggestion(known.word, f"newest {known.title}") for known in IMAGE_WORDS.values()]
    shared = {name for name, count in Counter(image.name for image in own).items() if count > 1 or not name}
    return words + [
        Suggestion(
            image.id if image.name in shared else image.name,
            "  ".join(part for part in (image.name if image.name in shared else "", _about(image, now)) if part),
            image.id,
        )
        for image in own
    ]


def _about(image: Image, now: datetime) -> str:
    return f"{image.architecture}  {image.root_size} GiB  {_origin(image, now)}"


def _origin(image: Image, now: datetime) -> str:
    old = f"{short_age(now - image.created_at)} old" if image.created_at else ""
    return ", ".join(part for part in ("" if image.public else "yours", old) if part)


def type_suggestions(types: Iterable[MachineType], prices: Mapping[str, Decimal]) -> list[Suggestion]:
    """Types in the order given, with what they have and cost."""
    found: list[Suggestion] = []
    for each in types:
        price = prices.get(each.name)
        cost = f"  ${dollars(price, 4)}/h" if price is not None else ""
        arm = "  Arm" if each.architectures == ("arm64",) else ""
        words = f"{'gpu ' if each.gpus else ''}{' '.join(each.architectures)}{' free' if each.free_tier else ''}"
        found.append(Suggestion(each.name, f"{each.summary}{arm}{cost}", words))
    return found


def priced_suggestions(prices: Mapping[str, Decimal]) -> list[Suggestion]:
    """Types of which only the price is known yet."""
    names = sorted(prices, key=size_order)
    return [Suggestion(name, f"${dollars(prices[name], 4)} an hour") for name in names]


def key_suggestions(offer: KeyOffer, create: str) -> list[Suggestion]:
    """The account's keys, those usable first, then what can be imported, then one to create."""
    account = sorted(offer.account, key=lambda key: not key.is_usable)
    return [
        *(Suggestion(key.name, key.words) for key in account),
        *(Suggestion(key.name, f"import {key.source}", f"import {key.type}") for key in offer.importable),
        Suggestion(create, "create a new key, kept on this computer", "create new"),
    ]


def free_key_name(offer: KeyOffer) -> str:
    """A name for a key to create that nothing has yet."""
    taken = {key.name for key in offer.account} | {key.name for key in offer.importable}
    names = ("default", "fe2tui", *(f"fe2tui-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def image_hints(plan: LaunchPlan, now: datetime) -> tuple[str, ...]:
    """The id, architecture, size and age of the image, in fewer and fewer words."""
    image = plan.image
    if image is None:
        return ("",)
    short = f"{image.id[:12]}…" if len(image.id) > 13 else image.id
    core = f"{short}  {_KINDS.get(image.architecture, image.architecture)}  {image.root_size} GiB"
    origin = _origin(image, now)
    return (f"{core}  {origin}", core, f"{short}  {image.architecture}")


def type_hints(plan: LaunchPlan, has_picker: bool) -> tuple[str, ...]:
    """What the type has, and the key that shows all types."""
    if plan.type is None:
        return ("^t all types" if has_picker else "",)
    summary = plan.type.summary
    return (f"{summary}  ^t all types", f"{summary}  ^t", summary) if has_picker else (summary,)


def disk_hints(plan: LaunchPlan, typed: str) -> tuple[str, ...]:
    """What the disk costs a month, with the further disks of the image."""
    if plan.disk is None:
        return ("GiB gp3",)
    size = "GiB gp3" if typed else f"{plan.disk} GiB gp3"
    if further := (plan.volumes or ())[1:]:
        size += f" + {sum(one.size for one in further):,} GiB"
    cost = plan.cost.disk_per_month if plan.cost else None
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


def cost_line(plan: LaunchPlan | None) -> Content:
    """What it costs while it runs, while it is stopped, and a month if left on."""
    cost = plan.cost if plan is not None and plan.type is not None and plan.disk is not None else None
    if cost is None:
        return dim("What it costs shows here once image and type are known.")
    hour, stopped, month = cost.per_hour, cost.stopped_per_hour, cost.per_month
    if hour is not None and stopped is not None and month is not None:
        market = plan.request.market if plan is not None else "on-demand"
        if market == "spot-once":  # it cannot be stopped
            costs = Content.assemble("This costs ", (f"${_cents(hour)}", "bold"), " an hour while it is there. ")
        else:
            costs = Content.assemble(
                "This costs ",
                (f"${_cents(hour)}", "bold"),
                " an hour while it runs, ",
                (f"${_cents(stopped)}", "bold"),
                " while stopped. ",
            )
        left_on = " a month if left on." if market == "on-demand" else " a month if left on at this price."
        return Content.assemble(costs, (f"${dollars(month)}", "bold"), left_on)
    known = []
    if cost.machine is not None:
        known.append(f"the machine ${_cents(cost.machine)} an hour")
    if cost.disk_per_month is not None:
        disks = "disks" if plan is not None and len(plan.volumes or ()) > 1 else "disk"
        known.append(f"its {disks} ${dollars(cost.disk_per_month)} a month, also while stopped")
    known.append(f"its address ${cost.address} an hour")
    return Content.assemble(("Price unknown. ", "$warning"), f"What is known: {listed(known)}.")


def _cents(amount: Decimal) -> str:
    """Cents, or more places where cents would say nothing."""
    return dollars(amount, 2 if amount >= Decimal("0.095") or amount == 0 else 4 if amount < Decimal("0.01") else 3)


def zone_line(plan: LaunchPlan) -> Content:
    """Where it will go, what that saves, and where else it goes when there is no room."""
    zones = [zone for zone in plan.zones if zone]
    if not zones:
        return Content("")
    others = [zone.rsplit("-", 1)[-1] for zone in zones[1:]]
    only = " only" if plan.request.zone else ""
    rest = f"; to {listed(others, 'or')} if AWS has no room there" if others else ""
    return Content.styled(f"Goes to {zones[0]}{only}{_saving_words(plan)}{rest}.", DIM)


def _saving_words(plan: LaunchPlan) -> str:
    """How far the spot price is below the one on demand."""
    saves = saving(plan.cost.machine, plan.on_demand) if plan.cost is not None and plan.request.is_spot else None
    if saves is None:
        return ""
    return f", {percent(float(abs(saves)))} {'below' if saves >= 0 else 'above'} on demand"


def warning_lines(warnings: Collection[str]) -> Content:
    """What has to be read first."""
    return Content("\n").join(Content.assemble(("▲ ", "$warning"), shown(visible(words))) for words in warnings)
