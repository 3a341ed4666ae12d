"""What EC2 says of an instance besides its description: status checks and console output."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fe2tui.demo.dispatch import Call, answers
from fe2tui.demo.filters import Getter, matcher
from fe2tui.demo.paging import page, refuse_ids_with_pages
from fe2tui.demo.records import STATE_CODES, Instance
from fe2tui.demo.refusal import missing
from fe2tui.demo.rules.instance_view import find_instances, visible_instances
from fe2tui.demo.wire import truth


def _checks(call: Call, instance: Instance) -> tuple[str, str]:
    """(status, detail): a machine that has just come up is still being checked."""
    if instance.state != "running":
        return "not-applicable", ""
    options = call.account.options
    checked_at = instance.launched_at + timedelta(seconds=3 * (options.boot_seconds + options.ssh_seconds))
    return ("ok", "passed") if call.now >= checked_at else ("initializing", "initializing")


def _row(call: Call, instance: Instance) -> dict[str, Any]:
    status, detail = _checks(call, instance)
    details = [{"name": "reachability", "status": detail}] if detail else []
    return {
        "instanceId": instance.id,
        "availabilityZone": instance.zone,
        "availabilityZoneId": call.region.zone_id(instance.zone),
        "instanceState": {"code": STATE_CODES[instance.state], "name": instance.state},
        "systemStatus": {"status": status, "details": details},
        "instanceStatus": {"status": status, "details": details},
        "attachedEbsStatus": {"status": status, "details": details},
    }


@answers("DescribeInstanceStatus")
def describe_instance_status(call: Call) -> Mapping[str, Any]:
    """Only running ones, unless all are asked for."""
    refuse_ids_with_pages(call.params, "InstanceId", "instancesSet")
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
    matches = matcher(call.params.get("Filter"), getters)
    ids = call.texts("InstanceId")
    chosen = find_instances(call.region, ids) if ids else visible_instances(call.region)
    every = truth(call.params.get("IncludeAllInstances"))
    fitting = [one for one in chosen if (every or one.state == "running") and matches(one)]
    shown, token = page(fitting, call.params)
    return {"instanceStatusSet": [_row(call, one) for one in shown], "nextToken": token}


@answers("GetConsoleOutput")
def get_console_output(call: Call) -> Mapping[str, Any]:
    """What the machine has printed, host keys included; base64, absent while there is nothing."""
    identity = call.text("InstanceId")
    if not identity:
        raise missing("instanceId")
    instance = find_instances(call.region, [identity])[0]
    text = call.account.machines.console_output(instance.id) if instance.has_machine else ""
    output = base64.b64encode(text.encode()).decode() if text else None
    return {"instanceId": instance.id, "timestamp": call.now, "output": output}
