"""The accounts that a demo opens with: a plain one, which shows what the program is for, and the museum for tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from fe2tui.demo import bulk_instances, default_network
from fe2tui.demo.account import SCENE_REGIONS, SECOND_ACCOUNT_ID, Account, Region
from fe2tui.demo.control import ADDRESS
from fe2tui.demo.instance_states import LOOPBACK, LOOPBACK_AS_IPV6
from fe2tui.demo.records import Address, Image
from fe2tui.demo.rules.key_pairs import add_key, new_key
from fe2tui.demo.scene_builder import InstanceSpec, SceneBuilder

_LONG_NAME = "quarterly-forecast-backtest-2026-q4-with-all-regions-eu-us-ap"[:60]
_DAY = 24.0
_THIRD_REGION = "us-east-1"
_TEAM = {"project": "vision", "owner": "jh"}


def create_region(region: Region) -> None:
    """Gives a new region what every region has, N. Virginia its part of the museum, and the second account its own."""
    default_network.create(region)
    account = region.account
    key = next((one.key_pairs["default"] for one in account.used_regions() if "default" in one.key_pairs), None)
    if key is None or not account.options.scene:
        return
    if region.owner_id == SECOND_ACCOUNT_ID:
        _second_account(region, key.public_key)
    elif account.options.museum and region.name == _THIRD_REGION:
        _museum_in_virginia(region, key.public_key)
    account.machines.boot_waiting()


def build(account: Account) -> None:
    """Creates what the account's options ask for.

    Writes the private key of the key pair `default`, readable by its owner only. That of `laptop-2023` is lost.
    """
    private, public = new_key("ed25519")
    _, lost = new_key("ed25519")
    path = account.folder / "home" / "data" / "keys" / "default.pem"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(private)
    for name in sorted({*SCENE_REGIONS, account.options.region}):
        region = account.region(name)
        add_key(region, "default", public, {})
        if account.options.scene and name in SCENE_REGIONS:
            if account.options.museum:
                add_key(region, "laptop-2023", lost, {"owner": "mk"})
            builder = SceneBuilder(region)
            builder.group("ssh", "ssh from my own address", (22, f"{ADDRESS}/32", "home"))
            if account.options.museum:
                _open_group(builder)
    if account.options.scene:
        ohio, oregon = SceneBuilder(account.region("us-east-2")), SceneBuilder(account.region("us-west-2"))
        if account.options.museum:
            _museum_in_ohio(ohio)
            _museum_in_oregon(oregon)
        else:
            _plain_account(ohio, oregon)
    region = account.region(account.options.region)
    if account.options.scene and account.options.museum and region.name == _THIRD_REGION:
        _museum_in_virginia(region, public)
    bulk_instances.create(region, SceneBuilder(region).newest("noble"), public, account.options.extra)


def _plain_account(ohio: SceneBuilder, oregon: SceneBuilder) -> None:
    """Six instances, and a forgotten one in another region. The names of the README's first commands are free."""
    ubuntu = ohio.newest("noble")
    cuda = ohio.image("train-cuda-12", ohio.newest("Deep Learning"), 100, 19 * _DAY, "CUDA 12, PyTorch, data loaders")
    ohio.image("scraper-2026-08", ohio.newest("al2023", skip=1), 20, 96 * _DAY, "")
    data = (("/dev/sdf", "train-data", 500, "gp3"),)
    stopped: dict[str, Any] = {"state": "stopped", "changed": 2 * _DAY + 1}
    interrupted: dict[str, Any] = {"spot": "persistent", "interrupted": True, "state": "stopped", "changed": 8.3}
    for spec in (
        InstanceSpec("analysis", "m5.xlarge", "a", ubuntu, 3.4, 60, tags=dict(_TEAM)),
        InstanceSpec("train-resnet", "p3.8xlarge", "b", cuda, 5.2, 100, spot="persistent", tags=dict(_TEAM), data=data),
        InstanceSpec("gpu-test", "g4dn.xlarge", "a", cuda, 9 * _DAY + 4, 100, tags={"owner": "ana"}),  # forgotten
        InstanceSpec("scraper", "t3.micro", "c", ubuntu, 41 * _DAY + 7, 20, tags={"fe2:keep": "yes", "owner": "mk"}),
        InstanceSpec("notebook", "r5.xlarge", "a", ubuntu, 9 * _DAY, 100, tags={"owner": "ana"}, **stopped),
        InstanceSpec("nightly-etl", "r5.large", "b", ubuntu, 7 * _DAY, 60, tags={"project": "etl"}, **interrupted),
    ):
        ohio.instance(spec)
    ohio.volume("old-data", "b", 200, "gp2", 130 * _DAY)
    _unused_address(ohio.region)
    oregon.instance(InstanceSpec("west-test", "c5.xlarge", "a", oregon.newest("noble"), 17 * _DAY, 20))


def _unused_address(region: Region) -> None:
    address = Address(*region.identity("eipalloc"), LOOPBACK, tags={"Name": "was for web"})
    region.addresses[address.id] = address


