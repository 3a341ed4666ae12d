"""How to log in to an instance: with which private key, as which user, expecting which host keys."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from fe2tui import paths
from fe2tui.aws import images, instances, network
from fe2tui.errors import AwsError, Fe2Error, HostKeyChangedError, KeyFileError, StoreError
from fe2tui.model.instance import USER_TAG, Instance
from fe2tui.ssh import keys as ssh_keys
from fe2tui.ssh.hostkeys import HostKeys, parse_console, parse_console_user
from fe2tui.ssh.keyfiles import display_path
from fe2tui.ssh.route import Route, route_to
from fe2tui.tasks.console import ConsoleReader
from fe2tui.tasks.context import Context, no_read
from fe2tui.tasks.keys import key_search_paths


@dataclass(frozen=True, slots=True)
class SshLogin:
    """What to log in with. ``key_file`` None leaves the choice to ssh; ``key_text`` says which key, for people.

    ``can_log_in`` is False if the instance's private key is not on this computer.
    """

    key_file: Path | None = None
    key_text: str = ""
    can_log_in: bool = True
    image_user: str | None = None

    def route(self, ctx: Context, instance: Instance, *, user: str | None = None, port: int | None = None) -> Route:
        """The route to an instance with this login. Raises NoAddressError, UsageError."""
        return route_to(
            instance, ctx.settings, user=user, port=port, key_file=self.key_file, image_user=self.image_user
        )


def login_user_tag(instance: Instance) -> str:
    """The login user in the instance's tags; empty if they have none."""
    return instance.tags.get(USER_TAG, "").strip()


def known_host_keys() -> HostKeys:
    return HostKeys(paths.known_hosts_file())


async def find_ssh_login(
    ctx: Context, instance: Instance, *, user: str | None = None, key_file: Path | None = None
) -> SshLogin:
    """The key and user for an instance: those given, else config.toml's, else those of its tag, image and key pair.

    Does without what AWS refuses. Raises KeyFileError if a named file does not exist.
    """
    needs_user = not user and not login_user_tag(instance)
    image_user, login = await asyncio.gather(
        _login_user(ctx, instance) if needs_user else no_read(None), _find_key_login(ctx, instance, key_file)
    )
    return SshLogin(login.key_file, login.key_text, login.can_log_in, image_user)


async def learn_host_keys(ctx: Context, instance: Instance) -> bool:
    """Save the host keys in the console output, if none is known yet. Returns whether some are known now.

    Does without a console output that may not be read or has none, and without a file that cannot be written. Raises
    HostKeyChangedError if it has other keys than those known.
    """
    hosts = known_host_keys()
    if await asyncio.to_thread(hosts.known_keys, instance.id):
        return True
    try:
        return await _learn_from_console(ctx, instance, hosts)
    except OSError as error:
        words = f"The host keys cannot be saved in {display_path(hosts.file)}: {error.strerror}."
        ctx.report_step("connect", "log", words, subject=instance.id, label=instance.label)
        return False


async def compare_with_console(ctx: Context, instance: Instance, error: HostKeyChangedError) -> None:
    """Add to the error whether the console output shows the new host key: it does if the system made new ones."""
    with suppress(AwsError):
        found = await _console_host_keys(ctx, instance)
        await asyncio.to_thread(known_host_keys().compare_with_console, error, instance.id, found)


_LONG_OUTPUT = 60_000  # characters of a console output that may have lost its beginning: EC2 returns the last 64 KB


async def keep_learning_host_keys(ctx: Context, instance: Instance) -> None:
    """Read the console output again and again until it has the host keys, and compare them with those seen since."""
    hosts = known_host_keys()
    pause = ctx.pace.poll
    with suppress(OSError):  # a full or read-only disk: there is nothing to compare them with
        while not await _learn_from_console(ctx, instance, hosts):
            await asyncio.sleep(pause)
            pause = min(pause * 2, 15.0)


async def _learn_from_console(ctx: Context, instance: Instance, hosts: HostKeys) -> bool:
    """Save the host keys that the console output has. Returns whether it has some."""
    try:
        found = await _console_host_keys(ctx, instance)
    except AwsError:
        return False
    if found:
        await asyncio.to_thread(hosts.learn, instance.id, found, label=instance.label)
    return bool(found)


async def _console_host_keys(ctx: Context, instance: Instance) -> tuple[str, ...]:
    """The host keys in the output of this moment, which has them minutes before the output that EC2 keeps.

    A long output has lost its beginning: then those in the output that was kept at the last start.
    """
    reader = ConsoleReader(ctx, instance.id)
    text = await reader.read()
    found = parse_console(text)
    if not found and reader.is_live and len(text) >= _LONG_OUTPUT:
        found = parse_console(await instances.console_output(ctx.session, instance.id))
    return found


async def _login_user(ctx: Context, instance: Instance) -> str | None:
    """The login user as its image tells, else as the console output does, else the last one that worked here."""
    with suppress(AwsError):
        if instance.image_id and (user := await images.image_login_user(ctx.session, instance.image_id, instance.id)):
            return user
    with suppress(AwsError):
        if user := parse_console_user(await instances.console_output(ctx.session, instance.id)):
            return user
    with suppress(StoreError):
        for entry in await asyncio.to_thread(ctx.store.activity.recent):
            if entry.command == "connect" and entry.subject == instance.id and entry.result == "done":
                return entry.words.partition("@")[0] or None
    return None


async def _find_key_login(ctx: Context, instance: Instance, key_file: Path | None) -> SshLogin:
    named = key_file or ctx.settings.key_file
    if named is not None:
        named = named.expanduser()
        if not await asyncio.to_thread(named.is_file):
            where = "" if key_file else " It is named as key_file in config.toml."
            raise KeyFileError(f"There is no private key {display_path(named)}.{where}", "Correct the path.")
        return SshLogin(named, f"key {display_path(named)}")
    if instance.key_name is None:
        return SshLogin(None, "no key pair", can_log_in=False)
    pairs: list[network.KeyPair] = []
    with suppress(Fe2Error):
        pairs = await network.key_pairs(ctx.session)
    pair = next((one for one in pairs if one.name == instance.key_name), network.KeyPair(instance.key_name))
    return await asyncio.to_thread(_find_key, pair)


def _find_key(pair: network.KeyPair) -> SshLogin:
    search_paths = key_search_paths()
    found = ssh_keys.find_private_key(
        search_paths, pair.name, public_key=pair.public_key or None, fingerprint=pair.fingerprint or None
    )
    if found is None:
        return SshLogin(None, f"the private half of key pair {pair.name} is not on this computer", can_log_in=False)
    return SshLogin(ssh_keys.identity_file(search_paths, found), f"key {pair.name}")
