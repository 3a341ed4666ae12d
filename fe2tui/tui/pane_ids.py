"""The panes of the dashboard by their ids, with their numbers and titles."""

from __future__ import annotations

from collections.abc import Mapping

INSTANCES = "instances"
IMAGES = "images"
SPOT = "spot"
ACTIVITY = "activity"

PANES: Mapping[str, tuple[str, str]] = {
    INSTANCES: ("1", "Instances"),
    IMAGES: ("2", "Images"),
    SPOT: ("3", "Spot"),
    ACTIVITY: ("6", "Activity"),
}
"""The number (its key) and the title of each pane, in the order of the tabs."""

ALL_PANES = frozenset(PANES)
MARKABLE_PANES = frozenset({INSTANCES, IMAGES})
"""The panes whose rows can be marked and have details."""

LIST_PANES = MARKABLE_PANES | {SPOT}
"""The panes with a list that can be filtered, sorted, copied and exported."""

FULL_DETAILS = "full_details"
"""What a list opens instead of running a command: the full-screen details of the row under the cursor."""

DAY_CHOICES = (1, 3, 7, 30, 90)
"""The days of spot prices that the chart can show. AWS keeps 90."""

ROW_NOUNS: Mapping[str, str] = {INSTANCES: "instance", IMAGES: "image", SPOT: "type"}
"""What a row of each list is."""
