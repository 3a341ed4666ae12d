"""Makes instances of launches that have been planned: RunInstances, and what AWS launches for spot requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fe2tui.demo import instance_states
from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, answers, earlier, remember
from fe2tui.demo.catalogue import on_demand
from fe2tui.demo.errors import Refusal
from fe2tui.demo.protocols import Rendered, truth
from fe2tui.demo.records import Attachment, Image, Instance, SpotRequest, Subnet, Volume
from fe2tui.demo.rules.instances import render
from fe2tui.demo.rules.launch_plan import Plan, plan_launch, price_too_low, refuse_over_quota

NO_CAPACITY = "InsufficientInstanceCapacity"


@answers("RunInstances")
def run_instances(call: Call) -> Mapping[str, Any]:
    """The same ClientToken again gets the same reservation again, whatever became of the first reply."""
    region = call.region
    known = earlier(call)
    if known is not None:
        return _reservation(region, [one for one in region.instances.values() if one.reservation_id == known], known)
    plan = plan_launch(region, call.params)
    if plan.spot:
        refuse_over_quota(region, plan.type, plan.most)
    subnet = _with_capacity(region, plan)
    reservation = region.new_id("r")
    made = [_launch_one(region, plan, subnet, reservation, index) for index in range(plan.most)]
    reply = _reservation(region, made, reservation)
    for instance in made:
        # EC2's reply to a launch has no public address yet.
        instance_states.give_address(region, instance)
    remember(call, reservation)
    return reply


def _reservation(region: Region, instances: list[Instance], reservation: str) -> dict[str, Any]:
    items = "".join(f"<item>{render(region, instance)}</item>" for instance in instances)
    return {
        "reservationId": reservation,
        "ownerId": ACCOUNT_ID,
        "groupSet": [],
        "instancesSet": Rendered(items),
    }


def _with_capacity(region: Region, plan: Plan) -> Subnet:
    """The first subnet whose zone has room. Raises Refusal in EC2's words when none has."""
    refused: Refusal | None = None
    for subnet in plan.place.subnets:
        refused = _no_room(region, plan, subnet.zone)
        if refused is None:
            return subnet
    assert refused is not None  # a place has a subnet, or it was refused before
    raise refused


def _no_room(region: Region, plan: Plan, zone: str) -> Refusal | None:
    """Why a zone does not take the launch; None when it does."""
    if plan.spot and (too_low := price_too_low(region, plan.type, zone, plan.spot.max_price)):
        return too_low
    if not region.account.no_capacity("RunInstances", region.name, zone, "spot" if plan.spot else "on-demand"):
        return None
    if plan.spot:
        return Refusal(NO_CAPACITY, "There is no Spot capacity available that matches your request.", 500)
    if plan.place.zone is None:
        return Refusal(
            NO_CAPACITY,
            f"We currently do not have sufficient {plan.type} capacity in zones with support for 'gp3' volumes. Our "
            "system will be working on provisioning additional capacity.",
            500,
        )
    others = [one for one in region.account.catalogue.offerings(region.name)[plan.type] if one != zone]
    return Refusal(
        NO_CAPACITY,
        f"We currently do not have sufficient {plan.type} capacity in the Availability Zone you requested ({zone}). "
        f"Our system will be working on provisioning additional capacity. You can currently get {plan.type} capacity "
        f"by not specifying an Availability Zone in your request or choosing {', '.join(others)}.",
        500,
    )


def _launch_one(region: Region, plan: Plan, subnet: Subnet, reservation: str, index: int) -> Instance:
    instance = make_instance(region, plan, subnet, reservation, index)
    for disk in plan.disks:
        made = disk.shape
        volume = Volume(
            serial=region.serial(),
            id=region.new_id("vol"),
            zone=subnet.zone,
            size=made.size,
            created_at=instance.launched_at,
            kind=made.kind,
            iops=made.iops,
            throughput=made.throughput,
            snapshot_id=disk.snapshot_id,
            encrypted=disk.encrypted,
            state="in-use",
            tags=dict(plan.volume_tags),
        )
        volume.attachment = Attachment(
            disk.device, volume.id, instance.id, instance.launched_at, disk.delete_on_termination
        )
        region.volumes[volume.id] = volume
        instance.attachments.append(volume.attachment)
    if plan.spot:
        request = _new_request(region, plan, instance)
        instance.spot_request_id = request.id
    region.instances[instance.id] = instance
    equip(region, instance, plan.image, plan.key.public_key if plan.key else None)
    instance_states.begin_running(region, instance)
    return instance


