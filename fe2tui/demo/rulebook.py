"""All rules together: importing this module fills the table of actions."""

from __future__ import annotations

from fe2tui.demo import (
    instance_view,
    launching,
    rules_attributes,
    rules_groups,
    rules_images,
    rules_instances,
    rules_interfaces,
    rules_keys,
    rules_network,
    rules_snapshots,
    rules_spot,
    rules_spot_prices,
    rules_status,
    rules_types,
    rules_volumes,
    service_metrics,
    service_pricing,
    service_quotas,
    service_ssm,
    service_sts,
    tags,
)
from fe2tui.demo.dispatch import ACTIONS

__all__ = ["ACTIONS"]

MODULES = (
    instance_view,
    launching,
    rules_attributes,
    rules_groups,
    rules_images,
    rules_instances,
    rules_interfaces,
    rules_keys,
    rules_network,
    rules_snapshots,
    rules_spot,
    rules_spot_prices,
    rules_status,
    rules_types,
    rules_volumes,
    service_metrics,
    service_pricing,
    service_quotas,
    service_ssm,
    service_sts,
    tags,
)
"""Named so that the imports are used."""
