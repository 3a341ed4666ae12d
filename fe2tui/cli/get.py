"""``get-instance NAME - PROPERTY-OR-METHOD`` and its like: boto3's own objects, and spot requests, from the shell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import ImageName, InstanceName, RequestId
from fe2tui.cli.images import architecture
from fe2tui.cli.options import GlobalOptions, choice_of
from fe2tui.cli.output import iso_time, print_json
from fe2tui.cli.run import CommandRun, recover_unfinished, report_earlier_freezes
from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.ec2 import EC2

DASH = "-"
END = "--"  # as fastec2 had it: what follows is no argument, but how to show the result
INTERACTIVE = ("-i", "--interactive")


class DashCommand(click.Command):
    """A command after whose first ``-`` every word is taken as it stands; last may come ``-- -i``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags: list[str] = []
        if END in args:
            end = args.index(END)
            args, flags = args[:end], args[end + 1 :]
        if not ctx.resilient_parsing and any(flag not in INTERACTIVE for flag in flags):
            raise UsageError(
                f"After -- comes -i and nothing else, not {' '.join(flags)}.", f"fe2 {ctx.info_name} base -- -i"
            )
        ctx.meta[END] = flags
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
    fe2 get-instance base -- -i                        IPython, with the object as result
    """
    options: GlobalOptions = ctx.obj
    show_instance_member(options, name, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument(
    "name", required=False, type=ImageName(words=True), metavar="[NAME] [- PROPERTY-OR-METHOD [ARGUMENT]...]..."
)
@architecture
@click.pass_context
def get_ami(ctx: click.Context, name: str | None, arch: str) -> None:
    """Print a property of an image, or run a method of it.

    NAME is that of an image of yours, an id, or ubuntu, amazon, debian or dlami; left out: the newest Ubuntu.
    The object is boto3's.

    \b
    fe2 get-ami - id                  the id of the newest stable Ubuntu
    fe2 get-ami base - state          pending or available
    fe2 get-ami base                  what there is
    fe2 get-ami base -- -i            IPython, with the object as result
    """
    options: GlobalOptions = ctx.obj
    show_image_member(options, name, arch, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("request_id", type=RequestId(), metavar="ID [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request(ctx: click.Context, request_id: str) -> None:
    """Print a property of a spot request, or run a method of it.

    The properties are those that EC2 tells; boto3 has no object of a request.

    \b
    fe2 get-request sir-8k2d91ab                            what there is
    fe2 get-request sir-8k2d91ab - state                    open, active, disabled, closed, cancelled or failed
    fe2 get-request sir-8k2d91ab - words                    what that means
    fe2 get-request sir-8k2d91ab - wait-until-fulfilled     until it has its machine
    fe2 get-request sir-8k2d91ab - cancel                   AWS launches nothing more for it; refused where that
                                                            would terminate a stopped machine, without --terminate
    """
    options: GlobalOptions = ctx.obj
    show_request_member(options, request_id, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request_from_instance(ctx: click.Context, name: str) -> None:
    """The same of the spot request behind an instance.

    \b
    fe2 get-request-from-instance spot1 - status
    fe2 get-request-from-instance spot1 - words
    """
    options: GlobalOptions = ctx.obj
    show_request_member_of_instance(options, name, ctx.meta[DASH], interactive=bool(ctx.meta[END]))


_DASH = "-"
_NAMED_REMEDY = "Name the arguments as AWS does: --Attribute instanceType"

_OWN_METHODS_REMEDY = "cancel takes --terminate, wait-until-fulfilled --timeout SECONDS."


def show_instance_member(options: GlobalOptions, name: str, steps: Sequence[str], *, interactive: bool = False) -> None:
    """Print what is reached from an instance by these words; with none, the names there are.

    ``interactive``: have it as ``result`` in IPython instead.
    """
    _show_member(options, lambda ec2: ec2.get_instance(name), steps, interactive)


def show_image_member(
    options: GlobalOptions, name: str | None, architecture: str, steps: Sequence[str], *, interactive: bool = False
) -> None:
    """The same of an image, by its name, id or word."""
    _show_member(options, lambda ec2: ec2.get_ami(name, architecture), steps, interactive)
    CommandRun(options).run(report_earlier_freezes)


def show_request_member(
    options: GlobalOptions, request_id: str, steps: Sequence[str], *, interactive: bool = False
) -> None:
    """The same of a spot request, by its id. Its methods' parameters are ours, and named as in Python."""
    _show_member(options, lambda ec2: ec2.get_request(request_id), steps, interactive)


