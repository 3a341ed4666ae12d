"""The intent of a type change that stops an instance."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class TypeChangeIntent:
    """An instance that is stopped for another type and has to be started again, kept before StopInstances is sent.

    ``stage`` is stopped (it may be stopped, and has to be started) or done.
    """

    token: str
    instance_id: str
    label: str
    new_type: str
    region: str
    profile: str
    endpoint: str
    stopped_at: datetime  # when StopInstances was sent
    stage: str = "stopped"
    activity: int = 0  # its entry in the activity log
    account: str = ""  # its number; empty if it was not known then
