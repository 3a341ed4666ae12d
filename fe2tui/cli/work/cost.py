"""What the account spends in a region."""

from __future__ import annotations

from typing import Any

import click

from fe2tui.cli.options import Asked
from fe2tui.cli.work.output import cents, iso, print_json
from fe2tui.cli.work.working import Working
from fe2tui.model.fleet import Fleet
from fe2tui.model.money import AccountCost, CostRow, account_cost
from fe2tui.tasks.account import read_account
from fe2tui.tasks.context import utc_now

_PARTS = ("machine", "disk", "address", "snapshots")
_PLACES = 6  # decimals of dollars in JSON


def show_cost(asked: Asked) -> None:
    """Print it."""
    fleet = Working(asked).run(read_account)
    spent = account_cost(fleet, utc_now())
    if asked.json:
        print_json(cost_document(spent, fleet))
    else:
        click.echo(str(spent))


def cost_document(spent: AccountCost, fleet: Fleet) -> dict[str, Any]:
    """The account's costs for programs, in dollars; null is "not known", and in no sum."""
    return {
        "region": fleet.place.region,
        "at": iso(spent.at),
        "per_hour": cents(spent.per_hour, _PLACES),
        "today": cents(spent.today, _PLACES),
        "month": cents(spent.month, _PLACES),
        "per_month": cents(spent.per_month, _PLACES),
        "snapshots_per_month_at_most": cents(spent.snapshots_per_month, _PLACES),
        "prices_read_at": iso(fleet.prices.read_at),
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
        "per_hour": cents(row.per_hour, _PLACES),
        "today": cents(row.today, _PLACES),
        "month": cents(row.month, _PLACES),
        "per_month": cents(row.per_month, _PLACES),
        "at_most": row.at_most,
        "parts": {
            part: {
                column: None if part in amounts.unknown else cents(getattr(amounts, part), _PLACES)
                for column, amounts in columns.items()
            }
            for part in _PARTS
        },
    }
