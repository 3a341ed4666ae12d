"""boto3's own objects, for ``get_instance`` and its like."""

from __future__ import annotations

from typing import Any

from fe2tui.aws import session as aws_session
from fe2tui.aws.session import Choice


def boto3_resource(choice: Choice, region: str) -> Any:
    """boto3's ``ec2`` resource for that choice; where it may only read, its changing calls raise ReadOnlyError."""
    import boto3

    session = boto3.Session(profile_name=choice.profile, region_name=region)
    resource = session.resource("ec2", endpoint_url=choice.endpoint_url)
    if choice.read_only:
        resource.meta.client.meta.events.register("before-call.ec2", _refuse_changes)
    return resource


def _refuse_changes(model: Any, **_: object) -> None:
    aws_session.require_reading(model.name)
