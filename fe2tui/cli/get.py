"""``get-instance NAME - PROPERTY-OR-METHOD``: boto3's own object, from the shell."""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Iterable, Sequence
from typing import Any

import click

from fe2tui.cli.completion import InstanceName
from fe2tui.cli.options import Asked, choice_of
from fe2tui.cli.output import print_json
from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.words import visible

DASH = "-"


class DashCommand(click.Command):
    """A command after whose first ``-`` every word is taken as it stands."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        at = args.index(DASH) if DASH in args else len(args)
        ctx.meta[DASH] = args[at:]
        return super().parse_args(ctx, args[:at])


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_instance(ctx: click.Context, name: str) -> None:
    """Print a property of an instance, or run a method of it.

    The object is boto3's.

    \b
    fe2 get-instance base                              what there is
    fe2 get-instance base - public-ip-address          a property
    fe2 get-instance base - wait-until-stopped         a method
    fe2 get-instance base - modify-attribute --EbsOptimized '{"Value": true}'
    fe2 get-instance base - image - name               a property of a property
    """
    from fe2tui import settings
    from fe2tui.ec2 import EC2

    asked: Asked = ctx.obj
    choice = choice_of(asked, settings.load())
    ec2 = EC2(
        region=choice.region,
        profile=choice.profile,
        endpoint_url=choice.endpoint_url,
        read_only=choice.read_only,
    )
    result = ec2.get_instance(name)
    steps = ctx.meta[DASH]
    if not [word for word in steps if word != DASH]:
        _print_names(result, asked.json)
        return
    try:
        _print(_followed(result, steps), asked.json)
    except Exception as error:
        raise _in_our_words(error) from error


def _in_our_words(error: Exception) -> Exception:
    """AWS's errors as every other command says them; what is none of AWS's is left as it is."""
    if isinstance(error, Fe2Error) or type(error).__module__.partition(".")[0] not in ("botocore", "boto3"):
        return error
    from fe2tui.aws.faults import translate

    return translate(error)


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
        by_name[_parameter(flag)] = _value(value)
    try:
        return method(*by_position, **by_name)
    except TypeError as wrong:
        raise UsageError(f"{word}: {wrong}.", "Name the arguments as AWS does: --Force true") from wrong


def _parameter(flag: str) -> str:
    """AWS writes its parameters DryRun; here dry-run is the same."""
    if flag[:1].isupper():
        return flag
    return "".join(part[:1].upper() + part[1:] for part in flag.replace("_", "-").split("-"))


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
        from fe2tui.cli.output import iso

        return iso(value)
    return str(value)
