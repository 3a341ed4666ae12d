"""Sentences about costs that are not known, or not counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fe2tui.model.calendar import month_start
from fe2tui.model.fleet import Fleet, InstanceUsage, Problem
from fe2tui.model.instance import Instance
from fe2tui.model.location import is_local_zone
from fe2tui.model.money.rates import ADDRESS_PER_HOUR, HOURS_A_MONTH, LINUX, SHARED, instance_per_hour
from fe2tui.model.money.spot_usage import is_spot_cost_known
from fe2tui.model.money.usage import BEFORE_EC2, instance_usage_of, is_idle_past_unknown, last_name
from fe2tui.model.text import dollars, join_words, plural, short_age, visible

if TYPE_CHECKING:
    from fe2tui.model.money.account import CostRow

NOT_INCLUDED = "Excludes data transfer, CPU credits and snapshots."
PRICE_PAGE = "https://aws.amazon.com/ec2/pricing/on-demand/"
STALE_AFTER = timedelta(hours=25)  # prices are read once a day; the read may take an hour
_FALLBACK_TEXT = "for the rest, the first price that fe2tui saw counts, or the last known one"
_MAX_LABELS = 3  # names in a sentence
_PART_TITLES = {
    "instances": "Instances",
    "volumes": "Disks",
    "spot": "Spot prices",
    "spot history": "Spot prices of the past",
    "addresses": "Elastic IPs",
    "snapshots": "Snapshots",
    "images": "Images",
}


def stale_prices_text(fleet: Fleet, now: datetime) -> str:
    """``prices are 2d old`` when the on-demand prices are older than a day; else empty."""
    read_at = fleet.prices.read_at
    if read_at is None or now - read_at < STALE_AFTER:
        return ""
    return f"prices are {short_age(now - read_at)} old"


def no_price_reason(instance: Instance, fleet: Fleet) -> str:
    """Why the price of an instance is not known, and what to do about it; empty when it is known."""
    prices, kind = fleet.prices, visible(instance.type)
    if instance_per_hour(instance, prices) is not None:
        return ""
    if instance.platform != LINUX:
        return f"only prices of Linux are read, not of {visible(instance.platform)}; see {PRICE_PAGE}"
    if instance.tenancy != SHARED:
        return f"only prices of shared hardware are read, not of {visible(instance.tenancy)}; see {PRICE_PAGE}"
    if instance.is_spot:
        problem = _problem(fleet, "spot")
        return _problem_text(problem) if problem else f"there is no spot price of {kind} in {instance.zone} yet"
    if is_local_zone(instance.zone):
        return f"the Price List has no price of {kind} in {instance.zone}, see {PRICE_PAGE}"
    if instance.type in prices.several:
        return f"the Price List has several prices of {kind}, see {PRICE_PAGE}"
    problem = _problem(fleet, "prices")
    if problem is not None:
        return _problem_text(problem)
    if not prices.on_demand:
        return "prices have not been read yet"
    return f"the Price List has no price of {kind} in this region, see {PRICE_PAGE}"


def unknown_cost_sentences(fleet: Fleet, now: datetime, rows: Sequence[CostRow]) -> Iterator[str]:
    """What is not counted in an account's costs, or not known, in sentences, the most important first."""
    yield from _unknown_prices(fleet, rows)
    yield from _unseen_usage(fleet, now)
    yield from _unseen_disk_changes(fleet, now)
    disks = [row.label for row in rows if "disk" in row.hour_parts.unknown | row.month_parts.unknown]
    if disks:
        yield f"Disks whose price, size or age is not known are not counted: {_label_list(disks)}."
    for problem in fleet.problems:
        if problem.part in _PART_TITLES:
            yield f"{_PART_TITLES[problem.part]} could not be read: {_problem_text(problem)}."
    if stale := stale_prices_text(fleet, now):
        why = _problem(fleet, "prices")
        yield f"On-demand {stale}{f', and newer ones could not be read: {_problem_text(why)}' if why else ''}."
    if fleet.idle_addresses:
        month = dollars(ADDRESS_PER_HOUR * HOURS_A_MONTH * len(fleet.idle_addresses), sign="$")
        verb = "is" if len(fleet.idle_addresses) == 1 else "are"
        sentence = f"{plural(len(fleet.idle_addresses), 'Elastic IP')} {verb} associated with nothing: {month} a month."
        if any(is_idle_past_unknown(one, fleet, now) for one in fleet.idle_addresses):
            sentence += " AWS does not report since when: the time before fe2tui saw it is not counted."
        yield sentence
    uncounted = {row.id for row in rows if "machine" in row.month_parts.unknown}
    yield from _unknown_spot_costs(fleet, now, uncounted)
    if fleet.snapshots:
        yield (
            "Snapshots are in no sum: AWS bills the blocks they store, but does not report how many. The most that they"
            " can cost is shown."
        )
    yield "Not counted: traffic, CPU credits, taxes, other regions and services, and what fe2tui did not see."


