"""``EC2``'s method about Elastic IPs."""

from __future__ import annotations

from collections.abc import Iterable

from fe2tui.ec2.client import Client, Reference, names_of
from fe2tui.ec2.notebook import Lines, outcome_lines
from fe2tui.model.progress import Outcome
from fe2tui.tasks import release as releasing
from fe2tui.tasks.context import Context


class AddressMethods(Client):
    """The part of ``EC2`` about Elastic IPs."""

    def release(self, *addresses: Reference | Iterable[Reference]) -> Lines[Outcome]:
        """Release Elastic IPs that are associated with nothing, by address, allocation id or name. Does not ask.

        A released address cannot be had again. No name is an error, never "all". Returns an Outcome for each; for a
        single one its error is raised instead.
        """
        wanted = names_of(addresses)

        async def work(ctx: Context) -> list[Outcome]:
            found = await releasing.find_addresses(ctx, wanted)
            return await releasing.release(ctx, [one.id for one in found], known={one.id: one for one in found})

        return outcome_lines(self._run(work))
