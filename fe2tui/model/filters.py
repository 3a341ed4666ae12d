"""Filters of any kind of thing: terms parted by spaces, which must all fit.

What the terms mean is a ``Language``: instances, images and instance types each have one. All share the syntax::

    word               the language says what it is looked for in
    field:value        several values with commas: state:running,pending
    number>=2          > < >= <= =
    -term              not
    "two words"        quotes hold together what has spaces, and make a word of anything

Upper and lower case are the same. A term that is not finished yet (``state:``, ``age>``) fits everything.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from fe2tui.errors import UsageError

Item = TypeVar("Item")
Scope = TypeVar("Scope")
"""What a thing is seen in: prices, the time. A test may ask it as well."""

Test: TypeAlias = Callable[[Item, Scope], bool]
MakeTest: TypeAlias = Callable[[str, str], "Test[Item, Scope]"]
"""From a whole term and the value in it, in lower case. May raise QueryError."""

SortValue: TypeAlias = str | float | None
"""None is not known."""

_TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_COMPARISON = re.compile(r"^(\w+)(>=|<=|>|<|=)(.*)$")
_DIGITS = re.compile(r"\d+")


class FilterError(UsageError):
    """A term of a filter that makes no sense; ``term`` is it."""

    def __init__(self, term: str, summary: str, remedy: str = "") -> None:
        super().__init__(summary, remedy)
        self.term = term


class Filter(NamedTuple, Generic[Item, Scope]):
    """A filter that was understood. ``tests`` must all hold.

    ``steady``: whether a thing fits depends on itself alone, not on what is around it.
    """

    text: str = ""
    tests: tuple[Test[Item, Scope], ...] = ()
    steady: bool = True

    def matches(self, item: Item, scope: Scope) -> bool:
        """Whether a thing fits."""
        for test in self.tests:  # noqa: SIM110 - asked of every row with every key, and a loop takes half the time
            if not test(item, scope):
                return False
        return True


def parse_number(text: str) -> Decimal:
    """A bound as it is typed, with or without ``$``. Raises ValueError."""
    try:
        bound = Decimal(text.removeprefix("$"))
    except InvalidOperation as wrong:
        raise ValueError(text) from wrong
    if not bound.is_finite():
        raise ValueError(text)
    return bound


class NumberField(NamedTuple, Generic[Item, Scope]):
    """Something that can be compared. What is not known fits no comparison.

    ``example`` says what to write (``dollars an hour such as 0.5``); ``bound`` reads it, and raises ValueError.
    """

    measure: Callable[[Item, Scope], Decimal | None]
    example: str
    parse_bound: Callable[[str], Decimal] = parse_number
    steady: bool = True


@dataclass(frozen=True, slots=True)
class FilterLanguage(Generic[Item, Scope]):
    """What the terms mean: ``word`` makes the test of a plain word; ``words`` are those with a meaning of their own."""

    word_test: Callable[[str], Test[Item, Scope]]
    fields: Mapping[str, MakeTest[Item, Scope]] = field(default_factory=dict)
    numbers: Mapping[str, NumberField[Item, Scope]] = field(default_factory=dict)
    keywords: Mapping[str, Test[Item, Scope]] = field(default_factory=dict)

    def parse(self, text: str) -> Filter[Item, Scope]:
        """Understand a filter. Raises QueryError."""
        steady = all(
            self.numbers[compared[1].lower()].steady
            for token in _TOKEN.findall(text)
            if (compared := self._comparison(token.removeprefix("-")))
        )
        return Filter(text.strip(), tuple(self._tests(text)), steady)

    def parse_valid_terms(self, text: str) -> tuple[Filter[Item, Scope], FilterError | None]:
        """What of a filter makes sense, and what is wrong with the first term that does not and is left out."""
        sound: list[str] = []
        wrong: FilterError | None = None
        for token in _TOKEN.findall(text):
            try:
                self._test(token.removeprefix("-"))
            except FilterError as error:
                wrong = wrong or error
            else:
                sound.append(token)
        return self.parse(" ".join(sound)), wrong

    def parse_complete(self, text: str) -> Filter[Item, Scope]:
        """The same of what nobody is still typing: a term that is not finished is wrong too. Raises QueryError."""
        for token in _TOKEN.findall(text):
            if self._test(token.removeprefix("-")) is None and token.strip('-"'):
                number = self.numbers.get(re.split(r"\W", token.lstrip("-"), maxsplit=1)[0].lower())
                raise FilterError(
                    token, f"“{token}” has no value.", f"Write {number.example}." if number is not None else ""
                )
        return self.parse(text)

    def _tests(self, text: str) -> Iterator[Test[Item, Scope]]:
        for token in _TOKEN.findall(text):
            test = self._test(token.removeprefix("-"))
            if test is not None:
                yield _negate(test) if token.startswith("-") else test

    def _comparison(self, token: str) -> re.Match[str] | None:
        compared = _COMPARISON.match(token)
        return compared if compared is not None and compared[1].lower() in self.numbers else None

    def _test(self, token: str) -> Test[Item, Scope] | None:
        if token.startswith('"'):
            plain = token.replace('"', "").lower()
            return self.word_test(plain) if plain else None
        if compared := self._comparison(token):
            return self._comparison_test(token, compared[1].lower(), compared[2], compared[3].replace('"', ""))
        if (other := _COMPARISON.match(token)) and other[2] != "=":
            raise self._not_comparable(token, other[1])
        name, colon, value = token.partition(":")
        value = value.replace('"', "").strip(",").lower()
        if not colon:
            plain = token.replace('"', "").lower()
            return (self.keywords.get(plain) or self.word_test(plain)) if plain else None
        maker = self.fields.get(name.lower())
        if maker is None:
            raise self._unknown_field(token, name)
        return maker(token, value) if value else None

    def _comparison_test(self, token: str, name: str, sign: str, value: str) -> Test[Item, Scope] | None:
        if not value:
            return None
        number, compare = self.numbers[name], _OPERATORS[sign]
        try:
            bound = number.parse_bound(value)
        except ValueError:
            what = number.example.split(" such")[0]
            raise FilterError(token, f"“{value}” is not {what}.", f"Write {number.example}.") from None

        def test(thing: Item, around: Scope) -> bool:
            amount = number.measure(thing, around)
            return amount is not None and compare(amount, bound)

        return test

    def _not_comparable(self, token: str, name: str) -> FilterError:
        near = difflib.get_close_matches(name.lower(), self.numbers, 1, 0.5)
        if not near:
            return self._unknown_field(token, name)
        return FilterError(token, f"“{name}” cannot be compared.", f"Did you mean {near[0]}>?")

    def _unknown_field(self, token: str, name: str) -> FilterError:
        known = [*self.fields, *self.numbers]
        near = difflib.get_close_matches(name.lower(), known, 1)
        near_sign = ":" if near and near[0] in self.fields else ">"
        remedy = (
            f"Did you mean {near[0]}{near_sign}?"
            if near
            else f"There are {', '.join(self.fields)}; quotes make it a plain word."
        )
        return FilterError(token, f"There is no field “{name}”.", remedy)


_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}


def _negate(test: Test[Item, Scope]) -> Test[Item, Scope]:
    return lambda thing, around: not test(thing, around)


def any_value_test(value: str, one: Callable[[str], Test[Item, Scope]]) -> Test[Item, Scope]:
    """The test of several values with commas between them: one of them has to fit."""
    tests = [one(part) for part in value.split(",") if part]
    if len(tests) == 1:
        return tests[0]
    return lambda thing, around: any(test(thing, around) for test in tests)


def value_field(matches: Callable[[Item, Scope, str], bool]) -> MakeTest[Item, Scope]:
    """A field that fits when ``found`` says so for one of the values."""

    def make(token: str, value: str) -> Test[Item, Scope]:
        return any_value_test(value, lambda part: lambda thing, around: matches(thing, around, part))

    return make


def tag_field(tags: Callable[[Item], Mapping[str, str]]) -> MakeTest[Item, Scope]:
    """The field of tags: ``tag:env=prod`` one with that value, ``tag:env`` one of that name."""

    def make(token: str, value: str) -> Test[Item, Scope]:
        key, equals, wanted = value.partition("=")

        def test(thing: Item, around: Scope) -> bool:
            return any(
                name.lower() == key and (not equals or kept.lower() == wanted) for name, kept in tags(thing).items()
            )

        return test

    return make


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
AGE_EXAMPLE = "an age such as 7d, 12h or 30m"


def parse_age(text: str) -> Decimal:
    """Seconds of an age as it is typed (units s m h d w; days without one). Raises ValueError."""
    unit = _UNITS.get(text[-1:].lower())
    return parse_number(text[:-1] if unit else text) * (unit or 86_400)


class Sort(NamedTuple, Generic[Item, Scope]):
    """Something to sort by. ``steady``: the value depends on nothing but the thing itself.

    ``largest_first`` is how people want it when they choose it first; ``is_text``, that it is words. What is not known
    comes last, whichever way it is sorted.
    """

    id: str
    title: str
    key: Callable[[Item, Scope], SortValue]
    steady: bool = True
    largest_first: bool = False
    is_text: bool = False

    @property
    def direction_text(self) -> str:
        """What comes first when people choose it: ``largest first``."""
        return "from a to z" if self.is_text else "largest first" if self.largest_first else "smallest first"


def sorts_by_id(sorts: Iterable[Sort[Item, Scope]]) -> Mapping[str, Sort[Item, Scope]]:
    """Sorts by their ids."""
    return {sort.id: sort for sort in sorts}


def filter_and_sort(
    items: Iterable[Item],
    scope: Scope,
    query: Filter[Item, Scope],
    sort: Sort[Item, Scope],
    descending: bool,
    identity: Callable[[Item], str],
) -> Sequence[Item]:
    """Those that fit, in order; equals in the order of their names. For lists that take no time: up to thousands."""
    fit = [thing for thing in items if query.matches(thing, scope)]
    return sorted(
        fit, key=lambda thing: (*unknown_last(sort.key(thing, scope), descending), identity(thing)), reverse=descending
    )


def unknown_last(value: SortValue, descending: bool) -> tuple[bool, str | float]:
    """What to sort a value by, turned round or not: one that is not known comes last in either order."""
    return (not descending, 0.0) if value is None else (descending, value)


def natural_sort_key(text: str) -> str:
    """A sort key that puts inst2 before inst10, upper and lower case alike."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(12), text.lower())


def dollars_sort_key(amount: Decimal | None) -> float | None:
    """A sort key for an amount."""
    return None if amount is None else float(amount)
