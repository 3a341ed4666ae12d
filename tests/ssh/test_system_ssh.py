"""The system's own ssh, run as it is given to the person: against demo machines."""

from __future__ import annotations

import os
import shlex
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pexpect
import pytest

from fe2tui.errors import (
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    PermissionDeniedError,
    UnansweredError,
)
from fe2tui.ssh.errors import exit_error
from fe2tui.ssh.hostkeys import HostKeys, parse_console
from fe2tui.ssh.keys import KeySearchPaths, find_private_key, identity_file
from fe2tui.ssh.route import Route
from fe2tui.ssh.terminal import display_command, effective_config, proxy_command, ssh_command
from fe2tui.ssh.tunnels import Tunnel, next_free_port
from tests.ssh.ssh_yard import ID, Yard, write_key

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")


def run(argv: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
    )


def options(argv: list[str]) -> list[str]:
    return [value for flag, value in pairwise(argv) if flag == "-o"]


def test_the_command_logs_in_and_keeps_the_host_key_under_the_instance_id(up: Yard) -> None:
    done = run(ssh_command(up.route, up.hosts, command="echo $USER; exit 3"))
    assert (done.returncode, done.stdout) == (3, "ubuntu\n")
    assert up.hosts.known_keys(ID) == (up.host_key(),)
    assert up.hosts.file.read_text().startswith(f"{ID} ssh-ed25519 ")
    assert up.hosts.file.stat().st_mode & 0o777 == 0o600


def test_a_shell_is_interactive_and_its_status_comes_back(up: Yard) -> None:
    argv = ssh_command(up.route, up.hosts)
    shell = pexpect.spawn(argv[0], argv[1:], encoding="utf-8", timeout=15)
    shell.expect_exact("ubuntu@base:~$ ")
    shell.sendline("exit 4")
    shell.expect(pexpect.EOF)
    shell.close()
    assert shell.exitstatus == 4
    assert exit_error(up.route, up.hosts, 4) is None


def test_a_key_learnt_from_the_console_leaves_nothing_to_trust_on_first_use(up: Yard) -> None:
    argv = ssh_command(up.route, up.hosts, command="true")
    assert "StrictHostKeyChecking=accept-new" in options(argv)
    up.hosts.learn(ID, parse_console(up.machines.console_output(ID)))
    argv = ssh_command(up.route, up.hosts, command="true")
    assert "StrictHostKeyChecking=yes" in options(argv)
    done = run(argv)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_changed_host_key_stops_with_an_explanation_also_when_first_learnt_by_ssh_itself(up: Yard) -> None:
    assert run(ssh_command(up.route, up.hosts, command="true")).returncode == 0
    up.machines.replace_host_key(ID)
    done = run(ssh_command(up.route, up.hosts, command="echo in"))
    assert (done.returncode, done.stdout) == (255, "")
    error = exit_error(up.route, up.hosts, done.returncode, done.stderr)
    assert isinstance(error, HostKeyChangedError)
    assert "base" in error.summary and "ssh-keygen -R" in error.remedy


def test_the_persons_own_known_hosts_are_neither_read_nor_written(up: Yard, clean_environment: Path) -> None:
    assert run(ssh_command(up.route, up.hosts, command="true")).returncode == 0
    assert not (clean_environment / ".ssh").exists()
    assert "GlobalKnownHostsFile=/dev/null" in options(ssh_command(up.route, up.hosts))


def test_a_folder_with_spaces_quotes_and_percent_signs_is_no_trouble(up: Yard) -> None:
    odd = up.folder / 'a "b" %h 100% \\d'
    odd.mkdir()
    shutil.copy(up.key, odd / "k%e y")
    hosts = HostKeys(odd / "known_hosts")
    route = up.with_route(key_file=odd / "k%e y")
    assert run(ssh_command(route, hosts, command="true")).returncode == 0
    assert hosts.known_keys(ID) == (up.host_key(),)
    assert run(ssh_command(route, hosts, command="true")).stderr == ""


def test_only_the_named_key_is_offered_and_a_wrong_one_explained(up: Yard, agent: Callable[..., str]) -> None:
    write_key(up.folder / "wrong")
    socket_path = agent(up.key)
    route = up.with_route(key_file=up.folder / "wrong")
    done = run(ssh_command(route, up.hosts, command="true"), SSH_AUTH_SOCK=socket_path)
    error = exit_error(route, up.hosts, done.returncode, done.stderr)
    assert isinstance(error, PermissionDeniedError)
    assert "wrong" in error.summary and "key pair default" in error.remedy
    assert "IdentitiesOnly=yes" in options(ssh_command(route, up.hosts))


