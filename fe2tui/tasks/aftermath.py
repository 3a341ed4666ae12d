"""When ssh did not get through: why, and whether this computer's address has changed since it was let in."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

from fe2tui.aws import network
from fe2tui.errors import AwsError, Fe2Error, FieldError, MachineError, UnansweredError
from fe2tui.model.instance import Instance
from fe2tui.model.words import listed
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.tasks.connect import Connection, explain
from fe2tui.tasks.context import Context
from fe2tui.tasks.launch_choices import bare_block, is_open_to
from fe2tui.tasks.lookups import as_block
from fe2tui.tasks.reach import host_keys
from fe2tui.tasks.record import Entry, end, recorded, unbroken

_LOOK_SECONDS = 6.0


class AddressChange(NamedTuple):
    """An instance's security group does not let this computer in any more. ``cidr`` is where it is now."""

    group_id: str
    group_name: str
    vpc_id: str
    cidr: str
    let_in: tuple[str, ...]

    @property
    def words(self) -> str:
        """As in ``Your address is 203.0.113.7 now, and security group ssh lets in 198.51.100.4 only.``"""
        who = (
            f"lets in {listed([bare_block(block) for block in self.let_in[:3]])} only"
            if self.let_in
            else "lets nobody in"
        )
        return f"Your address is {bare_block(self.cidr)} now, and security group {self.group_name} {who}."


async def explain_end(ctx: Context, connection: Connection, exit_status: int, stderr: str = "") -> Fe2Error | None:
    """Why ssh ended as it did, as ``connect.explain``; where its messages are not at hand, by trying again quickly.

    Of a machine that does not answer it is looked up whether its security group lets this address in. A failure takes
    the place of what the activity log has of the connection.
    """
    error = explain(connection, exit_status, stderr)
    if type(error) is MachineError and not stderr:
        try:
            await wait_for_ssh(
                connection.route, host_keys(), within=_LOOK_SECONDS, try_seconds=_LOOK_SECONDS, denied_seconds=0
            )
        except MachineError as found:
            error = found
    if isinstance(error, UnansweredError):
        change = await changed_address(ctx, connection.instance)
        if change is not None:
            error.remedy = f"{change.words} Let the new one in, and try again."
    if error is not None:
        entry = Entry(connection.entry, subject=connection.instance.id)
        await asyncio.to_thread(end, ctx, entry, "failed", error.summary, error.remedy, error.code)
    return error


async def changed_address(ctx: Context, instance: Instance) -> AddressChange | None:
    """Whether none of an instance's security groups lets this computer's present address in at port 22.

    None where one does, or it cannot be found out.
    """
    if not ctx.settings.address_url or not instance.security_groups:
        return None
    try:
        cidr = as_block(await network.my_address(ctx.settings.address_url))
        every = await network.security_groups(ctx.session, instance.vpc_id)
    except (AwsError, FieldError):
        return None
    ids = {group_id for group_id, _ in instance.security_groups}
    groups = [group for group in every if group.id in ids]
    if not groups or any(is_open_to(group, cidr) for group in groups):
        return None
    first = next((group for group in groups if group.ssh_from), groups[0])
    return AddressChange(first.id, first.name, first.vpc_id, cidr, first.ssh_from)


async def allow_address(ctx: Context, change: AddressChange) -> None:
    """Let the present address in at port 22 of that security group; those let in before stay."""
    with recorded(ctx, "allow address", change.group_name, change.group_id) as entry:
        allowing = network.ensure_ssh_group(ctx.session, change.group_name, change.vpc_id, change.cidr)
        await unbroken(allowing, ctx.pace.unbroken)
        entry.words = f"Security group {change.group_name} lets {bare_block(change.cidr)} in at port 22."
