"""What every region has from the start: a default VPC and the public images."""

from __future__ import annotations

from fe2tui.demo.account import Region
from fe2tui.demo.public_images import public_images
from fe2tui.demo.records import SecurityGroup, SecurityGroupRule, Subnet, Vpc


def create(region: Region) -> None:
    """Gives a new region its default VPC and its public images."""
    create_default_vpc(region)
    for image, snapshot in public_images(region):
        region.images[image.id] = image
        region.snapshots[snapshot.id] = snapshot


def create_default_vpc(region: Region) -> Vpc:
    """Creates a default VPC, with a subnet in each zone and the security group `default`."""
    vpc = Vpc(*region.identity("vpc"), "172.31.0.0/16", is_default=True)
    region.vpcs[vpc.id] = vpc
    for at, zone in enumerate(region.zones):
        block = f"172.31.{16 * at}.0/20"
        subnet = Subnet(*region.identity("subnet"), vpc.id, zone, block, is_default=True)
        region.subnets[subnet.id] = subnet
    create_security_group(region, vpc.id, "default", "default VPC security group")
    return vpc


def create_security_group(region: Region, vpc_id: str, name: str, description: str) -> SecurityGroup:
    """Creates a group that allows all outbound traffic; `default` also allows its members to reach each other."""
    group = SecurityGroup(*region.identity("sg"), name, description, vpc_id)
    group.rules.append(SecurityGroupRule(region.new_id("sgr"), True, "-1", None, None, ("cidr", "0.0.0.0/0")))
    if name == "default":
        group.rules.append(SecurityGroupRule(region.new_id("sgr"), False, "-1", None, None, ("group", group.id)))
    region.security_groups[group.id] = group
    return group