def test_without_a_named_key_the_agent_is_asked(up: Yard, agent: Callable[..., str]) -> None:
    argv = ssh_command(up.with_route(key_file=None), up.hosts, command="true")
    assert not [option for option in options(argv) if option.startswith("IdentitiesOnly")]
    assert run(argv, SSH_AUTH_SOCK=agent(up.key)).returncode == 0


def test_a_key_that_only_the_agent_has_can_be_the_only_one_offered(up: Yard, agent: Callable[..., str]) -> None:
    for name in ("a", "b"):
        write_key(up.folder / name)
    held = agent(up.folder / "a", up.folder / "b", up.key)
    places = KeySearchPaths(up.folder / "keys", up.folder / "missing", held)
    key = find_private_key(places, "default", public_key=up.public_key)
    assert key is not None
    route = up.with_route(key_file=identity_file(places, key))
    done = run([*ssh_command(route, up.hosts, command="true", options=["LogLevel=DEBUG1"])], SSH_AUTH_SOCK=held)
    assert done.returncode == 0
    assert done.stderr.count("Offering public key") == 1


def test_a_key_file_open_to_others_is_explained_with_the_command_that_closes_it(up: Yard) -> None:
    up.key.chmod(0o644)
    done = run(ssh_command(up.route, up.hosts, command="true"))
    error = exit_error(up.route, up.hosts, done.returncode, done.stderr)
    assert isinstance(error, KeyFileError)
    assert error.remedy == f"Run: chmod 600 {shlex.quote(str(up.key))}"


def test_a_machine_that_is_off_is_explained(yard: Yard) -> None:
    done = run(ssh_command(yard.route, yard.hosts, command="true"))
    error = exit_error(yard.route, yard.hosts, done.returncode, done.stderr)
    assert isinstance(error, UnansweredError)
    assert "refused" in error.summary and str(yard.route.port) in error.summary


def test_a_machine_that_still_boots_is_explained(yard: Yard) -> None:
    yard.machines.boot(ID, login_after=60)
    done = run(ssh_command(yard.route, yard.hosts, command="true"))
    error = exit_error(yard.route, yard.hosts, done.returncode, done.stderr)
    assert isinstance(error, UnansweredError)
    assert "still booting" in error.summary


