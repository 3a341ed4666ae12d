"""``get-instance``, ``get-ami``, ``get-request``, ``get-request-from-instance``: properties and methods of objects.

The objects are boto3's; those of spot requests are fe2tui's own.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from fe2tui.cli.completion import ImageName, InstanceName, RequestId
from fe2tui.cli.images import architecture
from fe2tui.cli.options import GlobalOptions
from fe2tui.cli.output import print_json
from fe2tui.cli.run import CommandRun, recover_unfinished, report_earlier_freezes
from fe2tui.errors import Fe2Error, UsageError
from fe2tui.model.documents import iso_time
from fe2tui.model.text import visible

if TYPE_CHECKING:
    from fe2tui.ec2 import EC2

_DASH = "-"
_END = "--"  # as in fastec2: what follows says how to show the result
_INTERACTIVE_FLAGS = ("-i", "--interactive")
_NAMED_REMEDY = "Name the arguments as AWS does: --Attribute instanceType"
_OWN_METHODS_REMEDY = "cancel takes --terminate, wait-until-fulfilled --timeout SECONDS."


class DashCommand(click.Command):
    """A command whose words after the first ``-`` are properties, methods and arguments; ``-- -i`` may follow them."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        flags: list[str] = []
        if _END in args:
            end = args.index(_END)
            args, flags = args[:end], args[end + 1 :]
        if not ctx.resilient_parsing and any(flag not in _INTERACTIVE_FLAGS for flag in flags):
            raise UsageError(
                f"Only -i can follow --, not “{' '.join(flags)}”.", f"For IPython: fe2 {ctx.info_name} base -- -i"
            )
        ctx.meta[_END] = flags
        at = args.index(_DASH) if _DASH in args else len(args)
        ctx.meta[_DASH] = args[at:]
        return super().parse_args(ctx, args[:at])


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_instance(ctx: click.Context, name: str) -> None:
    """Print a property of an instance, or run a method of it.

    The object is boto3's EC2.Instance.

    \b
    fe2 get-instance base                              all properties and methods
    fe2 get-instance base - public-ip-address          a property
    fe2 get-instance base - wait-until-stopped         a method
    fe2 get-instance base - modify-attribute --EbsOptimized '{"Value": true}'
    fe2 get-instance base - image - name               a property of a property
    fe2 get-instance base -- -i                        IPython, with the object as `result`
    """
    _show_member(ctx, lambda ec2: ec2.get_instance(name))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument(
    "name", required=False, type=ImageName(words=True), metavar="[NAME] [- PROPERTY-OR-METHOD [ARGUMENT]...]..."
)
@architecture
@click.pass_context
def get_ami(ctx: click.Context, name: str | None, arch: str) -> None:
    """Print a property of an image, or run a method of it.

    NAME is the name of an image of yours, an id, or ubuntu, amazon, debian or dlami; default: the newest Ubuntu.
    The object is boto3's EC2.Image.

    \b
    fe2 get-ami - id                  the id of the newest stable Ubuntu
    fe2 get-ami base - state          pending or available
    fe2 get-ami base                  all properties and methods
    fe2 get-ami base -- -i            IPython, with the object as `result`
    """
    _show_member(ctx, lambda ec2: ec2.get_ami(name, arch))
    CommandRun(ctx.obj).run(report_earlier_freezes)


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("request_id", type=RequestId(), metavar="ID [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request(ctx: click.Context, request_id: str) -> None:
    """Print a property of a spot request, or run a method of it.

    The properties are those of DescribeSpotInstanceRequests. boto3 has no class for a request, so fe2tui has its own.

    \b
    fe2 get-request sir-8k2d91ab                            all properties and methods
    fe2 get-request sir-8k2d91ab - state                    open, active, disabled, closed, cancelled or failed
    fe2 get-request sir-8k2d91ab - words                    what the state means
    fe2 get-request sir-8k2d91ab - wait-until-fulfilled     until it has an instance
    fe2 get-request sir-8k2d91ab - cancel                   AWS launches nothing more for it; with --terminate
                                                            also if that terminates its stopped instance
    """
    _show_member(ctx, lambda ec2: ec2.get_request(request_id))


@click.command(cls=DashCommand, options_metavar="[OPTIONS]")
@click.argument("name", type=InstanceName(), metavar="NAME [- PROPERTY-OR-METHOD [ARGUMENT]...]...")
@click.pass_context
def get_request_from_instance(ctx: click.Context, name: str) -> None:
    """Print a property of the spot request of an instance, or run a method of it.

    \b
    fe2 get-request-from-instance spot1 - status
    fe2 get-request-from-instance spot1 - words
    """
    _show_member(ctx, lambda ec2: ec2.get_request_from_instance(name))


def _show_member(ctx: click.Context, get: Callable[[EC2], Any]) -> None:
    """Print what the words after the dash get from an object, or its names without words; with ``-- -i`` in IPython."""
    from fe2tui.ec2 import EC2

    options: GlobalOptions = ctx.obj
    words: list[str] = ctx.meta[_DASH]
    start_ipython = _import_ipython() if ctx.meta[_END] else None
    recover_unfinished(options)
    thing = get(EC2(options.region, options.profile, options.endpoint_url, options.read_only))
    try:
        if start_ipython is not None:
            start_ipython(argv=["--no-banner"], user_ns={"result": _follow(thing, words)})
        elif all(word == _DASH for word in words):
            _print_names(thing, options.json)
        else:
            _print(_follow(thing, words), options.json)
    except Exception as error:
        raise _translate_error(error) from error


def _import_ipython() -> Callable[..., None]:
    """IPython's ``start_ipython``. Raises UsageError if IPython is not installed."""
    try:
        from IPython import start_ipython
    except ModuleNotFoundError as error:
        raise UsageError(
            "-- -i needs IPython, which is not installed.",
            "Install it with: pip install 'fe2tui[ipython]'",
        ) from error
    function: Callable[..., None] = start_ipython
    return function


def _translate_error(error: Exception) -> Exception:
    """An error of botocore or boto3 as other commands report it. Any other error stays as it is."""
    if isinstance(error, Fe2Error) or type(error).__module__.partition(".")[0] not in ("botocore", "boto3"):
        return error
    from fe2tui.aws.errors import translate

    ours = translate(error)
    if type(error).__name__ == "ParamValidationError":
        ours.remedy = f"Put fe2's own options before the -. {_NAMED_REMEDY}"
    return ours


def _follow(thing: Any, words: Sequence[str]) -> Any:
    """Get each named property in turn, and call each named method with the words after it, up to the next dash."""
    left = list(words)
    while left:
        word = left.pop(0)
        if word == _DASH:
            continue
        member = word.replace("-", "_")
        if member.startswith("_") or member not in dir(thing):
            raise _no_such_member(thing, word)
        thing = getattr(thing, member)
        if callable(thing) and not _is_collection(thing):
            end = left.index(_DASH) if _DASH in left else len(left)
            thing = _call(thing, word, left[:end])
            del left[:end]
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
    except TypeError as error:
        summary = f"{word}: {str(error).rstrip('.')}."
        if by_position:
            summary = f"{word} takes no value without a name before it: {by_position[0]}."
        raise UsageError(summary, _OWN_METHODS_REMEDY if _is_own_method(method) else _NAMED_REMEDY) from error


def _parameter(method: Any, flag: str) -> str:
    """The parameter of ``--DryRun`` or ``--dry-run``: boto3's ``DryRun``, and ``dry_run`` of fe2tui's own methods."""
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
    """The names of the properties and of the methods, as the command line has them."""
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
    remedy = f"Did you mean {' or '.join(close)}?" if close else "Leave out the - and what follows it to list them."
    return UsageError(f"{type(thing).__name__} has neither a property nor a method “{word}”.", remedy)


def _print_names(thing: Any, as_json: bool) -> None:
    properties, methods = _members(thing)
    if as_json:
        print_json({"properties": properties, "methods": methods})
    else:
        click.echo("\n  ".join(["Properties:", *properties]))
        click.echo("\n  ".join(["Methods:", *methods]))


def _is_collection(thing: Any) -> bool:
    return hasattr(thing, "all") and hasattr(thing, "filter")


def _print(result: Any, as_json: bool) -> None:
    plain = _plain(result)
    lines = plain.splitlines() or [""] if isinstance(plain, str) else plain
    if not as_json and isinstance(lines, list) and all(isinstance(each, str) for each in lines):
        for line in lines:
            click.echo(visible(line))
    elif as_json or plain is not None:
        print_json(plain)


def _plain(value: Any) -> Any:
    """A value in types that JSON has. Objects of boto3 become their text, collections lists."""
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
