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
from typing import Generic, TypeAlias, TypeVar

from fe2tui.errors import UsageError

Thing = TypeVar("Thing")
Around = TypeVar("Around")
"""What a thing is seen in: prices, the time. A test may ask it as well."""

Test: TypeAlias = Callable[[Thing, Around], bool]
MakeTest: TypeAlias = Callable[[str, str], "Test[Thing, Around]"]
"""From a whole term and the value in it, in lower case. May raise QueryError."""

SortValue: TypeAlias = str | float | None
"""None is not known."""

_TOKEN = re.compile(r'(?:"[^"]*"?|[^\s"])+')
_COMPARED = re.compile(r"^(\w+)(>=|<=|>|<|=)(.*)$")
_DIGITS = re.compile(r"\d+")


class QueryError(UsageError):
    """A term of a filter that makes no sense; ``term`` is it."""

    def __init__(self, term: str, summary: str, remedy: str = "") -> None:
        super().__init__(summary, remedy)
        self.term = term


@dataclass(frozen=True, slots=True)
class Query(Generic[Thing, Around]):
    """A filter that was understood. ``tests`` must all hold.

    ``steady``: whether a thing fits depends on itself alone, not on what is around it.
    """

    text: str = ""
    tests: tuple[Test[Thing, Around], ...] = ()
    steady: bool = True

    def matches(self, thing: Thing, around: Around) -> bool:
        """Whether a thing fits."""
        for test in self.tests:  # noqa: SIM110 - asked of every row with every key, and a loop takes half the time
            if not test(thing, around):
                return False
        return True


def plain_number(text: str) -> Decimal:
    """A bound as it is typed, with or without ``$``. Raises ValueError."""
    try:
        bound = Decimal(text.removeprefix("$"))
    except InvalidOperation as wrong:
        raise ValueError(text) from wrong
    if not bound.is_finite():
        raise ValueError(text)
    return bound


@dataclass(frozen=True, slots=True)
class Number(Generic[Thing, Around]):
    """Something that can be compared. What is not known fits no comparison.

    ``example`` says what to write (``dollars an hour such as 0.5``); ``bound`` reads it, and raises ValueError.
    """

    measure: Callable[[Thing, Around], Decimal | None]
    example: str
    bound: Callable[[str], Decimal] = plain_number
    steady: bool = True


@dataclass(frozen=True, slots=True)
class Language(Generic[Thing, Around]):
    """What the terms mean: ``word`` makes the test of a plain word; ``words`` are those with a meaning of their own."""

    word: Callable[[str], Test[Thing, Around]]
    fields: Mapping[str, MakeTest[Thing, Around]] = field(default_factory=dict)
    numbers: Mapping[str, Number[Thing, Around]] = field(default_factory=dict)
    words: Mapping[str, Test[Thing, Around]] = field(default_factory=dict)

    def parse(self, text: str) -> Query[Thing, Around]:
        """Understand a filter. Raises QueryError."""
        steady = all(
            self.numbers[compared[1].lower()].steady
            for token in _TOKEN.findall(text)
            if (compared := self._comparison(token.removeprefix("-")))
        )
        return Query(text.strip(), tuple(self._tests(text)), steady)

    def understood(self, text: str) -> tuple[Query[Thing, Around], QueryError | None]:
        """What of a filter makes sense, and what is wrong with the first term that does not and is left out."""
        sound: list[str] = []
        wrong: QueryError | None = None
        for token in _TOKEN.findall(text):
            try:
                self._test(token.removeprefix("-"))
            except QueryError as error:
                wrong = wrong or error
            else:
                sound.append(token)
        return self.parse(" ".join(sound)), wrong

    def parse_whole(self, text: str) -> Query[Thing, Around]:
        """The same of what nobody is still typing: a term that is not finished is wrong too. Raises QueryError."""
        for token in _TOKEN.findall(text):
            if self._test(token.removeprefix("-")) is None and token.strip('-"'):
                number = self.numbers.get(re.split(r"\W", token.lstrip("-"), maxsplit=1)[0].lower())
                raise QueryError(
                    token, f"“{token}” has no value.", f"Write {number.example}." if number is not None else ""
                )
        return self.parse(text)

    def _tests(self, text: str) -> Iterator[Test[Thing, Around]]:
        for token in _TOKEN.findall(text):
            test = self._test(token.removeprefix("-"))
            if test is not None:
                yield _negation(test) if token.startswith("-") else test

    def _comparison(self, token: str) -> re.Match[str] | None:
        compared = _COMPARED.match(token)
        return compared if compared is not None and compared[1].lower() in self.numbers else None

    def _test(self, token: str) -> Test[Thing, Around] | None:
        if token.startswith('"'):
            plain = token.replace('"', "").lower()
            return self.word(plain) if plain else None
        if compared := self._comparison(token):
            return self._compare(token, compared[1].lower(), compared[2], compared[3].replace('"', ""))
        if (other := _COMPARED.match(token)) and other[2] != "=":
            raise self._not_a_number(token, other[1])
        name, colon, value = token.partition(":")
        value = value.replace('"', "").strip(",").lower()
        if not colon:
            plain = token.replace('"', "").lower()
            return (self.words.get(plain) or self.word(plain)) if plain else None
        maker = self.fields.get(name.lower())
        if maker is None:
            raise self._unknown_field(token, name)
        return maker(token, value) if value else None

    def _compare(self, token: str, name: str, sign: str, value: str) -> Test[Thing, Around] | None:
        if not value:
            return None
        number, compare = self.numbers[name], _COMPARE[sign]
        try:
            bound = number.bound(value)
        except ValueError:
            what = number.example.split(" such")[0]
            raise QueryError(token, f"“{value}” is not {what}.", f"Write {number.example}.") from None

        def test(thing: Thing, around: Around) -> bool:
            amount = number.measure(thing, around)
            return amount is not None and compare(amount, bound)

        return test

    def _not_a_number(self, token: str, name: str) -> QueryError:
        near = difflib.get_close_matches(name.lower(), self.numbers, 1, 0.5)
        if not near:
            return self._unknown_field(token, name)
        return QueryError(token, f"“{name}” cannot be compared.", f"Did you mean {near[0]}>?")

    def _unknown_field(self, token: str, name: str) -> QueryError:
        known = [*self.fields, *self.numbers]
        near = difflib.get_close_matches(name.lower(), known, 1)
        near_sign = ":" if near and near[0] in self.fields else ">"
        remedy = (
            f"Did you mean {near[0]}{near_sign}?"
            if near
            else f"There are {', '.join(self.fields)}; quotes make it a plain word."
        )
        return QueryError(token, f"There is no field “{name}”.", remedy)


