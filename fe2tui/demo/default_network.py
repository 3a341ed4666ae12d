"""What every region of an account has from the start: a default network and the public images."""

from __future__ import annotations

from fe2tui.demo.account import Region
from fe2tui.demo.public_images import public_images
from fe2tui.demo.records import Group, Rule, Subnet, Vpc


def found(region: Region) -> None:
    """Gives a new region its default network and its public images."""
    add_default_vpc(region)
    for image, snapshots in public_images(region):
        region.images[image.id] = image
        for snapshot in snapshots:
            region.snapshots[snapshot.id] = snapshot


def add_default_vpc(region: Region) -> Vpc:
    """A default network, with a subnet in each zone and the group `default`."""
    vpc = Vpc(region.serial(), region.new_id("vpc"), "172.31.0.0/16", is_default=True)
    region.vpcs[vpc.id] = vpc
    for zone in region.zones:
        add_default_subnet(region, vpc, zone)
    add_group(region, vpc.id, "default", "default VPC security group")
    return vpc


def add_default_subnet(region: Region, vpc: Vpc, zone: str) -> Subnet:
    """The default subnet of a zone."""
    block = 16 * region.zones.index(zone)
    subnet = Subnet(region.serial(), region.new_id("subnet"), vpc.id, zone, f"172.31.{block}.0/20", is_default=True)
    region.subnets[subnet.id] = subnet
    return subnet


def add_group(region: Region, vpc_id: str, name: str, description: str) -> Group:
    """A security group that lets everything out; `default` also lets its own members in."""
    group = Group(region.serial(), region.new_id("sg"), name, description, vpc_id)
    group.rules.append(Rule(region.new_id("sgr"), True, "-1", None, None, ("cidr", "0.0.0.0/0")))
    if name == "default":
        group.rules.append(Rule(region.new_id("sgr"), False, "-1", None, None, ("group", group.id)))
    region.groups[group.id] = group
    return group
