"""The region's whole catalogue of instance types."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from fe2tui.aws import types
from fe2tui.aws.session import Session
from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError, FieldError, StateError
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.type_filter import TYPE_LANGUAGE, TypeScope
from tests.aws.conftest import Answers, Open, calls

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SPARSE = b"""<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstanceTypesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>r</requestId>
<instanceTypeSet><item><instanceType>z9.huge</instanceType><vCpuInfo><defaultVCpus>3</defaultVCpus></vCpuInfo>
<gpuInfo><gpus/></gpuInfo><fpgaInfo><fpgas><item><count>2</count><name>Virtex</name>
<memoryInfo><sizeInMiB>65536</sizeInMiB></memoryInfo></item></fpgas></fpgaInfo></item></instanceTypeSet>
</DescribeInstanceTypesResponse>"""


@pytest.fixture
async def catalogue(session: Session) -> TypeCatalogue:
    return await types.read_type_catalogue(session, NOON)


async def test_every_type_is_in_it_with_its_zones(catalogue: TypeCatalogue) -> None:
    assert len(catalogue.types) > 1_200
    assert set(catalogue.types) == set(catalogue.zones)
    assert catalogue.read_at == NOON
    assert catalogue.zones_of("t3.micro") == ("us-east-2a", "us-east-2b", "us-east-2c")
    assert catalogue.zones_of("p3.8xlarge") == ("us-east-2a", "us-east-2b")
    t3 = [one.name for one in catalogue.types_of("t3")]
    assert t3[:4] == ["t3.nano", "t3.micro", "t3.small", "t3.medium"]


async def test_types_have_what_the_picker_shows_and_what_a_change_is_judged_by(catalogue: TypeCatalogue) -> None:
    g5 = catalogue.types["g5.12xlarge"]
    assert (g5.vcpus, g5.memory, g5.gpus, g5.gpu_name, g5.gpu_memory) == (48, 196_608, 4, "A10G", 22_888)
    assert (g5.local_disk, g5.local_disks, g5.network, g5.hypervisor) == (3800, 1, "40 Gigabit", "nitro")
    assert (g5.boot_modes, g5.ena, g5.spot, g5.bare_metal) == (("legacy-bios", "uefi"), "required", True, False)
    t2 = catalogue.types["t2.micro"]
    assert (t2.architectures, t2.hypervisor, t2.ena) == (("i386", "x86_64"), "xen", "unsupported")
    assert (t2.burstable, t2.hibernation, t2.local_disk, t2.root_devices) == (True, True, 0, ("ebs",))
    assert catalogue.types["m5.metal"].bare_metal


async def test_a_part_of_a_gpu_and_other_accelerators_count(catalogue: TypeCatalogue) -> None:
    part, inferentia = catalogue.types["g6f.large"], catalogue.types["inf2.24xlarge"]
    assert (part.gpus, part.gpu_name, part.gpu_gigabytes) == (1, "1/8 L4", 3)
    assert (inferentia.gpus, inferentia.gpu_name) == (0, "")
    assert (inferentia.accelerators, inferentia.devices_text) == (6, "6 × Inferentia2")
    query, scope = TYPE_LANGUAGE.parse("gpu"), TypeScope()
    families = {one.family for one in catalogue.types.values() if query.matches(one, scope)}
    assert {"g4dn", "g5", "p3"} <= families and not families & {"inf1", "inf2", "trn1", "dl1", "f1", "vt1"}
    accel = TYPE_LANGUAGE.parse("accel accel:inferentia")
    assert {one.family for one in catalogue.types.values() if accel.matches(one, scope)} == {"inf1", "inf2"}


async def test_a_gpu_of_another_maker_is_an_accelerator(demo_env: Path, answers: Answers, open_session: Open) -> None:
    gaudi = "<manufacturer>Habana</manufacturer><name>Gaudi HL-205</name><count>8</count>"
    gpus = f"<gpuInfo><gpus><item>{gaudi}</item></gpus></gpuInfo>"
    answers.body = SPARSE.replace(b"<gpuInfo><gpus/></gpuInfo>", gpus.encode())
    answers.headers = {"Content-Type": "text/xml"}
    found = await types.instance_type(open_session(endpoint_url=answers.url, region="us-east-2"), "z9.huge")
    assert (found.gpus, found.gpu_name, found.devices_text) == (0, "", "8 × Gaudi HL-205")


async def test_a_type_with_few_details_is_read_too(demo_env: Path, answers: Answers, open_session: Open) -> None:
    answers.body, answers.headers = SPARSE, {"Content-Type": "text/xml"}
    session = open_session(endpoint_url=answers.url, region="us-east-2")
    found = await types.instance_type(session, "z9.huge")
    assert (found.vcpus, found.memory, found.gpus, found.gpu_name) == (3, 0, 0, "")
    assert (found.accelerators, found.accelerator_name) == (2, "Virtex FPGA")
    assert (found.architectures, found.spot, found.boot_modes) == (("x86_64",), True, ())


async def test_both_lists_are_read_page_by_page_at_the_same_time(own_cloud: Cloud, open_session: Open) -> None:
    found = await types.read_type_catalogue(open_session(), NOON)
    offers = sum(map(len, found.zones.values()))
    asked = calls(own_cloud)
    assert len(calls(own_cloud, "DescribeInstanceTypes")) == -(-len(found.types) // 100)
    assert len(calls(own_cloud, "DescribeInstanceTypeOfferings")) == -(-offers // 1000)
    order = [call["action"] for call in asked if call["action"].startswith("DescribeInstanceType")]
    assert set(order[:4]) == {"DescribeInstanceTypes", "DescribeInstanceTypeOfferings"}


async def test_without_the_right_to_read_offerings_there_are_types_without_zones(
    own_cloud: Cloud, open_session: Open
) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstanceTypeOfferings"})
    found = await types.read_type_catalogue(open_session(), NOON)
    assert len(found.types) > 1_200
    assert found.zones_of("t3.micro") is None


async def test_without_the_right_to_read_types_there_is_no_catalogue(own_cloud: Cloud, open_session: Open) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstanceTypes"})
    with pytest.raises(DeniedError, match="DescribeInstanceTypes"):
        await types.read_type_catalogue(open_session(), NOON)


async def test_the_type_of_a_running_instance_is_refused_in_plain_words(session: Session, cloud: Cloud) -> None:
    reply: dict[str, Any] = await session.call(
        "ec2", "DescribeInstances", Filters=[{"Name": "tag:Name", "Values": ["base"]}]
    )
    base = reply["Reservations"][0]["Instances"][0]["InstanceId"]
    with pytest.raises(StateError, match="has to be stopped for this change") as caught:
        await types.modify_instance_type(session, base, "m5.2xlarge")
    assert caught.value.code == "IncorrectInstanceState"


@pytest.mark.parametrize(
    ("code", "message", "said"),
    [
        (
            "InvalidParameterCombination",
            "Enhanced networking with the Elastic Network Adapter (ENA) is required for the 'm5.large' instance type.",
            "m5.large needs ENA networking, which is not enabled on the image or instance.",
        ),
        (
            "InvalidParameterCombination",
            "Virtualization type 'hvm' is required for instances of type 't2.nano'.",
            "t2.nano needs another virtualisation type than the image has.",
        ),
        (
            "InvalidParameterValue",
            "The t2.micro instance type does not support an AMI with a boot mode of UEFI.",
            "t2.micro does not support the boot mode of the image.",
        ),
        (
            "InvalidParameterValue",
            "The architecture 'arm64' of the specified instance type does not match the architecture 'x86_64'.",
            "This type and the image have different architectures.",
        ),
    ],
)
async def test_a_type_that_does_not_fit_is_a_matter_of_that_field(
    own_cloud: Cloud, open_session: Open, code: str, message: str, said: str
) -> None:
    own_cloud.control(
        "/demo/faults",
        {"kind": "refuse", "action": "ModifyInstanceAttribute", "code": code, "message": message, "status": 400},
    )
    with pytest.raises(FieldError) as caught:
        await types.modify_instance_type(open_session(), "i-0123456789abcdef0", "m5.large")
    assert (caught.value.field, caught.value.summary, caught.value.code) == ("type", said, code)
    assert message in caught.value.remedy
