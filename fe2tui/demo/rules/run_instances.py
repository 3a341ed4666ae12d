"""RunInstances, and the instances that EC2 itself launches for spot requests."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from fe2tui.demo import instance_states
from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.errors import ApiError
from fe2tui.demo.protocols import Xml, truth
from fe2tui.demo.records import Image, Instance, SpotRequest, Subnet
from fe2tui.demo.rules.instances import reservation_xml
from fe2tui.demo.rules.launch_plan import LaunchPlan, SpotOptions, check_spot_quota, max_price_error, plan_launch
from fe2tui.demo.rules.volumes import new_attached_volume

_NOT_REPEATED = ("ClientToken", "TagSpecification", "MinCount", "MaxCount", "InstanceMarketOptions")
"""The parameters of a launch that a spot request does not keep for its next instance."""
_network = cache(ipaddress.IPv4Network)


@operation("RunInstances")
def run_instances(call: Call) -> Xml:
    """An equal request with the same ClientToken gets the same reservation again."""
    region = call.region
    known = call.earlier_result()
    if known is not None:
        launched = [one for one in region.instances.values() if one.reservation_id == known]
        return Xml(reservation_xml(region, known, launched))
    plan = plan_launch(region, call.params)
    if plan.spot:
        check_spot_quota(region, plan.type, plan.count)
    subnet = _subnet_with_capacity(region, plan)
    reservation = region.new_id("r")
    instances = [_launch_one(region, plan, subnet, reservation, index) for index in range(plan.count)]
    reply = Xml(reservation_xml(region, reservation, instances))
    for instance in instances:
        # After the reply: EC2's reply to a launch has no public address yet.
        instance_states.give_address(region, instance)
    call.remember_result(reservation)
    return reply


def _subnet_with_capacity(region: Region, plan: LaunchPlan) -> Subnet:
    error: ApiError | None = None
    for subnet in plan.placement.subnets:
        error = _capacity_error(region, plan, subnet.zone)
        if error is None:
            return subnet
    assert error is not None  # a placement has at least one subnet
    raise error


def _capacity_error(region: Region, plan: LaunchPlan, zone: str) -> ApiError | None:
    """The error of a launch in this zone; None if the zone has capacity."""
    if plan.spot and (too_low := max_price_error(region, plan.type, zone, plan.spot.max_price)):
        return too_low
    market = "spot" if plan.spot else "on-demand"
    if not region.account.faults.lacks_capacity("RunInstances", region.name, zone, market):
        return None
    if plan.spot:
        message = "There is no Spot capacity available that matches your request."
    elif plan.placement.zone is None:
        message = (
            f"We currently do not have sufficient {plan.type} capacity in zones with support for 'gp3' volumes. Our "
            "system will be working on provisioning additional capacity."
        )
    else:
        others = [one for one in region.account.catalogue.offerings(region.name)[plan.type] if one != zone]
        message = (
            f"We currently do not have sufficient {plan.type} capacity in the Availability Zone you requested ({zone})."
            f" Our system will be working on provisioning additional capacity. You can currently get {plan.type} "
            "capacity by not specifying an Availability Zone in your request or choosing "
            f"{', '.join(others)}."
        )
    return ApiError("InsufficientInstanceCapacity", message, 500)


def _launch_one(region: Region, plan: LaunchPlan, subnet: Subnet, reservation: str, index: int) -> Instance:
    instance = _new_instance(region, plan, subnet, reservation, index)
    for device, shape, snapshot_id, delete, encrypted in plan.volumes:
        more = {"snapshot_id": snapshot_id, "encrypted": encrypted, "tags": dict(plan.volume_tags)}
        new_attached_volume(region, instance, device, shape, delete, **more)
    if plan.spot:
        launch = {key: value for key, value in plan.params.items() if key not in _NOT_REPEATED}
        request = new_spot_request(region, instance, plan.spot, launch, region.now)
        request.tags = dict(plan.spot_tags)
    region.instances[instance.id] = instance
    create_machine(region, instance, plan.image, plan.key.public_key if plan.key else None)
    instance_states.begin_running(region, instance)
    return instance


def _new_instance(region: Region, plan: LaunchPlan, subnet: Subnet, reservation: str, index: int) -> Instance:
    now, params = region.now, plan.params
    public_ip = plan.placement.public_ip
    profile = params.get("IamInstanceProfile") or {}
    arn = f"arn:aws:iam::{region.owner_id}:instance-profile/{profile['Name']}" if profile.get("Name") else None
    unseen = region.account.options.unseen_seconds
    return new_instance(
        region,
        plan.type,
        plan.image,
        subnet,
        now.replace(microsecond=0),
        reservation,
        key_name=plan.key.name if plan.key else None,
        groups=[(group.id, group.name) for group in plan.placement.groups],
        tags=dict(plan.tags),
        wants_public_ip=subnet.public_ips if public_ip is None else public_ip,
        client_token=str(params.get("ClientToken", "")),
        launch_index=index,
        ebs_optimized=truth(params.get("EbsOptimized")),
        monitoring=truth((params.get("Monitoring") or {}).get("Enabled")),
        protected=truth(params.get("DisableApiTermination")),
        stop_protected=truth(params.get("DisableApiStop")),
        shutdown_behavior=str(params.get("InstanceInitiatedShutdownBehavior") or "stop"),
        user_data=str(params.get("UserData", "")),
        metadata={key: str(value) for key, value in (params.get("MetadataOptions") or {}).items()},
        profile_arn=profile.get("Arn") or arn,
        hibernation=truth((params.get("HibernationOptions") or {}).get("Configured")),
        unseen_until=now + timedelta(seconds=unseen) if unseen else None,
    )


def new_instance(
    region: Region,
    type_name: str,
    image: Image,
    subnet: Subnet,
    launched_at: datetime,
    reservation: str | None = None,
    **more: Any,
) -> Instance:
    """The record of an instance without volumes, by default in a reservation of its own; `more` are further fields."""
    return Instance(
        *region.identity("i"),
        reservation_id=reservation or region.new_id("r"),
        image_id=image.id,
        type=type_name,
        architecture=image.architecture,
        launched_at=launched_at,
        zone=subnet.zone,
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        private_ip=next_private_ip(subnet),
        user=image.user,
        root_device=image.root_device,
        boot_mode=image.boot_mode,
        **more,
    )


def next_private_ip(subnet: Subnet) -> str:
    """The next address of the subnet; the first four and the last belong to AWS."""
    subnet.used_addresses += 1
    network = _network(subnet.cidr)
    # Bulk instances can outnumber the addresses of a subnet; then addresses repeat.
    return str(network[3 + subnet.used_addresses % (network.num_addresses - 5)])


def create_machine(region: Region, instance: Instance, image: Image, public_key: str | None) -> None:
    """Creates the machine of an instance. Its ssh port goes into the tag `fe2:port`, unless the launch set that tag."""
    port = region.account.machines.create(
        instance.id,
        hostname=instance.tags.get("Name") or f"ip-{instance.private_ip.replace('.', '-')}",
        user=image.user,
        public_key=public_key,
        image_id=image.id,
    )
    instance.tags.setdefault("fe2:port", str(port))


def new_spot_request(
    region: Region, instance: Instance, options: SpotOptions, launch: Mapping[str, Any], created_at: datetime
) -> SpotRequest:
    """Creates the record of a fulfilled request; `launch` are the parameters of RunInstances."""
    request = SpotRequest(
        *region.identity("sir"),
        type=options.type,
        interruption=options.interruption,
        created_at=created_at,
        zone=instance.zone,
        launch=launch,
        max_price=options.max_price or str(on_demand(instance.type)),
        instance_id=instance.id,
        status_at=created_at,
    )
    region.spot_requests[request.id] = request
    instance.spot_request_id = request.id
    return request


def launch_replacement(region: Region, request: SpotRequest) -> None:
    """Launches another instance for a spot request, in its zone and without tags. Raises ApiError."""
    params = {**request.launch, "MinCount": "1", "MaxCount": "1"}
    plan = plan_launch(region, params)
    subnet = next(one for one in plan.placement.subnets if one.zone == request.zone)
    instance = _launch_one(region, plan, subnet, region.new_id("r"), 0)
    instance.spot_request_id = request.id
    instance_states.give_address(region, instance)
    request.instance_id = instance.id