def show_request_member_of_instance(
    options: GlobalOptions, name: str, steps: Sequence[str], *, interactive: bool = False
) -> None:
    """The same of the request behind an instance."""
    _show_member(options, lambda ec2: ec2.get_request_from_instance(name), steps, interactive)


def _show_member(options: GlobalOptions, get: Callable[[EC2], Any], steps: Sequence[str], interactive: bool) -> None:
    from fe2tui import settings
    from fe2tui.ec2 import EC2

    start = _import_ipython() if interactive else None
    recover_unfinished(options)
    choice = choice_of(options, settings.load())
    ec2 = EC2(
        region=choice.region,
        profile=choice.profile,
        endpoint_url=choice.endpoint_url,
        read_only=choice.read_only,
    )
    result = get(ec2)
    is_bare = all(word == _DASH for word in steps)
    try:
        if start is not None:
            start(argv=["--no-banner"], user_ns={"result": _follow(result, steps)})
        elif is_bare:
            _print_names(result, options.json)
        else:
            _print(_follow(result, steps), options.json)
    except Exception as error:
        raise _translate_error(error) from error


def _import_ipython() -> Callable[..., None]:
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


def _translate_error(error: Exception) -> Exception:
    """AWS's errors as every other command says them; what is none of AWS's is left as it is."""
    if isinstance(error, Fe2Error) or type(error).__module__.partition(".")[0] not in ("botocore", "boto3"):
        return error
    from fe2tui.aws.errors import translate

    ours = translate(error)
    if type(error).__name__ == "ParamValidationError":
        ours.remedy = f"Options of fe2 itself stand before the -. {_NAMED_REMEDY}"
    return ours


def _follow(thing: Any, words: Sequence[str]) -> Any:
    """What is reached from an object: properties by their names, methods called with what stands after them."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == _DASH:
            continue
        member = word.replace("-", "_")
        if member.startswith("_") or member not in dir(thing):
            raise _no_such_member(thing, word)
        found = getattr(thing, member)
        if callable(found) and not _is_collection(found):
            end = left.index(_DASH) if _DASH in left else len(left)
            found = _call(found, word, left[:end])
            del left[:end]
        thing = found
    return thing


def _call(method: Any, word: str, arguments: Sequence[str]) -> Any:
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
        raise UsageError(said, _OWN_METHODS_REMEDY if _is_own_method(method) else _NAMED_REMEDY) from wrong


def _parameter(method: Any, flag: str) -> str:
    """AWS writes its parameters DryRun; here dry-run is the same. Ours are as Python has them."""
    if _is_own_method(method):
        return flag.replace("-", "_")
    if flag[:1].isupper():
        return flag
    return "".join(part[:1].upper() + part[1:] for part in flag.replace("_", "-").split("-"))


def _is_own_method(method: Any) -> bool:
    from fe2tui.ec2.instances import SpotInstanceRequest

    return isinstance(getattr(method, "__self__", None), SpotInstanceRequest)


def _value(text: str) -> Any:
    import ast

    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError):
            continue
    return text


def _members(thing: Any) -> tuple[list[str], list[str]]:
    """Names of the properties and of the methods, as they are typed."""
    import inspect

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
        return iso_time(value)
    return str(value)
