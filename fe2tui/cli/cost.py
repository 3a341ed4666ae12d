"""``cost``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import iso_time, print_json, round_dollars
from fe2tui.cli.run import CommandRun

if TYPE_CHECKING:
    from fe2tui.model.fleet import Fleet
    from fe2tui.model.money import AccountCost, CostRow


@click.command()
@click.pass_obj
def cost(options: GlobalOptions) -> None:
    """Print what the region costs: an hour now, today, this month so far, and a month if left as it is.

    Machine by machine, with its disks and address; days and months are UTC's, as AWS bills. What is not in it, and what
    is not known, is said below.
    """

    show_cost(options)


_PARTS = ("machine", "disk", "address", "snapshots")
_JSON_DECIMALS = 6  # decimals of dollars in JSON


def show_cost(options: GlobalOptions) -> None:
    """Print it."""
    from fe2tui.model.money import account_cost
    from fe2tui.tasks.context import utc_now
    from fe2tui.tasks.read_fleet import read_whole_fleet

    fleet = CommandRun(options).run(read_whole_fleet)
    spent = account_cost(fleet, utc_now())
    if options.json:
        print_json(cost_document(spent, fleet))
    else:
        click.echo(str(spent))


def cost_document(spent: AccountCost, fleet: Fleet) -> dict[str, Any]:
    """The account's costs for programs, in dollars; null is "not known", and in no sum."""
    return {
        "region": fleet.location.region,
        "at": iso_time(spent.at),
        "per_hour": round_dollars(spent.per_hour, _JSON_DECIMALS),
        "today": round_dollars(spent.today, _JSON_DECIMALS),
        "month": round_dollars(spent.month, _JSON_DECIMALS),
        "per_month": round_dollars(spent.per_month, _JSON_DECIMALS),
        "snapshots_per_month_at_most": round_dollars(spent.snapshots_per_month, _JSON_DECIMALS),
        "prices_read_at": iso_time(fleet.prices.read_at),
        "rows": [_row_document(row) for row in spent.rows],
        "missing": list(spent.missing),
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
