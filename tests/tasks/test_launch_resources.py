"""Key pairs and the security group: what a launch uses, what it makes, and what it never does."""

from __future__ import annotations

import asyncio
import stat
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fe2tui.aws import network
from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError, FieldError, KeyFileError, UnreachableError
from fe2tui.tasks.connect import prepare_connection
from fe2tui.tasks.keys import create_key, import_key, read_key_choices
from fe2tui.tasks.launch import LaunchLookups, launch, plan_launch
from tests.tasks.tasks_bench import Bench, run_ssh


@pytest.fixture
async def bare(fresh_cloud: Callable[..., Cloud], begin: Callable[..., object]) -> AsyncIterator[Bench]:
    """A bench on an account of its own: the key pair `default`, no security group but the VPC's."""
    yield await begin(fresh_cloud(scene=False))  # type: ignore[misc]


def _ssh_key(home: Path, name: str = "id_ed25519", passphrase: str = "") -> Path:
    file = home / ".ssh" / name
    file.parent.mkdir(mode=0o700, exist_ok=True)
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", "me@laptop", "-f", str(file)]
    subprocess.run(command, check=True)
    return file


async def _no_default_key(bench: Bench) -> None:
    await bench.ctx.session.call("ec2", "DeleteKeyPair", KeyName="default")


async def test_default_is_preferred_where_its_private_half_is_here(bench: Bench) -> None:
    offer = await read_key_choices(bench.ctx)
    assert offer.preferred == "default"
    default, lost = offer.find("default"), offer.find("laptop-2023")
    assert default is not None and default.is_usable and default.words.endswith("keys/default.pem")
    assert lost is not None and not lost.is_usable and lost.words == "not on this computer"


async def test_a_local_key_is_recognized_by_its_content(bare: Bench, clean_environment: Path) -> None:
    file = _ssh_key(clean_environment, "id_ed25519")
    await _no_default_key(bare)
    await import_key(bare.ctx, "work laptop", file.with_suffix(".pub").read_text())
    offer = await read_key_choices(bare.ctx)
    assert offer.preferred == "work laptop"
    assert [it.source for it in offer.importable] == [str(bare.home / "data/keys/default.pem")]
    key = offer.find("work laptop")
    assert key is not None and key.words == "in ~/.ssh/id_ed25519"


