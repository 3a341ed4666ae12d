"""The lines for the shell and for Python that do what actions do at the location that is shown."""

from __future__ import annotations

from collections.abc import Sequence

from fe2tui.model.command_text import CommandPlace, CommandText, command_text, reference
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance
from fe2tui.tui.command_context import CommandContext


def place_of(context: CommandContext) -> CommandPlace:
    choice = context.services.session.choice
    return CommandPlace(context.region, choice.profile or "", choice.endpoint_url or "")


def instance_references(context: CommandContext, instances: Sequence[Instance]) -> list[str]:
    fleet = context.services.fleet or context.fleet
    among = [one for one in fleet.instances.values() if not one.state.is_gone] if fleet is not None else instances
    return [reference(one, among) for one in instances]


def instances_text(context: CommandContext, verb: str, instances: Sequence[Instance], **flags: bool) -> CommandText:
    """The lines of a verb that takes instances: ``stop``, ``start``, ``reboot``, ``terminate``."""
    return command_text(place_of(context), verb, instance_references(context, instances), flags)


def deregister_text(context: CommandContext, images: Sequence[Image]) -> CommandText:
    fleet = context.services.fleet or context.fleet
    among = fleet.images.values() if fleet is not None else images
    return command_text(place_of(context), "deregister", [reference(one, among) for one in images])
