"""Tunnels: see those that are open, close them, open more."""

from __future__ import annotations

from fe2tui.model.command_text import CommandText, connect_text
from fe2tui.model.instance import Instance
from fe2tui.tui.actions.command_texts import instance_references, place_of
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.forms.tunnels import TunnelsForm
from fe2tui.tui.pane_ids import INSTANCES


async def tunnels(context: CommandContext) -> None:
    """Show the tunnels of this dashboard, and offer to open some to the selected instance."""
    services, instance = context.services, _target(context)

    def command(ports: str) -> CommandText | None:
        if instance is None or not ports:
            return None
        return connect_text(place_of(context), instance_references(context, [instance])[0], ports, None)

    await services.ask(TunnelsForm(services.tunnel_keeper, instance, clock=services.clock, command=command))


def _target(context: CommandContext) -> Instance | None:
    """The one instance that tunnels could lead to."""
    targets = context.targets if context.pane == INSTANCES else ()
    return targets[0] if len(targets) == 1 and not targets[0].state.is_gone else None
