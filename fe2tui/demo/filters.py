"""EC2's filters: several names must all hold, several values are alternatives, `*` and `?` are wildcards."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from fe2tui.demo.refusal import Refusal
from fe2tui.demo.wire import iso, texts

Getter = Callable[[Any], Any]
"""Takes what a filter looks at out of a record: text, a boolean, a number, a time, None, or several of them."""


def _pattern(value: str) -> Callable[[str], bool]:
    """One filter value as a test. A backslash takes the meaning from the wildcard after it."""
    parts: list[str] = []
    wild = False
    at = 0
    while at < len(value):
        char = value[at]
        if char == "\\" and at + 1 < len(value):
            at += 1
            parts.append(re.escape(value[at]))
        elif char in "*?":
            wild = True
            parts.append(".*" if char == "*" else ".")
        else:
            parts.append(re.escape(char))
        at += 1
    if not wild:
        literal = re.sub(r"\\(.)", r"\1", value)
        return lambda text: text == literal
    compiled = re.compile("".join(parts), re.DOTALL)
    return lambda text: compiled.fullmatch(text) is not None


def _as_texts(value: Any) -> Iterable[str]:
    if value is None:
        return ()
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str):
        return (value,)
    if isinstance(value, datetime):
        return (iso(value),)
    if isinstance(value, Iterable):
        return (text for item in value for text in _as_texts(item))
    return (str(value),)


def _tag_getter(name: str) -> Getter | None:
    if name.startswith("tag:"):
        key = name[4:]
        return lambda record: record.tags.get(key)
    if name == "tag-key":
        return lambda record: list(record.tags)
    if name == "tag-value":
        return lambda record: list(record.tags.values())
    return None


def matcher(parameter: Any, getters: Mapping[str, Getter]) -> Callable[[Any], bool]:
    """A test for records from a request's `Filter` parameter. Raises Refusal for an unknown filter."""
    tests: list[tuple[Getter, list[Callable[[str], bool]]]] = []
    for entry in parameter or ():
        name = entry.get("Name", "") if isinstance(entry, Mapping) else ""
        getter = _tag_getter(name) or getters.get(name)
        if getter is None:
            raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
        tests.append((getter, [_pattern(value) for value in texts(entry.get("Value"))]))
    if not tests:
        return lambda record: True

    def matches(record: Any) -> bool:
        for getter, wanted in tests:
            found = list(_as_texts(getter(record)))
            if not any(test(text) for test in wanted for text in found):
                return False
        return True

    return matches
