"""The commands of the shell and of Python that do what keys do."""

from __future__ import annotations

from fe2tui.model.command_text import CommandText, connect_text, freeze_text, launch_text
from fe2tui.model.instance import State
from fe2tui.model.launch import LaunchRequest
from fe2tui.tui.actions.clipboard import copy_text
from fe2tui.tui.actions.command_texts import deregister_text, instance_references, instances_text, place_of
from fe2tui.tui.actions.launch import image_reference, small_type_for
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.picker import command_picker
from fe2tui.tui.pane_ids import IMAGES


async def copy_as_command(context: CommandContext) -> None:
    """Ask which command on the target rows to copy, as a line for the shell or for Python."""
    texts = _image_texts(context) if context.pane == IMAGES else _instance_texts(context)
    line = await context.services.ask(command_picker(texts))
    if line is not None:
        await copy_text(context.services.app, line)
        context.services.tell(f"Copied {line}")


def _instance_texts(context: CommandContext) -> dict[str, CommandText]:
    targets = context.targets
    by_state = {
        "Stop": [one for one in targets if one.state is State.RUNNING],
        "Start": [one for one in targets if one.state is State.STOPPED],
        "Reboot": [one for one in targets if one.state is State.RUNNING],
        "Terminate": [one for one in targets if not one.state.is_gone],
    }
    texts = {verb: instances_text(context, verb.lower(), ones) for verb, ones in by_state.items() if ones}
    if len(targets) == 1:
        place, (name,) = place_of(context), instance_references(context, targets)
        is_running = targets[0].state is State.RUNNING
        texts["Freeze"] = freeze_text(place, name, "", "reboot" if is_running else None)
        if is_running:
            texts = {"Connect": connect_text(place, name, "", None), **texts}
    return texts


def _image_texts(context: CommandContext) -> dict[str, CommandText]:
    own = context.fleet.images if context.fleet is not None else {}
    texts = {}
    if len(context.images) == 1 and context.images[0].state == "available":
        image = context.images[0]
        request = LaunchRequest("", image_reference(image, context.fleet), small_type_for(image))
        texts["Launch"] = launch_text(place_of(context), request)
    if images := [one for one in context.images if one.id in own]:
        texts["Deregister"] = deregister_text(context, images)
    return texts
