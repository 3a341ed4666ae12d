"""Groups, fleets and clusters that instances belong to, and what AWS does when one of theirs is stopped or terminated.

Sources: EC2 Auto Scaling User Guide, "Health checks for instances in an Auto Scaling group" and "Temporarily remove
instances"; EC2 User Guide, "EC2 Fleet request types"; EKS User Guide, "Managed node groups"; Elastic Beanstalk
Developer Guide, "Auto Scaling group". AWS itself sets the tags that begin with ``aws:``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from shlex import quote
from typing import NamedTuple

from fe2tui.model.instance import Instance
from fe2tui.model.text import join_words

_AUTO_SCALING_TAG = "aws:autoscaling:groupName"
_EC2_FLEET_TAG = "aws:ec2:fleet-id"
_SPOT_FLEET_TAG = "aws:ec2spot:fleet-request-id"
_MAINTAINED = "maintain"  # the type of fleets that replace their instances
_BEANSTALK_TAG = "elasticbeanstalk:environment-name"
_EKS_CLUSTER_TAGS = ("eks:cluster-name", "aws:eks:cluster-name")
_EKS_NODE_GROUP_TAG = "eks:nodegroup-name"
_KUBERNETES_TAG_PREFIX = "kubernetes.io/cluster/"
_MAX_NAMED = 8  # instances named in a sentence; the rest are counted
_MAX_NAME_LENGTH = 40  # characters of a name in a sentence


class InstanceGroup(NamedTuple):
    """What an instance belongs to. ``after_stop`` and ``after_terminate`` continue a sentence after ``text``."""

    text: str  # "the Auto Scaling group web"
    after_stop: str  # "which terminates stopped instances …"
    after_terminate: str
    smaller: str  # how a person gets fewer instances of it
    standby: str = ""  # a command that lets its instances be stopped, to be completed with their ids
    is_certain: bool = True
    """Whether AWS launches another for sure. A fleet whose type is not known may be of one that does not."""


def ec2_fleet_id(instance: Instance) -> str:
    """The id of the EC2 Fleet or Spot Fleet that launched the instance; else empty."""
    return instance.tags.get(_EC2_FLEET_TAG) or instance.tags.get(_SPOT_FLEET_TAG) or ""


def with_known_ec2_fleet_types(instances: Iterable[Instance], types: Mapping[str, str]) -> list[Instance]:
    """The instances with the types of their fleets, as far as these are known by the fleets' ids."""
    return [
        replace(one, ec2_fleet_type=kind) if types and (kind := types.get(ec2_fleet_id(one), "")) else one
        for one in instances
    ]


