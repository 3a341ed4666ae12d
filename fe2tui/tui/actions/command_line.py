"""The command line: what a command of the shell does in the dashboard.

What changes something is the action of its key, with its instances selected or its form filled in, and asks as that
does. What shows something goes to the pane or form that shows it, or runs as a process whose output is shown: that may
change nothing. Commands of the dashboard itself are taken by their names, too.
"""

from __future__ import annotations

import asyncio
import inspect
import shlex
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from fe2tui.errors import NotFoundError, StoreError, UsageError
from fe2tui.model.cost_filter import COST_LANGUAGE
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.instance import InstanceAttributes, State
from fe2tui.model.location import find_region, unknown_region_error
from fe2tui.model.text import visible
from fe2tui.ssh.tunnels import parse_ports, require_free_ports
from fe2tui.tasks.names import resolve_images, resolve_instances
from fe2tui.tui.actions import (
    change_type,
    connect,
    cost,
    dashboard,
    deregister,
    freeze,
    full_view,
    launch,
    location,
    power,
    protection,
    spot_prices,
    tags,
    terminate,
    types,
)
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS, COMMANDS_BY_ID
from fe2tui.tui.forms.command_line import CommandLine, Run
from fe2tui.tui.forms.output import OutputForm
from fe2tui.tui.forms.type_picker import InitialFilter
from fe2tui.tui.key_queue import MAX_HOLD_SECONDS
from fe2tui.tui.pane_ids import IMAGES, INSTANCES
from fe2tui.tui.services import Services
from fe2tui.tui.shell_commands import Completion, KnownNames, ShellCommand, ShellCommands

_Prepare = Callable[[CommandContext, ShellCommand], Run]
_View = Callable[[CommandContext, ShellCommand], Run | None]
_PROGRAMS = ("fe2", "fe2tui")
_ALIASES = {"q": "quit", "h": "help"}
_REASONS = {  # why an option is refused in the dashboard
    "yes": "the dashboard asks each time",
    "json": "the dashboard prints nothing for it",
    "profile": "“profile” goes to another one first",
    "endpoint_url": "the dashboard stays at its endpoint",
    "read_only": "start fe2tui with it",
    "retry": "the dashboard offers that if no zone has capacity",
    "start": "start the instance afterwards",
}


async def open_command_line(context: CommandContext) -> None:
    """Ask for a line, and do what it says."""
    services = context.services
    shell = await asyncio.to_thread(lambda: services.shell_commands)
    if shell is None:
        services.tell("This dashboard was started without the shell's commands.", "warning")
        return
    known = _known_names(context)
    line = CommandLine(
        lambda text: complete(shell, text, known),
        lambda text: _prepare_and_keep(services, shell, text),
        await asyncio.to_thread(_read_history, services),
        services.key_queue,
    )
    run = await services.ask(line)
    result = run() if run is not None else None
    if inspect.isawaitable(result):
        await result


def _read_history(services: Services) -> list[str]:
    try:
        return services.store.command_lines.recent()
    except StoreError:
        return []


def _prepare_and_keep(services: Services, shell: ShellCommands, text: str) -> Run:
    services.start_worker(asyncio.to_thread(_keep_line, services, text, services.clock()), "Command line")
    run = prepare(services.command_context(), shell, text)
    # Keys typed now are for the form that the command opens.
    services.key_queue.hold()
    asyncio.get_running_loop().call_later(MAX_HOLD_SECONDS, services.key_queue.release)
    return run


def _keep_line(services: Services, text: str, at: datetime) -> None:
    try:
        services.store.command_lines.add(text, at)
    except StoreError:
        pass  # the commands matter more than their history


# Completion


def _known_names(context: CommandContext) -> KnownNames:
    fleet = context.fleet
    if fleet is None:
        return KnownNames()
    catalogue = context.services.catalogues.cached(context.location)
    return KnownNames(
        [(one.name, one.id, one.state.value) for one in fleet.instances.values()],
        [(one.name, one.id, one.state) for one in fleet.images.values()],
        [(one.id, one.state) for one in fleet.requests.values()],
        [*catalogue.types] if catalogue is not None else (),
        [(one.label, one.id, "unused") for one in fleet.idle_addresses],
    )