def _open_group(builder: SceneBuilder) -> None:
    public = [(port, network, "") for port in (80, 443) for network in ("0.0.0.0/0", "::/0")]
    builder.group("web", "web servers", *public, (22, "0.0.0.0/0", "TODO close"))


def _museum_in_ohio(builder: SceneBuilder) -> None:
    ubuntu, amazon = builder.newest("noble"), builder.newest("al2023", skip=1)
    base = builder.image("base", ubuntu, 60, 3 * _DAY + 4, "Ubuntu 24.04 with our tools")
    learning = builder.newest("Deep Learning")
    cuda = builder.image("train-cuda-12", learning, 100, 19 * _DAY, "CUDA 12, PyTorch, data loaders")
    builder.image("scraper-2026-08", amazon, 20, 96 * _DAY, "")
    for spec in (*_running(builder, base, cuda), *_stopped(builder, base), *_changing_state(builder, cuda)):
        builder.instance(spec)
    _leftovers(builder)


def _running(builder: SceneBuilder, base: Image, cuda: Image) -> Iterator[InstanceSpec]:
    ubuntu = builder.newest("noble")
    yield InstanceSpec("base", "m5.xlarge", "a", ubuntu, 74.2, 60, tags={"env": "dev", "fe2:keep": "yes", **_TEAM})
    data = (("/dev/sdf", "train-data", 500, "gp3"),)
    paid: dict[str, Any] = {"spot": "persistent", "tags": dict(_TEAM), "data": data}
    yield InstanceSpec("train-resnet", "p3.8xlarge", "b", cuda, 5.2, 100, **paid)
    yield InstanceSpec("inst1", "m5.large", "a", base, 0.0, 80, state="pending", tags={"env": "dev"})
    amazon = builder.newest("al2023", skip=1)
    yield InstanceSpec("scraper", "t3.micro", "c", amazon, 41 * _DAY + 7, 20, tags={"project": "crawl", "owner": "mk"})
    debian = builder.newest("debian-12", "arm64")
    tags = {"fe2:keep": "yes", "env": "prod"}
    yield InstanceSpec("vault", "t4g.small", "b", debian, 12 * _DAY + 3, 16, protected=True, tags=tags)
    yield InstanceSpec(None, "t3.small", "c", ubuntu, 26.5)
    yield InstanceSpec("worker", "c6i.large", "a", base, 31.0, 60, tags={"project": "crawl", "env": "dev"})
    yield _web(builder)
    yield InstanceSpec("spot1", "m5.large", "a", base, 2.7, 80, spot="one-time", tags=dict(_TEAM))


def _stopped(builder: SceneBuilder, base: Image) -> Iterator[InstanceSpec]:
    ubuntu = builder.newest("noble")
    off: dict[str, Any] = {"state": "stopped", "changed": 2 * _DAY + 1, "tags": {"env": "dev", "owner": "jh"}}
    data = (("/dev/sdf", "results", 100, "gp3"),)
    yield InstanceSpec("od1", "t3.medium", "a", base, 9 * _DAY, 60, data=data, **off)
    yield InstanceSpec("worker", "c6i.large", "b", base, 80.0, 60, state="stopped", changed=29.5)
    off = {"state": "stopped", "changed": 33 * _DAY, "tags": {"owner": "ana"}}
    yield InstanceSpec(_LONG_NAME, "c5.2xlarge", "c", ubuntu, 40 * _DAY, 30, **off)
    off = {"state": "stopped", "changed": 8.3, "tags": {"project": "etl"}}
    yield InstanceSpec("nightly-etl", "r5.large", "b", base, 7 * _DAY, 60, spot="persistent", interrupted=True, **off)


def _changing_state(builder: SceneBuilder, cuda: Image) -> Iterator[InstanceSpec]:
    yield InstanceSpec("notebook", "g4dn.xlarge", "a", cuda, 6.6, 100, state="stopping", tags={"owner": "ana"})
    yield InstanceSpec("scratch", "t3.large", "c", builder.newest("noble"), 1.4, state="shutting-down")
    arm = builder.newest("noble", "arm64")
    yield InstanceSpec("tryout", "c7g.large", "a", arm, 3.0, state="terminated", changed=0.04)


def _web(builder: SceneBuilder) -> InstanceSpec:
    """An instance with awkward tags. U+009B begins a control sequence in a terminal, like ESC [."""
    return InstanceSpec(
        "[prod] web",
        "t3a.medium",
        "b",
        builder.newest("jammy", skip=2),
        103 * _DAY,
        30,
        key="laptop-2023",
        groups=("web",),
        tags={
            "env": "prod",
            "[/x] y": "[bold]not markup[/bold]",
            "colour": "\x9b31mred\x9b0m \\x1b[31m",
            "direction": "abc\u202egnp.exe\u200f",
            "mood": "🚀🧑🏽‍🔬 déjà vu 日本語",
            "note": "A value as long as people make them: " + "who, what, when, why. " * 8,
            "formula": "=HYPERLINK(\"x\")&'%s {0} $(id) `id`'",
            "lines": "one\ntwo\tthree",
            "empty": "",
        },
        data=(("/dev/sdf", "uploads", 200, "st1"),),
    )


