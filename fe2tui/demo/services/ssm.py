"""ssm: the public parameters that name the newest images. No machine here has Session Manager's agent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal
from fe2tui.demo.lists import read_token, write_token
from fe2tui.demo.public_images import parameters
from fe2tui.demo.records import Image


def _shown(call: Call, name: str, image: Image) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "String",
        "Value": image.id,
        "Version": 41,
        "LastModifiedDate": image.created_at,
        "ARN": f"arn:aws:ssm:{call.region_name}::parameter{name}",
        "DataType": "aws:ec2:image" if name.startswith("/aws/service/ami") else "text",
    }


@answers("GetParameter", service="ssm")
def get_parameter(call: Call) -> Mapping[str, Any]:
    """One parameter; an unknown one is refused without a message, as ssm does."""
    name = call.text("Name")
    image = parameters(call.region).get(name)
    if image is None:
        raise Refusal("ParameterNotFound", "")
    return {"Parameter": _shown(call, name, image)}


@answers("GetParameters", service="ssm")
def get_parameters(call: Call) -> Mapping[str, Any]:
    """Up to ten; the unknown ones are listed apart."""
    names = call.texts("Names")
    if len(names) > 10:
        raise Refusal("ValidationException", "Member must have length less than or equal to 10")
    known = parameters(call.region)
    return {
        "Parameters": [_shown(call, name, known[name]) for name in names if name in known],
        "InvalidParameters": [name for name in names if name not in known],
    }


@answers("GetParametersByPath", service="ssm")
def get_parameters_by_path(call: Call) -> Mapping[str, Any]:
    """Those below a path, ten a page."""
    path = call.text("Path").rstrip("/") + "/"
    deep = bool(call.params.get("Recursive"))
    found = [
        (name, image)
        for name, image in sorted(parameters(call.region).items())
        if name.startswith(path) and (deep or "/" not in name.removeprefix(path))
    ]
    start = int(read_token(call.params) or 0)
    size = int(call.params.get("MaxResults") or 10)
    more = start + size < len(found)
    return {
        "Parameters": [_shown(call, name, image) for name, image in found[start : start + size]],
        **({"NextToken": write_token(start + size, call.params)} if more else {}),
    }


@answers("StartSession", service="ssm")
def start_session(call: Call) -> Mapping[str, Any]:
    """Refused: no agent is connected."""
    raise Refusal("TargetNotConnected", f"{call.text('Target')} is not connected.")


@answers("DescribeInstanceInformation", service="ssm")
def describe_instance_information(call: Call) -> Mapping[str, Any]:
    """Nothing is managed."""
    return {"InstanceInformationList": []}
