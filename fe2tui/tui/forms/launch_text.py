"""What the launch form says about a plan: hints beside its fields, cost, zones and warnings below them."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime

from textual.content import Content

from fe2tui.model.image import Image
from fe2tui.model.location import zone_letter
from fe2tui.model.spot import saving
from fe2tui.model.text import dollars, join_words, percent, short_age, visible
from fe2tui.tasks.launch import LaunchPlan
from fe2tui.tui.forms.form import DIM, dim, safe_content

_AMOUNT = re.compile(r"\$\d[\d,.]*\d")
_ARCHITECTURE_NAMES = {"arm64": "Arm", "x86_64": "x86_64"}


def image_hints(plan: LaunchPlan, now: datetime) -> tuple[str, ...]:
    """The id, architecture, size and age of the image, in fewer and fewer words."""
    image = plan.image
    if image is None:
        return ("",)
    short = f"{image.id[:12]}…" if len(image.id) > 13 else image.id
    core = f"{short}  {_ARCHITECTURE_NAMES.get(image.architecture, image.architecture)}  {image.root_size} GiB"
    origin = image_origin(image, now)
    return (f"{core}  {origin}", core, f"{short}  {image.architecture}")


def type_hints(plan: LaunchPlan, has_picker: bool) -> tuple[str, ...]:
    if plan.type is None:
        return ("^t all types" if has_picker else "",)
    summary = plan.type.summary
    return (f"{summary}  ^t all types", f"{summary}  ^t", summary) if has_picker else (summary,)


def disk_hints(plan: LaunchPlan, typed: str) -> tuple[str, ...]:
    if plan.volume_size is None or plan.error_for("disk"):
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
    if plan.group is None:
        return ("",)
    words = plan.group.words
    return (words, words.removesuffix(" only"), words.replace("port 22 from", "22 from").removesuffix(" only"))


def key_hints(plan: LaunchPlan) -> tuple[str, ...]:
    if plan.key is None:
        return ("",)
    file = plan.key.private_key
    short = (f"in …/{'/'.join(file.parts[-2:])}", f"in …/{file.name}") if file and plan.key.action == "use" else ()
    return (plan.key.words, *short)


def address_hints(plan: LaunchPlan) -> tuple[str, ...]:
    """The address matters only if the launch creates the group."""
    if plan.group is None or plan.group.id is None:
        return ("who can reach port 22; empty: no one", "who can reach port 22")
    return (f"only for a new group; {visible(plan.group.name)} exists", "only for a new group")


PRICED_FIELDS = ("image", "disk", "type", "iops")


def is_priced(plan: LaunchPlan) -> bool:
    """Whether the cost is that of what would be launched: nothing that it depends on is wrong."""
    return not any(plan.error_for(name) for name in PRICED_FIELDS)


def cost_content(plan: LaunchPlan | None) -> Content:
    """``plan`` None: the first one is being made."""
    if plan is None or (
        plan.is_price_pending and is_priced(plan) and (plan.cost is None or plan.cost.per_hour is None)
    ):
        return dim("Looking up the cost …")
    if not plan.cost_text or not is_priced(plan):
        return dim("The cost is shown when image, disk and type are right.")
    content = Content(plan.cost_text)
    for amount in _AMOUNT.finditer(plan.cost_text):
        content = content.stylize("bold", amount.start(), amount.end())
    return content


def zones_content(plan: LaunchPlan) -> Content:
    """The zone of the launch, what spot saves there, and the zones that are tried next."""
    zones = [zone for zone in plan.zones if zone]
    if not zones or not is_priced(plan):
        return Content("")
    others = [zone_letter(zone) for zone in zones[1:]]
    only = " only" if plan.request.zone else ""
    first = zone_letter(zones[0])
    rest = f", or in {join_words(others, 'or')} if {first} has no capacity" if others else ""
    return Content.styled(f"Launches in {zones[0]}{only}{_saving_text(plan)}{rest}.", DIM)


def _saving_text(plan: LaunchPlan) -> str:
    """``, 68 % below on demand``; empty for an on-demand instance."""
    if plan.cost is None or not plan.request.is_spot:
        return ""
    saves = saving(plan.cost.instance_per_hour, plan.on_demand_per_hour)
    if saves is None:
        return ""
    return f", {percent(float(abs(saves)))} {'below' if saves >= 0 else 'above'} on demand"


def warnings_content(warnings: Collection[str]) -> Content:
    return Content("\n").join(Content.assemble(("▲ ", "$warning"), safe_content(visible(words))) for words in warnings)


def image_origin(image: Image, now: datetime) -> str:
    """``yours, 3d old``."""
    old = f"{short_age(now - image.created_at)} old" if image.created_at else ""
    return ", ".join(part for part in ("" if image.public else "yours", old) if part)