def test_a_silent_machine_is_explained(yard: Yard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        route = yard.with_route(port=server.getsockname()[1])
        done = run(ssh_command(route, yard.hosts, command="true", options=["ConnectTimeout=1"]))
    error = exit_error(route, yard.hosts, done.returncode, done.stderr)
    assert isinstance(error, UnansweredError)
    assert "security group" in error.remedy


def test_a_machine_stopped_under_a_command_is_explained(up: Yard) -> None:
    argv = ssh_command(up.route, up.hosts, command="echo up; sleep 600")
    ssh = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert ssh.stdout is not None and ssh.stdout.readline() == "up\n"
    up.machines.halt(ID)
    _, stderr = ssh.communicate()
    error = exit_error(up.route, up.hosts, ssh.returncode, stderr)
    assert isinstance(error, MachineError)
    assert "base broke" in error.summary


def test_with_an_error_log_ssh_fails_silently_and_the_log_explains(up: Yard) -> None:
    log = up.folder / "ssh.log"
    route = up.with_route(user="stranger")
    done = run(ssh_command(route, up.hosts, command="true", error_log=log))
    assert (done.returncode, done.stdout, done.stderr) == (255, "", "")
    assert isinstance(exit_error(route, up.hosts, 255, log.read_text()), PermissionDeniedError)


def test_255_without_a_word_from_ssh_is_not_called_a_failure_of_ssh_for_certain(up: Yard) -> None:
    done = run(ssh_command(up.route, up.hosts, command="exit 255"))
    error = exit_error(up.route, up.hosts, done.returncode, "Warning: Permanently added it\n")
    assert error is not None and "or the program there ended with 255" in error.summary


def test_a_tunnel_reaches_a_server_on_the_machine(up: Yard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        remote = server.getsockname()[1]
        local = next_free_port(remote)
        threading.Thread(target=lambda: server.accept()[0].sendall(b"hello"), daemon=True).start()
        argv = ssh_command(up.route, up.hosts, tunnels=[Tunnel(local, remote)], command="echo up; cat")
        ssh = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            assert ssh.stdout is not None and ssh.stdout.readline() == b"up\n"
            with socket.create_connection(("127.0.0.1", local)) as client:
                assert client.recv(5) == b"hello"
        finally:
            ssh.communicate()


def test_a_tunnel_whose_port_was_taken_meanwhile_fails_and_is_explained(up: Yard) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holder:
        tunnel = Tunnel(holder.getsockname()[1], 8888)
        done = run(ssh_command(up.route, up.hosts, tunnels=[tunnel], command="echo in"))
    assert (done.returncode, done.stdout) == (255, "")
    error = exit_error(up.route, up.hosts, done.returncode, done.stderr)
    assert error is not None and "tunnel" in error.summary


def test_nothing_in_a_route_can_be_read_as_an_option(up: Yard) -> None:
    argv = ssh_command(up.route, up.hosts)
    assert argv[-2:] == ["--", "127.0.0.1"]


def test_the_connection_is_kept_alive_and_given_up_in_the_end(up: Yard) -> None:
    said = {option.partition("=")[0] for option in options(ssh_command(up.route, up.hosts))}
    assert {"ServerAliveInterval", "ServerAliveCountMax", "ConnectTimeout"} <= said


def test_the_short_command_is_one_that_a_shell_can_run(up: Yard, clean_environment: Path) -> None:
    key = clean_environment / "my keys" / "key"
    key.parent.mkdir()
    shutil.copy(up.key, key)
    shown = display_command(up.with_route(key_file=key), [Tunnel(9000, 8888)])
    assert shown == f"ssh -i ~/'my keys/key' -p {up.route.port} -L 9000:localhost:8888 ubuntu@127.0.0.1"
    plain = display_command(Route("i-0a", "203.0.113.9", key_file=None))
    assert plain == "ssh ubuntu@203.0.113.9"
    command = display_command(up.with_route(key_file=key))
    trusting = command.replace("ssh ", "ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null ", 1)
    assert run(["bash", "-c", f"{trusting} true"]).returncode == 0


@pytest.mark.parametrize("setting", ["ProxyJump bastion", "ProxyCommand nc %h %p"])
def test_a_way_over_another_machine_is_seen_in_the_persons_configuration(
    yard: Yard, setting: str, configure_ssh: Callable[[str], None]
) -> None:
    assert not proxy_command(yard.route, effective_config(yard.route))
    configure_ssh(f"Host 127.0.0.1\n  {setting}\n")
    assert proxy_command(yard.route, effective_config(yard.route))


def test_a_shared_connection_of_the_configuration_neither_holds_ports_nor_skips_the_host_key(
    up: Yard, configure_ssh: Callable[[str], None]
) -> None:
    configure_ssh(f"Host *\n  ControlMaster auto\n  ControlPath {up.folder}/cm-%C\n  ControlPersist 10m\n")
    tunnel = Tunnel(next_free_port(20000), 8888)
    for _ in range(2):
        done = run(ssh_command(up.route, up.hosts, tunnels=[tunnel], command="echo in"))
        assert (done.returncode, done.stdout) == (0, "in\n")
    assert not list(up.folder.glob("cm-*"))
    up.machines.replace_host_key(ID)
    assert run(ssh_command(up.route, up.hosts, command="true")).returncode == 255


def test_a_strict_configuration_accepts_no_unknown_host_key(up: Yard, configure_ssh: Callable[[str], None]) -> None:
    configure_ssh("Host *\n  StrictHostKeyChecking yes\n")
    done = run(ssh_command(up.route, up.hosts, command="true"))
    error = exit_error(up.route, up.hosts, done.returncode, done.stderr)
    assert done.returncode == 255 and not up.hosts.known_keys(ID)
    assert isinstance(error, MachineError) and "StrictHostKeyChecking yes" in error.summary
    up.hosts.learn(ID, parse_console(up.machines.console_output(ID)))
    assert run(ssh_command(up.route, up.hosts, command="true")).returncode == 0


def test_without_ssh_on_this_computer_the_error_says_what_to_install(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(yard.folder))
    with pytest.raises(MachineError, match="no ssh program"):
        ssh_command(yard.route, yard.hosts)
