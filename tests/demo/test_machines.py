"""The machines, used with the system's ssh, sftp and scp."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncssh
import pexpect
import psutil
import pytest

from fe2tui.demo.machines import Machines
from fe2tui.demo.machines.sandbox import Sandbox

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")

ID = "i-0123456789abcdef0"


@dataclass(frozen=True)
class Bench:
    machines: Machines
    folder: Path
    key: Path
    public_key: str
    port: int

    def options(self, user: str = "ubuntu", key: Path | None = None) -> list[str]:
        return [
            "-F", "/dev/null", "-i", str(key or self.key), "-o", "IdentitiesOnly=yes", "-o", f"User={user}",
            "-o", f"Port={self.port}", "-o", "StrictHostKeyChecking=accept-new", "-o", "LogLevel=ERROR",
            "-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "BatchMode=yes",
        ]  # fmt: skip

    def ssh(self, *command: str, user: str = "ubuntu", key: Path | None = None, text: str = "") -> tuple[int, str, str]:
        done = self.program("ssh", *self.options(user, key), "127.0.0.1", *command, text=text)
        return done.returncode, done.stdout, done.stderr

    def program(self, *argv: str, text: str = "") -> subprocess.CompletedProcess[str]:
        environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
        return subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=30, env=environment, check=False
        )

    def terminal(self, *command: str, rows: int = 30, columns: int = 100) -> pexpect.spawn[str]:
        argv = [*self.options(), *(["-t"] if command else []), "127.0.0.1", *command]
        shell = pexpect.spawn("ssh", argv, encoding="utf-8", timeout=15, dimensions=(rows, columns))
        if not command:
            shell.expect_exact("ubuntu@base:~$ ")
        return shell


def write_key(path: Path) -> str:
    key = asyncssh.generate_private_key("ssh-ed25519")
    path.touch(0o600)
    key.write_private_key(path)
    return key.export_public_key().decode()


@pytest.fixture(params=["sandbox", "plain"], autouse=True)
def has_sandbox(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in a sandbox, where one is possible, and without one; some in one that bubblewrap makes."""
    if request.param == "plain":
        monkeypatch.setattr(Sandbox, "possible", False)
    if request.param == "bwrap":
        monkeypatch.setattr(Sandbox, "uses_bwrap", True)


in_every_sandbox = pytest.mark.parametrize(
    "has_sandbox", ["sandbox", "plain", *(["bwrap"] if shutil.which("bwrap") else [])], indirect=True
)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    public_key = write_key(tmp_path / "key")
    with Machines(tmp_path / "machines") as machines:
        port = machines.create(ID, hostname="base", user="ubuntu", public_key=public_key)
        yield Bench(machines, tmp_path, tmp_path / "key", public_key, port)


@pytest.fixture
def up(bench: Bench) -> Bench:
    bench.machines.boot(ID)
    return bench


