"""Any property or method of boto3's own object of an instance or an image, or of a spot request."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import click

from fe2tui import settings
from fe2tui.cli.options import Asked, choice_of
from fe2tui.cli.work.freezes import tell_of_freezes
from fe2tui.cli.work.left import start_what_was_left
from fe2tui.cli.work.output import iso, print_json
from fe2tui.cli.work.working import Working
from fe2tui.ec2 import EC2
from fe2tui.ec2.requests import SpotInstanceRequest
from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.words import visible

DASH = "-"
_NAMED = "Name the arguments as AWS does: --Attribute instanceType"

_NAMED_OURS = "cancel takes --terminate, wait-until-fulfilled --timeout SECONDS."


def get_instance(asked: Asked, name: str, steps: Sequence[str], *, interactive: bool = False) -> None:
    """Print what is reached from an instance by these words; with none, the names there are.

    ``interactive``: have it as ``result`` in IPython instead.
    """
    _get(asked, lambda ec2: ec2.get_instance(name), steps, interactive)


def get_ami(
    asked: Asked, name: str | None, architecture: str, steps: Sequence[str], *, interactive: bool = False
) -> None:
    """The same of an image, by its name, id or word."""
    _get(asked, lambda ec2: ec2.get_ami(name, architecture), steps, interactive)
    Working(asked).run(tell_of_freezes)


def get_request(asked: Asked, request_id: str, steps: Sequence[str], *, interactive: bool = False) -> None:
    """The same of a spot request, by its id. Its methods' parameters are ours, and named as in Python."""
    _get(asked, lambda ec2: ec2.get_request(request_id), steps, interactive)


def get_request_from_instance(asked: Asked, name: str, steps: Sequence[str], *, interactive: bool = False) -> None:
    """The same of the request behind an instance."""
    _get(asked, lambda ec2: ec2.get_request_from_instance(name), steps, interactive)


def _get(asked: Asked, found: Callable[[EC2], Any], steps: Sequence[str], interactive: bool) -> None:
    start = _ipython() if interactive else None
    start_what_was_left(asked)
    choice = choice_of(asked, settings.load())
    ec2 = EC2(
        region=choice.region,
        profile=choice.profile,
        endpoint_url=choice.endpoint_url,
        read_only=choice.read_only,
    )
    result = found(ec2)
    is_bare = all(word == DASH for word in steps)
    try:
        if start is not None:
            start(argv=["--no-banner"], user_ns={"result": _followed(result, steps)})
        elif is_bare:
            _print_names(result, asked.json)
        else:
            _print(_followed(result, steps), asked.json)
    except Exception as error:
        raise _in_our_words(error) from error


def _ipython() -> Callable[..., None]:
    """What starts IPython. Raises UsageError where it is not installed."""
    try:
        from IPython import start_ipython
    except ModuleNotFoundError as error:
        raise UsageError(
            "-- -i needs IPython, and it is not installed with this program.",
            "Install the extra of that name: pip install 'fe2tui[ipython]'",
        ) from error
    started: Callable[..., None] = start_ipython
    return started


def _in_our_words(error: Exception) -> Exception:
    """AWS's errors as every other command says them; what is none of AWS's is left as it is."""
    if isinstance(error, Fe2Error) or type(error).__module__.partition(".")[0] not in ("botocore", "boto3"):
        return error
    from fe2tui.aws.faults import translate

    ours = translate(error)
    if type(error).__name__ == "ParamValidationError":
        ours.remedy = f"Options of fe2 itself stand before the -. {_NAMED}"
    return ours


def _followed(thing: Any, words: Sequence[str]) -> Any:
    """What is reached from an object: properties by their names, methods called with what stands after them."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == DASH:
            continue
        member = word.replace("-", "_")
        if member.startswith("_") or member not in dir(thing):
            raise _no_such_member(thing, word)
        found = getattr(thing, member)
        if callable(found) and not _is_collection(found):
            end = left.index(DASH) if DASH in left else len(left)
            found = _called(found, word, left[:end])
            del left[:end]
        thing = found
    return thing


def _called(method: Any, word: str, arguments: Sequence[str]) -> Any:
    by_position: list[Any] = []
    by_name: dict[str, Any] = {}
    left = list(arguments)
    while left:
        argument = left.pop(0)
        if not argument.startswith("--"):
            by_position.append(_value(argument))
            continue
        flag, equals, value = argument[2:].partition("=")
        if not equals:
            value = left.pop(0) if left and not left[0].startswith("--") else "true"
        by_name[_parameter(method, flag)] = _value(value)
    try:
        return method(*by_position, **by_name)
    except TypeError as wrong:
        said = f"{word}: {str(wrong).rstrip('.')}."
        if by_position:
            said = f"{word} takes no value without a name before it: {by_position[0]}."
        raise UsageError(said, _NAMED_OURS if _is_ours(method) else _NAMED) from wrong


def _parameter(method: Any, flag: str) -> str:
    """AWS writes its parameters DryRun; here dry-run is the same. Ours are as Python has them."""
    if _is_ours(method):
        return flag.replace("-", "_")
    if flag[:1].isupper():
        return flag
    return "".join(part[:1].upper() + part[1:] for part in flag.replace("_", "-").split("-"))


def _is_ours(method: Any) -> bool:
    return isinstance(getattr(method, "__self__", None), SpotInstanceRequest)


def _value(text: str) -> Any:
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _members(thing: Any) -> tuple[list[str], list[str]]:
    """Names of the properties and of the methods, as they are typed."""
    properties: list[str] = []
    methods: list[str] = []
    for name in dir(thing):
        if name.startswith("_") or name == "meta":
            continue
        static = inspect.getattr_static(thing, name)
        (methods if inspect.isroutine(static) else properties).append(name.replace("_", "-"))
    return properties, methods


def _no_such_member(thing: Any, word: str) -> UsageError:
    from difflib import get_close_matches

    properties, methods = _members(thing)
    close = get_close_matches(word.replace("_", "-"), [*properties, *methods], n=3)
    remedy = f"Did you mean {' or '.join(close)}?" if close else "Leave out what follows the - to see what there is."
    return UsageError(f"{type(thing).__name__} has neither a property nor a method “{word}”.", remedy)


def _print_names(thing: Any, as_json: bool) -> None:
    properties, methods = _members(thing)
    if as_json:
        print_json({"properties": properties, "methods": methods})
        return
    for title, names in (("Properties", properties), ("Methods", methods)):
        click.echo(f"{title}:")
        click.echo("\n".join(f"  {name}" for name in names))


def _is_collection(thing: Any) -> bool:
    return hasattr(thing, "all") and hasattr(thing, "filter")


def _print(result: Any, as_json: bool) -> None:
    plain = _plain(result)
    if as_json:
        print_json(plain)
    elif isinstance(plain, str):
        click.echo("\n".join(visible(line) for line in plain.splitlines()))
    elif isinstance(plain, list) and all(isinstance(each, str) for each in plain):
        for each in plain:
            click.echo(visible(each))
    elif plain is not None:
        print_json(plain)


def _plain(value: Any) -> Any:
    """A value as JSON and people can have it: objects of boto3 by their ids, or as they call themselves."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items() if key != "ResponseMetadata"}
    if _is_collection(value):
        return [_plain(each) for each in value.all()]
    if isinstance(value, Iterable):
        return [_plain(each) for each in value]
    if hasattr(value, "isoformat"):
        return iso(value)
    return str(value)
