"""Tunnels: how ports are asked for, and what happens when one is taken."""

from __future__ import annotations

import socket

import pytest

from fe2tui.errors import FieldError, PortTakenError
from fe2tui.ssh.tunnels import Tunnel, next_free_port, parse_ports, require_free_ports, used_ports


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
