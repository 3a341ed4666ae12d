"""The services beside EC2: sts, ssm, cloudwatch and service-quotas."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiobotocore.session
import boto3
import pytest
from botocore.exceptions import ClientError

from fe2tui.demo import Cloud
from fe2tui.demo.client_files import MFA_SERIAL

ROLE = "arn:aws:iam::123456789012:role/demo-mfa"


def test_the_caller_can_ask_for_its_identity(cloud: Cloud, client: Any) -> None:
    who = client(cloud, "sts").get_caller_identity()
    assert (who["Account"], who["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/demo")


def test_a_role_is_assumed_through_its_profile(demo_env: Path) -> None:
    session = boto3.Session(profile_name="role")
    assert ":assumed-role/demo/" in session.client("sts").get_caller_identity()["Arn"]
    assert session.client("ec2").describe_instances()["Reservations"]


def test_the_second_profile_has_an_account_and_instances_of_its_own(demo_env: Path) -> None:
    session = boto3.Session(profile_name="second")
    assert session.region_name in ("us-west-2", "us-east-2")
    assert session.client("sts").get_caller_identity()["Account"] == "210987654321"
    named: Any = {"Filters": [{"Name": "tag:Name", "Values": ["base"]}]}
    clients = [
        boto3.Session(profile_name=name).client("ec2", region_name="us-east-2") for name in ("second", "default")
    ]
    theirs, ours = [ec2.describe_instances(**named)["Reservations"][0] for ec2 in clients]
    assert (theirs["OwnerId"], ours["OwnerId"]) == ("210987654321", "123456789012")
    theirs_id, ours_id = (each["Instances"][0]["InstanceId"] for each in (theirs, ours))
    with pytest.raises(ClientError, match=r"InvalidInstanceID\.NotFound"):
        clients[0].stop_instances(InstanceIds=[ours_id])
    clients[0].stop_instances(InstanceIds=[theirs_id])
    clients[0].start_instances(InstanceIds=[theirs_id])


def test_an_mfa_role_accepts_any_six_digits(cloud: Cloud, client: Any, error_of: Any) -> None:
    sts = client(cloud, "sts")
    params = {"RoleArn": ROLE, "RoleSessionName": "me"}
    assert error_of(sts.assume_role, **params).code == "AccessDenied"
    assert error_of(sts.assume_role, **params, SerialNumber=MFA_SERIAL, TokenCode="12345x").code == "AccessDenied"
    granted = sts.assume_role(**params, SerialNumber=MFA_SERIAL, TokenCode="123456")["Credentials"]
    session = boto3.Session(granted["AccessKeyId"], granted["SecretAccessKey"], granted["SessionToken"], "us-east-2")
    arn = session.client("sts", endpoint_url=cloud.endpoint).get_caller_identity()["Arn"]
    assert arn == "arn:aws:sts::123456789012:assumed-role/demo-mfa/me"


PARAMETERS = {
    "/aws/service/canonical/ubuntu/server/26.04/stable/current/amd64/hvm/ebs-gp3/ami-id": (
        "ubuntu-resolute-26.04-amd64",
        "x86_64",
    ),
    "/aws/service/canonical/ubuntu/server/26.04/stable/current/arm64/hvm/ebs-gp3/ami-id": (
        "ubuntu-resolute-26.04-arm64",
        "arm64",
    ),
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/ebs-gp3/ami-id": (
        "ubuntu-noble-24.04-amd64",
        "x86_64",
    ),
    "/aws/service/canonical/ubuntu/server/24.04/stable/current/arm64/hvm/ebs-gp3/ami-id": (
        "ubuntu-noble-24.04-arm64",
        "arm64",
    ),
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64": ("al2023-ami-2023", "x86_64"),
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64": ("al2023-ami-2023", "arm64"),
    "/aws/service/debian/release/13/latest/amd64": ("debian-13-amd64", "x86_64"),
    "/aws/service/debian/release/13/latest/arm64": ("debian-13-arm64", "arm64"),
    "/aws/service/debian/release/12/latest/amd64": ("debian-12-amd64", "x86_64"),
    "/aws/service/debian/release/12/latest/arm64": ("debian-12-arm64", "arm64"),
    "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-22.04/latest/ami-id": (
        "Deep Learning Base OSS Nvidia Driver GPU AMI (Ubuntu 22.04)",
        "x86_64",
    ),
    "/aws/service/deeplearning/ami/arm64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id": (
        "Deep Learning ARM64 Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04)",
        "arm64",
    ),
}


@pytest.mark.parametrize("region", ["us-east-2", "us-west-2"])
def test_public_parameters_name_the_newest_image_of_each_family(cloud: Cloud, client: Any, region: str) -> None:
    ssm, ec2 = client(cloud, "ssm", region), client(cloud, "ec2", region)
    for name, (text, architecture) in PARAMETERS.items():
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        (image,) = ec2.describe_images(ImageIds=[value])["Images"]
        assert text in image["Name"] and image["Architecture"] == architecture
        filters = [{"Name": "name", "Values": [f"*{text}*"]}, {"Name": "architecture", "Values": [architecture]}]
        family = ec2.describe_images(Owners=[image["OwnerId"]], Filters=filters)["Images"]
        assert len(family) >= 3
        assert max(family, key=lambda one: one["CreationDate"])["ImageId"] == value


def test_an_unknown_parameter_is_refused(cloud: Cloud, client: Any, error_of: Any) -> None:
    ssm = client(cloud, "ssm")
    assert error_of(ssm.get_parameter, Name="/aws/service/nothing").code == "ParameterNotFound"
    known = next(iter(PARAMETERS))
    reply = ssm.get_parameters(Names=[known, "/aws/service/nothing"])
    assert [one["Name"] for one in reply["Parameters"]] == [known]
    assert reply["InvalidParameters"] == ["/aws/service/nothing"]
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/aws/service", Recursive=True)
    assert {one["Name"] for page in pages for one in page["Parameters"]} >= set(PARAMETERS)


def cpu_query(instance_id: str) -> dict[str, Any]:
    metric = {
        "Namespace": "AWS/EC2",
        "MetricName": "CPUUtilization",
        "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
    }
    return {"Id": "cpu", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Average"}}


def test_running_instances_have_varying_cpu_figures(cloud: Cloud, client: Any, ec2: Any) -> None:
    filters = [{"Name": "tag:Name", "Values": ["base", "od1"]}]
    found = [one for r in ec2.describe_instances(Filters=filters)["Reservations"] for one in r["Instances"]]
    cloudwatch = client(cloud, "cloudwatch")
    end = datetime.now(UTC)
    for instance in found:
        query = [cpu_query(instance["InstanceId"])]
        wanted: Any = {"MetricDataQueries": query, "StartTime": end - timedelta(hours=3), "EndTime": end}
        result = cloudwatch.get_metric_data(**wanted)["MetricDataResults"][0]
        if instance["State"]["Name"] == "stopped":
            assert result["Values"] == []
            continue
        assert 30 <= len(result["Values"]) <= 36
        assert all(0 < value < 100 for value in result["Values"])
        assert len(set(result["Values"])) > 10
        assert result["Timestamps"] == sorted(result["Timestamps"], reverse=True)
        assert end - result["Timestamps"][0] < timedelta(minutes=10)


def test_most_instances_have_idle_hours_and_some_are_always_idle(cloud: Cloud, client: Any, ec2: Any) -> None:
    end = datetime.now(UTC)
    filters = [{"Name": "instance-state-name", "Values": ["running"]}]
    found = [one for r in ec2.describe_instances(Filters=filters)["Reservations"] for one in r["Instances"]]
    wanted = {"StartTime": end - timedelta(hours=24), "EndTime": end}
    hours = {}
    for one in found:
        reply = client(cloud, "cloudwatch").get_metric_data(MetricDataQueries=[cpu_query(one["InstanceId"])], **wanted)
        figures = reply["MetricDataResults"][0]["Values"]
        if len(figures) > 280:
            hours[one["InstanceType"]] = sum(figure < 2 for figure in figures) / 12
    assert hours["t3.small"] > 23
    assert hours["c6i.large"] == 0
    assert 0 < min(rest for kind, rest in hours.items() if kind.startswith("m")) < 20


def test_quotas_can_be_read(cloud: Cloud, client: Any, error_of: Any) -> None:
    quotas = client(cloud, "service-quotas")
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-1216C47A")["Quota"]["Value"] == 256
    assert error_of(quotas.get_service_quota, ServiceCode="ec2", QuotaCode="L-0").code == "NoSuchResourceException"


def test_no_instance_has_the_agent_of_session_manager(cloud: Cloud, client: Any, error_of: Any) -> None:
    assert error_of(client(cloud, "ssm").start_session, Target="i-1").code == "TargetNotConnected"


async def test_aiobotocore_gets_the_same_answers(demo_env: Path) -> None:
    session = aiobotocore.session.get_session()
    async with session.create_client("ec2") as ec2:
        paginator: Any = ec2.get_paginator("describe_instances")
        pages = [page async for page in paginator.paginate(MaxResults=5)]
        assert len(pages) > 2
        with pytest.raises(ec2.exceptions.ClientError, match=r"InvalidAMIID\.NotFound"):
            await ec2.run_instances(ImageId="ami-0123456789abcdef0", MinCount=1, MaxCount=1)
    async with session.create_client("cloudwatch") as cloudwatch:
        end = datetime.now(UTC)
        wanted: Any = {"MetricDataQueries": [cpu_query("i-1")], "StartTime": end - timedelta(hours=1), "EndTime": end}
        assert (await cloudwatch.get_metric_data(**wanted))["MetricDataResults"][0]["Values"] == []
