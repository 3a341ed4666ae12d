"""What AWS does by itself after an instance of a group, fleet or cluster is stopped or terminated."""

from __future__ import annotations

import pytest

from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_group import instance_group, stop_sentences, terminate_sentences


def instance(key: str = "i-1", **tags: str) -> Instance:
    return Instance(key, State.RUNNING, "t3.micro", "us-east-2a", tags=tags)


@pytest.mark.parametrize(
    ("tags", "text", "command"),
    [
        ({"aws:autoscaling:groupName": "web"}, "the Auto Scaling group web", "--auto-scaling-group-name web"),
        (
            {"aws:ec2:fleet-id": "fleet-1", "aws:autoscaling:groupName": "a b"},
            "the Auto Scaling group a b",
            "--auto-scaling-group-name 'a b'",
        ),
        ({"aws:ec2:fleet-id": "fleet-1"}, "the EC2 Fleet fleet-1", "modify-fleet --fleet-id fleet-1"),
        ({"aws:ec2spot:fleet-request-id": "sfr-1"}, "the Spot Fleet sfr-1", "modify-spot-fleet-request"),
        (
            {"eks:cluster-name": "c", "eks:nodegroup-name": "n", "aws:autoscaling:groupName": "eks-n"},
            "the node group n of the EKS cluster c",
            "aws eks update-nodegroup-config --cluster-name c --nodegroup-name n",
        ),
        ({"eks:cluster-name": "c"}, "the EKS cluster c", "Karpenter"),
        ({"kubernetes.io/cluster/k": "owned", "aws:ec2:fleet-id": "f"}, "the Kubernetes cluster k", "Karpenter"),
        (
            {"elasticbeanstalk:environment-name": "shop", "aws:autoscaling:groupName": "awseb-1"},
            "the Elastic Beanstalk environment shop",
            "aws elasticbeanstalk update-environment --environment-name shop",
        ),
    ],
)
def test_a_group_is_recognised_by_its_tags_and_names_where_its_number_is_set(
    tags: dict[str, str], text: str, command: str
) -> None:
    one = instance(**tags)
    group = instance_group(one)
    assert group is not None and group.text == text and command in group.smaller
    assert stop_sentences([one])[0].startswith(f"i-1 belongs to {text}, ")
    assert terminate_sentences([one])[0].startswith(f"i-1 belongs to {text}, ")
    assert command in terminate_sentences([one])[1]


def test_an_instance_of_no_group_has_no_sentence() -> None:
    alone = instance(env="prod", Name="base")
    assert instance_group(alone) is None and not stop_sentences([alone]) and not terminate_sentences([alone])


def test_the_members_of_one_group_share_a_sentence() -> None:
    members = [instance(f"i-{number}", **{"aws:autoscaling:groupName": "web"}) for number in range(10)]
    first, second = stop_sentences([*members, instance()])
    assert "i-0, i-1, i-2, i-3, i-4, i-5, i-6, i-7 and 2 more belong to the Auto Scaling group web" in first
    assert "terminates stopped instances with their disks and launches others" in first
    assert second.endswith("--instance-ids " + " ".join(one.id for one in members) + "`.")
