"""How a demo cloud starts and ends, and how other programs use it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from fe2tui.demo import Cloud, DemoUnavailable, Options
from fe2tui.demo.client_files import Keys

PARENT = """
import json, sys, time
from fe2tui.demo import Cloud, Options
cloud = Cloud(Options.instant(museum=True)).start()
cloud.wait_ready()
print(json.dumps([cloud.pid, str(cloud.folder), cloud.endpoint]), flush=True)
time.sleep(600)
"""


def until(condition: Callable[[], Any], seconds: float = 10.0) -> Any:
    """Waits until the condition holds. Fails after `seconds`."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come to be"
        time.sleep(0.02)
    return found


def listens(endpoint: str) -> bool:
    host, _, port = endpoint.removeprefix("http://").partition(":")
    with socket.socket() as sock:
        return sock.connect_ex((host, int(port))) == 0


@pytest.fixture
def parent(guarded_environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], int, Path, str]]:
    """Another process that has started a cloud: (it, the cloud's pid, folder, endpoint)."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], env=guarded_environment, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        pid, folder, endpoint = json.loads(process.stdout.readline())
        yield process, pid, Path(folder), endpoint
        process.kill()


def open_shell(client: Any, folder: Path, endpoint: str) -> subprocess.Popen[bytes]:
    """A shell on a machine of the scene, with a command running."""
    cloud = Cloud.__new__(Cloud)
    cloud._port = int(endpoint.rpartition(":")[2])
    cloud.keys = Keys.read(folder)
    ec2 = client(cloud, "ec2")
    filters = [{"Name": "tag:Name", "Values": ["base"]}]
    tags = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["Tags"]
    port = next(tag["Value"] for tag in tags if tag["Key"] == "fe2:port")
    until(lambda: listens(f"http://127.0.0.1:{port}"))
    options = ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={folder}/known", "-o", "IdentitiesOnly=yes"]
    key = folder / "home" / "data" / "keys" / "default.pem"
    return subprocess.Popen(
        ["ssh", "-F", "none", "-tt", *options, "-i", str(key), "-p", port, "ubuntu@127.0.0.1", "sleep 4321"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the ssh program")
def test_a_killed_parent_leaves_no_process_and_no_file(parent: Any, client: Any) -> None:
    process, pid, folder, endpoint = parent
    with open_shell(client, folder, endpoint) as ssh:
        family = until(lambda: psutil.Process(pid).children(recursive=True))
        members = [psutil.Process(pid), *family]
        process.send_signal(signal.SIGKILL)
        process.wait()
        until(lambda: not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in members))
        until(lambda: not folder.exists())
        ssh.wait(10)
    until(lambda: not listens(endpoint))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_terminated_cloud_removes_its_folder(parent: Any, sent: signal.Signals) -> None:
    _, pid, folder, endpoint = parent
    os.kill(pid, sent)
    until(lambda: not folder.exists())
    until(lambda: not listens(endpoint))


def test_ctrl_c_at_the_terminal_does_not_end_the_cloud(parent: Any) -> None:
    process, pid, _, _ = parent
    assert os.getsid(pid) == pid
    assert os.getpgid(pid) != os.getpgid(process.pid)


def test_a_stopped_cloud_leaves_no_process_and_no_file(fresh_cloud: Callable[..., Cloud]) -> None:
    cloud = fresh_cloud()
    pid, folder = cloud.pid, cloud.folder
    cloud.stop()
    cloud.stop()
    assert not psutil.pid_exists(pid)
    assert not folder.exists()


def test_no_file_of_the_current_folder_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's, in a shared folder, or one of the person's own that is called like a module of Python's."""
    for name in ("queue", "random", "token", "select", "email", "decimal", "platform", "asyncssh", "cryptography"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')\nraise SystemExit")
    monkeypatch.chdir(tmp_path)
    with Cloud(Options.instant()) as cloud:
        assert cloud.control("/demo/ready", method="GET") == {"ready": True}
    assert not (tmp_path / "was-run").exists()


def test_a_given_folder_stays(tmp_path: Path) -> None:
    with Cloud(Options.instant(scene=False), tmp_path / "given") as cloud:
        assert cloud.key_file.exists()
    assert (tmp_path / "given").exists()


def test_calls_wait_for_a_cloud_that_is_still_starting(client: Any) -> None:
    cloud = Cloud(Options.instant())
    try:
        began = time.monotonic()
        cloud.start()
        assert time.monotonic() - began < 0.5
        assert client(cloud, "ec2").describe_instances()["Reservations"]
    finally:
        cloud.stop()


def test_the_first_call_is_answered_within_two_seconds() -> None:
    took = []
    for _ in range(3):
        began = time.monotonic()
        with Cloud(Options()):
            took.append(time.monotonic() - began)
    assert min(took) < 2.0


def test_importing_the_package_imports_nothing_heavy(guarded_environment: dict[str, str]) -> None:
    code = (
        "import sys; import fe2tui.demo;"
        "print(sorted({'asyncio', 'asyncssh', 'botocore', 'boto3', 'cryptography', 'http.client'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=guarded_environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_a_taken_port_is_reported_in_plain_words() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        cloud = Cloud(Options(port=taken.getsockname()[1]))
        try:
            with pytest.raises(DemoUnavailable, match=r"port .* is taken"):
                cloud.start()
        finally:
            cloud.stop()


def test_the_export_line_points_the_aws_cli_at_the_cloud(cloud: Cloud, guarded_environment: dict[str, str]) -> None:
    aws = Path(sys.executable).parent / "aws"
    assert "\n" not in cloud.export_line()
    script = f"{cloud.export_line()}\n{aws} ec2 describe-instances --query 'Reservations[].Instances[].InstanceId'"
    done = subprocess.run(
        ["sh", "-c", script], env=guarded_environment, capture_output=True, text=True, check=True, timeout=60
    )
    assert len(json.loads(done.stdout)) >= 12


def test_calls_to_the_cloud_do_not_use_the_users_proxy(
    bare: Cloud, guarded_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "intranet.example")
    assert "intranet.example" in bare.environment["no_proxy"]
    aws = Path(sys.executable).parent / "aws"
    done = subprocess.run(
        ["sh", "-c", f"{bare.export_line()}\n{aws} ec2 describe-key-pairs"],
        env={**guarded_environment, "http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert json.loads(done.stdout)["KeyPairs"]


def test_the_aws_cli_launches_and_shows_errors(bare: Cloud, guarded_environment: dict[str, str]) -> None:
    environment = {**guarded_environment, **bare.environment}

    def aws(*words: str) -> subprocess.CompletedProcess[str]:
        program = Path(sys.executable).parent / "aws"
        return subprocess.run(
            [program, *words], env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id"
    image = json.loads(aws("ssm", "get-parameter", "--name", name).stdout)["Parameter"]["Value"]
    launch = ("ec2", "run-instances", "--image-id", image, "--instance-type", "m5.large", "--key-name")
    assert json.loads(aws(*launch, "default").stdout)["Instances"][0]["State"]["Name"] == "pending"
    failed = aws(*launch, "unknown")
    assert failed.returncode in (254, 255)
    assert "InvalidKeyPair.NotFound" in failed.stderr


def test_an_idle_cloud_uses_no_processor_time(cloud: Cloud, ec2: Any) -> None:
    ec2.describe_instances()
    process = psutil.Process(cloud.pid)

    def used() -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    # Machines of the scene may still be booting; later, it uses almost no time in any second.
    def rests() -> bool:
        before = used()
        time.sleep(1.0)
        return used() - before < 0.05

    until(rests, 20)


def test_machines_accept_the_clouds_key_at_their_ports(cloud: Cloud, ec2: Any, tmp_path: Path) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("needs the ssh program")
    filters = [{"Name": "tag:Name", "Values": ["scraper"]}]
    tags = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["Tags"]
    port = next(tag["Value"] for tag in tags if tag["Key"] == "fe2:port")
    until(lambda: listens(f"http://127.0.0.1:{port}"))
    options = [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={tmp_path}/known",
        "-o",
        "IdentitiesOnly=yes",
    ]
    command = [
        "ssh",
        "-F",
        "none",
        *options,
        "-i",
        str(cloud.key_file),
        "-p",
        port,
        "ec2-user@127.0.0.1",
        "echo it is $((6*7))",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.stdout == "it is 42\n", done.stderr


def test_the_console_shows_the_host_key_of_the_machine(cloud: Cloud, ec2: Any) -> None:
    filters = [{"Name": "tag:Name", "Values": ["base"]}]
    instance = ec2.describe_instances(Filters=filters)["Reservations"][0]["Instances"][0]["InstanceId"]
    text = ec2.get_console_output(InstanceId=instance)["Output"]
    assert "-----BEGIN SSH HOST KEY KEYS-----" in text
    assert "ssh-ed25519 " in text


def test_poweroff_on_the_machine_stops_the_instance(
    own: Any, bare: Cloud, launch: Any, describe: Any, tmp_path: Path
) -> None:
    if shutil.which("ssh") is None:
        pytest.skip("needs the ssh program")
    made = launch(own)["InstanceId"]
    port = next(tag["Value"] for tag in describe(own, made)["Tags"] if tag["Key"] == "fe2:port")
    options = [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        f"UserKnownHostsFile={tmp_path}/known",
        "-o",
        "IdentitiesOnly=yes",
    ]
    command = ["ssh", "-F", "none", *options, "-i", str(bare.key_file), "-p", port, "ubuntu@127.0.0.1", "sudo poweroff"]
    subprocess.run(command, capture_output=True, check=False, timeout=30)
    seen = until(lambda: (one := describe(own, made))["State"]["Name"] == "stopped" and one)
    assert seen["StateReason"]["Code"] == "Client.InstanceInitiatedShutdown"
    assert not listens(f"http://127.0.0.1:{port}")


def test_a_machine_answers_some_time_after_its_instance_runs(
    fresh_cloud: Callable[..., Cloud], client: Any, launch: Any, describe: Any
) -> None:
    cloud = fresh_cloud(scene=False, ssh_seconds=4)
    ec2 = client(cloud, "ec2")
    made = launch(ec2)["InstanceId"]
    seen = describe(ec2, made)
    port = next(tag["Value"] for tag in seen["Tags"] if tag["Key"] == "fe2:port")
    assert seen["State"]["Name"] == "running"
    assert not listens(f"http://127.0.0.1:{port}")
    until(lambda: listens(f"http://127.0.0.1:{port}"))
    ec2.stop_instances(InstanceIds=[made])
    assert not listens(f"http://127.0.0.1:{port}")
    cloud.control("/demo/delays", {"ssh_seconds": 0})
    assert describe(ec2, made)["State"]["Name"] == "stopped"
    ec2.start_instances(InstanceIds=[made])
    assert listens(f"http://127.0.0.1:{port}")
