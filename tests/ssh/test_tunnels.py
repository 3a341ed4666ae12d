"""Tunnels: how ports are asked for, and what happens when one is taken."""

from __future__ import annotations

import asyncio
import socket
import sys
from pathlib import Path

import psutil
import pytest

from fe2tui.errors import FieldError, PortTakenError
from fe2tui.ssh.tunnels import Tunnel, next_free_port, parse_ports, require_free_ports, run_tunnels, used_ports
from tests.tui.form_host import until


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("", []),
        ("8888", [(8888, 8888)]),
        (8888, [(8888, 8888)]),
        ("[8888,8008]", [(8888, 8888), (8008, 8008)]),
        ("[8888, 8008]", [(8888, 8888), (8008, 8008)]),
        ("8888,9000:8888", [(8888, 8888), (9000, 8888)]),
        ("8888 8008", [(8888, 8888), (8008, 8008)]),
        ([8888, "9000:80"], [(8888, 8888), (9000, 80)]),
        ((), []),
    ],
)
def test_ports_are_read_as_fastec2_read_them_and_as_pairs(asked: object, meant: list[tuple[int, int]]) -> None:
    assert parse_ports(asked) == tuple(Tunnel(*pair) for pair in meant)  # type: ignore[arg-type]


@pytest.mark.parametrize("asked", ["0", "65536", "x", "80:", ":80", "1:2:3", "-1", "8888;9", "٨٨", "8888,99999"])
def test_what_is_not_a_port_is_named(asked: str) -> None:
    with pytest.raises(FieldError) as caught:
        parse_ports(asked)
    assert caught.value.field == "ports"
    assert "is not a port" in caught.value.summary


def test_a_local_port_given_twice_is_refused_with_a_free_one() -> None:
    with pytest.raises(FieldError, match=r"8888 .* twice") as caught:
        parse_ports("8888,8888:80")
    assert "8889:80" in caught.value.remedy


def test_a_taken_port_is_found_and_the_next_free_one_is_offered() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        tunnel = Tunnel(port, 8888)
        assert used_ports([tunnel]) == (tunnel,)
        with pytest.raises(PortTakenError) as caught:
            require_free_ports([tunnel])
        assert caught.value.port == port
        free = caught.value.free
        assert free != port
        assert f"{free}:8888" in caught.value.remedy
        with socket.create_server(("127.0.0.1", free)):
            assert next_free_port(port) != free
    assert used_ports([tunnel]) == ()


def test_the_offered_port_is_none_of_the_other_given_ones() -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        first = next_free_port(port)
        with pytest.raises(PortTakenError) as caught:
            require_free_ports([Tunnel(port, 1), Tunnel(first, 2)])
        assert caught.value.free not in (port, first)


def test_the_remains_of_a_tunnel_that_just_ended_do_not_count_as_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        served, _ = server.accept()
        served.close()
        client.close()
    assert used_ports([Tunnel(port, port)]) == ()


def test_in_words_a_tunnel_shows_both_ports_only_where_they_differ() -> None:
    assert [tunnel.words for tunnel in parse_ports("8888,9000:80")] == ["8888", "9000 → 80"]


SCRIPT = """echo fe2tui-tunnels-open; echo $$ > "$1"; echo warning >&2; [ -z "$2" ] || exit "$2"; exec sleep 600"""


def _ssh(file: Path, status: str = "") -> list[str]:
    """A program that behaves as the ssh of a tunnel: it says that it is open, and stays unless it has a status."""
    return ["/bin/sh", "-c", SCRIPT, "ssh", str(file), status]


def _is_running(file: Path) -> bool:
    number = int(file.read_text())
    return psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE  # type: ignore[no-any-return]


async def test_tunnels_say_that_they_are_open_and_end_with_their_status_and_messages(tmp_path: Path) -> None:
    opened: list[bool] = []
    result = await run_tunnels(_ssh(tmp_path / "pid", "255"), {}, lambda: opened.append(True))
    assert (result, opened) == ((255, "warning\n"), [True])


async def test_tunnels_that_are_cancelled_are_closed(tmp_path: Path) -> None:
    is_open, file = asyncio.Event(), tmp_path / "pid"
    running = asyncio.create_task(run_tunnels(_ssh(file), {}, is_open.set))
    await is_open.wait()
    await until(file.exists)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until(lambda: not _is_running(file))


async def test_tunnels_end_with_the_program_that_keeps_them_however_it_ends(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    program = "import asyncio, sys; from fe2tui.ssh.tunnels import run_tunnels; "
    program += "asyncio.run(run_tunnels(sys.argv[1:], {}, lambda: None))"
    keeper = await asyncio.create_subprocess_exec(sys.executable, "-P", "-c", program, *_ssh(file))
    await until(lambda: file.exists() and file.read_text())
    keeper.kill()
    await keeper.wait()
    await until(lambda: not _is_running(file))
