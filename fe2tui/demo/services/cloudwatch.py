"""cloudwatch: CPU and network figures of the instances, computed when a call asks for them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from fe2tui.demo.api import Call, operation
from fe2tui.demo.errors import ApiError
from fe2tui.demo.protocols import parse_time
from fe2tui.demo.records import Instance

_NAMES = ("CPUUtilization", "NetworkIn", "NetworkOut", "StatusCheckFailed")
_STEP = 300
_SHIFT = 7200  # seconds in which an instance is in use throughout, or idle throughout
_BUSY = ("p", "g", "c")


def cpu(instance: Instance, moment: float) -> float:
    """CPU use in percent at an epoch time: typical of the type, with idle hours, bursts and noise."""
    seed = zlib.crc32(instance.id.encode())
    step = int(moment // _STEP)
    noise = zlib.crc32(f"{instance.id}/{step}".encode()) / 2**32
    if _is_idle(instance, moment):
        return round(0.2 + 0.9 * noise, 4)
    burst_slot = zlib.crc32(f"{instance.id}/{step // 7}".encode()) % 5
    phase = seed % 628 / 100
    if instance.type.startswith(_BUSY):
        value = 88 + 9 * math.sin(moment / 4100 + phase) + 6 * noise - (35 if burst_slot == 0 else 0)
    elif instance.type.startswith("t"):
        value = 4.2 + 1.4 * math.sin(moment / 9000 + phase) + 2.5 * noise + (38 if burst_slot == 3 else 0)
    else:
        value = 22 + 16 * math.sin(moment / 5200 + phase) + 9 * noise + (46 if burst_slot == 1 else 0)
    return round(min(99.9, max(0.1, value)), 4)


def _is_idle(instance: Instance, moment: float) -> bool:
    """Some instances are always idle, most for some hours a day; types for computing never."""
    if instance.type.startswith(_BUSY):
        return False
    if zlib.crc32(f"unused/{instance.type}/{instance.zone}".encode()) % 4 == 0:
        return True
    shift = zlib.crc32(f"{instance.id}/{int(moment // _SHIFT)}".encode())
    return shift % 3 == 0


def _value(name: str, instance: Instance, moment: float) -> float:
    if name == "CPUUtilization":
        return cpu(instance, moment)
    if name == "StatusCheckFailed":
        return 0.0
    return round(cpu(instance, moment) * (52_000 if name == "NetworkIn" else 31_000))


def _points(
    call: Call, name: str, instance_id: str, start: datetime, end: datetime, period: int, statistic: str
) -> Iterator[tuple[datetime, float]]:
    """(time, value) of each period in which the instance ran, oldest first; the last two minutes are missing."""
    instance = call.region.instances.get(instance_id)
    if instance is None or name not in _NAMES or instance.state not in ("running", "stopping", "shutting-down"):
        return
    first = max(start, instance.launched_at).timestamp()
    last = min(end, call.now - timedelta(seconds=120)).timestamp()
    moment = math.ceil(first / period) * period
    while moment < last:
        samples = [_value(name, instance, moment + offset) for offset in range(0, period, _STEP)]
        yield datetime.fromtimestamp(moment, UTC), _STATISTICS.get(statistic, _mean)(samples)
        moment += period


def _mean(samples: list[float]) -> float:
    return sum(samples) / len(samples)


_STATISTICS: dict[str, Callable[[list[float]], float]] = {
    "Maximum": max,
    "Minimum": min,
    "Sum": sum,
    "SampleCount": lambda samples: float(len(samples)),
}


def _moment(value: Any) -> datetime:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, (int, float)) else parse_time(str(value))


def _period(value: Any) -> int:
    period = int(value or _STEP)
    if period < 60 or period % 60:
        raise ApiError("InvalidParameterValue", "The parameter Period must be a multiple of 60.")
    # Basic monitoring has a value every five minutes, even if the call asks for shorter periods.
    return max(period, _STEP)


@operation("GetMetricData", service="monitoring")
def get_metric_data(call: Call) -> Mapping[str, Any]:
    """Newest first by default. An unknown metric has no values, as at CloudWatch."""
    start, end = _moment(call.params["StartTime"]), _moment(call.params["EndTime"])
    queries = call.params.get("MetricDataQueries") or []
    if len(queries) > 500:
        raise ApiError("ValidationError", "The collection MetricDataQueries must not have a size greater than 500.")
    results = []
    for query in queries:
        stat = query.get("MetricStat")
        if not stat:
            raise ApiError("ValidationError", "The demo cloud answers MetricStat queries only.")
        metric = stat["Metric"]
        name = metric.get("MetricName", "") if metric.get("Namespace") == "AWS/EC2" else ""
        dimensions = {one.get("Name"): str(one.get("Value", "")) for one in metric.get("Dimensions") or ()}
        instance_id = dimensions.get("InstanceId", "")
        points = list(_points(call, name, instance_id, start, end, _period(stat.get("Period")), stat.get("Stat", "")))
        if call.params.get("ScanBy", "TimestampDescending") == "TimestampDescending":
            points.reverse()
        results.append(
            {
                "Id": query["Id"],
                "Label": query.get("Label") or f"{instance_id} {name}".strip(),
                "Timestamps": [moment for moment, _ in points],
                "Values": [value for _, value in points],
                "StatusCode": "Complete",
            }
        )
    return {"MetricDataResults": results, "Messages": []}


@operation("ListMetrics", service="monitoring")
def list_metrics(call: Call) -> Mapping[str, Any]:
    """The metrics of the running instances, 500 at most."""
    wanted = call.text("MetricName")
    metrics = [
        {"Namespace": "AWS/EC2", "MetricName": name, "Dimensions": [{"Name": "InstanceId", "Value": instance.id}]}
        for instance in call.region.instances.values()
        if instance.state == "running"
        for name in _NAMES
        if wanted in ("", name)
    ]
    return {"Metrics": metrics[:500], "OwningAccounts": []}