def complete(shell: ShellCommands, text: str, known: KnownNames) -> tuple[str, Sequence[Completion]]:
    """What stays of a text when its last word is completed, and what that word may become."""
    try:
        words = shlex.split(text)
    except ValueError:  # a quotation mark is not closed
        return text, ()
    incomplete = words.pop() if words and not text[-1].isspace() else ""
    if not text.endswith(incomplete):
        return text, ()
    if words[:1] and words[0] in _PROGRAMS:
        words.pop(0)
    found = list(shell.complete(words, incomplete, known))
    if not words:
        known_texts = {one.text for one in found}
        own = [Completion(command.id.replace("_", "-"), command.help) for command in COMMANDS]
        found += [one for one in own if one.text.startswith(incomplete) and one.text not in known_texts]
    if [one.text for one in found] == [incomplete]:
        return text, ()
    return text[: len(text) - len(incomplete)], found


# What a line does


def prepare(context: CommandContext, shell: ShellCommands, text: str) -> Run:
    """What a line does. Raises Fe2Error, which says what is wrong with the line."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise UsageError("A quotation mark is not closed.") from None
    if words and words[0] in _PROGRAMS:
        words.pop(0)
    if not words:
        raise UsageError("No command was typed.", "Such as stop base.")
    own_id = _ALIASES.get(words[0], words[0].replace("-", "_"))
    is_shells = any(one.text == words[0] for one in shell.complete([], words[0], KnownNames()))
    if own_id in COMMANDS_BY_ID and not is_shells:
        return _own_command(context, own_id, words[1:])
    command = shell.parse(words)
    if command.name in _NOT_HERE:
        raise UsageError(f"{command.name} does not run in the dashboard: {_NOT_HERE[command.name]}.")
    if command.name in _ACTIONS:
        return _ACTIONS[command.name](context, command)
    if command.name == "launch":
        return _launch(context, command, shell)
    if command.name == "connect" and "only_print" not in command.given:
        return _connect(context, command)
    if command.name in _VIEWS:
        view = _VIEWS[command.name](context, command)
        if view is not None:
            return view
    return partial(_show_output, context, shell, command)


def _own_command(context: CommandContext, command_id: str, arguments: Sequence[str]) -> Run:
    command = COMMANDS_BY_ID[command_id]
    if command_id == "profile" and len(arguments) == 1:
        return partial(context.services.go, profile=arguments[0])
    if arguments:
        raise UsageError(f"{command_id.replace('_', '-')} takes nothing after it.")
    _require_available(context, command_id)
    if command.id == "command_line":
        raise UsageError("This is the command line.")
    return partial(context.services.perform, command_id)


def _require_available(context: CommandContext, command_id: str) -> None:
    reason = COMMANDS_BY_ID[command_id].unavailable_reason(context)
    if reason is not None:
        raise UsageError(reason)


def _refuse_options(context: CommandContext, command: ShellCommand, allowed: Collection[str] = ()) -> None:
    """Raises UsageError for an option that the action has no use for. Whether to wait is no matter here."""
    for name, option in command.given.items():
        if not option or name in allowed or name == "wait":
            continue
        if name == "region":
            if find_region(command.params["region"]) == context.region:
                continue
            raise UsageError(f"The dashboard shows {context.region}.", "“region TEXT” goes to another one first.")
        why = _REASONS.get(name, "the form has no field for it. In a shell, fe2 takes it")
        raise UsageError(f"{option} has no use here: {why}.")


def _with_instances(context: CommandContext, names: Sequence[str], command_id: str) -> CommandContext:
    """The context with these instances as targets. Raises Fe2Error if there are none, or the command cannot be done."""
    if context.fleet is None:
        raise UsageError("The instances have not been read yet.")
    found = resolve_instances(context.fleet, names)
    context = context._replace(
        pane=INSTANCES, selected_instance=found[0], marked_instances=tuple(found) if len(found) > 1 else ()
    )
    _require_available(context, command_id)
    return context


def _power(
    act: Callable[[CommandContext], Awaitable[None]], command_id: str, context: CommandContext, command: ShellCommand
) -> Run:
    _refuse_options(context, command)
    return partial(act, _with_instances(context, command.params["names"], command_id))


def _stop(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("force",))
    target = _with_instances(context, command.params["names"], "stop_or_start")
    if not command.params["force"]:
        return partial(power.stop, target)
    if not any(one.state is State.STOPPING for one in target.targets):
        raise UsageError("The dashboard forces only an instance that is stopping already.", "Stop it without --force.")
    return partial(power.force_stop, target)


def _deregister(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command)
    if context.fleet is None:
        raise UsageError("The images have not been read yet.")
    images = resolve_images(context.fleet.images.values(), command.params["names"])
    context = context._replace(pane=IMAGES, selected_image=images[0], marked_images=tuple(images))
    _require_available(context, "terminate")
    return partial(deregister.deregister, context)


def _release(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command)
    if context.fleet is None:
        raise UsageError("The Elastic IPs have not been read yet.")
    found = {}
    for name in command.params["addresses"]:
        named = [one for one in context.fleet.idle_addresses if name in (one.id, one.address, one.label)]
        if not named:
            raise NotFoundError(f"There is no unused Elastic IP {name}.", "“cost” lists those there are.")
        if len(named) > 1:
            raise UsageError(f"Several Elastic IPs are called {name}.", "Name one by its allocation id.")
        found[named[0].id] = named[0]
    if context.read_only:
        raise UsageError("This session is read-only: it may change nothing.")
    return partial(cost.release, context, list(found.values()))


def _freeze(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("reboot", "stop_first", "no_reboot"))
    params = command.params
    target = _with_instances(context, [params["name"]], "freeze")
    way: FreezeWay = "stop" if params["stop_first"] else "no-reboot" if params["no_reboot"] else "reboot"
    return partial(freeze.freeze, target, params["image_name"] or "", way)


def _change_type(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("stop",))
    target = _with_instances(context, [command.params["name"]], "change_type")
    return partial(change_type.change_type, target, command.params["type_name"].strip().lower())


def _launch(context: CommandContext, command: ShellCommand, shell: ShellCommands) -> Run:
    fields = ("name", "image", "disk", "type", "key", "group", "iops", "is_spot", "one_time", "on_demand", "zone")
    _refuse_options(context, command, (*fields, "address", "import_key", "create_key"))
    if not command.given:
        _require_available(context, "launch")
        return partial(launch.launch, context)
    request = shell.launch_request(command)
    context = context._replace(pane=INSTANCES)
    _require_available(context, "launch")
    return partial(launch.launch, context, None, request)


def _connect(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("user", "key_file", "port"))
    params = command.params
    name, user = params["name"], params["user"]
    before, at, after = name.rpartition("@")
    if at and context.fleet is not None and not any(one.name == name for one in context.fleet.instances.values()):
        name, user = after, user or before
    require_free_ports(parse_ports(params["ports"]))
    target = _with_instances(context, [name], "connect")
    return partial(
        connect.connect, target, user=user, ports=params["ports"], key_file=params["key_file"], port=params["port"]
    )


def _tag(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("remove",))
    pairs = {}
    for text in command.params["tags"]:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise UsageError(f"“{text}” is not a tag.", "Write key=value; --remove KEY removes one.")
        pairs[key] = value
    target = _with_instances(context, [command.params["name"]], "tags")
    if not command.params["tags"] and not command.params["remove"]:
        return partial(tags.edit_tags, target)
    return partial(tags.change_tags, target, pairs, command.params["remove"])


def _rename(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command)
    target = _with_instances(context, [command.params["name"]], "tags")
    return partial(tags.rename, target, command.params["new"])


def _protect(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command, ("stop",))
    target, is_on = _with_one_instance(context, command, "protection"), command.params["state"] == "on"

    def change(attributes: InstanceAttributes) -> InstanceAttributes:
        if command.params["stop"]:
            return replace(attributes, stop_protected=is_on)
        return replace(attributes, termination_protected=is_on)

    return partial(protection.change_protection, target, change)


def _set_shutdown_behavior(context: CommandContext, command: ShellCommand) -> Run:
    _refuse_options(context, command)
    target = _with_one_instance(context, command, "protection")
    return partial(
        protection.change_protection,
        target,
        lambda attributes: replace(attributes, shutdown_behavior=command.params["behavior"]),
    )


def _with_one_instance(context: CommandContext, command: ShellCommand, command_id: str) -> CommandContext:
    if len(command.params["names"]) > 1:
        raise UsageError(f"{command.name} takes one instance here: its form is for one.", "A shell takes several.")
    return _with_instances(context, command.params["names"], command_id)


# What only shows. None: only the output of the command has what its options ask for.


def _has_options(command: ShellCommand, allowed: Collection[str] = ()) -> bool:
    return any(option and name not in allowed for name, option in command.given.items())


def _show_instance(context: CommandContext, command: ShellCommand) -> Run | None:
    if _has_options(command):
        return None
    target = _with_instances(context, [command.params["name"]], "instances")

    async def show() -> None:
        context.services.main_screen.go_to_row(target.targets[0].id)
        await full_view.open_details(target)

    return show


def _show_console(context: CommandContext, command: ShellCommand) -> Run | None:
    """The dashboard's view follows the output, too."""
    if _has_options(command, ("follow",)):
        return None
    return partial(full_view.open_console, _with_instances(context, [command.params["name"]], "console"))


