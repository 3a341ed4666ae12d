"""The filter of instances, and what they can be sorted by. The syntax is that of ``filters``::

train              a word: in the name, id, type, state, address, zone, key pair or a tag's value
state:running      by field; several with commas: state:running,pending
tag:env=prod       a tag with that value; tag:env: a tag of that name
age>7d             launched longer ago than (units: s m h d w)
cost<0.5 month>50  dollars an hour in all; dollars a month if left as it is
spot on-demand     how it was bought
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from fe2tui.model import filters
from fe2tui.model.filters import FilterLanguage, NumberField, dollars_sort_key, natural_sort_key, value_field
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money.rates import hourly_cost, monthly_cost
from fe2tui.model.money.usage import BEFORE_EC2, known_cost_between


class InstanceScope(NamedTuple):
    fleet: Fleet
    now: datetime


InstanceSort: TypeAlias = filters.Sort[Instance, InstanceScope]
_Test: TypeAlias = filters.Test[Instance, InstanceScope]


def _addresses(instance: Instance) -> list[str]:
    return [one for one in (instance.public_ip, instance.private_ip, instance.ipv6) if one]


def _word(word: str) -> _Test:
    def test(instance: Instance, at: InstanceScope) -> bool:
        return (
            word in at.fleet.name_of(instance).lower()
            or word in instance.id
            or word in instance.type
            or word in instance.state
            or word in instance.zone
            or any(word in address for address in _addresses(instance))
            or word in (instance.key_name or "").lower()
            or any(word in value.lower() for value in instance.tags.values())
        )

    return test


_STATE_GROUPS = {
    "moving": [state for state in State if state.is_moving],
    "gone": [state for state in State if state.is_gone],
}


def _cost(instance: Instance, scope: InstanceScope) -> Decimal | None:
    return hourly_cost(instance, scope.fleet).total


def _so_far(instance: Instance, scope: InstanceScope) -> Decimal | None:
    known, is_all = known_cost_between(instance, scope.fleet, BEFORE_EC2, scope.now)
    return known if known or is_all else None


INSTANCE_LANGUAGE: FilterLanguage[Instance, InstanceScope] = FilterLanguage(
    word_test=_word,
    fields={
        "name": value_field(lambda instance, at, part: part in at.fleet.name_of(instance).lower()),
        "id": value_field(lambda instance, at, part: part in instance.id),
        "state": filters.state_field(lambda instance: instance.state, list(State), _STATE_GROUPS),
        "type": value_field(lambda instance, at, part: instance.type.startswith(part)),
        "zone": value_field(lambda instance, at, part: instance.zone.endswith(part)),
        "key": value_field(lambda instance, at, part: part in (instance.key_name or "").lower()),
        "image": value_field(
            lambda instance, at, part: (
                part in instance.image_id or part in at.fleet.image_names.get(instance.image_id, "").lower()
            )
        ),
        "address": value_field(
            lambda instance, at, part: any(address.startswith(part) for address in _addresses(instance))
        ),
        "group": value_field(
            lambda instance, at, part: any(part in name.lower() for _, name in instance.security_groups)
        ),
        "tag": filters.tag_field(lambda instance: instance.tags),
    },
    numbers={
        "age": filters.age_field(lambda instance: instance.launched_at),
        "cost": NumberField(_cost, "dollars an hour such as 0.5"),
        "month": NumberField(lambda one, at: monthly_cost(one, at.fleet), "dollars a month such as 50"),
    },
    keywords={
        "spot": lambda instance, at: instance.is_spot,
        "on-demand": lambda instance, at: not instance.is_spot,
    },
)


_STATE_ORDER = {state: order for order, state in enumerate(("running", "pending", "stopping", "stopped"))}


def _uptime_sort_key(instance: Instance, scope: InstanceScope) -> float:
    running = instance.state in (State.RUNNING, State.PENDING)
    start = instance.launched_at if running else instance.changed_state_at or instance.launched_at
    seconds = -start.timestamp() if start else -1e12
    return seconds if running else seconds - 1e11


def _cpu_now(instance: Instance, scope: InstanceScope) -> float | None:
    figures = scope.fleet.cpu.get(instance.id)
    return figures[-1] if figures else None


INSTANCE_SORTS: Mapping[str, InstanceSort] = filters.sorts_by_id(
    (
        filters.Sort("name", "name", lambda one, at: natural_sort_key(at.fleet.name_of(one) or one.id), is_text=True),
        filters.Sort("state", "state", lambda one, at: f"{_STATE_ORDER.get(one.state, 9)}{one.lifecycle}"),
        filters.Sort("type", "type", lambda instance, at: natural_sort_key(instance.type), is_text=True),
        filters.Sort("zone", "zone", lambda instance, at: instance.zone, is_text=True),
        filters.Sort("address", "address", lambda instance, at: natural_sort_key(instance.address or ""), is_text=True),
        filters.Sort("up", "uptime", _uptime_sort_key, largest_first=True),
        filters.Sort("hour", "dollars an hour", lambda i, at: dollars_sort_key(_cost(i, at)), largest_first=True),
        filters.Sort("so_far", "dollars so far", lambda i, at: dollars_sort_key(_so_far(i, at)), largest_first=True),
        filters.Sort("cpu", "CPU now", _cpu_now, largest_first=True),
    )
)
"""By id. A month's dollars sort like an hour's."""
