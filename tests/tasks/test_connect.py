"""Connect: all that ssh needs is read before the terminal is handed over, and what cannot work is reported before."""

from __future__ import annotations

import asyncio
import shlex
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fe2tui.demo import Cloud
from fe2tui.errors import (
    HostKeyChangedError,
    KeyFileError,
    MachineError,
    NotFoundError,
    PermissionDeniedError,
    PortTakenError,
    StateError,
    UnansweredError,
    UsageError,
)
from fe2tui.model.instance import State
from fe2tui.tasks.connect import allow_address, connection_failure, find_address_change, prepare_connection, ssh_failure
from fe2tui.tasks.launch import launch
from fe2tui.tasks.names import find_instance
from fe2tui.tasks.power import reboot
from tests.tasks.tasks_bench import Bench, run_ssh


async def test_a_name_becomes_a_shell(bench: Bench) -> None:
    connection = await prepare_connection(bench.ctx, "base")
    done = run_ssh(connection, "echo $USER; exit 7")
    assert (done.stdout, done.returncode) == ("ubuntu\n", 7)
    assert ssh_failure(connection, 7) is None
    assert connection.words.startswith("ubuntu@127.0.0.1:") and "key default" in connection.words
    (entry,) = bench.activity("connect")
    assert (entry.result, entry.label) == ("done", "base")


async def test_host_keys_are_learnt_from_the_console_so_that_nothing_is_trusted_blindly(bench: Bench) -> None:
    instance = await find_instance(bench.ctx, "base")
    known = bench.home / "data" / "known_hosts"
    assert not known.exists() or instance.id not in known.read_text()
    bench.forget_calls()
    connection = await prepare_connection(bench.ctx, "base")
    assert [call["params"].get("Latest") for call in bench.calls("GetConsoleOutput")] == ["true"]
    assert instance.id in known.read_text()
    assert "StrictHostKeyChecking=yes" in connection.argv
    assert "trusted on first use" not in connection.words


async def test_without_a_console_the_first_key_is_trusted_and_that_is_said(bench: Bench) -> None:
    bench.fault("deny", action="GetConsoleOutput")
    connection = await prepare_connection(bench.ctx, "base")
    assert "StrictHostKeyChecking=accept-new" in connection.argv
    assert "trusted on first use" in connection.words
    assert run_ssh(connection, "true").returncode == 0


async def test_a_disk_that_cannot_be_written_does_not_keep_a_person_from_connecting(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bench.home / "file").write_text("")
    monkeypatch.setattr("fe2tui.paths.known_hosts_file", lambda: bench.home / "file" / "known_hosts")
    connection = await prepare_connection(bench.ctx, "base")
    assert "The host keys cannot be saved in " in bench.words("log")
    assert "trusted on first use" in connection.words
    assert run_ssh(connection, "echo $USER").stdout == "ubuntu\n"


async def test_a_changed_host_key_stops_with_an_explanation_and_never_connects(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name))
    connection = await prepare_connection(bench.ctx, name)
    bench.cloud.control("/demo/host-key", {"instance": instance.id})
    done = run_ssh(connection, "echo got in")
    assert (done.returncode, done.stdout) == (255, "")
    error = ssh_failure(connection, done.returncode, done.stderr)
    assert isinstance(error, HostKeyChangedError) and name in error.summary and "ssh-keygen -R" in error.remedy


async def test_new_host_keys_that_the_instance_itself_has_made_are_in_the_console_output_and_taken_from_there(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False))  # type: ignore[misc]
    instance = await launch(bench.ctx, bench.request(name))
    connection = await prepare_connection(bench.ctx, name)
    bench.cloud.control("/demo/host-key", {"instance": instance.id})
    unexplained = await connection_failure(bench.ctx, connection, 255)
    assert isinstance(unexplained, HostKeyChangedError) and "has the known key" in unexplained.remedy
    await reboot(bench.ctx, [instance.id])
    error = await connection_failure(bench.ctx, connection, 255)
    while error is not None and "has the known key" in error.remedy:  # the console output of this boot comes later
        error = await connection_failure(bench.ctx, connection, 255)
    assert isinstance(error, HostKeyChangedError) and "has this very key" in error.remedy
    forget = shlex.split(error.remedy.partition("To accept them: ")[2].partition(", then")[0])
    subprocess.run(forget, check=True, capture_output=True)
    again = await prepare_connection(bench.ctx, name)
    assert "StrictHostKeyChecking=yes" in again.argv and run_ssh(again, "true").returncode == 0


