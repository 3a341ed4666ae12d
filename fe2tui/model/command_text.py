"""What a form does, as a line for the shell and as one for Python."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from fe2tui.model.freeze import FreezeWay
from fe2tui.model.image import Image
from fe2tui.model.instance import Instance, InstanceAttributes
from fe2tui.model.launch import LaunchRequest

Value = str | int | bool | None
Option = Value | Sequence[str] | Mapping[str, str]
_FREEZE_FLAGS: Mapping[FreezeWay, str] = {"reboot": "reboot", "stop": "stop-first", "no-reboot": "no-reboot"}


class CommandText(NamedTuple):
    shell: str
    python: str


class CommandPlace(NamedTuple):
    """The options that choose where a command acts. ``profile`` and ``endpoint_url`` are empty if none was chosen."""

    region: str
    profile: str = ""
    endpoint_url: str = ""


def command_text(
    place: CommandPlace,
    verb: str,
    values: Sequence[Value],
    options: Mapping[str, Option] | None = None,
    python_options: Mapping[str, Option] | None = None,
) -> CommandText:
    """The lines for a verb with values by position and options by name.

    An option that is True is a flag of the shell; one that is a list is repeated there; one that is None, False or
    empty is left out. In the shell a value that is None is a dash. ``python_options`` are the options in Python, where
    they differ.
    """
    named = {name: value for name, value in (options or {}).items() if value}
    words = [word for name, value in named.items() for word in _option_words(name, value)]
    positional = ["-" if value is None else str(value) for value in values]
    if any(len(value) > 1 and value.startswith("-") for value in positional):
        positional = ["--", *positional]
        arguments = [*words, *_place_words(place), *positional]
    else:
        arguments = [*positional, *words, *_place_words(place)]
    in_python = named if python_options is None else python_options
    python_arguments = [
        *(repr(value) for value in values),
        *(f"{name.replace('-', '_')}={value!r}" for name, value in in_python.items() if value),
    ]
    python = f"EC2({_place_arguments(place)}).{verb.replace('-', '_')}({', '.join(python_arguments)})"
    return CommandText(shlex.join(["fe2", verb, *arguments]), python)


def _option_words(name: str, value: Option) -> list[str]:
    if value is True:
        return [f"--{name}"]
    return [f"--{name}={one}" for one in ([value] if isinstance(value, str | int) else value or ())]


def _place_words(place: CommandPlace) -> list[str]:
    named = {"region": place.region, "profile": place.profile, "endpoint-url": place.endpoint_url}
    return [f"--{name}={value}" for name, value in named.items() if value]


def _place_arguments(place: CommandPlace) -> str:
    named = {"profile": place.profile, "endpoint_url": place.endpoint_url}
    return ", ".join([repr(place.region), *(f"{name}={value!r}" for name, value in named.items() if value)])


def reference(one: Instance | Image, among: Iterable[Instance | Image]) -> str:
    """The text that stands for an instance or an image in a command: its name, if no other has it, else its id."""
    is_plain = bool(one.name) and one.name.isprintable() and not one.name.startswith("-")
    is_shared = any(other.name == one.name and other.id != one.id for other in among)
    return one.name if is_plain and not is_shared else one.id


def launch_text(place: CommandPlace, request: LaunchRequest) -> CommandText:
    is_new_key = request.key_action != "use"
    options: dict[str, Value] = {
        "key": request.key_name,
        "group": request.security_group if request.security_group != "ssh" else None,
        "iops": request.iops,
        "spot": request.market == "spot",
        "one-time": request.market == "spot-once",
        "zone": request.zone,
        "address": request.address,
        "import-key": request.key_action == "import",
        "create-key": request.key_action == "create",
    }
    in_python: dict[str, Value] = {
        "key_name": request.key_name,
        "key_action": request.key_action if is_new_key else None,
        "security_group": options["group"],
        "iops": request.iops,
        "spot": request.is_spot,
        "one_time": options["one-time"],
        "zone": request.zone,
        "address": request.address,
    }
    values = (request.name or "NAME", request.image, request.disk, request.type)
    return command_text(place, "launch", values, options, in_python)


def freeze_text(place: CommandPlace, instance: str, image_name: str, way: FreezeWay | None) -> CommandText:
    """``way`` is None for an instance that does not run."""
    flags: dict[str, Value] = {_FREEZE_FLAGS[way]: True} if way is not None else {}
    in_python: dict[str, Value] = {"way": way} if way not in (None, "reboot") else {}
    return command_text(place, "freeze", [instance, *([image_name] if image_name else [])], flags, in_python)


def connect_text(place: CommandPlace, instance: str, ports: str, user: str | None) -> CommandText:
    joined = ",".join(ports.replace(",", " ").split())
    return command_text(place, "connect", [instance, *([joined] if joined else [])], {"user": user})


def tags_text(place: CommandPlace, instance: str, tags: Mapping[str, str], remove: Sequence[str]) -> CommandText | None:
    """None if nothing is changed."""
    if not (tags or remove):
        return None
    pairs = [f"{key}={value}" for key, value in tags.items()]
    shell = command_text(place, "tag", [instance, *pairs], {"remove": remove}).shell
    return CommandText(shell, command_text(place, "tag", [instance], {"tags": tags, "remove": remove}).python)


def protection_text(
    place: CommandPlace, instance: str, before: InstanceAttributes, after: InstanceAttributes
) -> CommandText | None:
    """A line for each attribute that is changed, all on one; None if none is."""
    texts = []
    for is_stop, was_on, is_on in (
        (False, before.termination_protected, after.termination_protected),
        (True, before.stop_protected, after.stop_protected),
    ):
        if was_on is not is_on:
            shell = command_text(place, "protect", [instance, "on" if is_on else "off"], {"stop": is_stop}).shell
            python = command_text(place, "protect", [instance], {"stop": is_stop}).python
            texts.append(CommandText(shell, python if is_on else f"{python.removesuffix(')')}, on=False)"))
    if before.shutdown_behavior != after.shutdown_behavior:
        shell = command_text(place, "shutdown-behavior", [instance, after.shutdown_behavior]).shell
        in_python = {"behavior": after.shutdown_behavior}
        texts.append(CommandText(shell, command_text(place, "shutdown-behavior", [instance], in_python).python))
    if not texts:
        return None
    return CommandText(" && ".join(one.shell for one in texts), "; ".join(one.python for one in texts))
