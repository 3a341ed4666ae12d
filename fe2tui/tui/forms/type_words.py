"""What the picker says of the type under the cursor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from fe2tui.errors import Fe2Error
from fe2tui.model.machine_type import MachineType
from fe2tui.model.type_query import TypesAt
from fe2tui.model.words import DASH, dollars, listed, visible
from fe2tui.tui.forms.form import dim, shown
from fe2tui.tui.forms.type_columns import architecture_words, disk_words, gpu_memory, gpu_words, network_words
from fe2tui.tui.forms.type_list import TypeList
from fe2tui.tui.widgets.grid import Cell

SEVERAL = "several prices, see https://aws.amazon.com/ec2/pricing/on-demand/"
_HYPERVISORS = {"nitro": "Nitro", "xen": "Xen"}


def when_empty(types: TypeList, region: str, error: Fe2Error | None) -> Sequence[Cell]:
    """What the table says when it has no rows."""
    if types.catalogue is not None:
        more = "ctrl+r shows those that cannot be chosen." if types.hidden and not types.shows_unfit else ""
        return (("No type fits.", "text"), (more, "dim"))
    if error is not None:
        return (("The types could not be read.", "text"), (visible(error.remedy), "dim"))
    return ((f"Reading the instance types of {visible(region)} …", "text"), ("It takes seconds.", "dim"))


def about(types: TypeList, name: str | None, region: str) -> Content:
    """Why a type cannot be chosen, what it has, and all else about it; nothing of none."""
    kind = types.type(name)
    if kind is None:
        return Content("")
    why = types.reasons.get(kind.name)
    refusal = Content.assemble(("× ", "$warning"), shown(why), "\n") if why else Content("")
    said = " · ".join(fact for fact in facts(kind, types.at, region) if fact)
    return Content.assemble(refusal, shown(kind.name, "bold"), "  ", shown(heading(kind)), "  ", dim(said))


def heading(kind: MachineType) -> str:
    """What it has, in one line."""
    memory = f"{kind.memory / 1024:,.1f}".removesuffix(".0")
    parts = [f"{kind.vcpus:,} vCPU", f"{memory} GiB"]
    if kind.gpus:
        each = f" with {gpu_memory(kind)} GB{' each' if kind.gpus > 1 else ''}" if gpu_memory(kind) else ""
        parts.append(f"{gpu_words(kind)}{each}")
    return ", ".join(parts)


def facts(kind: MachineType, at: TypesAt, region: str) -> Iterator[str]:
    """All else about it, the weightiest first."""
    yield _zones(kind, at, region)
    yield architecture_words(kind)
    if (network := network_words(kind)) != DASH:
        yield f"network {network}"
    if (disk := disk_words(kind)) != DASH:
        yield f"local disk {disk}, emptied when it stops"
    yield from _prices(kind, at)
    if kind.burstable:
        yield "burstable: a share of its CPU all the time, credits for more"
    if kind.free_tier:
        yield "free tier"
    if not kind.current:
        yield "previous generation"
    yield "bare metal" if kind.bare_metal else _HYPERVISORS.get(kind.hypervisor, visible(kind.hypervisor))
    if kind.boot_modes:
        yield f"boots {listed([visible(mode) for mode in kind.boot_modes], 'or')}"
    yield {"required": "needs ENA", "unsupported": "no ENA"}.get(kind.ena, "ENA")
    yield "can hibernate" if kind.hibernation else "cannot hibernate"


def _zones(kind: MachineType, at: TypesAt, region: str) -> str:
    if not at.zones:
        return "zones not known"
    zones = [zone.removeprefix(f"{region.rsplit('-', 1)[0]}-") for zone in at.zones.get(kind.name, ())]
    return f"in {' '.join(map(visible, zones))}" if zones else "in no zone"


def _prices(kind: MachineType, at: TypesAt) -> Iterator[str]:
    if kind.name in at.prices.several:
        yield SEVERAL
    if not kind.spot:
        yield "no spot"
        return
    if known := at.spot_by_zone(kind):
        each = [f"{visible(zone.rsplit('-', 1)[-1])} {dollars(price, 4)}" for price, zone in known]
        yield f"spot {', '.join(each)}"