async def test_a_key_file_that_others_may_read_is_refused_before_ssh_is(bench: Bench, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(bench.cloud.key_file.read_bytes())
    key.chmod(0o644)
    with pytest.raises(KeyFileError) as caught:
        await prepare_connection(bench.ctx, "base", key_file=key)
    assert caught.value.remedy == f"Run: chmod 600 {key}"


async def test_the_user_comes_from_the_flag_then_the_name_then_the_tag_then_the_image(bench: Bench, name: str) -> None:
    scraper = await find_instance(bench.ctx, "scraper")
    assert (await prepare_connection(bench.ctx, "scraper")).route.user == "ec2-user"
    assert (await prepare_connection(bench.ctx, "me@scraper")).route.user == "me"
    assert (await prepare_connection(bench.ctx, "me@scraper", user="you")).route.user == "you"
    assert (await prepare_connection(bench.ctx, scraper)).route.user == "ec2-user"
    await launch(bench.ctx, bench.request(name, tags={"fe2:user": "tagged"}), wait=False)
    assert (await prepare_connection(bench.ctx, name)).route.user == "tagged"


async def test_where_the_image_is_gone_the_console_output_tells_the_login_user_then_the_last_that_worked(
    bench: Bench,
) -> None:
    scraper = replace(await find_instance(bench.ctx, "scraper"), image_id="ami-0123456789abcdef0")
    bench.fault("deny", action="DescribeInstances")  # so that it is taken as it is given
    bench.fault("deny", action="DescribeInstanceImageMetadata")
    assert (await prepare_connection(bench.ctx, scraper)).route.user == "ec2-user"
    bench.fault("deny", action="GetConsoleOutput")
    connection = await prepare_connection(bench.ctx, replace(scraper, id="i-0123456789abcdef0"))
    assert connection.route.user == "ubuntu" and "ubuntu is a guess" in connection.words
    again = await prepare_connection(bench.ctx, scraper)
    assert again.route.user == "ec2-user" and "guess" not in again.words


async def test_ports_are_tunnelled_and_a_taken_one_is_answered_with_the_next_free(bench: Bench) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = holder.getsockname()[1]
        with pytest.raises(PortTakenError) as caught:
            await prepare_connection(bench.ctx, "base", ports=[taken])
        free = caught.value.free
        assert caught.value.port == taken != free
        connection = await prepare_connection(bench.ctx, "base", ports=f"[{free}:{taken}]")
    assert [(it.local, it.remote) for it in connection.tunnels] == [(free, taken)]
    assert f"127.0.0.1:{free}:localhost:{taken}" in connection.argv
    assert str(free) in connection.words and str(free) in connection.command_text


async def test_a_stopped_instance_is_refused_with_how_to_start_it(bench: Bench) -> None:
    with pytest.raises(StateError, match="fe2 start od1"):
        await prepare_connection(bench.ctx, "od1")
    assert [it.result for it in bench.activity("connect")] == ["failed"]


async def test_one_that_is_starting_is_waited_for(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=1.0))  # type: ignore[misc]
    await launch(bench.ctx, bench.request(name), wait=False)
    bench.steps.clear()
    connection = await prepare_connection(bench.ctx, name)
    assert connection.instance.state is State.RUNNING and bench.path == ["pending", "starting", "ssh answers", "ready"]
    assert run_ssh(connection, "true").returncode == 0


async def test_an_instance_from_an_old_list_is_looked_up_again(bench: Bench) -> None:
    stale = replace(await find_instance(bench.ctx, "base"), public_ip="192.0.2.1", state=State.PENDING)
    assert (await prepare_connection(bench.ctx, stale)).route.address == "127.0.0.1"


async def test_a_known_instance_is_connected_to_even_if_aws_refuses(bench: Bench) -> None:
    instance = await find_instance(bench.ctx, "base")
    bench.fault("deny", service="ec2")
    connection = await prepare_connection(bench.ctx, instance, key_file=bench.cloud.key_file)
    bench.cloud.control("/demo/faults", method="DELETE")
    assert run_ssh(connection, "true").returncode == 0


async def test_a_missing_private_key_is_named_by_its_key_pair(bench: Bench) -> None:
    connection = await prepare_connection(bench.ctx, "[prod] web")
    assert "laptop-2023 is not on this computer" in connection.words
    done = run_ssh(connection, "true", ["-o", "BatchMode=yes", "-F", "/dev/null"])
    error = ssh_failure(connection, done.returncode, done.stderr)
    assert isinstance(error, PermissionDeniedError) and "laptop-2023" in error.remedy


async def test_windows_has_no_ssh_unless_a_user_is_named_and_the_way_in_is_said(bench: Bench) -> None:
    instance = replace(await find_instance(bench.ctx, "scraper"), platform="Windows", tags={"Name": "win"})
    bench.fault("deny", action="DescribeInstances")
    with pytest.raises(MachineError, match="win runs Windows") as caught:
        await prepare_connection(bench.ctx, instance)
    for part in ("127.0.0.1, port 3389", f"get-password-data --region us-east-2 --instance-id {instance.id}"):
        assert part in caught.value.remedy
    connection = await prepare_connection(bench.ctx, instance, user="Administrator", ports="13389:3389")
    assert connection.route.user == "Administrator" and connection.tunnels


