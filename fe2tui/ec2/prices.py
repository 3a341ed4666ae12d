"""``EC2``'s methods about instance types, prices and costs."""

from __future__ import annotations

from fe2tui.aws.session import enabled_regions
from fe2tui.ec2.client import Client, TypeReference, name_of
from fe2tui.ec2.notebook import CHART_SPAN, Lines, NotebookPriceHist
from fe2tui.errors import Fe2Error
from fe2tui.model.cost_filter import COST_LANGUAGE
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.money.account import AccountCost, account_cost
from fe2tui.model.on_demand_prices import OnDemandPrice
from fe2tui.model.other_regions import RegionCount
from fe2tui.model.price_hist import PriceHist
from fe2tui.tasks import types as tasks
from fe2tui.tasks.context import Context
from fe2tui.tasks.other_regions import count_regions
from fe2tui.tasks.price_hist import price_hist
from fe2tui.tasks.read_fleet import read_whole_fleet


class PriceMethods(Client):
    """The part of ``EC2`` about types, prices and costs."""

    def cost(self, filter: str = "") -> AccountCost:
        """What the region costs in dollars: per hour, today, this month so far (UTC), and per month at this rate.

        ``rows`` are the cost items; ``missing`` says in sentences what is left out or unknown. ``filter`` leaves only
        matching rows, and their sums: ``tag:project=vision``, ``kind:disk``, ``month>50``. Raises FilterError.
        """
        query = COST_LANGUAGE.parse_complete(filter)

        async def work(ctx: Context) -> AccountCost:
            total = account_cost(await read_whole_fleet(ctx), ctx.clock())
            return total.matching(query) if query.tests else total

        return self._run(work)

    def count_regions(self) -> Lines[RegionCount]:
        """Count what runs in each enabled region, and what its instances and disks cost per hour in dollars.

        A region that the login may not read has the reason in ``denied``; one that could not be read is left out. If
        none could, its error is raised.
        """

        async def work(ctx: Context) -> list[RegionCount]:
            found = await count_regions(ctx, await enabled_regions(ctx.session))
            counts = [one for one in found if isinstance(one, RegionCount)]
            if not counts and isinstance(found[0], Fe2Error):
                raise found[0]
            return counts

        return Lines(self._run(work))

    def types(self, filter: str = "", *, sort: str = "type") -> Lines[InstanceType]:
        """The instance types that match a filter like ``vcpu>=8 gpu:a10g price<1.5``.

        ``sort`` is type, vcpu, mem, gpu, gpumem, arch, net, disk, price or spot. Raises FilterError.
        """
        known = self._background.type_catalogues

        async def work(ctx: Context) -> list[InstanceType]:
            found, _ = await tasks.find_types(ctx, filter, known, [], sort=sort)
            return found

        return Lines(self._run(work))

    def price_demand(self, family: TypeReference) -> Lines[OnDemandPrice]:
        """The on-demand price per hour of one type or of each type of a family, smallest first.

        Raises NotFoundError with the nearest families, and DeniedError if the login may not read prices.
        """
        known, wanted = self._background.type_catalogues, name_of(family)
        return Lines(self._run(lambda ctx: tasks.price_demand(ctx, wanted, known, [])))

    def price_hist(self, family: TypeReference, days: int = 3, zone: str | None = None) -> NotebookPriceHist:
        """The spot price of one type or of each type of a family on each of the last ``days``, in dollars per hour.

        Prices are means over time: of each type's cheapest zone, of ``zone`` (``us-east-2a`` or ``2a``), or of every
        zone (``all``). A notebook also draws the past weeks. ``rows`` are the figures, ``histories`` every change of
        price. Raises NotFoundError with the nearest families, and DeniedError if the login may not read spot prices.
        """
        known, wanted = self._background, name_of(family)

        async def work(ctx: Context) -> PriceHist:
            back = CHART_SPAN.days
            return await price_hist(
                ctx, wanted, days, known.spot_histories, known.type_catalogues, zone=zone, min_days=back
            )

        return NotebookPriceHist.from_price_hist(self._run(work))
