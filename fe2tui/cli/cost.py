"""``cost``: what the region costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun
from fe2tui.model.documents import iso_time, round_dollars

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.money.account import AccountCost, CostRow

_PARTS = ("machine", "disk", "address", "snapshots")
_JSON_DECIMALS = 6  # of dollars


@click.command()
@click.pass_obj
def cost(options: GlobalOptions) -> None:
    """Print what the region costs: per hour now, today, this month so far, and per month at this rate.

    A row is an instance with its disks and address. Days and months are UTC, as AWS bills them. Below the table stands
    what the sums leave out, and what is unknown; a sum in which an amount is missing has a ≥.
    """
    from fe2tui.model.money.account import account_cost
    from fe2tui.tasks.context import utc_now
    from fe2tui.tasks.read_fleet import read_whole_fleet

    fleet = CommandRun(options).run(read_whole_fleet)
    total = account_cost(fleet, utc_now())
    if options.json:
        print_json(_cost_document(total, fleet))
    else:
        click.echo(str(total))


def _cost_document(total: AccountCost, fleet: Fleet) -> dict[str, Any]:
    """The region's costs as JSON, in dollars. None is an unknown amount, which no sum contains: ``at_least`` names the
    sums without one.
    """
    return {
        "region": fleet.location.region,
        "at": iso_time(total.at),
        "per_hour": round_dollars(total.per_hour, _JSON_DECIMALS),
        "today": round_dollars(total.today, _JSON_DECIMALS),
        "month": round_dollars(total.month, _JSON_DECIMALS),
        "per_month": round_dollars(total.per_month, _JSON_DECIMALS),
        "at_least": list(total.at_least),
        "snapshots_per_month_at_most": round_dollars(total.snapshots_per_month, _JSON_DECIMALS),
        "prices_read_at": iso_time(fleet.prices.read_at),
        "rows": [_row_document(row) for row in total.rows],
        "missing": list(total.missing),
    }


def _row_document(row: CostRow) -> dict[str, Any]:
    columns = {"per_hour": row.hour_parts, "today": row.today_parts, "month": row.month_parts}
    return {
        "kind": row.kind,
        "id": row.id,
        "name": row.label,
        "what": row.what,
        "per_hour": round_dollars(row.per_hour, _JSON_DECIMALS),
        "today": round_dollars(row.today, _JSON_DECIMALS),
        "month": round_dollars(row.month, _JSON_DECIMALS),
        "per_month": round_dollars(row.per_month, _JSON_DECIMALS),
        "at_most": row.at_most,
        "parts": {
            part: {
                column: None if part in amounts.unknown else round_dollars(getattr(amounts, part), _JSON_DECIMALS)
                for column, amounts in columns.items()
            }
            for part in _PARTS
        },
    }
