"""What freezing an instance comes to: the name checked and made unique, the ways, the cost, before anything is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from fe2tui.aws import images as aws
from fe2tui.aws import types
from fe2tui.errors import Fe2Error, FieldError, StateError
from fe2tui.model.fleet import Fleet
from fe2tui.model.freeze import FreezeWay, image_name_error, image_name_of, unused_image_name
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, State
from fe2tui.model.text import dollars, join_words
from fe2tui.tasks.context import Context
from fe2tui.tasks.power import find_unstoppable


@dataclass(frozen=True, slots=True)
class FreezeOption:
    """One way to make an image of a running instance, and what it means."""

    way: FreezeWay
    title: str
    words: str


FREEZE_OPTIONS = (
    FreezeOption(
        "reboot",
        "Reboot",
        "It restarts: what runs on it ends, and its disks are at rest when the image is taken. It keeps its address.",
    ),
    FreezeOption(
        "stop",
        "Stop first",
        "It stops, the image is taken, and it starts again: the surest. It gets another public address, unless that "
        "is an Elastic IP.",
    ),
    FreezeOption(
        "no-reboot",
        "No reboot",
        "Nothing is interrupted. The image is as after a power cut: what was being written may be damaged in it.",
    ),
)


@dataclass(frozen=True, slots=True)
class FreezePlan:
    """What a freeze comes to. It can be done when ``errors`` is empty.

    ``name`` is the image's, ``free_name`` one that nobody has. ``ways`` are those possible for the instance: none for
    one that is stopped already, which needs none. ``at_most_per_month`` is dollars, None where not known.
    ``taken_name`` is the name that the image would have if no other image had it; empty if ``name`` is the one wanted.
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

    @property
    def is_possible(self) -> bool:
        """Whether nothing stands in its way."""
        return not self.errors

    @property
    def name_text(self) -> str:
        """Why the image gets another name than its instance's; empty if it does not."""
        if not self.existing_name:
            return ""
        return f"There is an image {self.existing_name} already: the new one will be called {self.name}."

    @property
    def stops_instance(self) -> bool:
        """Whether the instance is stopped for it, and started again."""
        return self.way == "stop" and self.instance.state is State.RUNNING

    def error_for(self, field_name: str) -> FieldError | None:
        """What is wrong with one field: ``ami_name`` or ``way``."""
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
    """What freezing an instance comes to: everything checked, nothing changed.

    Without a ``name`` it is the instance's own, made valid and unique. ``images`` are the account's own where they
    are known already, disabled ones too; else AWS is asked. ``fleet`` tells what the image will cost. Raises
    StateError when the instance is in no state to be frozen.
    """
    _require_freezable(instance)
    known = list(images) if images is not None else await aws.own_images_with_disabled(ctx.session)
    used_names = {image.name for image in known}
    wanted_name = (name or "").strip()
    own_name = image_name_of(instance)
    free = unused_image_name(own_name, used_names)
    errors = []
    if wanted_name:
        free = unused_image_name(image_name_of(replace(instance, tags={"Name": wanted_name})), used_names)
        error = image_name_error(wanted_name, free) or (
            aws.name_taken_error(wanted_name, free) if wanted_name in used_names else None
        )
        errors += [error] if error else []
    ways = await _possible_options(ctx, instance)
    if way not in (one.way for one in FREEZE_OPTIONS):
        errors.append(
            FieldError(
                "way", f"There is no way “{way}”.", f"There are {join_words([one.way for one in FREEZE_OPTIONS])}."
            )
        )
    elif ways and way not in {one.way for one in ways}:
        errors.append(
            FieldError(
                "way",
                f"{instance.label} is a one-time spot instance: it cannot be stopped, only terminated.",
                "Let it reboot, or freeze it without.",
                code="UnsupportedOperation",
            )
        )
    cost = _max_per_month(instance, fleet)
    local = await _instance_store_gb(ctx, instance) if any(one.way == "stop" for one in ways) else 0
    ways = tuple(_with_data_loss(one, local) for one in ways)
    first, *more = _sentences(instance, way, fleet, cost)
    sentences = (first, *_data_loss_sentences(instance, way, local), *more)
    taken_name = "" if wanted_name or free == own_name else own_name
    return FreezePlan(instance, wanted_name or free, free, way, tuple(errors), ways, sentences, cost, taken_name)