_COMPARE: Mapping[str, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
}


def _negation(test: Test[Thing, Around]) -> Test[Thing, Around]:
    return lambda thing, around: not test(thing, around)


def any_of(value: str, one: Callable[[str], Test[Thing, Around]]) -> Test[Thing, Around]:
    """The test of several values with commas between them: one of them has to fit."""
    tests = [one(part) for part in value.split(",") if part]
    if len(tests) == 1:
        return tests[0]
    return lambda thing, around: any(test(thing, around) for test in tests)


def by(found: Callable[[Thing, Around, str], bool]) -> MakeTest[Thing, Around]:
    """A field that fits when ``found`` says so for one of the values."""

    def make(token: str, value: str) -> Test[Thing, Around]:
        return any_of(value, lambda part: lambda thing, around: found(thing, around, part))

    return make


def by_tag(tags: Callable[[Thing], Mapping[str, str]]) -> MakeTest[Thing, Around]:
    """The field of tags: ``tag:env=prod`` one with that value, ``tag:env`` one of that name."""

    def make(token: str, value: str) -> Test[Thing, Around]:
        key, equals, wanted = value.partition("=")

        def test(thing: Thing, around: Around) -> bool:
            return any(
                name.lower() == key and (not equals or kept.lower() == wanted) for name, kept in tags(thing).items()
            )

        return test

    return make


_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
AGE_EXAMPLE = "an age such as 7d, 12h or 30m"


def age_bound(text: str) -> Decimal:
    """Seconds of an age as it is typed (units s m h d w; days without one). Raises ValueError."""
    unit = _UNITS.get(text[-1:].lower())
    return plain_number(text[:-1] if unit else text) * (unit or 86_400)


@dataclass(frozen=True, slots=True)
class Sort(Generic[Thing, Around]):
    """Something to sort by. ``steady``: the value depends on nothing but the thing itself.

    ``largest_first`` is how people want it when they choose it first; ``is_text``, that it is words. What is not known
    comes last, whichever way it is sorted.
    """

    id: str
    title: str
    key: Callable[[Thing, Around], SortValue]
    steady: bool = True
    largest_first: bool = False
    is_text: bool = False

    @property
    def first_words(self) -> str:
        """What comes first when people choose it: ``largest first``."""
        return "from a to z" if self.is_text else "largest first" if self.largest_first else "smallest first"


def by_id(sorts: Iterable[Sort[Thing, Around]]) -> Mapping[str, Sort[Thing, Around]]:
    """Sorts by their ids."""
    return {sort.id: sort for sort in sorts}


def arranged(
    things: Iterable[Thing],
    around: Around,
    query: Query[Thing, Around],
    sort: Sort[Thing, Around],
    descending: bool,
    identity: Callable[[Thing], str],
) -> Sequence[Thing]:
    """Those that fit, in order; equals in the order of their names. For lists that take no time: up to thousands."""
    fit = [thing for thing in things if query.matches(thing, around)]
    return sorted(
        fit, key=lambda thing: (*placed(sort.key(thing, around), descending), identity(thing)), reverse=descending
    )


def placed(value: SortValue, descending: bool) -> tuple[bool, str | float]:
    """What to sort a value by, turned round or not: one that is not known comes last in either order."""
    return (not descending, 0.0) if value is None else (descending, value)


def natural(text: str) -> str:
    """A sort key that puts inst2 before inst10, upper and lower case alike."""
    return _DIGITS.sub(lambda digits: digits[0].zfill(12), text.lower())


def dollars_key(amount: Decimal | None) -> float | None:
    """A sort key for an amount."""
    return None if amount is None else float(amount)