def _show_types(context: CommandContext, command: ShellCommand) -> Run | None:
    if _has_options(command, ("sort",)):
        return None
    _require_available(context, "types")
    sort = command.params["sort"] if "sort" in command.given else ""
    return partial(types.browse_types, context, InitialFilter(" ".join(command.params["filters"]), sort))


def _show_costs(context: CommandContext, command: ShellCommand) -> Run | None:
    if _has_options(command):
        return None
    _require_available(context, "cost")
    text = " ".join(command.params["filters"])
    COST_LANGUAGE.parse_complete(text)
    return partial(cost.show_costs, context, text)


def _show_images(context: CommandContext, command: ShellCommand) -> Run | None:
    return None if command.given else partial(dashboard.go_to_images, context)


def _show_spot_prices(context: CommandContext, command: ShellCommand) -> Run | None:
    """The chart is of one type; a family has a table."""
    family = command.params["family"]
    if _has_options(command) or "." not in family:
        return None
    return partial(spot_prices.show_spot_prices, context, family)


def _go_to_region(context: CommandContext, command: ShellCommand) -> Run | None:
    if _has_options(command):
        return None
    text = command.params["text"]
    if not text:
        return partial(location.choose_region, context)
    region = find_region(text)
    if region is None:
        raise unknown_region_error(text)
    return partial(context.services.go, region=region)