async def test_a_key_that_only_the_agent_holds_is_imported_launched_with_and_logged_in_with(
    bare: Bench,
    name: str,
    clean_environment: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    file = _ssh_key(clean_environment, "elsewhere")
    socket = str(tmp_path_factory.mktemp("a") / "s")
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    try:
        while not Path(socket).exists():
            await asyncio.sleep(0.01)
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        subprocess.run(["ssh-add", "-q", str(file)], check=True)
        file.unlink()
        file.with_suffix(".pub").unlink()
        (bare.home / "data/keys/default.pem").unlink()
        (own,) = (await read_key_choices(bare.ctx)).importable
        assert own.source == "ssh-agent"
        await launch(bare.ctx, bare.request(name, key_action="import", key_name="mine"))
        assert "ssh-agent" in bare.words("key")
        assert (await read_key_choices(bare.ctx)).preferred == "mine"
        assert run_ssh(await prepare_connection(bare.ctx, name), "echo in").stdout == "in\n"
    finally:
        agent.terminate()
        agent.wait()


async def test_the_key_file_of_the_settings_counts(bare: Bench, tmp_path: Path) -> None:
    elsewhere = tmp_path / "stick"
    (bare.home / "data/keys/default.pem").rename(elsewhere)
    assert (await read_key_choices(bare.ctx)).preferred is None
    bare.ctx.settings = replace(bare.ctx.settings, key_file=elsewhere)
    offer = await read_key_choices(bare.ctx)
    key = offer.find("default")
    assert offer.preferred == "default" and key is not None and key.private_key == elsewhere


async def test_without_a_usable_key_the_launch_says_what_can_be_done(
    bare: Bench, name: str, clean_environment: Path
) -> None:
    (bare.home / "data/keys/default.pem").unlink()
    file = _ssh_key(clean_environment)
    with pytest.raises(FieldError, match="can be used from this computer") as caught:
        await launch(bare.ctx, bare.request(name))
    assert caught.value.field == "key_name"
    assert caught.value.remedy == "Import ~/.ssh/id_ed25519 or create one."
    (own,) = (await read_key_choices(bare.ctx)).importable
    assert (own.name, own.source, own.type) == ("id_ed25519", "~/.ssh/id_ed25519", "ssh-ed25519")
    assert own.public.split()[:2] == file.with_suffix(".pub").read_text().split()[:2]


async def test_a_launch_imports_a_local_key_on_request(bare: Bench, name: str, clean_environment: Path) -> None:
    await _no_default_key(bare)
    (bare.home / "data/keys/default.pem").unlink()
    _ssh_key(clean_environment)
    request = bare.request(name, key_action="import")
    planned = (await plan_launch(bare.ctx, request)).key
    assert planned is not None and (planned.name, planned.action) == ("default", "import")
    await launch(bare.ctx, request)
    assert [it["action"] for it in bare.calls("CreateKeyPair")] == []
    assert run_ssh(await prepare_connection(bare.ctx, name), "echo in").stdout == "in\n"
    assert [it.result for it in bare.activity("import key")] == ["done"]


async def test_a_launch_creates_a_key_readable_by_its_owner_only(bare: Bench, name: str) -> None:
    await launch(bare.ctx, bare.request(name, key_name="fresh", key_action="create"))
    file = bare.home / "data/keys/fresh.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert run_ssh(await prepare_connection(bare.ctx, name), "echo in").stdout == "in\n"
    assert "fresh.pem" in bare.words("key")


async def test_a_private_key_is_never_overwritten(bare: Bench) -> None:
    file = bare.home / "data/keys/mine.pem"
    file.write_text("the only copy")
    with pytest.raises(KeyFileError, match="never overwritten"):
        await create_key(bare.ctx, "mine")
    assert file.read_text() == "the only copy"
    assert (await read_key_choices(bare.ctx)).find("mine") is None


async def test_a_key_that_aws_refuses_leaves_no_file(bare: Bench) -> None:
    with pytest.raises(FieldError, match="already"):
        (bare.home / "data/keys/default.pem").unlink()
        await create_key(bare.ctx, "default")
    bare.fault("deny", action="ImportKeyPair")
    with pytest.raises(DeniedError):
        await create_key(bare.ctx, "other")
    assert list((bare.home / "data/keys").glob("*.pem")) == []


async def test_a_key_whose_answer_was_lost_keeps_its_private_half(bare: Bench) -> None:
    bare.fault("broken", action="ImportKeyPair")
    with pytest.raises(UnreachableError, match="we don't know whether"):
        await create_key(bare.ctx, "maybe")
    bare.cloud.control("/demo/faults", method="DELETE")
    key = (await read_key_choices(bare.ctx)).find("maybe")
    assert key is not None and key.is_usable


@pytest.mark.parametrize("wrong", ["", " x", "ä", "a/b", ".hidden", "n" * 256])
async def test_an_invalid_key_name_is_refused_before_anything_is_created(bare: Bench, wrong: str) -> None:
    with pytest.raises(FieldError) as caught:
        await create_key(bare.ctx, wrong)
    assert caught.value.field == "key_name"
    assert bare.calls("ImportKeyPair") == []


async def test_the_group_ssh_lets_only_the_own_address_in(bare: Bench, name: str) -> None:
    group = (await plan_launch(bare.ctx, bare.request(name))).group
    assert group is not None and group.id is None and group.words == "created; port 22 from 203.0.113.7 only"
    await launch(bare.ctx, bare.request(name), wait=False)
    made = [it for it in await network.security_groups(bare.ctx.session) if it.name == "ssh"]
    assert [it.ssh_cidrs for it in made] == [("203.0.113.7/32",)]
    await launch(bare.ctx, bare.request(f"{name}-2", address="198.51.100.0/24"), wait=False)
    again = [it for it in await network.security_groups(bare.ctx.session) if it.name == "ssh"]
    assert again == made  # an existing group is used as it is
    assert "does not let 198.51.100.0/24 in at port 22" in "".join(
        (await plan_launch(bare.ctx, bare.request(f"{name}-3", address="198.51.100.0/24"))).warnings
    )


@pytest.mark.parametrize(
    ("address", "allowed", "warned"),
    [
        ("198.51.100.9", ("198.51.100.9/32",), ""),
        ("", (), "No address is let in"),
        ("0.0.0.0/0", ("0.0.0.0/0",), "whole internet"),
        ("2001:db8::1", ("2001:db8::1/128",), ""),
    ],
)
async def test_the_allowed_address_can_be_given_or_left_out(
    bare: Bench, name: str, address: str, allowed: tuple[str, ...], warned: str
) -> None:
    request = bare.request(name, address=address)
    assert warned in "".join((await plan_launch(bare.ctx, request)).warnings)
    await launch(bare.ctx, request, wait=False)
    (group,) = [it for it in await network.security_groups(bare.ctx.session) if it.name == "ssh"]
    assert group.ssh_cidrs == allowed


async def test_without_a_lookup_the_address_has_to_be_typed(bare: Bench, name: str) -> None:
    bare.ctx.settings = replace(bare.ctx.settings, address_url="")
    refusal = (await plan_launch(bare.ctx, bare.request(name))).error_for("address")
    assert refusal is not None and "not opened to all addresses" in refusal.summary
    assert await LaunchLookups(bare.ctx).own_address() is None
    assert (await plan_launch(bare.ctx, bare.request(name, address="198.51.100.9"))).is_possible


async def test_without_a_default_vpc_it_says_what_to_do(bare: Bench, name: str) -> None:
    session = bare.ctx.session
    for subnet in await network.subnets(session):
        await session.call("ec2", "DeleteSubnet", SubnetId=subnet.id)
    vpc = await network.default_vpc(session)
    await session.call("ec2", "DeleteVpc", VpcId=vpc)
    refusal = (await plan_launch(bare.ctx, bare.request(name))).error_for("subnet_id")
    assert refusal is not None and refusal.code == "VPCIdNotSpecified"
    assert "no default VPC" in refusal.summary and "create-default-vpc" in refusal.remedy


async def test_a_subnet_decides_zone_and_network(bare: Bench, name: str) -> None:
    subnet = next(it for it in await network.subnets(bare.ctx.session) if it.zone == "us-east-2c")
    instance = await launch(bare.ctx, bare.request(name, subnet_id=subnet.id), wait=False)
    assert (instance.zone, instance.subnet_id) == ("us-east-2c", subnet.id)


@pytest.mark.parametrize("zone", ["us-east-2b", "2b", "b"])
async def test_a_given_zone_is_the_only_one_tried(bare: Bench, name: str, zone: str) -> None:
    assert (await plan_launch(bare.ctx, bare.request(name, zone=zone))).zones == ("us-east-2b",)


async def test_what_the_login_may_not_look_up_is_a_warning_and_the_launch_goes_on(bare: Bench, name: str) -> None:
    for action in ("DescribeInstanceTypeOfferings", "DescribeKeyPairs"):
        bare.fault("deny", action=action)
    found = await plan_launch(bare.ctx, bare.request(name, key_name="default"))
    assert found.is_possible and len(found.warnings) == 2
    assert (await launch(bare.ctx, bare.request(name, key_name="default"), wait=False)).key_name == "default"


@pytest.mark.parametrize("action", ["DescribeVpcs", "DescribeSubnets", "DescribeSecurityGroups"])
async def test_without_the_right_to_read_the_network_a_group_is_named_by_its_id(
    bare: Bench, name: str, action: str
) -> None:
    launched = await launch(bare.ctx, bare.request(f"{name}-first"), wait=False)
    group_id = launched.security_groups[0][0]
    bare.fault("deny", action=action)
    bare.forget_calls()
    with pytest.raises(FieldError, match=f"cannot be looked up: .*ec2:{action}") as caught:
        await launch(bare.ctx, bare.request(name, key_action="create", key_name=name))
    assert caught.value.field == "security_group" and bare.calls("ImportKeyPair") == []
    request = bare.request(name, security_group=group_id, subnet_id=launched.subnet_id)
    instance = await launch(bare.ctx, request, wait=False)
    assert (instance.security_groups[0][0], instance.subnet_id) == (group_id, launched.subnet_id)


@pytest.mark.parametrize("key_action", ["use", "import"])
async def test_key_pairs_that_may_not_be_read_are_not_said_to_be_missing(
    bare: Bench, name: str, key_action: str
) -> None:
    bare.fault("deny", action="DescribeKeyPairs")
    with pytest.raises(FieldError, match=r"cannot be looked up: .*ec2:DescribeKeyPairs") as caught:
        await launch(bare.ctx, bare.request(name, key_action=key_action))
    assert caught.value.field == "key_name" and "create one" in caught.value.remedy


async def test_importing_a_key_that_the_account_has_uses_it(bare: Bench, name: str, clean_environment: Path) -> None:
    await _no_default_key(bare)
    (bare.home / "data/keys/default.pem").unlink()
    _ssh_key(clean_environment)
    first = bare.request(name, key_action="import")
    await launch(bare.ctx, first, wait=False)
    again = bare.request(f"{name}-2", key_action="import")
    for request in (again, replace(again, key_name="default")):
        planned = (await plan_launch(bare.ctx, request)).key
        assert planned is not None and (planned.name, planned.action) == ("default", "use")
    await launch(bare.ctx, again)
    assert run_ssh(await prepare_connection(bare.ctx, again.name), "echo in").stdout == "in\n"
    assert len(bare.calls("ImportKeyPair")) == 1
