"""Waiting until a machine can be used: what counts as ready, and how the wait ends when it never is."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fe2tui.errors import HostKeyChangedError, PermissionDeniedError, UnansweredError
from fe2tui.ssh.probe import SshReady, wait_for_ssh
from tests.ssh.ssh_yard import ID, Yard, eventually, write_key


async def test_a_running_machine_is_ready_at_once_by_a_command(up: Yard) -> None:
    steps: list[tuple[str, str]] = []
    ready = await wait_for_ssh(up.route, up.hosts, on_step=lambda *step: steps.append(step))
    assert ready.proof == "command"
    assert ready.words == "base is ready: ubuntu can log in"
    assert [name for name, _ in steps] == ["ssh answers", "ready"]
    assert up.hosts.known_keys(ID) == (up.host_key(),)


async def test_a_machine_that_comes_up_is_noticed_within_a_moment(yard: Yard) -> None:
    began = time.monotonic()
    yard.machines.boot(ID, after=1.0)
    await wait_for_ssh(yard.route, yard.hosts, within=20)
    assert 1.0 <= time.monotonic() - began < 2.0


async def test_the_banner_alone_is_not_ready_while_the_system_still_boots(yard: Yard) -> None:
    steps: list[str] = []
    yard.machines.boot(ID, login_after=0.7)
    began = time.monotonic()
    ready = await wait_for_ssh(yard.route, yard.hosts, within=20, on_step=lambda name, _: steps.append(name))
    assert ready.proof == "command"
    assert time.monotonic() - began >= 0.6
    assert steps == ["ssh answers", "ready"]


async def test_a_key_that_the_machine_has_not_written_yet_is_waited_for(yard: Yard) -> None:
    yard.machines.boot(ID)
    authorized = yard.machines.folder / ID / "home" / "ubuntu" / ".ssh" / "authorized_keys"
    line = authorized.read_text()
    authorized.write_text("")

    async def write_late() -> None:
        await eventually(lambda: yard.hosts.known_keys(ID) != ())
        authorized.write_text(line)

    writing = asyncio.create_task(write_late())
    assert (await wait_for_ssh(yard.route, yard.hosts, within=20)).proof == "command"
    await writing


async def test_a_key_that_stays_refused_ends_the_wait_with_what_was_tried(up: Yard) -> None:
    write_key(up.folder / "wrong")
    with pytest.raises(PermissionDeniedError, match="wrong"):
        await wait_for_ssh(up.with_route(key_file=up.folder / "wrong"), up.hosts, denied_seconds=0.3)


async def test_a_changed_host_key_ends_the_wait_at_once(up: Yard) -> None:
    up.hosts.learn(ID, [up.host_key()])
    up.machines.replace_host_key(ID)
    with pytest.raises(HostKeyChangedError):
        await wait_for_ssh(up.route, up.hosts, within=60)


async def test_time_runs_out_with_the_last_reason_refused(yard: Yard) -> None:
    with pytest.raises(UnansweredError, match=r"not ready for ssh within 0\.3 seconds.*refused the connection"):
        await wait_for_ssh(yard.route, yard.hosts, within=0.3)


async def test_time_runs_out_with_the_last_reason_still_booting(yard: Yard) -> None:
    yard.machines.boot(ID, login_after=60)
    with pytest.raises(UnansweredError, match="still booting"):
        await wait_for_ssh(yard.route, yard.hosts, within=2)


def _listening(greeting: bytes) -> tuple[socket.socket, Callable[[], Any]]:
    server = socket.create_server(("127.0.0.1", 0))

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        if greeting:
            writer.close()
        else:
            await reader.read()

    return server, lambda: asyncio.start_server(greet, sock=server)


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [(b"", "does not answer"), (b"HTTP/1.1 400\r\n\r\n", "closed before an ssh banner"), (b"x" * 20_000, "is not ssh")],
)
async def test_time_runs_out_with_the_last_reason_for_what_is_no_ssh_server(
    yard: Yard, greeting: bytes, reason: str
) -> None:
    server, start = _listening(greeting)
    async with await start():
        with pytest.raises(UnansweredError, match=reason):
            await wait_for_ssh(yard.with_route(port=server.getsockname()[1]), yard.hosts, within=0.6, try_seconds=0.2)


async def test_a_silent_first_try_does_not_spoil_the_next(yard: Yard) -> None:
    """Each try has a socket of its own: one that hangs is left, and the machine's real sshd is then found."""
    held = socket.socket()
    held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    yard.machines.boot(ID)
    real = yard.route.port
    connections = 0

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        if connections <= 2:
            await reader.read()
            writer.close()
            return
        there_reader, there_writer = await asyncio.open_connection("127.0.0.1", real)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
            sink.close()

        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer), return_exceptions=True)

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        ready = await wait_for_ssh(yard.with_route(port=port), yard.hosts, within=20, try_seconds=1.0)
    assert ready.proof == "command"
    assert connections == 4


async def test_without_the_private_key_the_banner_is_enough_and_it_says_so(up: Yard) -> None:
    ready = await wait_for_ssh(up.with_route(key_file=None), up.hosts, log_in=False)
    assert ready.proof == "banner"
    assert "private key is not on this computer" in ready.words


async def test_with_a_key_that_needs_its_passphrase_the_banner_is_enough(up: Yard) -> None:
    write_key(up.folder / "locked", passphrase="secret")
    ready = await wait_for_ssh(up.with_route(key_file=up.folder / "locked"), up.hosts, within=20)
    assert ready.proof == "banner"
    assert "passphrase" in ready.words


async def test_with_an_agent_that_asks_for_consent_the_banner_is_enough(up: Yard) -> None:
    """An agent with a key to be confirmed answers which keys it has, and then not until somebody has clicked."""
    path = up.folder / "agent"
    (up.folder / "half.pub").write_text(up.public_key + "\n")
    asked = 0
    blob = _blob(up.public_key)
    answer = b"\x0c" + (1).to_bytes(4, "big") + _string(blob) + _string(b"me")

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        while head := await reader.read(4):
            request = await reader.readexactly(int.from_bytes(head, "big"))
            if request[0] == 11:
                writer.write(_string(answer))
            else:
                asked += 1
        writer.close()

    async with await asyncio.start_unix_server(serve, path):
        ready = await wait_for_ssh(
            up.with_route(key_file=up.folder / "half.pub"), up.hosts, agent_socket=str(path), try_seconds=0.8, within=20
        )
    assert ready.proof == "banner"
    assert "agent" in ready.words
    assert asked == 1


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _blob(line: str) -> bytes:
    import base64

    return base64.b64decode(line.split()[1])


@pytest.mark.parametrize("state", ["off", "booting", "up with another key"])
async def test_a_wait_can_be_cancelled_at_any_stage(yard: Yard, state: str) -> None:
    if state != "off":
        yard.machines.boot(ID, login_after=60 if state == "booting" else 0)
    write_key(yard.folder / "wrong")
    route = yard.with_route(key_file=yard.folder / "wrong")
    waiting: asyncio.Task[SshReady] = asyncio.create_task(wait_for_ssh(route, yard.hosts))
    await asyncio.wait({waiting}, timeout=0.4)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(2):
            await waiting


async def test_the_loop_never_stands_still_while_waiting(up: Yard, tmp_path: Path) -> None:
    longest, before = 0.0, time.monotonic()

    async def tick() -> None:
        nonlocal longest, before
        while True:
            await asyncio.sleep(0.001)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()

    ticking = asyncio.create_task(tick())
    await wait_for_ssh(up.route, up.hosts)
    ticking.cancel()
    assert longest < 0.15
