"""CPU figures of instances from CloudWatch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from fe2tui.aws.session import Session
from fe2tui.aws.worker_thread import in_worker_thread

PERIOD = timedelta(minutes=5)  # what EC2 reports without detailed monitoring
SPAN = timedelta(hours=6)
_MAX_GAP = 3 * PERIOD  # a longer gap means that the instance did not run: figures before it are of an earlier run
_MAX_DELAY = 4 * PERIOD  # figures arrive minutes late at most
_INSTANCES_A_CALL = 100  # of the 500 that one GetMetricData takes: more would block the event loop

Points = list[tuple[datetime, float]]


async def cpu_utilization(
    session: Session, ids: Iterable[str], *, now: datetime | None = None
) -> dict[str, tuple[float, ...]]:
    """Per cent of CPU for each five minutes of up to the last six hours, oldest first, by instance.

    Only figures without a gap up to now: for an instance started an hour ago, those of that hour. Uses GetMetricData
    with 100 instances per call; AWS charges $0.01 for 1,000 instances. Instances without figures are left out.
    """
    wanted = list(dict.fromkeys(ids))
    until = now or datetime.now(UTC)
    found: dict[str, Points] = {}
    for start in range(0, len(wanted), _INSTANCES_A_CALL):
        some = wanted[start : start + _INSTANCES_A_CALL]
        pages = session.pages(
            "cloudwatch",
            "GetMetricData",
            "MetricDataResults",
            MetricDataQueries=[_query(index, instance_id) for index, instance_id in enumerate(some)],
            StartTime=until - SPAN,
            EndTime=until,
            ScanBy="TimestampAscending",
        )
        async for page in pages:
            await in_worker_thread(_collect, page, some, found)
    return await in_worker_thread(
        lambda: {key: kept for key, points in found.items() if (kept := _latest_unbroken(sorted(points), until))}
    )


def _collect(page: Iterable[Mapping[str, Any]], ids: Sequence[str], into: dict[str, Points]) -> None:
    for result in page:
        points = zip(result.get("Timestamps", ()), result.get("Values", ()), strict=False)
        into.setdefault(ids[int(result["Id"][1:])], []).extend(points)


def _latest_unbroken(points: Points, until: datetime) -> tuple[float, ...]:
    """The figures since the last gap, if they reach up to now."""
    if not points or until - points[-1][0] > _MAX_DELAY:
        return ()
    first = len(points) - 1
    while first and points[first][0] - points[first - 1][0] <= _MAX_GAP:
        first -= 1
    return tuple(float(value) for _, value in points[first:])


def _query(index: int, instance_id: str) -> dict[str, Any]:
    return {
        "Id": f"m{index}",
        "MetricStat": {
            "Metric": {
                "Namespace": "AWS/EC2",
                "MetricName": "CPUUtilization",
                "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
            },
            "Period": int(PERIOD.total_seconds()),
            "Stat": "Average",
        },
        "ReturnData": True,
    }
