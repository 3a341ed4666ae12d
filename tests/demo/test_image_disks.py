"""The machine of an instance starts with the files that its image has."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import psutil
import pytest

from fe2tui.demo import Cloud
from fe2tui.demo.machines import Machines

pytestmark = pytest.mark.skipif(shutil.which("ssh") is None, reason="needs the OpenSSH client")

OLD, NEW, IMAGE = "i-0b39947b710d05337", "i-0aaaaaaaaaaaaaaaa", "ami-0123456789abcdef0"


def _run(key: Path, port: int | str, command: str, user: str = "ubuntu") -> str:
    argv = [
        "ssh", "-F", "none", "-i", str(key), "-o", "IdentitiesOnly=yes", "-o", "StrictHostKeyChecking=no",
        "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR", "-o", "BatchMode=yes",
        "-p", str(port), f"{user}@127.0.0.1", command,
    ]  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
    done = subprocess.run(argv, capture_output=True, text=True, timeout=30, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@dataclass(frozen=True)
class Yard:
    """Machines and two key pairs."""

    machines: Machines
    folder: Path

    def create(self, instance_id: str, hostname: str, key: str, image_id: str | None = None) -> int:
        return self.machines.create(
            instance_id, hostname=hostname, user="ubuntu", public_key=self.public(key), image_id=image_id
        )

    def public(self, name: str) -> str:
        path = self.folder / name
        if not path.exists():
            made = asyncssh.generate_private_key("ssh-ed25519")
            path.touch(0o600)
            made.write_private_key(path)
            (self.folder / f"{name}.pub").write_text(made.export_public_key().decode())
        return (self.folder / f"{name}.pub").read_text()


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    with Machines(tmp_path / "machines") as machines:
        yield Yard(machines, tmp_path)


def test_an_image_is_a_copy_that_later_changes_do_not_affect(yard: Yard) -> None:
    old = yard.create(OLD, "base", "one")
    yard.machines.boot(OLD)
    _run(yard.folder / "one", old, "mkdir -p data && echo before > data/file && ln -s data/file link && chmod 700 data")
    yard.machines.save_image(OLD, IMAGE)
    _run(yard.folder / "one", old, "echo after > data/file; touch later")
    new = yard.create(NEW, "child", "two", IMAGE)
    yard.machines.boot(NEW)
    shown = _run(yard.folder / "two", new, "cat link; ls; stat -c %a data; hostname; sed -n 1p ~/.bashrc")
    assert shown.split("\n")[:4] == ["before", "data", "link", "700"]
    assert "child" in shown and "base" not in shown and "later" not in shown
    assert _run(yard.folder / "one", new, "cat data/file") == "before\n"  # an image keeps the keys of its machine
    _run(yard.folder / "two", new, "echo mine > data/file")
    assert _run(yard.folder / "one", old, "cat data/file") == "after\n"


def test_an_image_has_no_sockets_and_pipes(yard: Yard) -> None:
    old = yard.create(OLD, "base", "one")
    yard.machines.boot(OLD)
    home = yard.machines.folder / OLD / "home" / "ubuntu"
    os.mkfifo(home / "pipe")
    with socket.socket(socket.AF_UNIX) as bound:
        here = os.open(home, os.O_RDONLY)
        bound.bind(f"/proc/self/fd/{here}/sock")
        os.close(here)
    _run(yard.folder / "one", old, "echo x > file; ln -s nowhere dangling")
    yard.machines.save_image(OLD, IMAGE)
    new = yard.create(NEW, "child", "one", IMAGE)
    yard.machines.boot(NEW)
    assert _run(yard.folder / "one", new, "ls -1") == "dangling\nfile\n"


def test_the_copy_is_deleted_with_its_image_and_with_the_cloud(tmp_path: Path) -> None:
    with Machines(tmp_path / "machines") as machines:
        yard = Yard(machines, tmp_path)
        yard.create(OLD, "base", "one")
        machines.boot(OLD)
        for image_id in (IMAGE, f"{IMAGE}1"):
            machines.save_image(OLD, image_id)
        machines.delete_image(IMAGE)
        kept = tmp_path / "machines" / "images"
        assert [one.name for one in kept.iterdir()] == [f"{IMAGE}1"]
    assert not kept.exists()


def test_a_machine_launched_from_an_image_has_its_files(bare: Cloud, own: Any, launch: Any, describe: Any) -> None:
    def port(instance_id: str) -> str:
        tags = describe(own, instance_id)["Tags"]
        return str(next(tag["Value"] for tag in tags if tag["Key"] == "fe2:port"))

    first = launch(own)["InstanceId"]
    _run(bare.key_file, port(first), "echo model > weights")
    image = own.create_image(InstanceId=first, Name="trained")["ImageId"]
    assert _run(bare.key_file, port(first), "cat weights") == "model\n"  # rebooted, with its own disk
    second = launch(own, ImageId=image)["InstanceId"]
    assert _run(bare.key_file, port(second), "cat weights; touch more") == "model\n"
    own.create_image(InstanceId=second, Name="more")
    own.deregister_image(ImageId=image)
    assert _run(bare.key_file, port(second), "cat weights") == "model\n"


def test_creating_an_image_ends_processes_unless_no_reboot_is_set(
    bare: Cloud, own: Any, launch: Any, describe: Any
) -> None:
    instance_id = launch(own)["InstanceId"]
    port = next(tag["Value"] for tag in describe(own, instance_id)["Tags"] if tag["Key"] == "fe2:port")
    seconds = f"600.{uuid.uuid4().int}"
    _run(bare.key_file, port, f"nohup setsid sleep {seconds} >/dev/null 2>&1 &")

    def runs() -> bool:
        return any(seconds in (one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))

    own.create_image(InstanceId=instance_id, Name="one", NoReboot=True)
    assert runs()
    own.create_image(InstanceId=instance_id, Name="two")
    assert not runs()