def make_instance(region: Region, plan: Plan, subnet: Subnet, reservation: str, index: int) -> Instance:
    """A pending instance without disks."""
    now, params = region.now, plan.params
    wish = plan.place.public_ip
    unseen = region.account.options.unseen_seconds
    return Instance(
        serial=region.serial(),
        id=region.new_id("i"),
        reservation_id=reservation,
        image_id=plan.image.id,
        type=plan.type,
        architecture=plan.image.architecture,
        key_name=plan.key.name if plan.key else None,
        launched_at=now.replace(microsecond=0),
        zone=subnet.zone,
        subnet_id=subnet.id,
        vpc_id=subnet.vpc_id,
        private_ip=next_private_ip(subnet),
        groups=[(group.id, group.name) for group in plan.place.groups],
        tags=dict(plan.tags),
        user=plan.image.user,
        wants_public_ip=subnet.public_ips if wish is None else wish,
        root_device=plan.image.root_device,
        client_token=str(params.get("ClientToken", "")),
        launch_index=index,
        ebs_optimized=truth(params.get("EbsOptimized")),
        monitoring=truth(_below(params, "Monitoring", "Enabled")),
        protected=truth(params.get("DisableApiTermination")),
        stop_protected=truth(params.get("DisableApiStop")),
        shutdown_behavior=str(params.get("InstanceInitiatedShutdownBehavior") or "stop"),
        user_data=str(params.get("UserData", "")),
        metadata={key: str(value) for key, value in (params.get("MetadataOptions") or {}).items()},
        profile_arn=_profile(params),
        hibernation=truth(_below(params, "HibernationOptions", "Configured")),
        credits=str(_below(params, "CreditSpecification", "CpuCredits") or "unlimited"),
        boot_mode=plan.image.boot_mode,
        unseen_until=now + timedelta(seconds=unseen) if unseen else None,
    )


def _below(params: Mapping[str, Any], group: str, name: str) -> Any:
    return (params.get(group) or {}).get(name)


def _profile(params: Mapping[str, Any]) -> str | None:
    name = _below(params, "IamInstanceProfile", "Name")
    arn = _below(params, "IamInstanceProfile", "Arn")
    return arn or (f"arn:aws:iam::{ACCOUNT_ID}:instance-profile/{name}" if name else None)


def next_private_ip(subnet: Subnet) -> str:
    """The next free address of the subnet; the first four and the last are AWS's own."""
    subnet.taken += 1
    base, _, bits = subnet.cidr.partition("/")
    first, second, third, fourth = (int(part) for part in base.split("."))
    # Large fleets of the demo outgrow a subnet; their addresses go round and say nothing.
    offset = 3 + subnet.taken % (2 ** (32 - int(bits)) - 5)
    whole = (first << 24 | second << 16 | third << 8 | fourth) + offset
    return ".".join(str(whole >> shift & 255) for shift in (24, 16, 8, 0))


def equip(region: Region, instance: Instance, image: Image, public_key: str | None) -> None:
    """Gives an instance its machine, and tells the port in the tag `fe2:port`, unless the launch named one."""
    port = region.account.machines.create(
        instance.id,
        hostname=instance.tags.get("Name") or f"ip-{instance.private_ip.replace('.', '-')}",
        user=image.user,
        public_key=public_key,
        image_id=image.id,
    )
    instance.tags.setdefault("fe2:port", str(port))


def _new_request(region: Region, plan: Plan, instance: Instance) -> SpotRequest:
    assert plan.spot is not None
    left_out = ("ClientToken", "TagSpecification", "MinCount", "MaxCount", "InstanceMarketOptions")
    request = SpotRequest(
        serial=region.serial(),
        id="sir-" + region.new_id("x")[3:11],
        kind=plan.spot.kind,
        interruption=plan.spot.interruption,
        created_at=region.now,
        zone=instance.zone,
        launch={key: value for key, value in plan.params.items() if key not in left_out},
        max_price=plan.spot.max_price or str(on_demand(plan.type)),
        instance_id=instance.id,
        status_at=region.now,
        tags=dict(plan.spot_tags),
    )
    region.spots[request.id] = request
    return request


def launch_for_request(region: Region, request: SpotRequest) -> Instance:
    """The instance that AWS launches by itself for a persistent request: same zone, without the tags of the first."""
    params = {**request.launch, "MinCount": "1", "MaxCount": "1"}
    plan = plan_launch(region, params)
    subnet = next(one for one in plan.place.subnets if one.zone == request.zone)
    instance = _launch_one(region, plan, subnet, region.new_id("r"), 0)
    instance.spot_request_id = request.id
    instance_states.give_address(region, instance)
    request.instance_id = instance.id
    return instance
