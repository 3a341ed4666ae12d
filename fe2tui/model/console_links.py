"""The pages of resources in the AWS console. Source: the addresses that the console itself shows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from fe2tui.model.location import Location

RESOURCE_ID = re.compile(r"\b(i|ami|vol|snap|sg|vpc|subnet)-[0-9a-f]{8,17}\b")
_PAGES: Mapping[str, str] = {  # by what an id begins with: the console's service, the page and its parameter
    "i": "ec2/home?region={region}#InstanceDetails:instanceId={id}",
    "ami": "ec2/home?region={region}#ImageDetails:imageId={id}",
    "vol": "ec2/home?region={region}#VolumeDetails:volumeId={id}",
    "snap": "ec2/home?region={region}#SnapshotDetails:snapshotId={id}",
    "sg": "ec2/home?region={region}#SecurityGroup:groupId={id}",
    "vpc": "vpcconsole/home?region={region}#VpcDetails:VpcId={id}",
    "subnet": "vpcconsole/home?region={region}#subnetDetails:subnetId={id}",
}
_HOSTS: Mapping[str, str] = {  # of partitions other than AWS's main one, by what their regions begin with
    "cn-": "console.amazonaws.cn",
    "us-gov-": "console.amazonaws-us-gov.com",
    "eusc-": "console.amazonaws-eusc.eu",
}
_PRIVATE_REGIONS = ("us-iso", "eu-iso")  # of partitions that are not on the internet
_AWS_DOMAINS = (".amazonaws.com", ".amazonaws.com.cn", ".amazonaws.eu", ".api.aws")


def console_url(resource_id: str, location: Location) -> str | None:
    """The page of a resource in the AWS console; None for other kinds, and where a location is not AWS's."""
    match = RESOURCE_ID.fullmatch(resource_id)
    region = location.region
    if match is None or not region or region.startswith(_PRIVATE_REGIONS) or not _is_aws(location.endpoint):
        return None
    host = next((host for start, host in _HOSTS.items() if region.startswith(start)), "console.aws.amazon.com")
    region = quote(region, safe="")
    return f"https://{region}.{host}/{_PAGES[match[1]].format(region=region, id=resource_id)}"


def _is_aws(endpoint: str) -> bool:
    return not endpoint or (urlsplit(endpoint).hostname or "").endswith(_AWS_DOMAINS)
