"""The language of the filter, and what instances can be sorted by.

Terms are parted by spaces and must all fit::

    train              a word: in the name, id, type, state, address, zone, key pair or a tag's value
    state:running      by field; several with commas: state:running,pending
    tag:env=prod       a tag with that value; tag:env: a tag of that name
    age>7d cost<0.5    older than; dollars an hour, all told (units of age: s m h d w)
    spot on-demand     how it was bought
    -state:stopped     not
    "two words"        quotes hold together what has spaces, and make a word of anything

Upper and lower case are the same. A term that is not finished yet (``state:``) fits everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation

from fe2tui.errors import UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.instance import Instance, State
from fe2tui.model.money import cost_so_far, hourly_cost

Test = Callable[[Instance, Fleet, datetime], bool]

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_COMPARED = re.compile(r"^(\w+)(>=|<=|>|<|=)(.*)$")
_NUMBER = re.compile(r"\d+")


class QueryError(UsageError):
    """A term of a filter that makes no sense; ``term`` is it."""

    def __init__(self, term: str, summary: str, remedy: str = "") -> None:
        super().__init__(summary, remedy)
        self.term = term


@dataclass(frozen=True, slots=True)
class Query:
    """A filter that was understood. ``tests`` must all hold.

    ``steady``: whether an instance fits depends on nothing but itself and the names of images.
    """

    text: str = ""
    tests: tuple[Test, ...] = ()
    steady: bool = True

    def matches(self, instance: Instance, fleet: Fleet, now: datetime) -> bool:
        """Whether an instance fits."""
        return all(test(instance, fleet, now) for test in self.tests)


EVERYTHING = Query()


def parse(text: str) -> Query:
    """Understand a filter. Raises QueryError."""
    steady = not any(_is_comparison(token.removeprefix("-")) for token in _TOKEN.findall(text))
    return Query(text.strip(), tuple(_tests(text)), steady)


def _is_comparison(token: str) -> bool:
    compared = _COMPARED.match(token)
    return compared is not None and compared[1].lower() in _NUMBERS


def _tests(text: str) -> Iterator[Test]:
    for token in _TOKEN.findall(text):
        negated = token.startswith("-")
        test = _test(token.removeprefix("-"))
        if test is not None:
            yield _negation(test) if negated else test


def _negation(test: Test) -> Test:
    return lambda instance, fleet, now: not test(instance, fleet, now)


def _test(token: str) -> Test | None:
    if token.startswith('"'):
        return _word(token.replace('"', "").lower())
    if _is_comparison(token) and (compared := _COMPARED.match(token)):
        return _comparison(token, compared[1].lower(), compared[2], compared[3].replace('"', ""))
    field, colon, value = token.partition(":")
    value = value.replace('"', "").strip(",").lower()
    if not colon:
        plain = token.replace('"', "").lower()
        return _WORDS.get(plain) or _word(plain)
    maker = _FIELDS.get(field.lower())
    if maker is None:
        raise _unknown_field(token, field)
    return maker(token, value) if value else None


def _unknown_field(token: str, field: str) -> QueryError:
    import difflib

    near = difflib.get_close_matches(field.lower(), _FIELDS, 1)
    remedy = f"Did you mean {near[0]}:?" if near else f"There are {', '.join(_FIELDS)}; quotes make it a plain word."
    return QueryError(token, f"There is no field “{field}”.", remedy)


def _word(word: str) -> Test | None:
    if not word:
        return None

    def test(instance: Instance, fleet: Fleet, now: datetime) -> bool:
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


def _any_of(value: str, one: Callable[[str], Test]) -> Test:
    tests = [one(part) for part in value.split(",") if part]
    if len(tests) == 1:
        return tests[0]
    return lambda instance, fleet, now: any(test(instance, fleet, now) for test in tests)


def _by(found: Callable[[Instance, Fleet, str], bool]) -> Callable[[str, str], Test]:
    def make(token: str, value: str) -> Test:
        return _any_of(value, lambda part: lambda instance, fleet, now: found(instance, fleet, part))

    return make


_STATE_WORDS: Mapping[str, frozenset[State]] = {
    "moving": frozenset(state for state in State if state.is_moving),
    "gone": frozenset(state for state in State if state.is_gone),
}


def _state(token: str, value: str) -> Test:
    wanted: set[State] = set()
    for part in filter(None, value.split(",")):
        states = _STATE_WORDS.get(part) or {state for state in State if state.startswith(part)}
        if not states:
            raise QueryError(token, f"There is no state “{part}”.", f"There are {', '.join(State)}, moving and gone.")
        wanted |= states
    return lambda instance, fleet, now: instance.state in wanted


def _tag(token: str, value: str) -> Test:
    key, equals, wanted = value.partition("=")

    def test(instance: Instance, fleet: Fleet, now: datetime) -> bool:
        return any(
            name.lower() == key and (not equals or kept.lower() == wanted) for name, kept in instance.tags.items()
        )

    return test


_FIELDS: Mapping[str, Callable[[str, str], Test]] = {
    "name": _by(lambda instance, fleet, part: part in instance.name.lower()),
    "id": _by(lambda instance, fleet, part: part in instance.id),
    "state": _state,
    "type": _by(lambda instance, fleet, part: instance.type.startswith(part)),
    "zone": _by(lambda instance, fleet, part: instance.zone.endswith(part)),
    "key": _by(lambda instance, fleet, part: part in (instance.key_name or "").lower()),
    "image": _by(
        lambda instance, fleet, part: (
            part in instance.image_id or part in fleet.image_names.get(instance.image_id, "").lower()
        )
    ),
    "address": _by(
        lambda instance, fleet, part: (
            (instance.public_ip or "").startswith(part) or (instance.private_ip or "").startswith(part)
        )
    ),
    "group": _by(lambda instance, fleet, part: any(part in name.lower() for _, name in instance.security_groups)),
    "tag": _tag,
}

_WORDS: Mapping[str, Test] = {
    "spot": lambda instance, fleet, now: instance.is_spot,
    "on-demand": lambda instance, fleet, now: not instance.is_spot,
}


def _age(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    return None if instance.launched_at is None else Decimal((now - instance.launched_at) // timedelta(seconds=1))


def _cost(instance: Instance, fleet: Fleet, now: datetime) -> Decimal | None:
    return hourly_cost(instance, fleet).total


_NUMBERS: Mapping[str, Callable[[Instance, Fleet, datetime], Decimal | None]] = {"age": _age, "cost": _cost}
_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": lambda a, b: a > b,
    "<": lambda a, b: a < b,
    ">=": lambda a, b: a >= b,
    "<=": lambda a, b: a <= b,
    "=": lambda a, b: a == b,
}


def _comparison(token: str, field: str, sign: str, value: str) -> Test | None:
    if not value:
        return None
    unit = _UNITS.get(value[-1].lower()) if field == "age" else None
    number = value[:-1] if unit else value.removeprefix("$")
    try:
        bound = Decimal(number) * (unit or (86_400 if field == "age" else 1))
    except InvalidOperation:
        what = "an age such as 7d, 12h or 30m" if field == "age" else "dollars an hour such as 0.5"
        raise QueryError(token, f"“{value}” is not {what.split(' such')[0]}.", f"Write {what}.") from None
    measure, compare = _NUMBERS[field], _COMPARE[sign]

    def test(instance: Instance, fleet: Fleet, now: datetime) -> bool:
        amount = measure(instance, fleet, now)
        return amount is not None and compare(amount, bound)

    return test


SortValue = str | float
SortKey = Callable[[Instance, Fleet, datetime], SortValue]


@dataclass(frozen=True, slots=True)
class Sort:
    """Something to sort by. ``steady``: the value depends on nothing but the instance itself.

    ``largest_first`` is how people want it when they choose it first. What is not known sorts as the smallest.
    """

    id: str
    title: str
    key: SortKey
    steady: bool = True
    largest_first: bool = False


def natural(text: str) -> str:
    """A sort key that puts inst2 before inst10, upper and lower case alike."""
    return _NUMBER.sub(lambda digits: digits[0].zfill(12), text.lower())


_STATE_ORDER = {state: order for order, state in enumerate(("running", "pending", "stopping", "stopped"))}


def _started(instance: Instance, fleet: Fleet, now: datetime) -> float:
    running = instance.state in (State.RUNNING, State.PENDING)
    start = instance.launched_at if running else instance.changed_state_at or instance.launched_at
    seconds = -start.timestamp() if start else -1e12
    return seconds if running else seconds - 1e11


def _state_place(instance: Instance, fleet: Fleet, now: datetime) -> str:
    return f"{_STATE_ORDER.get(instance.state, 9)}{instance.lifecycle}"


def _zone_place(instance: Instance, fleet: Fleet, now: datetime) -> str:
    return instance.zone


def _ip_key(instance: Instance, fleet: Fleet, now: datetime) -> str:
    return natural(instance.address or "")


def _dollars(amount: Decimal | None) -> float:
    return -1.0 if amount is None else float(amount)


def _cpu_now(instance: Instance, fleet: Fleet, now: datetime) -> float:
    figures = fleet.cpu.get(instance.id)
    return figures[-1] if figures else -1.0


SORTS: Mapping[str, Sort] = {
    sort.id: sort
    for sort in (
        Sort("name", "name", lambda instance, fleet, now: natural(instance.name or instance.id)),
        Sort("state", "state", _state_place),
        Sort("type", "type", lambda instance, fleet, now: natural(instance.type)),
        Sort("zone", "zone", _zone_place),
        Sort("address", "address", _ip_key),
        Sort("up", "time up", _started, largest_first=True),
        Sort("hour", "dollars an hour", lambda i, fleet, now: _dollars(hourly_cost(i, fleet).total), False, True),
        Sort("so_far", "dollars so far", lambda i, fleet, now: _dollars(cost_so_far(i, fleet, now)), False, True),
        Sort("cpu", "CPU now", _cpu_now, False, True),
    )
}
"""By id. A month's dollars sort as an hour's do."""
