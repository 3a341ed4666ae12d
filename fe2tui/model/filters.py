"""Filters: terms with spaces between them, which must all match.

A ``FilterLanguage`` says what the terms mean: instances, images, instance types and spot offers each have one. The
syntax is the same for all::

    word               a plain word; the language says where it is looked for
    field:value        several values with commas: state:running,pending
    number>=2          > < >= <= =
    -term              not
    "two words"        quotes hold a text with spaces together, and make a plain word of any term

Upper and lower case are the same. An unfinished term (``state:``, ``age>``) matches everything.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from fe2tui.errors import UsageError
from fe2tui.model.text import join_words

Item = TypeVar("Item")
Scope = TypeVar("Scope")
"""What a test may ask beside the item itself: the fleet, the prices, the time."""

Test: TypeAlias = Callable[[Item, Scope], bool]
MakeTest: TypeAlias = Callable[[str, str], "Test[Item, Scope]"]
"""Makes a test of a whole term and the value in it, in lower case. Raises FilterError."""

SortValue: TypeAlias = str | float | None
"""None: not known."""

_TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_COMPARISON = re.compile(r"^(\w+)(>=|<=|>|<|=)(.*)$")
_DIGITS = re.compile(r"\d+")


class FilterError(UsageError):
    """A filter has a ``term`` that cannot be understood."""

    def __init__(self, term: str, summary: str, remedy: str = "") -> None:
        super().__init__(summary, remedy)
        self.term = term


class Filter(NamedTuple, Generic[Item, Scope]):
    """A parsed filter: all ``tests`` must hold."""

    text: str = ""
    tests: tuple[Test[Item, Scope], ...] = ()

    def matches(self, item: Item, scope: Scope) -> bool:
        for test in self.tests:  # noqa: SIM110 - called for every row at every key, and a loop takes half the time
            if not test(item, scope):
                return False
        return True


def parse_words(text: str) -> tuple[Filter[str, None], None]:
    """A search in texts: all words of ``text`` are in a text. Returns no error: any text can be searched for."""

    def contains(word: str) -> Test[str, None]:
        return lambda item, scope: word in item.lower()

    return Filter(text.strip(), tuple(contains(word) for word in text.lower().split())), None


def parse_number(text: str) -> Decimal:
    """A number as it is typed, with or without ``$``. Raises ValueError."""
    try:
        bound = Decimal(text.removeprefix("$"))
    except InvalidOperation as wrong:
        raise ValueError(text) from wrong
    if not bound.is_finite():
        raise ValueError(text)
    return bound


class NumberField(NamedTuple, Generic[Item, Scope]):
    """A field with comparisons. An item whose ``measure`` is None, not known, matches none of them.

    ``example`` says what to write (``dollars an hour such as 0.5``); ``parse_bound`` reads it and raises ValueError.
    """

    measure: Callable[[Item, Scope], Decimal | None]
    example: str
    parse_bound: Callable[[str], Decimal] = parse_number


@dataclass(frozen=True, slots=True)
class FilterLanguage(Generic[Item, Scope]):
    """What the terms mean: ``word_test`` makes the test of a plain word; ``keywords`` are words with own tests."""

    word_test: Callable[[str], Test[Item, Scope]]
    fields: Mapping[str, MakeTest[Item, Scope]] = field(default_factory=dict)
    numbers: Mapping[str, NumberField[Item, Scope]] = field(default_factory=dict)
    keywords: Mapping[str, Test[Item, Scope]] = field(default_factory=dict)

    def parse(self, text: str) -> Filter[Item, Scope]:
        """Raises FilterError."""
        return Filter(text.strip(), tuple(self._tests(text)))

    def parse_valid_terms(self, text: str) -> tuple[Filter[Item, Scope], FilterError | None]:
        """The filter without the terms that cannot be understood, and the error of the first of those."""
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
        """``parse``, for a filter that is not being typed any more: an unfinished term is a FilterError, too."""
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

    def _test(self, token: str) -> Test[Item, Scope] | None:
        if token.startswith('"'):
            plain = token.replace('"', "").lower()
            return self.word_test(plain) if plain else None
        if compared := _COMPARISON.match(token):
            if compared[1].lower() in self.numbers:
                return self._comparison_test(token, compared[1].lower(), compared[2], compared[3].replace('"', ""))
            if compared[2] != "=":
                raise self._not_comparable(token, compared[1])
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
        remedy = f"There are {', '.join(known)}; quotes make it a plain word."
        return FilterError(
            token, f"There is no field “{name}”.", f"Did you mean {near[0]}{near_sign}?" if near else remedy
        )


_OPERATORS: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}


def _negate(test: Test[Item, Scope]) -> Test[Item, Scope]:
    return lambda thing, around: not test(thing, around)


# The fields that several languages have


def value_field(matches: Callable[[Item, Scope, str], bool]) -> MakeTest[Item, Scope]:
    """A field that matches when one of its values, between commas, does."""

    def make(token: str, value: str) -> Test[Item, Scope]:
        parts = [part for part in value.split(",") if part]
        return lambda item, scope: any(matches(item, scope, part) for part in parts)

    return make


def state_field(
    state: Callable[[Item], str], states: Sequence[str], groups: Mapping[str, Collection[str]] = MappingProxyType({})
) -> MakeTest[Item, Scope]:
    """``state:run,pend``: the beginnings of states, or names of groups of them."""

    def make(token: str, value: str) -> Test[Item, Scope]:
        wanted: set[str] = set()
        for part in filter(None, value.split(",")):
            found = groups.get(part) or [one for one in states if one.startswith(part)]
            if not found:
                raise FilterError(token, f"There is no state “{part}”.", f"There are {join_words([*states, *groups])}.")
            wanted.update(found)
        return lambda item, scope: state(item) in wanted

    return make


_ARCHITECTURE_SYNONYMS = {"amd64": "x86_64", "intel": "x86_64", "x64": "x86_64", "x86": "x86_64", "aarch64": "arm64"}


def architecture_field(architectures: Callable[[Item], Iterable[str]]) -> MakeTest[Item, Scope]:
    """``arch:arm64``: the beginning of EC2's name for the architecture, or another usual name for it (amd64)."""

    def matches(item: Item, scope: Scope, part: str) -> bool:
        wanted = _ARCHITECTURE_SYNONYMS.get(part, part)
        return any(one.startswith(wanted) for one in architectures(item))

    return value_field(matches)


