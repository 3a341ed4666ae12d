"""Describes instances, their status checks and images, and GetConsoleOutput and GetConsoleScreenshot.

The XML of an instance is written as text, since benchmarks have 20,000 of them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from fe2tui.demo.account import ACCOUNT_ID, Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, check_no_ids_with_pages, select
from fe2tui.demo.errors import ApiError, missing_parameter, not_found, unsupported
from fe2tui.demo.protocols import Xml, element, escape, iso, tag_set, truth
from fe2tui.demo.records import Instance
from fe2tui.demo.rules.instance_types import firmware

_SCREEN = Path(__file__).parents[1] / "screen.jpg"
_CACHED = 20_000
"""With more instances than this, their XML is not kept: it would take too much memory."""


def find_instances(region: Region, ids: list[str]) -> list[Instance]:
    """The instances of these ids, in this order. Raises ApiError for malformed, unknown and not yet visible ones."""
    for identity in ids:
        if not identity.startswith("i-") or not identity[2:].isalnum() or len(identity) not in (10, 19):
            raise ApiError("InvalidInstanceID.Malformed", f'Invalid id: "{identity}"')
    now = region.now
    wanted = [region.instances.get(identity) for identity in dict.fromkeys(ids)]
    found = [one for one in wanted if one is not None and not (one.unseen_until and now < one.unseen_until)]
    if len(found) < len(wanted):
        known = {one.id for one in found}
        raise not_found("InvalidInstanceID", "instance ID", [identity for identity in ids if identity not in known])
    return found


def one_instance(call: Call) -> Instance:
    identity = call.text("InstanceId")
    if not identity:
        raise missing_parameter("instanceId")
    return find_instances(call.region, [identity])[0]


def described_instances(call: Call) -> list[Instance]:
    """The instances whose ids a Describe call has, or all that it shows. Raises ApiError."""
    check_no_ids_with_pages(call.params, "InstanceId", "instancesSet")
    ids = call.texts("InstanceId")
    if ids:
        return find_instances(call.region, ids)
    now = call.now
    return [one for one in call.region.instances.values() if one.unseen_until is None or now >= one.unseen_until]


def _unless_terminated(instance: Instance, value: Any) -> Any:
    return None if instance.state == "terminated" else value


def _platform(instance: Instance) -> str:
    return "Windows" if instance.is_windows else "Linux/UNIX"


INSTANCE_FILTERS: dict[str, Getter] = {
    "architecture": lambda i: i.architecture,
    "availability-zone": lambda i: i.zone,
    "block-device-mapping.attach-time": lambda i: [a.attached_at for a in i.attachments],
    "block-device-mapping.delete-on-termination": lambda i: [a.delete_on_termination for a in i.attachments],
    "block-device-mapping.device-name": lambda i: [a.device for a in i.attachments],
    "block-device-mapping.status": lambda i: [a.status for a in i.attachments],
    "block-device-mapping.volume-id": lambda i: [a.volume_id for a in i.attachments],
    "boot-mode": lambda i: i.boot_mode,
    "client-token": lambda i: i.client_token,
    "dns-name": lambda i: "localhost" if i.public_ip else None,
    "ebs-optimized": lambda i: i.ebs_optimized,
    "ena-support": lambda i: i.ena,
    "hibernation-options.configured": lambda i: i.hibernation,
    "hypervisor": lambda i: "xen",
    "iam-instance-profile.arn": lambda i: i.profile_arn,
    "image-id": lambda i: i.image_id,
    "instance-id": lambda i: i.id,
    "instance-lifecycle": lambda i: "spot" if i.spot_request_id else None,
    "instance-state-code": lambda i: i.state_code,
    "instance-state-name": lambda i: i.state,
    "instance-type": lambda i: i.type,
    "instance.group-id": lambda i: [group[0] for group in i.groups],
    "instance.group-name": lambda i: [group[1] for group in i.groups],
    "ip-address": lambda i: i.public_ip,
    "ipv6-address": lambda i: _unless_terminated(i, i.ipv6),
    "key-name": lambda i: i.key_name,
    "launch-index": lambda i: i.launch_index,
    "launch-time": lambda i: i.launched_at,
    "metadata-options.http-endpoint": lambda i: "enabled",
    "metadata-options.http-tokens": lambda i: i.metadata.get("HttpTokens", "optional"),
    "monitoring-state": lambda i: "enabled" if i.monitoring else "disabled",
    "network-interface.addresses.private-ip-address": lambda i: _unless_terminated(i, i.private_ip),
    "network-interface.addresses.association.public-ip": lambda i: i.public_ip,
    "network-interface.association.public-ip": lambda i: i.public_ip,
    "network-interface.availability-zone": lambda i: _unless_terminated(i, i.zone),
    "network-interface.group-id": lambda i: _unless_terminated(i, [group[0] for group in i.groups]),
    "network-interface.group-name": lambda i: _unless_terminated(i, [group[1] for group in i.groups]),
    "network-interface.network-interface-id": lambda i: _unless_terminated(i, i.interface_id),
    "network-interface.private-ip-address": lambda i: _unless_terminated(i, i.private_ip),
    "network-interface.status": lambda i: _unless_terminated(i, "in-use"),
    "network-interface.subnet-id": lambda i: _unless_terminated(i, i.subnet_id),
    "network-interface.vpc-id": lambda i: _unless_terminated(i, i.vpc_id),
    "owner-id": lambda i: ACCOUNT_ID,
    "platform": lambda i: "windows" if i.is_windows else None,
    "platform-details": _platform,
    "private-dns-name": lambda i: _unless_terminated(i, i.private_ip and private_dns(i)),
    "private-ip-address": lambda i: _unless_terminated(i, i.private_ip),
    "reason": lambda i: i.transition_reason,
    "reservation-id": lambda i: i.reservation_id,
    "root-device-name": lambda i: i.root_device,
    "root-device-type": lambda i: "ebs",
    "source-dest-check": lambda i: i.source_dest_check,
    "spot-instance-request-id": lambda i: i.spot_request_id,
    "state-reason-code": lambda i: i.state_reason and i.state_reason[0],
    "state-transition-reason": lambda i: i.transition_reason,
    "subnet-id": lambda i: _unless_terminated(i, i.subnet_id),
    "tenancy": lambda i: "default",
    "usage-operation": lambda i: "RunInstances",
    "virtualization-type": lambda i: "hvm",
    "vpc-id": lambda i: _unless_terminated(i, i.vpc_id),
}


def private_dns(instance: Instance) -> str:
    """The private DNS name, as `ip-172-31-4-7.us-east-2.compute.internal`; it has the id where there is only IPv6."""
    region = instance.zone.rstrip("abcdef")
    if not instance.private_ip:
        return f"{instance.id}.{region}.compute.internal"
    return f"ip-{instance.private_ip.replace('.', '-')}.{region}.compute.internal"


def instance_xml(region: Region, instance: Instance) -> str:
    """The XML of an instance, without its `item` element."""
    if instance.xml is not None:
        return instance.xml
    text = _write_xml(region, instance)
    if len(region.instances) <= _CACHED:
        instance.xml = text
    return text


def _mapping(instance: Instance) -> str:
    return "".join(
        f"<item><deviceName>{a.device}</deviceName><ebs><volumeId>{a.volume_id}</volumeId><status>{a.status}</status>"
        f"<attachTime>{iso(a.attached_at)}</attachTime>"
        f"<deleteOnTermination>{'true' if a.delete_on_termination else 'false'}</deleteOnTermination></ebs></item>"
        for a in instance.attachments
    )


def _private_address(instance: Instance) -> str:
    return f"<privateIpAddress>{instance.private_ip}</privateIpAddress>" if instance.private_ip else ""


def _interface(instance: Instance, groups: str) -> str:
    dns = private_dns(instance)
    association = (
        f"<association><publicIp>{instance.public_ip}</publicIp><publicDnsName>localhost</publicDnsName>"
        "<ipOwnerId>amazon</ipOwnerId></association>"
        if instance.public_ip
        else ""
    )
    private = _private_address(instance)
    addresses = (
        f"<item>{private}<privateDnsName>{dns}</privateDnsName><primary>true</primary>{association}</item>"
        if private
        else ""
    )
    ipv6 = f"<item><ipv6Address>{instance.ipv6}</ipv6Address></item>" if instance.ipv6 else ""
    serial = instance.serial
    mac = f"02:{serial >> 24 & 255:02x}:{serial >> 16 & 255:02x}:{serial >> 8 & 255:02x}:{serial & 255:02x}:5d"
    return (
        f"<item><networkInterfaceId>{instance.interface_id}</networkInterfaceId><subnetId>{instance.subnet_id}</subnetId>"
        f"<vpcId>{instance.vpc_id}</vpcId><description/><ownerId>{ACCOUNT_ID}</ownerId><status>in-use</status>"
        f"<macAddress>{mac}</macAddress>{private}"
        f"<privateDnsName>{dns}</privateDnsName><sourceDestCheck>true</sourceDestCheck><groupSet>{groups}</groupSet>"
        f"<attachment><attachmentId>eni-attach-{instance.id[2:]}</attachmentId><deviceIndex>0</deviceIndex>"
        f"<status>attached</status><attachTime>{iso(instance.launched_at)}</attachTime>"
        f"<deleteOnTermination>true</deleteOnTermination><networkCardIndex>0</networkCardIndex></attachment>{association}"
        f"<privateIpAddressesSet>{addresses}</privateIpAddressesSet><ipv6AddressesSet>{ipv6}</ipv6AddressesSet>"
        "<interfaceType>interface</interfaceType></item>"
    )


def _network(instance: Instance) -> tuple[str, str, str]:
    """XML of (addresses, groups, interfaces); a terminated instance has none."""
    if instance.state == "terminated":
        return "<privateDnsName/><dnsName/>", "", ""
    groups = "".join(
        f"<item><groupId>{group}</groupId><groupName>{escape(name)}</groupName></item>"
        for group, name in instance.groups
    )
    public = f"<ipAddress>{instance.public_ip}</ipAddress>" if instance.public_ip else ""
    ipv6 = f"<ipv6Address>{instance.ipv6}</ipv6Address>" if instance.ipv6 else ""
    addresses = (
        f"<privateDnsName>{private_dns(instance)}</privateDnsName>"
        f"<dnsName>{'localhost' if instance.public_ip else ''}</dnsName>"
        f"{_private_address(instance)}{public}{ipv6}"
        f"<subnetId>{instance.subnet_id}</subnetId><vpcId>{instance.vpc_id}</vpcId>"
    )
    return addresses, groups, _interface(instance, groups)


def _optional(instance: Instance) -> str:
    parts: list[str] = []
    if instance.key_name:
        parts.append(element("keyName", instance.key_name))
    if instance.state_reason:
        parts.append(element("stateReason", {"code": instance.state_reason[0], "message": instance.state_reason[1]}))
    if instance.is_windows:
        parts.append("<platform>windows</platform>")
    if instance.spot_request_id:
        parts.append("<instanceLifecycle>spot</instanceLifecycle>")
        parts.append(f"<spotInstanceRequestId>{instance.spot_request_id}</spotInstanceRequestId>")
    if instance.profile_arn:
        parts.append(element("iamInstanceProfile", {"arn": instance.profile_arn, "id": "AIPAFE2TUIDEMO"}))
    if instance.boot_mode:
        parts.append(f"<bootMode>{instance.boot_mode}</bootMode>")
    if instance.tags:
        tags = "".join(
            f"<item><key>{escape(key)}</key><value>{escape(value)}</value></item>"
            for key, value in instance.tags.items()
        )
        parts.append(f"<tagSet>{tags}</tagSet>")
    return "".join(parts)


def _write_xml(region: Region, instance: Instance) -> str:
    addresses, groups, interfaces = _network(instance)
    kind = region.account.catalogue.types[instance.type]
    boots_by = firmware(region.account.catalogue, instance)
    metadata = instance.metadata
    yes, no = "true", "false"
    return (
        f"<instanceId>{instance.id}</instanceId><imageId>{instance.image_id}</imageId>"
        f"<instanceState><code>{instance.state_code}</code><name>{instance.state}</name></instanceState>{addresses}"
        f"<reason>{escape(instance.transition_reason)}</reason><amiLaunchIndex>{instance.launch_index}</amiLaunchIndex>"
        f"<productCodes/><instanceType>{instance.type}</instanceType><launchTime>{iso(instance.launched_at)}</launchTime>"
        f"<placement><availabilityZone>{instance.zone}</availabilityZone>"
        f"<availabilityZoneId>{region.zone_id(instance.zone)}</availabilityZoneId><groupName/><tenancy>default</tenancy></placement>"
        f"<monitoring><state>{'enabled' if instance.monitoring else 'disabled'}</state></monitoring>"
        f"<groupSet>{groups}</groupSet><architecture>{instance.architecture}</architecture>"
        f"<rootDeviceType>ebs</rootDeviceType><rootDeviceName>{instance.root_device}</rootDeviceName>"
        f"<blockDeviceMapping>{_mapping(instance)}</blockDeviceMapping><virtualizationType>hvm</virtualizationType>"
        f"<clientToken>{escape(instance.client_token)}</clientToken><hypervisor>xen</hypervisor>"
        f"<networkInterfaceSet>{interfaces}</networkInterfaceSet>"
        f"<ebsOptimized>{yes if instance.ebs_optimized else no}</ebsOptimized>"
        f"<enaSupport>{yes if instance.ena else no}</enaSupport>"
        f"<sourceDestCheck>{yes if instance.source_dest_check else no}</sourceDestCheck>"
        f"<cpuOptions><coreCount>{kind.cores}</coreCount>"
        f"<threadsPerCore>{kind.vcpus // kind.cores}</threadsPerCore></cpuOptions>"
        "<capacityReservationSpecification><capacityReservationPreference>open</capacityReservationPreference>"
        "</capacityReservationSpecification>"
        f"<hibernationOptions><configured>{yes if instance.hibernation else no}</configured></hibernationOptions>"
        f"<metadataOptions><state>applied</state><httpTokens>{metadata.get('HttpTokens', 'optional')}</httpTokens>"
        f"<httpPutResponseHopLimit>{metadata.get('HttpPutResponseHopLimit', '2')}</httpPutResponseHopLimit>"
        f"<httpEndpoint>{metadata.get('HttpEndpoint', 'enabled')}</httpEndpoint>"
        "<httpProtocolIpv6>disabled</httpProtocolIpv6>"
        f"<instanceMetadataTags>{metadata.get('InstanceMetadataTags', 'disabled')}</instanceMetadataTags>"
        "</metadataOptions>"
        "<enclaveOptions><enabled>false</enabled></enclaveOptions>"
        f"<platformDetails>{_platform(instance)}</platformDetails>"
        f"<usageOperation>RunInstances{':0002' if instance.is_windows else ''}</usageOperation>"
        f"<usageOperationUpdateTime>{iso(instance.launched_at)}</usageOperationUpdateTime>"
        "<privateDnsNameOptions><hostnameType>ip-name</hostnameType>"
        "<enableResourceNameDnsARecord>false</enableResourceNameDnsARecord>"
        "<enableResourceNameDnsAAAARecord>false</enableResourceNameDnsAAAARecord></privateDnsNameOptions>"
        "<maintenanceOptions><autoRecovery>default</autoRecovery></maintenanceOptions>"
        f"<currentInstanceBootMode>{boots_by}</currentInstanceBootMode>{_optional(instance)}"
    )


def reservation_xml(region: Region, reservation_id: str, instances: Iterable[Instance]) -> str:
    items = "".join(f"<item>{instance_xml(region, instance)}</item>" for instance in instances)
    head = f"<reservationId>{reservation_id}</reservationId><ownerId>{region.owner_id}</ownerId><groupSet/>"
    return f"{head}<instancesSet>{items}</instancesSet>"


def _reservation_set(region: Region, instances: Iterable[Instance]) -> Xml:
    """The instances; consecutive ones of one reservation are together."""
    together = groupby(instances, key=lambda instance: instance.reservation_id)
    return Xml("".join(f"<item>{reservation_xml(region, identity, same)}</item>" for identity, same in together))


@operation("DescribeInstances")
def describe_instances(call: Call) -> Mapping[str, Any]:
    """MaxResults counts instances, not reservations."""
    shown, token = select(described_instances(call), call.params, INSTANCE_FILTERS)
    return {"reservationSet": _reservation_set(call.region, shown), "nextToken": token}


def _checks(call: Call, instance: Instance) -> tuple[str, str]:
    """(status, detail) of the status checks; they take some time after a start."""
    if instance.state != "running":
        return "not-applicable", ""
    options = call.account.options
    passed_at = instance.launched_at + timedelta(seconds=3 * (options.boot_seconds + options.ssh_seconds))
    return ("ok", "passed") if call.now >= passed_at else ("initializing", "initializing")


def _row(call: Call, instance: Instance) -> dict[str, Any]:
    status, detail = _checks(call, instance)

    def checks(name: str) -> dict[str, Any]:
        if name in instance.failed_checks and detail:
            failed = {"name": "reachability", "status": "failed", "impairedSince": instance.failed_since}
            return {"status": "impaired", "details": [failed]}
        return {"status": status, "details": [{"name": "reachability", "status": detail}] if detail else []}

    return {
        "instanceId": instance.id,
        "availabilityZone": instance.zone,
        "availabilityZoneId": call.region.zone_id(instance.zone),
        "instanceState": {"code": instance.state_code, "name": instance.state},
        "eventsSet": [
            {"code": code, "description": "The instance is affected by a scheduled event.", "notBefore": at}
            for code, at in instance.events
        ],
        "systemStatus": checks("system"),
        "instanceStatus": checks("instance"),
        "attachedEbsStatus": checks("attached-ebs"),
    }


@operation("DescribeInstanceStatus")
def describe_instance_status(call: Call) -> Mapping[str, Any]:
    """Running instances, or all with IncludeAllInstances."""
    getters: dict[str, Getter] = {
        "availability-zone": lambda i: i.zone,
        "availability-zone-id": lambda i: call.region.zone_id(i.zone),
        "event.code": lambda i: None,
        "instance-state-code": lambda i: i.state_code,
        "instance-state-name": lambda i: i.state,
        "instance-status.reachability": lambda i: _checks(call, i)[1],
        "instance-status.status": lambda i: _checks(call, i)[0],
        "system-status.reachability": lambda i: _checks(call, i)[1],
        "system-status.status": lambda i: _checks(call, i)[0],
    }
    every = truth(call.params.get("IncludeAllInstances"))
    instances = [one for one in described_instances(call) if every or one.state == "running"]
    shown, token = select(instances, call.params, getters)
    return {"instanceStatusSet": [_row(call, one) for one in shown], "nextToken": token}


@operation("DescribeInstanceImageMetadata")
def describe_instance_image_metadata(call: Call) -> Mapping[str, Any]:
    """The image of each instance, also if it is deregistered."""
    shown, token = select(described_instances(call), call.params, INSTANCE_FILTERS)
    rows = [_image_row(call.region, one) for one in shown if one.state != "terminated"]
    return {"instanceImageMetadataSet": rows, "nextToken": token}


def _image_row(region: Region, instance: Instance) -> dict[str, Any]:
    image = region.images.get(instance.image_id) or region.gone_images.get(instance.image_id)
    metadata: dict[str, Any] = {"imageId": instance.image_id}
    if image is not None:
        metadata |= {
            "name": image.name,
            "imageOwnerId": image.owner_id,
            "imageState": image.state if image.id in region.images else "deregistered",
            "imageOwnerAlias": image.owner_alias,
            "creationDate": image.created_at,
            "isPublic": image.public,
        }
    return {
        "instanceId": instance.id,
        "instanceType": instance.type,
        "launchTime": instance.launched_at,
        "availabilityZone": instance.zone,
        "instanceState": {"code": instance.state_code, "name": instance.state},
        "instanceOwnerId": region.owner_id,
        "tagSet": tag_set(instance.tags) or None,
        "imageMetadata": metadata,
    }


@operation("GetConsoleOutput")
def get_console_output(call: Call) -> Mapping[str, Any]:
    """The console of the machine in base64, with its host keys; absent before the first boot.

    Latest is refused for types that are not on the Nitro hypervisor.
    """
    instance = one_instance(call)
    if truth(call.params.get("Latest")) and _hypervisor(call.region, instance) != "nitro":
        raise unsupported("This instance type does not support retrieving the latest console logs.")
    text = call.account.machines.console_output(instance.id) if instance.has_machine else ""
    output = base64.b64encode(text.encode()).decode() if text else None
    return {"instanceId": instance.id, "timestamp": call.now, "output": output}


@operation("GetConsoleScreenshot")
def get_console_screenshot(call: Call) -> Mapping[str, Any]:
    """The same small picture of a log-in prompt for all. The instance has to run; bare metal has no screen."""
    instance = one_instance(call)
    if instance.state != "running":
        raise ApiError("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'running' state.")
    if not _hypervisor(call.region, instance):
        raise unsupported("The instance type does not support console screenshots.")
    return {"instanceId": instance.id, "imageData": base64.b64encode(_SCREEN.read_bytes()).decode()}


def _hypervisor(region: Region, instance: Instance) -> str:
    """nitro or xen; empty for bare metal."""
    return region.account.catalogue.types[instance.type].hypervisor
