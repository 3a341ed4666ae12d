"""The filter of instances, and what they can be sorted by. The syntax is that of ``terms``::

train              a word: in the name, id, type, state, address, zone, key pair or a tag's value
state:running      by field; several with commas: state:running,pending
tag:env=prod       a tag with that value; tag:env: a tag of that name
age>7d cost<0.5    older than; dollars an hour, all told (units of age: s m h d w)
spot on-demand     how it was bought
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple, TypeAlias

from fe2tui.model import terms
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import cost_of_last_run, hourly_cost
from fe2tui.model.terms import AGE_EXAMPLE, Language, Number, QueryError, age_bound, by, dollars_key, natural


class At(NamedTuple):
    """What instances are seen in: the fleet, and the moment."""

    fleet: Fleet
    now: datetime


Query: TypeAlias = terms.Query[Instance, At]
Sort: TypeAlias = terms.Sort[Instance, At]
_Test: TypeAlias = terms.Test[Instance, At]
EVERYTHING: Query = terms.Query()


def _word(word: str) -> _Test:
    def test(instance: Instance, at: At) -> bool:
        return (
            word in instance.id
            or word in instance.type
            or word in instance.state
            or word in instance.zone
            or word in (instance.public_ip or "")
            or word in (instance.private_ip or "")
            or word in (instance.key_name or "").lower()
            or any(word in value.lower() for value in instance.tags.values())
        )

    return test


_STATE_WORDS: Mapping[str, frozenset[State]] = {
    "moving": frozenset(state for state in State if state.is_moving),
    "gone": frozenset(state for state in State if state.is_gone),
}


def _state(token: str, value: str) -> _Test:
    wanted: set[State] = set()
    for part in filter(None, value.split(",")):
        states = _STATE_WORDS.get(part) or {state for state in State if state.startswith(part)}
        if not states:
            raise QueryError(token, f"There is no state “{part}”.", f"There are {', '.join(State)}, moving and gone.")
        wanted |= states
    return lambda instance, at: instance.state in wanted


def _age(instance: Instance, at: At) -> Decimal | None:
    return None if instance.launched_at is None else Decimal((at.now - instance.launched_at) // timedelta(seconds=1))


def _cost(instance: Instance, at: At) -> Decimal | None:
    return hourly_cost(instance, at.fleet).total


INSTANCES: Language[Instance, At] = Language(
    word=_word,
    fields={
        "name": by(lambda instance, at, part: part in instance.name.lower()),
        "id": by(lambda instance, at, part: part in instance.id),
        "state": _state,
        "type": by(lambda instance, at, part: instance.type.startswith(part)),
        "zone": by(lambda instance, at, part: instance.zone.endswith(part)),
        "key": by(lambda instance, at, part: part in (instance.key_name or "").lower()),
        "image": by(
            lambda instance, at, part: (
                part in instance.image_id or part in at.fleet.image_names.get(instance.image_id, "").lower()
            )
        ),
        "address": by(
            lambda instance, at, part: (
                (instance.public_ip or "").startswith(part) or (instance.private_ip or "").startswith(part)
            )
        ),
        "group": by(lambda instance, at, part: any(part in name.lower() for _, name in instance.security_groups)),
        "tag": terms.by_tag(lambda instance: instance.tags),
    },
    numbers={
        "age": Number(_age, AGE_EXAMPLE, age_bound, steady=False),
        "cost": Number(_cost, "dollars an hour such as 0.5", steady=False),
    },
    words={
        "spot": lambda instance, at: instance.is_spot,
        "on-demand": lambda instance, at: not instance.is_spot,
    },
)


def parse(text: str) -> Query:
    """Understand a filter of instances. Raises QueryError."""
    return INSTANCES.parse(text)


_STATE_ORDER = {state: order for order, state in enumerate(("running", "pending", "stopping", "stopped"))}


def _started(instance: Instance, at: At) -> float:
    running = instance.state in (State.RUNNING, State.PENDING)
    start = instance.launched_at if running else instance.changed_state_at or instance.launched_at
    seconds = -start.timestamp() if start else -1e12
    return seconds if running else seconds - 1e11


def _state_place(instance: Instance, at: At) -> str:
    return f"{_STATE_ORDER.get(instance.state, 9)}{instance.lifecycle}"


def _spent(instance: Instance, at: At) -> float | None:
    return dollars_key(cost_of_last_run(instance, at.fleet, at.now))


def _cpu_now(instance: Instance, at: At) -> float | None:
    figures = at.fleet.cpu.get(instance.id)
    return figures[-1] if figures else None


SORTS: Mapping[str, Sort] = terms.by_id(
    (
        terms.Sort("name", "name", lambda instance, at: natural(instance.name or instance.id), is_text=True),
        terms.Sort("state", "state", _state_place),
        terms.Sort("type", "type", lambda instance, at: natural(instance.type), is_text=True),
        terms.Sort("zone", "zone", lambda instance, at: instance.zone, is_text=True),
        terms.Sort("address", "address", lambda instance, at: natural(instance.address or ""), is_text=True),
        terms.Sort("up", "time up", _started, largest_first=True),
        terms.Sort("hour", "dollars an hour", lambda i, at: dollars_key(hourly_cost(i, at.fleet).total), False, True),
        terms.Sort(
            "so_far", "dollars so far", lambda i, at: dollars_key(cost_of_last_run(i, at.fleet, at.now)), False, True
        ),
        terms.Sort("cpu", "CPU now", _cpu_now, False, True),
    )
)
"""By id. A month's dollars sort as an hour's do."""
