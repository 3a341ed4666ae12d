"""Connections by asyncssh: commands, files, tmux, and every way in which one can fail."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from fe2tui.demo.machines.sandbox import Sandbox
from fe2tui.errors import (
    HostKeyChangedError,
    KeyFileError,
    KeyNeedsPersonError,
    MachineError,
    PermissionDeniedError,
    UnansweredError,
)
from fe2tui.ssh.connection import connect
from fe2tui.ssh.hostkeys import parse_console
from tests.ssh.ssh_yard import ID, Yard, eventually, lock, write_key


async def test_a_command_gives_output_errors_and_status(up: Yard) -> None:
    async with connect(up.route, up.hosts) as machine:
        done = await machine.run("cat; echo err >&2; exit 7", input="in ü\n")
        assert (done.stdout, done.stderr, done.exit_status, done.is_ok) == ("in ü\n", "err\n", 7, False)
        assert (await machine.run("kill -TERM $$")).exit_status == -15
        assert (await machine.run("printf '\\377'")).stdout == "\ufffd"


async def test_a_checked_command_that_fails_is_an_error_with_its_last_words(up: Yard) -> None:
    async with connect(up.route, up.hosts) as machine:
        with pytest.raises(MachineError, match=r"ended with 3 on base: the reason"):
            await machine.run("echo start; echo the reason >&2; exit 3", check=True)


async def test_a_command_that_takes_too_long_is_given_up_and_ends(up: Yard) -> None:
    async with connect(up.route, up.hosts) as machine:
        with pytest.raises(UnansweredError, match=r"within 0\.2 seconds"):
            await machine.run("echo $$ > pid; exec sleep 600", timeout=0.2)
        pid = (await machine.run("cat pid")).stdout.strip()
        while (await machine.run(f"kill -0 {pid}")).is_ok:
            await asyncio.sleep(0.01)


async def test_a_cancelled_command_and_connection_end_at_once(up: Yard) -> None:
    async def work() -> None:
        async with connect(up.route, up.hosts) as machine:
            await machine.run("touch begun; sleep 600")

    task = asyncio.create_task(work())
    await eventually((up.machines.folder / ID / "home" / "ubuntu" / "begun").exists)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        async with asyncio.timeout(5):
            await task


async def test_files_and_folders_go_there_and_come_back(up: Yard) -> None:
    (up.folder / "in" / "deep").mkdir(parents=True)
    (up.folder / "in" / "deep" / "a b").write_bytes(b"\0" * 300_000)
    (up.folder / "script.sh").write_text("#!/bin/sh\n")
    (up.folder / "script.sh").chmod(0o750)
    async with connect(up.route, up.hosts) as machine:
        await machine.put(up.folder / "in", "there", recurse=True)
        await machine.put(up.folder / "script.sh", "s.sh")
        assert (await machine.run("stat -c %a s.sh; wc -c < 'there/deep/a b'")).stdout.split() == ["750", "300000"]
        await machine.get("there", up.folder / "out", recurse=True)
    assert (up.folder / "out" / "deep" / "a b").read_bytes() == b"\0" * 300_000


async def test_a_file_that_is_not_there_is_an_error_that_names_it(up: Yard) -> None:
    async with connect(up.route, up.hosts) as machine:
        with pytest.raises(MachineError, match="nothing could not be copied to base"):
            await machine.put(up.folder / "nothing", "x")
        with pytest.raises(MachineError, match="missing could not be copied from base"):
            await machine.get("missing", up.folder / "x")


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
async def test_a_line_is_typed_into_tmux_as_it_stands_and_outlives_the_connection(up: Yard) -> None:
    text = "printf '%s\\n' \"$LOGNAME\" ';' -n '#{x}' C-c > typed"
    async with connect(up.route, up.hosts) as machine:
        await machine.send(text)
        await machine.send("-l is no option; echo $TMUX > again", session="other")
    home = up.machines.folder / ID / "home" / "ubuntu"
    await eventually(lambda: (home / "typed").exists() and (home / "again").exists())
    await eventually(lambda: (home / "typed").read_text() == "ubuntu\n;\n-n\n#{x}\nC-c\n")
    async with connect(up.route, up.hosts) as machine:
        assert sorted((await machine.run("tmux ls -F '#S'")).stdout.split()) == ["fe2", "other"]


async def test_a_machine_without_tmux_says_how_to_get_it(up: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = up.folder / "programs"
    programs.mkdir()
    (programs / "bash").symlink_to(shutil.which("bash") or "/bin/sh")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(Sandbox, "possible", False)  # it has the programs of this computer
    async with connect(up.route, up.hosts) as machine:
        with pytest.raises(MachineError, match="base has no tmux") as caught:
            await machine.send("true")
    assert "install tmux" in caught.value.remedy


async def test_an_unknown_host_key_is_trusted_once_and_kept(up: Yard) -> None:
    async with connect(up.route, up.hosts):
        pass
    assert up.hosts.known_keys(ID) == (up.host_key(),)


@pytest.mark.parametrize("learnt_by", ["connecting", "console"])
async def test_a_changed_host_key_is_never_connected_to(up: Yard, learnt_by: str) -> None:
    if learnt_by == "console":
        up.hosts.learn(ID, parse_console(up.machines.console_output(ID)))
    else:
        async with connect(up.route, up.hosts):
            pass
    known = up.hosts.known_keys(ID)
    up.machines.replace_host_key(ID)
    with pytest.raises(HostKeyChangedError, match="base"):
        async with connect(up.route, up.hosts):
            pass
    assert up.hosts.known_keys(ID) == known


async def test_a_machine_that_shows_only_another_kind_of_key_counts_as_changed(up: Yard) -> None:
    up.hosts.learn(ID, [write_key(up.folder / "other-kind", "ecdsa-sha2-nistp256")])
    with pytest.raises(HostKeyChangedError):
        async with connect(up.route, up.hosts):
            pass


async def test_a_wrong_key_is_refused_and_named(up: Yard) -> None:
    write_key(up.folder / "wrong")
    with pytest.raises(PermissionDeniedError, match="wrong") as caught:
        async with connect(up.with_route(key_file=up.folder / "wrong"), up.hosts):
            pass
    assert "ubuntu" in caught.value.summary


async def test_a_wrong_user_is_refused(up: Yard) -> None:
    with pytest.raises(PermissionDeniedError, match="does not let ec2-user in"):
        async with connect(up.with_route(user="ec2-user"), up.hosts):
            pass


async def test_a_machine_that_is_off_has_refused(yard: Yard) -> None:
    with pytest.raises(UnansweredError, match="refused"):
        async with connect(yard.route, yard.hosts):
            pass


async def test_a_silent_machine_is_given_up_in_time(yard: Yard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(UnansweredError, match="does not answer"):
        async with connect(yard.with_route(port=server.getsockname()[1]), yard.hosts, timeout=0.2):
            pass


async def test_a_machine_that_still_boots_says_so(yard: Yard) -> None:
    yard.machines.boot(ID, login_after=60)
    with pytest.raises(UnansweredError, match="still booting"):
        async with connect(yard.route, yard.hosts):
            pass


async def test_a_machine_stopped_meanwhile_breaks_the_connection_with_an_error_in_words(up: Yard) -> None:
    async with connect(up.route, up.hosts) as machine:
        task = asyncio.create_task(machine.run("touch begun; sleep 600"))
        await eventually((up.machines.folder / ID / "home" / "ubuntu" / "begun").exists)
        await asyncio.to_thread(up.machines.halt, ID)
        with pytest.raises(MachineError, match="base"):
            await task
        with pytest.raises(MachineError, match="base"):
            await machine.run("true")


@pytest.mark.parametrize("content", [None, "not a key"])
async def test_a_key_file_that_is_missing_or_no_key_is_named(up: Yard, content: str | None) -> None:
    if content is not None:
        (up.folder / "odd").write_text(content)
    with pytest.raises(KeyFileError, match="odd"):
        async with connect(up.with_route(key_file=up.folder / "odd"), up.hosts):
            pass


async def test_a_key_with_a_passphrase_is_used_through_the_agent_or_asked_for(
    up: Yard, agent: Callable[..., str]
) -> None:
    held = agent(up.key)
    locked = Path(shutil.copy(up.key, up.folder / "locked"))
    lock(locked, "secret")
    route = up.with_route(key_file=locked)
    with pytest.raises(KeyNeedsPersonError, match="passphrase") as caught:
        async with connect(route, up.hosts):
            pass
    assert "ssh-add" in caught.value.remedy
    async with connect(route, up.hosts, agent_socket=held) as machine:
        assert (await machine.run("true")).is_ok


async def test_a_public_key_file_stands_for_the_agents_private_half(up: Yard, agent: Callable[..., str]) -> None:
    write_key(up.folder / "other")
    (up.folder / "half.pub").write_text(up.public_key + "\n")
    route = up.with_route(key_file=up.folder / "half.pub")
    async with connect(route, up.hosts, agent_socket=agent(up.folder / "other", up.key)) as machine:
        assert (await machine.run("true")).is_ok
    with pytest.raises(KeyNeedsPersonError):
        async with connect(route, up.hosts, agent_socket=agent(up.folder / "other")):
            pass


async def test_without_a_given_key_the_local_keys_are_tried(up: Yard, clean_environment: Path) -> None:
    folder = clean_environment / ".ssh"
    folder.mkdir()
    write_key(folder / "id_ecdsa", "ecdsa-sha2-nistp256", passphrase="secret")
    shutil.copy(up.key, folder / "id_ed25519")
    async with connect(up.with_route(key_file=None), up.hosts) as machine:
        assert (await machine.run("true")).is_ok


@pytest.mark.parametrize(
    "config",
    [
        "IdentityFile ~/.ssh/gone\n",
        'Port "unfinished\n',
        "Port many\n",
        "RekeyLimit 1X\n",
        "PKCS11Provider /usr/lib/opensc-pkcs11.so\n",
        "SecurityKeyProvider nosuch.so\n",
    ],
)
async def test_a_configuration_that_asyncssh_cannot_read_is_left_alone(
    up: Yard, clean_environment: Path, config: str
) -> None:
    (clean_environment / ".ssh").mkdir()
    (clean_environment / ".ssh" / "config").write_text(config)
    for route in (up.route, up.with_route(key_file=None)):
        if route.key_file is None:
            shutil.copy(up.key, clean_environment / ".ssh" / "id_ed25519")
        async with connect(route, up.hosts) as machine:
            assert (await machine.run("true")).is_ok


async def test_the_way_through_a_jump_host_stays_where_asyncssh_cannot_use_the_rest_of_the_configuration(
    up: Yard, configure_ssh: Callable[[str], None]
) -> None:
    proxy = up.folder / "proxy.py"
    proxy.write_text(
        "import os, socket, sys, threading\n"
        "open(sys.argv[3], 'w').close()\n"
        "machine = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n"
        "def copy():\n"
        "    while data := os.read(0, 65536): machine.sendall(data)\n"
        "threading.Thread(target=copy, daemon=True).start()\n"
        "while data := machine.recv(65536): os.write(1, data)\n"
    )
    used = up.folder / "used"
    configure_ssh(f"Host *\n  IdentityFile ~/.ssh/gone\n  ProxyCommand {sys.executable} {proxy} %h %p {used}\n")
    async with connect(up.with_route(key_file=up.key), up.hosts) as machine:
        assert (await machine.run("true")).is_ok
    assert used.exists()


async def test_a_strict_configuration_accepts_no_unknown_host_key(
    up: Yard, configure_ssh: Callable[[str], None]
) -> None:
    configure_ssh("Host *\n  StrictHostKeyChecking yes\n")
    with pytest.raises(MachineError, match="StrictHostKeyChecking yes"):
        async with connect(up.route, up.hosts):
            pass
    assert not up.hosts.known_keys(ID)


async def test_a_key_file_that_others_may_read_is_not_used_as_ssh_does_not_use_it(up: Yard) -> None:
    up.key.chmod(0o644)
    with pytest.raises(KeyFileError) as caught:
        async with connect(up.route, up.hosts):
            pass
    assert caught.value.remedy == f"Run: chmod 600 {up.key}"


def test_asyncssh_is_not_loaded_before_a_connection() -> None:
    modules = ("connection", "errors", "hostkeys", "keyfiles", "keys", "probe", "route", "terminal", "tunnels")
    code = f"import sys; [__import__('fe2tui.ssh.' + n) for n in {modules}]; sys.exit('asyncssh' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
