"""What types there are, and what they cost."""

from __future__ import annotations

from fe2tui.ec2.account import Account
from fe2tui.ec2.lines import Lines
from fe2tui.model.demand import DemandPrice
from fe2tui.model.machine_type import MachineType
from fe2tui.tasks import types as tasks
from fe2tui.tasks.context import Context


class Prices(Account):
    """The types of one region and their prices; see ``EC2``."""

    def types(self, filter: str = "", *, sort: str = "type") -> Lines[MachineType]:
        """The instance types that fit a filter such as ``vcpu>=8 gpu:a10g price<1.5``.

        ``sort`` is type, vcpu, mem, gpu, gpumem, arch, net, disk, price or spot. Raises QueryError.
        """
        known = self._background.catalogues

        async def work(ctx: Context) -> list[MachineType]:
            found, _ = await tasks.find_types(ctx, filter, known, [], sort=sort)
            return found

        return Lines(self._do(work))

    def price_demand(self, family: str) -> Lines[DemandPrice]:
        """The on-demand price an hour of each type of a family, smallest first, or of one type.

        Raises NotFoundError, with the nearest families; DeniedError for a login that may not read prices.
        """
        known = self._background.catalogues
        return Lines(self._do(lambda ctx: tasks.price_demand(ctx, family, known, [])))
