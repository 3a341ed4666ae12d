"""ssm: the public parameters that name the newest images. No instance has the agent of Session Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import slice_page
from fe2tui.demo.errors import ApiError
from fe2tui.demo.public_images import parameters
from fe2tui.demo.records import Image


def _description(call: Call, name: str, image: Image) -> dict[str, Any]:
    return {
        "Name": name,
        "Type": "String",
        "Value": image.id,
        "Version": 41,
        "LastModifiedDate": image.created_at,
        "ARN": f"arn:aws:ssm:{call.region_name}::parameter{name}",
        "DataType": "aws:ec2:image" if name.startswith("/aws/service/ami") else "text",
    }


@operation("GetParameter", service="ssm")
def get_parameter(call: Call) -> Mapping[str, Any]:
    """The error of an unknown parameter has no message, as at ssm."""
    name = call.text("Name")
    image = parameters(call.region).get(name)
    if image is None:
        raise ApiError("ParameterNotFound", "")
    return {"Parameter": _description(call, name, image)}


@operation("GetParameters", service="ssm")
def get_parameters(call: Call) -> Mapping[str, Any]:
    """Up to ten parameters; unknown ones are listed as invalid."""
    names = call.texts("Names")
    if len(names) > 10:
        raise ApiError("ValidationException", "Member must have length less than or equal to 10")
    known = parameters(call.region)
    return {
        "Parameters": [_description(call, name, known[name]) for name in names if name in known],
        "InvalidParameters": [name for name in names if name not in known],
    }


@operation("GetParametersByPath", service="ssm")
def get_parameters_by_path(call: Call) -> Mapping[str, Any]:
    """The parameters below a path, ten a page."""
    path = call.text("Path").rstrip("/") + "/"
    deep = bool(call.params.get("Recursive"))
    below = [
        (name, image)
        for name, image in sorted(parameters(call.region).items())
        if name.startswith(path) and (deep or "/" not in name.removeprefix(path))
    ]
    shown, token = slice_page(below, call.params, int(call.params.get("MaxResults") or 10))
    return {"Parameters": [_description(call, name, image) for name, image in shown], **token}


@operation("StartSession", service="ssm")
def start_session(call: Call) -> Mapping[str, Any]:
    raise ApiError("TargetNotConnected", f"{call.text('Target')} is not connected.")


@operation("DescribeInstanceInformation", service="ssm")
def describe_instance_information(call: Call) -> Mapping[str, Any]:
    """No instance is managed."""
    return {"InstanceInformationList": []}
