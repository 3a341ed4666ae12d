"""Tunnels from the dashboard, over real ssh: opened, listed, restored, closed."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from fe2tui.ssh.tunnels import Tunnel, next_free_port, used_ports
from fe2tui.tasks.tunnels import TunnelState
from fe2tui.tui.forms.form import Field
from fe2tui.tui.forms.tunnels import TunnelsForm
from tests.tui.driver import Driven, dashboard
from tests.tui.form_host import write

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="no ssh program on this computer")


@asynccontextmanager
async def greeter() -> AsyncIterator[int]:
    """The port of a server that says hello; the demo's instances share the network with this computer."""

    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


async def read_from(port: int) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        return await reader.read()
    finally:
        writer.close()


def ssh_of(port: int) -> psutil.Process:
    """The ssh program that has this port of this computer."""
    children = psutil.Process().children(recursive=True)
    return next(one for one in children if one.name() == "ssh" and any(f":{port}:" in word for word in one.cmdline()))


def state_of(driven: Driven) -> list[TunnelState]:
    return [kept.status.state for kept in driven.view.services.kept_tunnels]


async def test_tunnels_are_opened_in_a_form_listed_restored_and_closed_at_the_end(demo_env: Path) -> None:
    async with greeter() as remote, dashboard() as driven:
        await driven.go_to("base")
        await driven.press("T")
        form = await driven.opened(TunnelsForm)
        with socket.create_server(("127.0.0.1", 0)) as holder:
            taken = holder.getsockname()[1]
            await write(driven.pilot, f"{taken}:{remote}")
            await driven.press("enter")
            field = form.query_one("#ports", Field)
            await driven.until(lambda: "is in use" in str(field.error))
            local = int(field.value.partition(":")[0])
            assert local != taken and not state_of(driven)
        await driven.press("enter")
        assert state_of(driven) and field.value == ""
        await driven.until(lambda: state_of(driven) == [TunnelState.OPEN])
        assert await read_from(local) == b"hello"
        await driven.until(lambda: f"{local} → {remote} of base" in driven.screen_text)
        await driven.press("escape")
        await driven.home()
        await driven.until(lambda: "⇄ 1 tunnel" in driven.status_text and "Tunnel  " in driven.screen_text)

        ssh_of(local).kill()
        await driven.until(lambda: state_of(driven) != [TunnelState.OPEN])
        await driven.until(lambda: state_of(driven) == [TunnelState.OPEN], of="the tunnel that is opened again")
        assert await read_from(local) == b"hello"

        await driven.go_to("[prod] web")  # its private key is not on this computer
        await driven.press("T")
        await driven.opened(TunnelsForm)
        await write(driven.pilot, f"{next_free_port(20_000)}:{remote}")
        await driven.press("enter")
        await driven.until(lambda: state_of(driven) == [TunnelState.OPEN, TunnelState.FAILED])
        await driven.until(lambda: "failed: [prod] web" in driven.screen_text)
        await driven.press("ctrl+x")
        await driven.until(lambda: state_of(driven) == [TunnelState.OPEN])
    assert not used_ports([Tunnel(local, remote)])  # closed with the dashboard