def until(true: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never became true"
        time.sleep(0.01)


def unique(text: str) -> str:
    """A word that is in no other command line. Numbers of processes differ in a sandbox."""
    return f"{text}{uuid.uuid4().int % 10**12:012d}"


def runs(word: str) -> bool:
    """Whether a process has the word in its command line."""
    return any(word in " ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))


def refuses(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) != 0


def test_a_command_has_its_own_exit_status_output_and_errors(up: Bench) -> None:
    assert up.ssh("echo out; echo err >&2; exit 7") == (7, "out\n", "err\n")


def test_a_command_reads_all_that_the_client_sends(up: Bench) -> None:
    text = "line\n" * 50_000
    assert up.ssh("cat", text=text) == (0, text, "")


def test_much_output_arrives_whole(up: Bench) -> None:
    assert up.ssh("head -c 3000000 /dev/zero | tr '\\0' x") == (0, "x" * 3_000_000, "")


def test_a_killed_command_reports_its_signal(up: Bench) -> None:
    code = up.ssh("kill -9 $$")[0]
    assert code == 255 if Sandbox.possible else 137  # the shell that is its parent ends with that


def test_commands_and_shells_start_in_the_home_of_the_machine(up: Bench) -> None:
    home = up.machines.folder / ID / "home" / "ubuntu"
    assert up.ssh("touch here; [ $PWD = $HOME ] && hostname")[1].split() == ["base"]
    assert (home / "here").exists()


@in_every_sandbox
def test_a_sandbox_has_nothing_of_the_persons_own_and_a_login_outside_of_one_says_so(up: Bench) -> None:
    (up.folder / "secret").write_text("mine")
    assert up.ssh("true")[0] == 0
    shell = pexpect.spawn("ssh", [*up.options(), "127.0.0.1"], encoding="utf-8", timeout=15)
    shell.expect_exact("ubuntu@base:~$ ")
    notice = "This demo instance is a shell on your own computer, with your rights."
    if Sandbox.possible:
        assert notice not in shell.before
        assert up.ssh("whoami; ls /home")[1] == "ubuntu\nubuntu\n"
        assert up.ssh(f"cat {up.folder}/secret || ls -d /root {Path.home()}")[:2] == (2, "")
        assert "pytest" not in up.ssh("ps -e -o args")[1]
        assert up.ssh("touch /usr/file || touch /file")[0] == 1
    else:
        assert notice in shell.before
    shell.close(force=True)


def test_a_shell_that_kills_its_parent_leaves_the_cloud_alone(up: Bench) -> None:
    assert up.ssh("echo $PPID")[1].strip() != str(os.getpid())
    shell = up.terminal()
    shell.sendline("kill -9 $PPID")
    shell.expect(pexpect.EOF)
    shell.close()
    assert up.ssh("kill -9 $PPID")[0] != 0
    assert up.ssh("echo on")[1] == "on\n"


def test_a_shell_is_interactive_in_a_real_terminal(up: Bench) -> None:
    shell = up.terminal(rows=30, columns=100)
    shell.sendline("test -t 0 && stty size")
    shell.expect_exact("30 100")
    shell.sendline("exit 5")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 5


def test_ctrl_c_reaches_the_foreground_program_and_leaves_the_shell(up: Bench) -> None:
    shell = up.terminal()
    shell.sendline("trap 'echo never' EXIT; trap - EXIT; cat; echo status=$?")
    shell.sendline("are you there")
    shell.expect_exact("are you there\r\nare you there")
    shell.sendintr()
    shell.expect_exact("ubuntu@base:~$ ")
    shell.sendline("echo still-$((40+2))")
    shell.expect_exact("still-42")
    shell.sendline("exit")
    shell.expect(pexpect.EOF)
    shell.close()


def test_a_resize_reaches_the_machine(up: Bench) -> None:
    shell = up.terminal(rows=24, columns=80)
    shell.sendline("trap 'stty size' WINCH; echo re''ady")
    shell.expect_exact("ready")
    shell.setwinsize(50, 200)
    shell.sendline("until [ \"$(stty size)\" = '50 200' ]; do :; done; echo re''sized")
    shell.expect_exact("resized")
    shell.close(force=True)


def test_ctrl_c_ends_a_command_in_a_terminal(up: Bench) -> None:
    shell = up.terminal("trap 'echo caught; exit 6' INT; echo ready; while :; do sleep 0.01; done")
    shell.expect_exact("ready")
    shell.sendintr()
    shell.expect_exact("caught")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 6


def test_a_command_in_a_terminal_has_its_exit_status(up: Bench) -> None:
    shell = up.terminal("test -t 1 && echo mine > /dev/tty && exit 9")
    shell.expect_exact("mine")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 9


@pytest.mark.parametrize("user", ["root", "ec2-user"])
def test_another_user_is_refused(up: Bench, user: str) -> None:
    code, out, err = up.ssh("true", user=user)
    assert (code, out) == (255, "")
    assert "Permission denied (publickey)" in err


def test_another_key_is_refused(up: Bench) -> None:
    write_key(up.folder / "other")
    code, _, err = up.ssh("true", key=up.folder / "other")
    assert code == 255
    assert "Permission denied (publickey)" in err


def test_a_machine_without_a_key_refuses_every_login(bench: Bench) -> None:
    port = bench.machines.create("i-0", hostname="base", user="ubuntu", public_key=None)
    bench.machines.boot("i-0")
    done = bench.program("ssh", "-p", str(port), *bench.options(), "127.0.0.1", "true")
    assert "Permission denied (publickey)" in done.stderr


def test_a_machine_refuses_connections_before_it_boots(bench: Bench) -> None:
    assert refuses(bench.port)
    assert bench.machines.console_output(ID) == ""


def test_a_booting_machine_answers_after_its_delay(bench: Bench) -> None:
    began = time.monotonic()
    bench.machines.boot(ID, after=0.4)
    assert refuses(bench.port)
    until(lambda: not refuses(bench.port))
    assert time.monotonic() - began >= 0.4


def test_a_booting_machine_answers_but_refuses_logins(bench: Bench) -> None:
    bench.machines.boot(ID, login_after=30)
    code, _, err = bench.ssh("true")
    assert code == 255
    assert "System is booting up" in err


def test_a_boot_can_be_cancelled(bench: Bench) -> None:
    bench.machines.boot(ID, after=30)
    bench.machines.halt(ID)
    bench.machines.boot(ID)
    assert bench.ssh("true")[0] == 0


def test_a_halt_ends_sessions_and_processes(up: Bench) -> None:
    shell = up.terminal()
    word = unique("600.")
    up.ssh(f"nohup setsid sleep {word} >/dev/null 2>&1 &")
    assert runs(word)
    up.machines.halt(ID)
    assert refuses(up.port)
    assert not runs(word)
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 255


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_tmux_survives_the_connection_but_not_the_machine(up: Bench) -> None:
    name = unique("work")
    up.ssh(f"tmux new -d -s {name}")
    assert up.ssh("tmux ls -F '#S'")[1] == f"{name}\n"
    assert up.program("tmux", "has-session", "-t", f"={name}").returncode != 0
    assert runs(name)
    up.machines.halt(ID)
    assert not runs(name)


def test_a_restarted_machine_has_the_same_disk_host_key_and_port(up: Bench) -> None:
    assert up.ssh("echo kept > file")[0] == 0
    known = (up.folder / "known_hosts").read_text()
    up.machines.halt(ID)
    up.machines.boot(ID)
    assert up.ssh("cat file") == (0, "kept\n", "")
    assert (up.folder / "known_hosts").read_text() == known


def test_a_reboot_ends_sessions(up: Bench) -> None:
    shell = up.terminal()
    up.machines.reboot(ID)
    shell.expect(pexpect.EOF)
    shell.close()
    assert up.ssh("true")[0] == 0


def test_a_client_that_knows_the_old_host_key_refuses_a_new_one(up: Bench) -> None:
    assert up.ssh("true")[0] == 0
    up.machines.replace_host_key(ID)
    code, _, err = up.ssh("true")
    assert code == 255
    assert "Host key verification failed" in err


def test_the_console_shows_the_host_key_of_the_ssh_server(up: Bench) -> None:
    text = up.machines.console_output(ID)
    block = text.partition("-----BEGIN SSH HOST KEY KEYS-----\r\n")[2]
    printed = block.partition("\r\n-----END SSH HOST KEY KEYS-----")[0].split()[:2]
    assert up.ssh("true")[0] == 0
    assert (up.folder / "known_hosts").read_text().split()[1:3] == printed


def test_the_console_keeps_its_newest_part(up: Bench) -> None:
    for _ in range(80):
        up.machines.reboot(ID)
    text = up.machines.console_output(ID)
    assert len(text) <= 64 * 1024
    assert text.endswith("login: ")


def test_sftp_and_scp_move_files_relative_to_home(up: Bench) -> None:
    (up.folder / "sent").write_bytes(b"\0data" * 100_000)
    assert up.program("scp", *up.options(), str(up.folder / "sent"), "127.0.0.1:there").returncode == 0
    batch = f"pwd\nmkdir d\nrename there d/moved\nget d/moved {up.folder / 'back'}\n"
    done = up.program("sftp", *up.options(), "-b", "-", "127.0.0.1", text=batch)
    assert done.returncode == 0, done.stderr
    assert (up.folder / "back").read_bytes() == (up.folder / "sent").read_bytes()
    assert up.ssh("ls d") == (0, "moved\n", "")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../host_key", "to-root/etc/passwd"])
def test_sftp_moves_no_file_that_is_not_in_the_home(up: Bench, path: str) -> None:
    assert up.ssh("ln -s / to-root")[0] == 0
    batch = f"get {path} {up.folder / 'got'}\n"
    assert up.program("sftp", *up.options(), "-b", "-", "127.0.0.1", text=batch).returncode != 0
    assert not (up.folder / "got").exists()


def test_the_old_scp_protocol_works_too(up: Bench) -> None:
    (up.folder / "sent").write_text("old")
    assert up.program("scp", "-O", *up.options(), str(up.folder / "sent"), "127.0.0.1:old").returncode == 0
    assert up.ssh("cat old")[1] == "old"


def test_a_local_forward_reaches_a_server_on_the_machine(up: Bench) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as free:
        local = free.getsockname()[1]
        free.close()
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
        forward = f"127.0.0.1:{local}:localhost:{server.getsockname()[1]}"
        ssh = subprocess.Popen(["ssh", *up.options(), "-N", "-L", forward, "127.0.0.1"])
        try:
            until(lambda: not refuses(local) or ssh.poll() is not None)
            # The check above took the first connection; the server greets only one.
            threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
            with socket.create_connection(("127.0.0.1", local)) as client:
                assert client.recv(5) == b"hello"
        finally:
            ssh.terminate()
            ssh.wait()


async def test_a_forward_to_another_host_is_refused(up: Bench) -> None:
    async with asyncssh.connect(
        "127.0.0.1", up.port, username="ubuntu", client_keys=[str(up.key)], known_hosts=None, config=None
    ) as connection:
        with pytest.raises(asyncssh.ChannelOpenError):
            await connection.open_connection("192.0.2.1", 80)
        with pytest.raises(asyncssh.ChannelListenError):
            await connection.start_server(lambda host, port: False, "", 0)


async def test_a_command_dies_when_its_client_goes_away(up: Bench) -> None:
    async with asyncssh.connect(
        "127.0.0.1", up.port, username="ubuntu", client_keys=[str(up.key)], known_hosts=None, config=None
    ) as connection:
        word = unique("600.")
        process = await connection.create_process(f"echo up; exec sleep {word}")
        assert await process.stdout.readline() == "up\n"
        until(lambda: runs(word))
    until(lambda: not runs(word))


async def test_a_shell_dies_when_its_client_goes_away(up: Bench) -> None:
    async with asyncssh.connect(
        "127.0.0.1", up.port, username="ubuntu", client_keys=[str(up.key)], known_hosts=None, config=None
    ) as connection:
        process = await connection.create_process(term_type="xterm", term_size=(80, 24))
        name = unique("shell")
        process.stdin.write(f"exec -a {name} bash\n")
        until(lambda: runs(name))
    until(lambda: not runs(name))


async def test_a_signal_from_the_client_reaches_the_program(up: Bench) -> None:
    async with asyncssh.connect(
        "127.0.0.1", up.port, username="ubuntu", client_keys=[str(up.key)], known_hosts=None, config=None
    ) as connection:
        process = await connection.create_process("trap 'exit 4' TERM; echo up; while :; do sleep 0.01; done")
        await process.stdout.readline()
        process.terminate()
        assert (await process.wait()).exit_status == 4


@pytest.mark.parametrize("command", ["sudo systemctl poweroff", "sudo -n shutdown -h now", "poweroff"])
def test_poweroff_affects_only_its_machine(up: Bench, command: str) -> None:
    up.ssh(command)
    until(lambda: refuses(up.port))


def test_the_cloud_learns_that_a_machine_turned_itself_off(tmp_path: Path) -> None:
    public_key = write_key(tmp_path / "key")
    heard: list[tuple[str, str]] = []
    with Machines(tmp_path / "m", on_power=lambda instance, what: heard.append((instance, what))) as machines:
        port = machines.create(ID, hostname="base", user="ubuntu", public_key=public_key)
        machines.boot(ID)
        Bench(machines, tmp_path, tmp_path / "key", public_key, port).ssh("sudo reboot")
        until(lambda: heard == [(ID, "reboot")])


def test_a_destroyed_machine_leaves_nothing(up: Bench) -> None:
    up.ssh("touch file")
    up.machines.destroy(ID)
    assert refuses(up.port)
    assert list(up.machines.folder.iterdir()) == []
    with pytest.raises(KeyError):
        up.machines.boot(ID)


def test_nothing_is_left_after_close(tmp_path: Path) -> None:
    public_key = write_key(tmp_path / "key")
    machines = Machines(tmp_path / "m")
    port = machines.create(ID, hostname="base", user="ubuntu", public_key=public_key)
    machines.boot(ID)
    bench = Bench(machines, tmp_path, tmp_path / "key", public_key, port)
    shell = bench.terminal()
    word = unique("600.")
    bench.ssh(f"env -i setsid sleep {word} </dev/null >/dev/null 2>&1 &")
    assert runs(word)
    before = threading.active_count()
    machines.close()
    assert refuses(port)
    assert not runs(word)
    assert not runs(str(tmp_path / "m"))
    assert list((tmp_path / "m").iterdir()) == []
    assert threading.active_count() < before
    shell.expect(pexpect.EOF)
    shell.close()


def test_machines_cost_little_until_they_boot(tmp_path: Path) -> None:
    threads = threading.active_count()
    with Machines(tmp_path / "m") as machines:
        began = time.process_time()
        ports = {machines.create(f"i-{n:017x}", hostname="x", user="u", public_key=None) for n in range(200)}
        assert len(ports) == 200
        assert time.process_time() - began < 0.2
        assert threading.active_count() == threads
        assert not (tmp_path / "m").exists()


def test_two_machines_share_nothing(up: Bench) -> None:
    port = up.machines.create("i-2", hostname="other one!", user="admin", public_key=up.public_key)
    up.machines.boot("i-2")
    other = Bench(up.machines, up.folder, up.key, up.public_key, port)
    assert other.ssh("hostname; pwd", user="admin")[1].split()[0] == "other-one"
    up.ssh("touch mine")
    assert other.ssh("ls", user="admin")[1] == ""
    up.machines.halt(ID)
    assert other.ssh("true", user="admin")[0] == 0