def tag_field(tags: Callable[[Item], Mapping[str, str]]) -> MakeTest[Item, Scope]:
    """``tag:env=prod``: a tag with that value; ``tag:env``: a tag of that name."""

    def make(token: str, value: str) -> Test[Item, Scope]:
        key, equals, wanted = value.partition("=")

        def test(item: Item, scope: Scope) -> bool:
            return any(
                name.lower() == key and (not equals or found.lower() == wanted) for name, found in tags(item).items()
            )

        return test

    return make


class _HasNow(Protocol):
    @property
    def now(self) -> datetime: ...


TimedScope = TypeVar("TimedScope", bound=_HasNow)
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def age_field(created_at: Callable[[Item], datetime | None]) -> NumberField[Item, TimedScope]:
    """``age>7d``: how long ago it was, in seconds; typed with a unit of s m h d w, or in days."""

    def measure(item: Item, scope: TimedScope) -> Decimal | None:
        moment = created_at(item)
        return None if moment is None else Decimal((scope.now - moment) // timedelta(seconds=1))

    def parse(text: str) -> Decimal:
        unit = _UNITS.get(text[-1:].lower())
        return parse_number(text[:-1] if unit else text) * (unit or 86_400)

    return NumberField(measure, "an age such as 7d, 12h or 30m", parse)


class Sort(NamedTuple, Generic[Item, Scope]):
    """Something to sort by. ``largest_first`` is the direction that it has when it is first chosen.

    What is not known comes last in either direction.
    """

    id: str
    title: str
    key: Callable[[Item, Scope], SortValue]
    largest_first: bool = False
    is_text: bool = False

    @property
    def direction_text(self) -> str:
        return "from a to z" if self.is_text else "largest first" if self.largest_first else "smallest first"


def sorts_by_id(sorts: Iterable[Sort[Item, Scope]]) -> Mapping[str, Sort[Item, Scope]]:
    return {sort.id: sort for sort in sorts}


def filter_and_sort(
    items: Iterable[Item],
    scope: Scope,
    query: Filter[Item, Scope],
    sort: Sort[Item, Scope],
    descending: bool,
    identity: Callable[[Item], str],
) -> Sequence[Item]:
    """The items that match, sorted; equal ones in the order of their ``identity``. Quick enough for thousands."""
    fit = [thing for thing in items if query.matches(thing, scope)]
    return sorted(
        fit, key=lambda thing: (*unknown_last(sort.key(thing, scope), descending), identity(thing)), reverse=descending
    )


def unknown_last(value: SortValue, descending: bool) -> tuple[bool, str | float]:
    """A sort key with which what is not known comes last in either direction."""
    return (not descending, 0.0) if value is None else (descending, value)


def natural_sort_key(text: str) -> str:
    """A sort key that puts inst2 before inst10, upper and lower case alike."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(12), text.lower())


def dollars_sort_key(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)