def _require_freezable(instance: Instance) -> None:
    if instance.state in (State.RUNNING, State.STOPPED):
        return
    gone = instance.state.is_gone
    raise StateError(
        f"{instance.label} is {instance.state}: {'it cannot' if gone else 'it cannot yet'} be made an image.",
        "" if gone else f"Wait until it is {'running' if instance.state is State.PENDING else 'stopped'}.",
    )


async def _possible_options(ctx: Context, instance: Instance) -> tuple[FreezeOption, ...]:
    if instance.state is State.STOPPED:
        return ()
    refusal = (await find_unstoppable(ctx, [instance])).get(instance.id) if instance.is_spot else None
    return tuple(one for one in FREEZE_OPTIONS if one.way != "stop" or not isinstance(refusal, Fe2Error))


async def _instance_store_gb(ctx: Context, instance: Instance) -> int:
    """Gigabytes of the machine's own disks, which a stop empties; 0 also where that cannot be found out."""
    try:
        catalogue = await asyncio.to_thread(ctx.store.type_catalogues.get, ctx.session.location)
        known = catalogue.types.get(instance.type) if catalogue is not None else None
        return (known or await types.instance_type(ctx.session, instance.type)).local_disk
    except Fe2Error:
        return 0


def _with_data_loss(one: FreezeOption, local: int) -> FreezeOption:
    if one.way != "stop" or not local:
        return one
    return replace(one, words=f"{one.words} All that is on its local disk ({local:,} GB, instance store) is lost.")


def _data_loss_sentences(instance: Instance, way: FreezeWay, local: int) -> list[str]:
    """What a stop takes away for good."""
    if way != "stop" or instance.state is not State.RUNNING:
        return []
    sentences = []
    if local:
        sentences.append(f"All that is on its local disk ({local:,} GB, instance store) is lost when it stops.")
    if instance.public_ip:
        sentences.append(f"Its public address {instance.public_ip} changes, unless it is an Elastic IP, which stays.")
    return sentences


def _max_per_month(instance: Instance, fleet: Fleet | None) -> Decimal | None:
    if fleet is None or fleet.prices.snapshot is None:
        return None
    volumes = fleet.volumes_of(instance)
    if len(volumes) != len(instance.attachments):
        return None
    return fleet.prices.snapshot * sum(volume.size for volume in volumes)


def _sentences(instance: Instance, way: FreezeWay, fleet: Fleet | None, cost: Decimal | None) -> list[str]:
    sentences = []
    if instance.state is State.STOPPED:
        sentences.append(f"{instance.label} is stopped: its disks are at rest, and it stays stopped.")
    elif way == "reboot":
        sentences.append(f"{instance.label} reboots: what runs on it ends.")
    elif way == "stop":
        sentences.append(f"{instance.label} is stopped for some minutes: what runs on it ends.")
    else:
        sentences.append(f"{instance.label} runs on: files being written may be damaged in the image.")
    volumes = fleet.volumes_of(instance) if fleet is not None else ()
    if len(volumes) > 1:
        sizes = join_words([f"{volume.size:,} GiB" for volume in volumes])
        every = "Both its disks" if len(volumes) == 2 else f"All its {len(volumes)} disks"
        sentences.append(f"{every} are in the image: {sizes}.")
    if cost is not None:
        sentences.append(
            f"The image costs at most {dollars(cost, sign='$')} a month: AWS bills what is written on the disks, "
            "not their size."
        )
    return sentences