def _unseen_usage(fleet: Fleet, now: datetime) -> Iterator[str]:
    month = month_start(now)
    labels_by_reason: dict[str, dict[str, None]] = {}
    for key, usages in fleet.instance_usage.items():
        for usage in usages:
            reason = _unseen_reason(usage)
            ended_at = usage.ended_before or usage.ended_at
            if reason and (ended_at is None or ended_at > month):
                labels_by_reason.setdefault(reason, {})[_label(key, usages, fleet)] = None
    for reason, labels in labels_by_reason.items():
        yield f"{reason} ({_label_list(list(labels))})."


def _unseen_disk_changes(fleet: Fleet, now: datetime) -> Iterator[str]:
    month = month_start(now)
    labels = dict[str, None]()
    for key, usages in fleet.volume_usage.items():
        if any(usage.ended_before is not None and usage.ended_before > month for usage in usages):
            volume = fleet.volumes.get(key)
            labels[(volume.name if volume is not None else "") or key] = None
    if labels:
        yield (
            "fe2tui did not see when these disks were deleted, detached or changed: until then each counts as it was"
            f" last seen, and may have cost more ({_label_list(list(labels))})."
        )


def _unknown_spot_costs(fleet: Fleet, now: datetime, uncounted: Set[str]) -> Iterator[str]:
    month, labels = month_start(now), dict[str, None]()
    for key, instance in fleet.instances.items():
        if key in uncounted or not instance.is_spot:
            continue
        if not _are_spot_costs_known(instance_usage_of(instance, fleet), fleet, month, now):
            labels[_label(key, fleet.instance_usage.get(key, ()), fleet)] = None
    for key, usages in fleet.instance_usage.items():
        if key not in fleet.instances and key not in uncounted and not _are_spot_costs_known(usages, fleet, month, now):
            labels[_label(key, usages, fleet)] = None
    if labels:
        named = _label_list(list(labels))
        yield f"Not all spot prices of these runs are known: {_FALLBACK_TEXT} ({named})."


def _are_spot_costs_known(usages: Sequence[InstanceUsage], fleet: Fleet, since: datetime, until: datetime) -> bool:
    return all(is_spot_cost_known(usage, fleet.spot_history, since, until) for usage in usages)


def _label(key: str, usages: Sequence[InstanceUsage], fleet: Fleet) -> str:
    instance = fleet.instances.get(key)
    return (instance.name if instance is not None else "") or last_name(usages) or key


def unseen_usage_sentences(instance: Instance, fleet: Fleet) -> tuple[str, ...]:
    usages = instance_usage_of(instance, fleet)
    found = [f"{why}." for why in dict.fromkeys(map(_unseen_reason, usages)) if why]
    is_counted = any(usage.price_per_hour is not None or usage.type in fleet.spot_history for usage in usages)
    if is_counted and not _are_spot_costs_known(usages, fleet, BEFORE_EC2, fleet.seen_at):
        found.append(f"Not all spot prices of its runs are known: {_FALLBACK_TEXT}.")
    return tuple(found)


def _unseen_reason(usage: InstanceUsage) -> str:
    if usage.has_unknown_length:
        return "AWS does not report how long it ran before fe2tui first saw it stopped: that run is not counted"
    if usage.ended_before is not None:
        return (
            "fe2tui did not see when it stopped, and AWS does not report it: the run counts until it was last seen "
            "running,"
            " and may have cost more"
        )
    if usage.seen_at is None and not usage.is_address_only and usage.ended_at is not None:
        return (
            "Runs before fe2tui first saw an instance are estimated from its type, price and public address at that"
            " time"
        )
    return ""


def _unknown_prices(fleet: Fleet, rows: Sequence[CostRow]) -> Iterator[str]:
    by_reason: dict[tuple[str, bool], list[str]] = {}
    for row in rows:
        if "machine" in row.hour_parts.unknown | row.month_parts.unknown:
            instance = fleet.instances.get(row.id)
            usages = instance_usage_of(instance, fleet) if instance else fleet.instance_usage.get(row.id, ())
            if "machine" not in row.hour_parts.unknown and any(usage.has_unknown_length for usage in usages):
                continue  # its price is not what is unknown
            reason = no_price_reason(instance, fleet) if instance is not None else ""
            is_counted = bool(row.month_parts.machine) and "machine" not in row.month_parts.unknown
            by_reason.setdefault((reason or "no price was recorded while it ran", is_counted), []).append(row.label)
    for (reason, is_counted), labels in by_reason.items():
        noun = "machine" if len(labels) == 1 else "machines"
        if is_counted:
            verb = "costs" if len(labels) == 1 else "cost"
            yield f"What {len(labels):,} {noun} {verb} now is not known ({_label_list(labels)}): {reason}."
            continue
        yield f"The price of {len(labels):,} {noun} is not known and not counted ({_label_list(labels)}): {reason}."


def _label_list(labels: Sequence[str]) -> str:
    names = [visible(label) for label in labels[:_MAX_LABELS]]
    more = len(labels) - len(names)
    return join_words([*names, f"{more:,} more"] if more else names)


def _problem(fleet: Fleet, part: str) -> Problem | None:
    return next((problem for problem in fleet.problems if problem.part == part), None)


def _problem_text(problem: Problem) -> str:
    return visible(" ".join(part for part in (problem.summary, problem.remedy) if part)).rstrip(".")
