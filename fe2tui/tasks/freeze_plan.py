"""The plan of a freeze: the image's name, the possible ways, the cost, checked before anything is changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fe2tui.aws import images as aws
from fe2tui.aws import types
from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
from fe2tui.errors import Fe2Error, FieldError, StateError
from fe2tui.model.fleet import Fleet
from fe2tui.model.freeze import FreezeWay, image_name_error, image_name_of, unused_image_name
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_group import stop_sentences
from fe2tui.model.text import dollars, join_words
from fe2tui.tasks.context import Context
from fe2tui.tasks.power import find_unstoppable


@dataclass(frozen=True, slots=True)
class FreezeOption:
    """One way to create an image of a running instance, and what it does."""

    way: FreezeWay
    title: str
    words: str


FREEZE_OPTIONS = (
    FreezeOption(
        "reboot",
        "Reboot",
        "It restarts: what runs on it ends, and nothing writes to its disks meanwhile. Its address stays.",
    ),
    FreezeOption(
        "stop",
        "Stop first",
        "It stops, the image is taken, and it starts again: the safest way. Its public address changes, unless that is "
        "an Elastic IP.",
    ),
    FreezeOption(
        "no-reboot",
        "No reboot",
        "Nothing is interrupted. Files being written may be corrupt in the image.",
    ),
)


@dataclass(frozen=True, slots=True)
class FreezePlan:
    """A checked freeze. It can be done if ``errors`` is empty.

    ``name`` is the image's name, ``unused_name`` one that no image has. ``options`` are the possible ways; none for a
    stopped instance, which needs none. ``max_per_month`` is dollars, None if not known. ``existing_name`` is the
    instance's name if an image has it already, so that ``name`` has a number; else empty.
    """

    instance: Instance
    name: str
    unused_name: str
    way: FreezeWay
    errors: tuple[FieldError, ...] = ()
    options: tuple[FreezeOption, ...] = ()
    sentences: tuple[str, ...] = ()
    max_per_month: Decimal | None = None
    existing_name: str = ""
    instance_store: int = 0  # GB that a stop empties

    @property
    def is_possible(self) -> bool:
        return not self.errors

    @property
    def name_text(self) -> str:
        """Why the image gets another name than its instance; empty if it does not."""
        if not self.existing_name:
            return ""
        return f"There is an image {self.existing_name} already: the new one will be called {self.name}."

    @property
    def stops_instance(self) -> bool:
        return self.way == "stop" and self.instance.state is State.RUNNING

    @property
    def group_sentences(self) -> tuple[str, ...]:
        """What AWS does because the instance is stopped: a person agrees to that first."""
        return stop_sentences([self.instance]) if self.stops_instance else ()

    def error_for(self, field_name: str) -> FieldError | None:
        return next((error for error in self.errors if error.field == field_name), None)


async def plan_freeze(
    ctx: Context,
    instance: Instance,
    name: str | None = None,
    way: FreezeWay = "reboot",
    fleet: Fleet | None = None,
    *,
    images: Sequence[Image] | None = None,
) -> FreezePlan:
    """Check everything for a freeze. Changes nothing.

    Without a ``name`` the image gets the instance's, made valid and unique. ``images`` are the account's own, with the
    disabled ones, if they were read a moment ago; else AWS is asked. The cost comes from ``fleet``. Raises StateError
    if the instance is neither running nor stopped.
    """
    if instance.state not in (State.RUNNING, State.STOPPED):
        gone = instance.state.is_gone
        raise StateError(
            f"{instance.label} is {instance.state}, and cannot be frozen{'' if gone else ' yet'}.",
            "" if gone else f"Wait until it is {'running' if instance.state is State.PENDING else 'stopped'}.",
        )
    if instance.state is State.RUNNING:
        (instance,) = await with_ec2_fleet_types(ctx.session, [instance])
    known = list(images) if images is not None else await aws.own_images_with_disabled(ctx.session)
    used_names = {image.name for image in known}
    wanted_name = (name or "").strip()
    own_name = image_name_of(instance)
    unused = unused_image_name(own_name, used_names)
    error = None
    if wanted_name:
        unused = unused_image_name(image_name_of(replace(instance, tags={"Name": wanted_name})), used_names)
        error = image_name_error(wanted_name, unused) or (
            aws.name_taken_error(wanted_name, unused) if wanted_name in used_names else None
        )
    options: Sequence[FreezeOption] = FREEZE_OPTIONS if instance.state is State.RUNNING else ()
    if options and instance.is_spot and await find_unstoppable(ctx, [instance]):
        options = [one for one in options if one.way != "stop"]
    local = await _instance_store_gb(ctx, instance) if any(one.way == "stop" for one in options) else 0
    plan = FreezePlan(
        instance,
        wanted_name or unused,
        unused,
        way,
        errors=(error,) if error else (),
        options=tuple(
            replace(one, words=f"{one.words} All that is on its local disk ({local:,} GB, instance store) is lost.")
            if one.way == "stop" and local
            else one
            for one in options
        ),
        max_per_month=_max_per_month(instance, fleet),
        existing_name="" if wanted_name or unused == own_name else own_name,
        instance_store=local,
    )
    return with_way(plan, way, fleet)


def with_way(plan: FreezePlan, way: FreezeWay, fleet: Fleet | None = None) -> FreezePlan:
    """The same plan for another way. Does not ask AWS."""
    instance, errors = plan.instance, [error for error in plan.errors if error.field != "way"]
    ways: list[str] = [one.way for one in FREEZE_OPTIONS]
    if way not in ways:
        errors.append(FieldError("way", f"There is no way {way}.", f"There are {join_words(ways)}."))
    elif plan.options and way not in {one.way for one in plan.options}:
        errors.append(
            FieldError(
                "way",
                f"{instance.label} is a one-time spot instance: it cannot be stopped, only terminated.",
                "Choose reboot or no-reboot.",
                code="UnsupportedOperation",
            )
        )
    plan = replace(plan, way=way, errors=tuple(errors))
    return replace(plan, sentences=tuple(_sentences(plan, fleet)))


async def _instance_store_gb(ctx: Context, instance: Instance) -> int:
    """Gigabytes of the instance store, which a stop empties; 0 also if that cannot be looked up."""
    try:
        catalogue = await asyncio.to_thread(ctx.store.type_catalogues.get, ctx.session.location)
        known = catalogue.types.get(instance.type) if catalogue is not None else None
        return (known or await types.instance_type(ctx.session, instance.type)).local_disk
    except Fe2Error:
        return 0


def _max_per_month(instance: Instance, fleet: Fleet | None) -> Decimal | None:
    if fleet is None or fleet.prices.snapshot is None:
        return None
    volumes = fleet.volumes_of(instance)
    if len(volumes) != len(instance.attachments):
        return None
    return fleet.prices.snapshot * sum(volume.size for volume in volumes)


def _sentences(plan: FreezePlan, fleet: Fleet | None) -> Iterator[str]:
    instance, local, cost = plan.instance, plan.instance_store, plan.max_per_month
    if instance.state is State.STOPPED:
        yield f"{instance.label} is stopped, and stays stopped."
    elif plan.way == "reboot":
        yield f"{instance.label} reboots: what runs on it ends."
    elif plan.way == "stop":
        yield f"{instance.label} is stopped for some minutes: what runs on it ends."
    else:
        yield f"{instance.label} keeps running: files being written may be corrupt in the image."
    yield from plan.group_sentences
    if plan.stops_instance and local:
        yield f"All that is on its local disk ({local:,} GB, instance store) is lost when it stops."
    if plan.stops_instance and instance.public_ip:
        yield f"Its public address {instance.public_ip} changes, unless it is an Elastic IP, which stays."
    volumes = fleet.volumes_of(instance) if fleet is not None else ()
    if len(volumes) > 1:
        sizes = join_words([f"{volume.size:,} GiB" for volume in volumes])
        every = "Both its disks" if len(volumes) == 2 else f"All its {len(volumes)} disks"
        yield f"{every} are in the image: {sizes}."
    if cost is not None:
        costs = f"The image costs at most {dollars(cost, sign='$')} a month"
        yield f"{costs}: AWS bills what is written on the disks, not their size."