async def test_a_missing_key_file_is_refused_before_the_connection(bench: Bench, tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="nosuch"):
        await prepare_connection(bench.ctx, "base", key_file=tmp_path / "nosuch")


async def test_ssh_that_answers_late_is_tried_again_with_a_fresh_connection_each_time(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    """fastec2 kept one dead socket, and returned nothing when its tries ran out."""
    bench: Bench = await begin(fresh_cloud(scene=False, ssh_seconds=1.5))  # type: ignore[misc]
    await launch(bench.ctx, bench.request(name))
    assert bench.path[-3:] == ["running", "ssh answers", "ready"]
    running, ready = (next(it.at for it in bench.steps if it.step == step) for step in ("running", "ready"))
    assert running is not None and ready is not None and (ready - running).total_seconds() > 1.0


@pytest.mark.parametrize(
    ("wrong", "error"), [("", UsageError), ("nosuch", NotFoundError), ("me@nosuch", NotFoundError)]
)
async def test_no_such_name_is_an_error(bench: Bench, wrong: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await prepare_connection(bench.ctx, wrong)


async def test_a_cancelled_preparation_is_logged(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False, boot_seconds=60))  # type: ignore[misc]
    await launch(bench.ctx, bench.request(name), wait=False)
    preparing = asyncio.create_task(prepare_connection(bench.ctx, name))
    while "pending" not in bench.path:
        await asyncio.sleep(0.01)
    preparing.cancel()
    await asyncio.gather(preparing, return_exceptions=True)
    assert [it.result for it in bench.activity("connect")] == ["cancelled"]


async def test_the_reason_of_a_failure_is_found_without_the_messages_of_ssh(bench: Bench, name: str) -> None:
    instance = await launch(bench.ctx, bench.request(name))
    connection = await prepare_connection(bench.ctx, name)
    bench.cloud.control("/demo/host-key", {"instance": instance.id})
    assert isinstance(await connection_failure(bench.ctx, connection, 255), HostKeyChangedError)
    wrong_user = await prepare_connection(bench.ctx, "stranger@base")
    assert isinstance(await connection_failure(bench.ctx, wrong_user, 255), PermissionDeniedError)
    assert await connection_failure(bench.ctx, connection, 130) is None


async def test_a_connection_that_ssh_refused_is_one_failure_in_the_log(bench: Bench) -> None:
    connection = await prepare_connection(bench.ctx, "stranger@base")
    error = await connection_failure(bench.ctx, connection, 255, "stranger@base: Permission denied (publickey).")
    assert error is not None and "config.toml" in error.remedy
    (entry,) = bench.activity("connect")
    assert (entry.result, entry.words, entry.remedy) == ("failed", error.summary, error.remedy)


async def test_a_changed_address_is_the_reason_and_can_be_allowed(
    fresh_cloud: Callable[..., Cloud], begin: Callable[..., object], name: str
) -> None:
    bench: Bench = await begin(fresh_cloud(scene=False))  # type: ignore[misc]
    await launch(bench.ctx, bench.request(name, address="198.51.100.4"))
    connection = await prepare_connection(bench.ctx, name)
    error = await connection_failure(bench.ctx, connection, 255, "ssh: connect to host x port 22: Connection timed out")
    assert isinstance(error, UnansweredError)
    words = "Your address is 203.0.113.7 now, and security group ssh lets in 198.51.100.4 only."
    assert words in error.remedy
    change = await find_address_change(bench.ctx, connection.instance)
    assert change is not None
    await allow_address(bench.ctx, change)
    assert await find_address_change(bench.ctx, connection.instance) is None
    assert [it.result for it in bench.activity("allow address")] == ["done"]


async def test_printing_the_command_leaves_nothing_in_the_log(bench: Bench) -> None:
    before = len(bench.activity("connect"))
    connection = await prepare_connection(bench.ctx, "base", is_logged=False)
    assert run_ssh(connection, "true").returncode == 0
    assert (connection.entry_id, len(bench.activity("connect"))) == (None, before)


async def test_a_connection_that_failed_is_failed_in_the_log(bench: Bench) -> None:
    connection = await prepare_connection(bench.ctx, "stranger@base")
    done = run_ssh(connection, "true")
    assert await connection_failure(bench.ctx, connection, done.returncode, done.stderr) is not None
    assert [it.result for it in bench.activity("connect")][:1] == ["failed"]