def instance_group(instance: Instance) -> InstanceGroup | None:
    """The group, fleet or cluster that replaces this instance when it stops or is terminated; None for no such."""
    tags = instance.tags
    if name := tags.get(_BEANSTALK_TAG):
        smaller = (
            f"`aws elasticbeanstalk update-environment --environment-name {quote(name)} --option-settings"
            " Namespace=aws:autoscaling:asg,OptionName=MaxSize,Value=N`"
        )
        return _auto_scaled(f"the Elastic Beanstalk environment {name}", smaller)
    cluster = next((tags[tag] for tag in _EKS_CLUSTER_TAGS if tags.get(tag)), "")
    if cluster and (nodes := tags.get(_EKS_NODE_GROUP_TAG)):
        smaller = (
            f"`aws eks update-nodegroup-config --cluster-name {quote(cluster)} --nodegroup-name {quote(nodes)}"
            " --scaling-config minSize=N,desiredSize=N`"
        )
        return _auto_scaled(f"the node group {nodes} of the EKS cluster {cluster}", smaller)
    if name := tags.get(_AUTO_SCALING_TAG):
        smaller = (
            f"`aws autoscaling update-auto-scaling-group --auto-scaling-group-name {quote(name)}"
            " --min-size N --desired-capacity N`"
        )
        standby = (
            f"aws autoscaling enter-standby --auto-scaling-group-name {quote(name)}"
            " --should-decrement-desired-capacity --instance-ids"
        )
        return _auto_scaled(f"the Auto Scaling group {name}", smaller, standby)
    kind = "EKS" if cluster else "Kubernetes"
    prefix = _KUBERNETES_TAG_PREFIX
    cluster = cluster or next((key.removeprefix(prefix) for key in tags if key.startswith(prefix)), "")
    if cluster:
        return InstanceGroup(
            f"the {kind} cluster {cluster}",
            "where pods move away from a stopped node, and what launched the node may terminate it and launch another",
            "where what launched the node may launch another in its place",
            "lower the number where the nodes are launched (node group, Karpenter, kOps)",
            is_certain=False,
        )
    if instance.ec2_fleet_type not in ("", _MAINTAINED):
        return None
    if name := tags.get(_EC2_FLEET_TAG):
        smaller = (
            f"`aws ec2 modify-fleet --fleet-id {quote(name)} --target-capacity-specification TotalTargetCapacity=N`"
        )
        return _fleet(f"the EC2 Fleet {name}", smaller, instance.ec2_fleet_type)
    if name := tags.get(_SPOT_FLEET_TAG):
        smaller = f"`aws ec2 modify-spot-fleet-request --spot-fleet-request-id {quote(name)} --target-capacity N`"
        return _fleet(f"the Spot Fleet {name}", smaller, instance.ec2_fleet_type)
    return None


def _auto_scaled(text: str, smaller: str, standby: str = "") -> InstanceGroup:
    after_stop = "which terminates stopped instances with their disks and launches others"
    return InstanceGroup(
        text, after_stop, "which launches a new instance for each that is terminated", smaller, standby
    )


def _fleet(text: str, smaller: str, kind: str) -> InstanceGroup:
    is_certain = kind == _MAINTAINED
    another = (
        f"which launches a new instance for each that is {{}}{'' if is_certain else ', if it is of type maintain'}"
    )
    return InstanceGroup(text, another.format("stopped"), another.format("terminated"), smaller, is_certain=is_certain)


def stop_sentences(instances: Iterable[Instance]) -> tuple[str, ...]:
    """What AWS itself does when these are stopped, for each of their groups; none if they belong to none.

    A freeze or a change of type that stops an instance has the same consequence.
    """
    sentences = []
    for group, members in _members_by_group(instances).items():
        sentences.append(f"{_membership(group, members)}, {group.after_stop}.")
        if group.standby:
            sentences.append(
                f"To stop without that, run first: `{group.standby} {' '.join(one.id for one in members)}`."
            )
        else:
            sentences.append(f"To have fewer: {group.smaller}.")
    return tuple(sentences)


def terminate_sentences(instances: Iterable[Instance]) -> tuple[str, ...]:
    """That AWS launches others in place of these, and where to lower their number; none if they belong to no group."""
    sentences = []
    for group, members in _members_by_group(instances).items():
        sentences.append(f"{_membership(group, members)}, {group.after_terminate}.")
        sentences.append(f"To have fewer: {group.smaller}.")
    return tuple(sentences)


def _members_by_group(instances: Iterable[Instance]) -> dict[InstanceGroup, list[Instance]]:
    members: dict[InstanceGroup, list[Instance]] = {}
    for one in instances:
        if (group := instance_group(one)) is not None:
            members.setdefault(group, []).append(one)
    return members


def _membership(group: InstanceGroup, members: Sequence[Instance]) -> str:
    names = [_short(one.label) for one in members[:_MAX_NAMED]]
    if len(members) > _MAX_NAMED:
        names.append(f"{len(members) - _MAX_NAMED:,} more")
    return f"{join_words(names)} {'belongs' if len(members) == 1 else 'belong'} to {group.text}"


def _short(name: str) -> str:
    return name if len(name) <= _MAX_NAME_LENGTH else f"{name[: _MAX_NAME_LENGTH - 1]}…"
