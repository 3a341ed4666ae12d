"""The same against a real OpenSSH server on loopback: what a demo machine might be too kind about."""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from fe2tui.errors import HostKeyChangedError, PermissionDeniedError
from fe2tui.ssh.connection import connect
from fe2tui.ssh.errors import exit_error
from fe2tui.ssh.hostkeys import HostKeys
from fe2tui.ssh.probe import wait_for_ssh
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import ssh_command
from fe2tui.ssh.tunnels import next_free_port
from tests.ssh.ssh_yard import write_key

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

pytestmark = pytest.mark.skipif(SSHD is None, reason="needs the OpenSSH server")


@dataclass(frozen=True)
class Server:
    route: Route
    hosts: HostKeys
    host_keys: tuple[str, ...]
    folder: Path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    public = write_key(tmp_path / "key")
    (tmp_path / "authorized_keys").write_text(public + "\n")
    keys = tuple(
        " ".join(write_key(tmp_path / kind, kind).split()[:2])
        for kind in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519")
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    port = next_free_port(20_000 + os.getpid() % 20_000)
    config = tmp_path / "sshd_config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nAuthorizedKeysFile {tmp_path}/authorized_keys\nUsePAM no\n"
        "StrictModes no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nPermitRootLogin yes\n"
        "PidFile none\nSubsystem sftp internal-sftp\n"
        + "".join(f"HostKey {tmp_path}/{kind}\n" for kind in ("ssh-rsa", "ecdsa-sha2-nistp256", "ssh-ed25519"))
    )
    assert SSHD is not None
    log = (tmp_path / "log").open("wb")
    process = subprocess.Popen([SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    route = Route("i-0ssd", "127.0.0.1", port, getpass.getuser(), tmp_path / "key", "default", "real")
    yield Server(route, HostKeys(tmp_path / "data" / "known_hosts"), keys, tmp_path)
    process.terminate()
    process.wait()
    log.close()


def by_ssh(server: Server, command: str) -> subprocess.CompletedProcess[str]:
    argv = ssh_command(server.route, server.hosts, command=command)
    return subprocess.run(argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)


async def test_it_becomes_ready_and_runs_commands_and_moves_files(server: Server) -> None:
    assert (await wait_for_ssh(server.route, server.hosts, within=20)).proof == "command"
    (server.folder / "file").write_text("content")
    async with connect(server.route, server.hosts) as machine:
        assert (await machine.run("cat; exit 3", input="in")).exit_status == 3
        assert (await machine.run("kill -9 $$")).exit_status == -9
        await machine.put(server.folder / "file", str(server.folder / "there"))
        await machine.get(str(server.folder / "there"), server.folder / "back")
    assert (server.folder / "back").read_text() == "content"


async def test_a_host_key_trusted_by_one_way_in_is_the_one_that_the_other_expects(server: Server) -> None:
    await wait_for_ssh(server.route, server.hosts, within=20)
    assert server.hosts.known_keys("i-0ssd") == (server.host_keys[2],)
    done = by_ssh(server, "true")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_any_one_of_the_servers_keys_read_off_the_console_will_do(server: Server, which: int) -> None:
    server.hosts.learn("i-0ssd", [server.host_keys[which]])
    assert (await wait_for_ssh(server.route, server.hosts, within=20)).proof == "command"
    assert by_ssh(server, "true").returncode == 0
    assert server.hosts.known_keys("i-0ssd") == (server.host_keys[which],)


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ssh-rsa"])
async def test_another_key_than_the_known_is_refused_by_both_ways_in(server: Server, kind: str) -> None:
    await wait_for_ssh(server.route, HostKeys(server.folder / "elsewhere"), within=20)
    server.hosts.learn("i-0ssd", [write_key(server.folder / "former", kind)])
    with pytest.raises(HostKeyChangedError):
        async with connect(server.route, server.hosts):
            pass
    done = by_ssh(server, "true")
    assert isinstance(exit_error(server.route, server.hosts, done.returncode, done.stderr), HostKeyChangedError)


async def test_a_key_that_it_does_not_know_is_refused_in_words(server: Server) -> None:
    write_key(server.folder / "wrong")
    wrong = replace(server.route, key_file=server.folder / "wrong")
    await wait_for_ssh(server.route, server.hosts, within=20)
    with pytest.raises(PermissionDeniedError, match="wrong"):
        async with connect(wrong, server.hosts):
            pass