def _leftovers(builder: SceneBuilder) -> None:
    """Volumes, a snapshot and an address that cost money although nothing uses them."""
    builder.volume("old-data", "b", 200, "gp2", 130 * _DAY)
    builder.volume("", "a", 8, "standard", 61 * _DAY)
    builder.snapshot("before the move to gp3", 200, 131 * _DAY, {"Name": "old-data backup"})
    _unused_address(builder.region)


def _museum_in_oregon(builder: SceneBuilder) -> None:
    ubuntu = builder.newest("noble")
    arm = builder.newest("noble", "arm64")
    builder.image("west-base", ubuntu, 40, 25 * _DAY, "")
    for spec in (
        InstanceSpec("west-api", "m6g.medium", "a", arm, 17 * _DAY, 20, groups=("web",), tags={"env": "prod"}),
        InstanceSpec("sim-07", "c5.4xlarge", "c", ubuntu, 11.3, 50, spot="one-time", tags={"project": "sim"}),
        InstanceSpec("backup", "t3.small", "b", ubuntu, 200 * _DAY, 40, state="stopped", changed=90 * _DAY),
        InstanceSpec("tunnel", "t4g.nano", "a", arm, 60 * _DAY, 8, key="laptop-2023", tags={"owner": "mk"}),
    ):
        builder.instance(spec)


def _second_account(region: Region, public_key: str) -> None:
    """What the profile `second` has in the regions of the scene: its `base` is not the first account's."""
    add_key(region, "default", public_key, {})
    builder = SceneBuilder(region)
    builder.group("ssh", "ssh from my own address", (22, f"{ADDRESS}/32", "home"))
    if region.name in SCENE_REGIONS:
        tags = {"env": "prod"}
        builder.instance(InstanceSpec("base", "m5.large", "a", builder.newest("noble"), 50.0, 20, tags=tags))
        builder.instance(InstanceSpec("shop", "c5.xlarge", "b", builder.newest("noble"), 20 * _DAY, 40, tags=tags))


def _museum_in_virginia(region: Region, public_key: str) -> None:
    """Instances that people really have, and that programs tend to forget. Made when the region is first used."""
    if "default" not in region.key_pairs:
        add_key(region, "default", public_key, {})
    builder = SceneBuilder(region)
    if not any(group.name == "ssh" for group in region.security_groups.values()):
        builder.group("ssh", "ssh from my own address", (22, f"{ADDRESS}/32", "home"))
    builder.subnet("us-east-1-chi-1a", "172.31.128.0/24")
    maintained, instant = region.new_id("fleet"), region.new_id("fleet")
    region.fleets |= {maintained: "maintain", instant: "instant"}
    for spec in _odd_instances(builder, maintained, instant):
        builder.instance(spec)


def _odd_instances(builder: SceneBuilder, maintained: str, instant: str) -> Iterator[InstanceSpec]:
    ubuntu, now = builder.newest("noble"), builder.now
    bare: dict[str, Any] = {"has_machine": False}
    group = {"aws:autoscaling:groupName": "web-asg"}
    yield InstanceSpec("web-asg-1", "t3.small", "a", ubuntu, 30.0, tags=group, **bare)
    yield InstanceSpec("fleet-1", "c5.large", "b", ubuntu, 7.0, tags={"aws:ec2:fleet-id": maintained}, **bare)
    yield InstanceSpec("fleet-once", "c5.large", "b", ubuntu, 7.5, tags={"aws:ec2:fleet-id": instant}, **bare)
    ipv6 = {"ipv6": LOOPBACK_AS_IPV6, "wants_public_ip": False}
    yield InstanceSpec("only-ipv6", "t3.micro", "c", ubuntu, 50.0, more=ipv6)
    yield InstanceSpec("edge", "c5.xlarge", "-chi-1a", ubuntu, 20.0, **bare)
    gone = builder.gone_image("al2023-ami-2023.1.20230419.0-kernel-6.1-x86_64", builder.newest("al2023"), 900 * _DAY)
    yield InstanceSpec("old-image", "t3.micro", "a", gone, 800 * _DAY)
    yield InstanceSpec("windows", "m5.large", "b", ubuntu, 60.0, 50, more={"is_windows": True}, **bare)
    failed = {"failed_checks": ("instance",), "failed_since": builder.ago(9)}
    yield InstanceSpec("stuck", "m5.large", "a", ubuntu, 90.0, more=failed, **bare)
    events = [("instance-retirement", now + timedelta(days=4))]
    yield InstanceSpec("retiring", "m5.large", "c", ubuntu, 400 * _DAY, more={"events": events}, **bare)