async def _show_output(context: CommandContext, shell: ShellCommands, command: ShellCommand) -> None:
    services = context.services
    argv = shell.program(command.words, services.session.choice, context.region)
    title = visible(shlex.join(["fe2", *command.words]))
    await services.ask(OutputForm(title, argv, is_json="json" in command.given))


def _of(run: Callable[[CommandContext], Awaitable[None] | None], command_id: str) -> _View:
    """A command that is one of the dashboard's."""

    def prepare_command(context: CommandContext, command: ShellCommand) -> Run | None:
        if command.given:
            return None
        _require_available(context, command_id)
        return partial(run, context)

    return prepare_command


_ACTIONS: Mapping[str, _Prepare] = {
    "start": partial(_power, power.start, "stop_or_start"),
    "stop": _stop,
    "reboot": partial(_power, power.reboot, "reboot"),
    "terminate": partial(_power, terminate.terminate, "terminate"),
    "deregister": _deregister,
    "release": _release,
    "freeze": _freeze,
    "change-type": _change_type,
    "tag": _tag,
    "rename": _rename,
    "protect": _protect,
    "shutdown-behavior": _set_shutdown_behavior,
}
_VIEWS: Mapping[str, _View] = {
    "instances": _of(dashboard.go_to_instances, "instances"),
    "instance": _show_instance,
    "console": _show_console,
    "types": _show_types,
    "amis": _show_images,
    "price-hist": _show_spot_prices,
    "cost": _show_costs,
    "activity": _of(dashboard.go_to_activity, "activity"),
    "region": _go_to_region,
    "regions": _of(location.choose_region, "region"),
}

_NOT_HERE = {"demo": "it serves a cloud until Ctrl-C. Run it in another terminal"}
