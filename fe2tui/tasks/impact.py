"""What terminating instances or deregistering images destroys, keeps and saves.

Dashboard, shell and Python print the rows and sentences of one type, ``Impact``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from fe2tui.errors import Fe2Error, ProtectedError, StateError, UsageError
from fe2tui.model.fleet import Fleet
from fe2tui.model.image import Image, image_snapshot_ids
from fe2tui.model.image_filter import instances_of_image
from fe2tui.model.instance import KEEP_TAG, Attachment, Instance, State
from fe2tui.model.instance_group import instance_group, terminate_sentences
from fe2tui.model.money.rates import HOURS_A_MONTH, hourly_cost, snapshots_per_month, volume_per_month
from fe2tui.model.text import age, dollars, join_words, plural, shell_word, visible

PROTECTED_REASON = "protected against termination"
_MAX_TYPED_LENGTH = 40  # characters of a name that a person is asked to type; longer ones are asked for by id
_MAX_NAMED_INSTANCES = 8  # instances of an image that are named; the rest are counted


@dataclass(frozen=True, slots=True)
class ImpactPart:
    """A volume or the group of an instance, a snapshot of an image or the instances launched from it, and its fate.

    ``per_month`` is what it costs, in dollars (at most, for a snapshot); None if unknown.
    """

    id: str
    subject: str  # "disk data 500 GiB", "snapshot 60 GiB", "launched from it"
    outcome: str  # "deleted", "kept, $40.00 a month", "kept, base-2 uses it"
    effect: Literal["deleted", "kept", "unaffected", "replaced"]
    per_month: Decimal | None = None

    @property
    def text(self) -> str:
        return visible(f"{self.subject}: {self.outcome}")


@dataclass(frozen=True, slots=True)
class ImpactRow:
    """One selected instance or image. ``saves_per_month`` is in dollars, None if unknown.

    ``skip_reason`` says why it is left out, empty if it will be terminated or deregistered; ``skip_error`` is the
    error for that, where it is one.
    """

    id: str
    name: str
    state_text: str  # "running 5h 12m", "available, 3d old"
    parts: tuple[ImpactPart, ...] = ()
    saves_per_month: Decimal | None = None
    skip_reason: str = ""
    skip_error: Fe2Error | None = None

    @property
    def label(self) -> str:
        return self.name or self.id

    @property
    def name_text(self) -> str:
        return visible(self.name) or "no name"


@dataclass(frozen=True, slots=True)
class Impact:
    """What terminating instances or deregistering images does.

    ``rows`` are all that were selected; amounts, counts and sentences are of those that are not left out. Amounts are
    dollars a month, None if a part is unknown; what snapshots save is an upper bound.
    """

    verb: Literal["terminate", "deregister"]
    noun: Literal["instance", "image"]
    part_noun: Literal["disk", "snapshot"]
    rows: tuple[ImpactRow, ...]
    saves_per_month: Decimal | None
    kept_per_month: Decimal | None
    sentences: tuple[str, ...]

    @property
    def affected(self) -> tuple[ImpactRow, ...]:
        return tuple(row for row in self.rows if not row.skip_reason)

    @property
    def skipped(self) -> tuple[ImpactRow, ...]:
        return tuple(row for row in self.rows if row.skip_reason)

    @property
    def title(self) -> str:
        return f"{self.verb.capitalize()} {self.subject}"

    @property
    def subject(self) -> str:
        rows = self.affected
        return visible(rows[0].label) if len(rows) == 1 else plural(len(rows), self.noun)

    @property
    def confirmation(self) -> str:
        """The text to type: the name of one, its id if the name is long or hard to type, the count of several."""
        rows = self.affected
        if len(rows) != 1:
            return str(len(rows))
        label = rows[0].label.strip()
        is_typeable = label.isascii() and label.isprintable() and len(label) <= _MAX_TYPED_LENGTH
        return label if is_typeable else rows[0].id

    @property
    def question(self) -> str:
        count = len(self.affected)
        pronoun = "it" if count == 1 else "both" if count == 2 else f"all {count:,}"
        return f"Type {self.confirmation} to {self.verb} {pronoun}:"

    def is_confirmed_by(self, typed: str) -> bool:
        rows = self.affected
        return typed in ({rows[0].label.strip(), rows[0].id} if len(rows) == 1 else {self.confirmation})

    def lines(self) -> Iterator[str]:
        yield self.title
        for row in self.affected:
            yield f"  {row.name_text}  {row.id}  {visible(row.state_text)}"
            yield from (f"    {part.text}" for part in row.parts)
        for row in self.skipped:
            yield f"  {skipped_text(row)}"
        yield from map(visible, self.sentences)

    def __str__(self) -> str:
        return "\n".join(self.lines())

    __repr__ = __str__


def skipped_text(row: ImpactRow) -> str:
    return visible(f"{row.label}  left out: {row.skip_reason}")


def terminate_impact(
    fleet: Fleet,
    instances: Sequence[Instance],
    *,
    now: datetime,
    protected: Collection[str] = (),
    skip_reasons: Mapping[str, str] | None = None,
) -> Impact:
    """What terminating these instances does, computed from the fleet alone.

    ``protected`` are the ids known to have termination protection, ``skip_reasons`` further reasons to leave instances
    out, by id.
    """
    reasons = skip_reasons or {}
    rows = tuple(_instance_row(fleet, one, now, one.id in protected, reasons.get(one.id, "")) for one in instances)
    going = [row for row in rows if not row.skip_reason]
    going_ids = {row.id for row in going}
    kept = [part for row in going for part in row.parts if part.effect == "kept"]
    saves = _sum_if_known([row.saves_per_month for row in going])
    kept_per_month = _sum_if_known([part.per_month for part in kept])
    requests = sum(1 for one in instances if one.id in going_ids and one.is_spot and one.spot_request_id)
    sentences = _skipped_sentences(rows, "instance")
    if kept_names := [one.label for one in instances if one.id in going_ids and one.is_kept]:
        sentences.append(f"{join_words(kept_names)} {'is' if len(kept_names) == 1 else 'are'} tagged {KEEP_TAG}.")
    if going and requests:
        whose = "Its" if len(going) == 1 else "Their"
        what = "spot request is" if requests == 1 else f"{requests:,} spot requests are"
        sentences.append(f"{whose} {what} cancelled first.")
    sentences += terminate_sentences(one for one in instances if one.id in going_ids)
    if going and not saves and any(part.effect == "replaced" for row in going for part in row.parts):
        sentences.append("What it saves is unknown." if saves is None else "Saves nothing: others are launched.")
    elif going:
        per_hour = None if saves is None else saves / HOURS_A_MONTH
        sentences.append(
            "What it saves is unknown."
            if per_hour is None
            else f"Saves {dollars(per_hour, 2 if per_hour >= Decimal('0.1') else 3, sign='$')} an hour."
        )
    if kept:
        stay = "is kept and still costs" if len(kept) == 1 else "are kept and still cost"
        unknown = "money; the price is unknown"
        cost = unknown if kept_per_month is None else f"{dollars(kept_per_month, sign='$')} a month"
        sentences.append(f"{plural(len(kept), 'disk')} {stay} {cost}.")
    sentences.append("This cannot be undone." if going else "Nothing will be done.")
    return Impact("terminate", "instance", "disk", rows, saves, kept_per_month, tuple(sentences))


def _instance_row(fleet: Fleet, instance: Instance, now: datetime, is_protected: bool, skip_reason: str) -> ImpactRow:
    since = instance.launched_at if instance.state in (State.RUNNING, State.PENDING) else instance.changed_state_at
    state_text = f"{instance.state} {age(now - since)}" if since is not None else str(instance.state)
    error: Fe2Error | None = None
    if instance.state.is_gone:
        skip_reason = skip_reason or f"already {instance.state}"
        error = StateError(
            f"{instance.label} ({instance.id}) is already {instance.state}: nothing was done.",
            "EC2 lists it for about an hour more; it costs nothing.",
        )
    elif is_protected:
        skip_reason, error = skip_reason or PROTECTED_REASON, protection_error(instance)
    parts = tuple(_volume_part(fleet, attachment, instance.name) for attachment in instance.attachments)
    cost = hourly_cost(instance, fleet)
    deleted = _sum_if_known([part.per_month for part in parts if part.effect == "deleted"])
    saves = None
    if cost.instance is not None and deleted is not None:
        saves = (cost.instance + cost.address) * HOURS_A_MONTH + deleted
    if (group := instance_group(instance)) is not None:
        subject = group.text.removeprefix("the ")
        outcome = "launches another" if group.is_certain else "may launch another"
        parts = (*parts, ImpactPart("", subject, outcome, "replaced"))
        saves = Decimal(0) if group.is_certain else None
    return ImpactRow(instance.id, instance.name, state_text, parts, saves, skip_reason, error)


def _volume_part(fleet: Fleet, attachment: Attachment, instance_name: str) -> ImpactPart:
    volume = fleet.volumes.get(attachment.volume_id)
    name = volume.name if volume is not None and volume.name != instance_name else ""
    size = f"{volume.size:,} GiB" if volume is not None else attachment.volume_id
    subject = " ".join(part for part in ("disk", name, size) if part)
    per_month = None if volume is None else volume_per_month(volume, fleet.prices)
    if attachment.delete_on_termination:
        return ImpactPart(attachment.volume_id, subject, "deleted", "deleted", per_month)
    cost = f"{dollars(per_month, sign='$')} a month" if per_month is not None else "price unknown"
    return ImpactPart(attachment.volume_id, subject, f"kept, {cost}", "kept", per_month)


def deregister_impact(fleet: Fleet, images: Sequence[Image], now: datetime) -> Impact:
    """What deregistering these images does, computed from the fleet alone.

    Snapshots that another own image uses are kept. Instances launched from the images are not affected.
    """
    going_ids = {image.id for image in images if image.id in fleet.images}
    rows = tuple(_image_row(fleet, image, going_ids, now) for image in images)
    going = [row for row in rows if not row.skip_reason]
    snapshots = [part for row in going for part in row.parts if part.effect != "unaffected"]
    deleted = {part.id: part for part in snapshots if part.effect == "deleted"}
    kept = {part.id: part for part in snapshots if part.effect == "kept"}
    saves = _sum_if_known([part.per_month for part in deleted.values()])
    if any(row.saves_per_month is None for row in going):
        saves = None
    launched = {one.id for image in images if image.id in going_ids for one in instances_of_image(image, fleet)}
    kept_per_month = _sum_if_known([part.per_month for part in kept.values()])
    sentences = _skipped_sentences(rows, "image")
    if going:
        pronoun = "it" if len(going) == 1 else "them"
        sentences += _image_sentences(len(deleted), len(kept), len(launched), saves, pronoun)
    sentences.append("This cannot be undone." if going else "Nothing will be done.")
    return Impact("deregister", "image", "snapshot", rows, saves, kept_per_month, tuple(sentences))


def _image_sentences(deleted: int, kept: int, launched: int, saves: Decimal | None, pronoun: str) -> Iterator[str]:
    """Sentences from the number of snapshots deleted and kept, and of instances launched from the images."""
    if deleted:
        yield f"{plural(deleted, 'snapshot')} {'is' if deleted == 1 else 'are'} deleted with {pronoun}."
    if kept == 1:
        yield "1 snapshot is kept: another image uses it."
    elif kept:
        yield f"{kept:,} snapshots are kept: other images use them."
    if saves is None:
        yield "What it saves is unknown."
    elif not deleted:
        yield "Saves nothing: no snapshot is deleted."
    else:
        yield f"Saves at most {dollars(saves, sign='$')} a month."
    if launched:
        who = "The instance" if launched == 1 else f"The {launched:,} instances"
        verb = "is" if launched == 1 else "are"
        yield f"{who} launched from {pronoun} {verb} not affected; no new ones can be launched."


def _image_row(fleet: Fleet, image: Image, going_ids: Collection[str], now: datetime) -> ImpactRow:
    old = f", {age(now - image.created_at)} old" if image.created_at is not None else ""
    state_text = f"{image.state}{old}"
    if image.id not in fleet.images:
        error = not_own_error(image)
        return ImpactRow(image.id, image.name, state_text, skip_reason="not yours", skip_error=error)
    snapshot_ids = image_snapshot_ids(image, fleet.snapshots)
    parts = [_snapshot_part(fleet, snapshot_id, going_ids) for snapshot_id in snapshot_ids]
    saves = _sum_if_known([part.per_month for part in parts if part.effect == "deleted"])
    if not snapshot_ids:
        saves = None  # EC2 does not name the snapshots of an image that is not complete
    if launched := instances_of_image(image, fleet):
        names = [one.label for one in launched]
        if (more := len(names) - _MAX_NAMED_INSTANCES) > 0:
            names = [*names[:_MAX_NAMED_INSTANCES], f"{more:,} more"]
        parts.append(ImpactPart("", "launched from it", join_words(names), "unaffected"))
    return ImpactRow(image.id, image.name, state_text, tuple(parts), saves)


def _snapshot_part(fleet: Fleet, snapshot_id: str, going_ids: Collection[str]) -> ImpactPart:
    snapshot = fleet.snapshots.get(snapshot_id)
    subject = f"snapshot {snapshot.volume_size:,} GiB" if snapshot is not None else f"snapshot {snapshot_id}"
    per_month = snapshots_per_month([snapshot], fleet.prices) if snapshot is not None else None
    others = (image for image in fleet.images.values() if image.id not in going_ids)
    if users := [image.label for image in others if snapshot_id in image.snapshot_ids]:
        outcome = f"kept, {join_words(users)} {'uses' if len(users) == 1 else 'use'} it"
        return ImpactPart(snapshot_id, subject, outcome, "kept", per_month)
    saves = f", saves at most {dollars(per_month, sign='$')} a month" if per_month is not None else ""
    return ImpactPart(snapshot_id, subject, f"deleted{saves}", "deleted", per_month)


def _skipped_sentences(rows: Sequence[ImpactRow], noun: str) -> list[str]:
    """One sentence for each reason to leave rows out."""
    counts = Counter(row.skip_reason for row in rows if row.skip_reason)
    return [
        f"{plural(count, noun)} {'is' if count == 1 else 'are'} left out: {reason}." for reason, count in counts.items()
    ]


def _sum_if_known(amounts: Sequence[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if len(known) == len(amounts) else None


def protection_error(instance: Instance, against: str = "termination") -> ProtectedError:
    """``against`` is termination or stop: EC2 refuses to terminate a stop-protected instance, too."""
    command = f"fe2 protect {shell_word(instance.name, instance.id)} off{' --stop' if against == 'stop' else ''}"
    error = ProtectedError(
        f"{instance.label} ({instance.id}) is protected against {'stops' if against == 'stop' else against}.",
        f"`{command}` turns the protection off.",
        code="OperationNotPermitted",
    )
    error.against = against
    return error


def not_own_error(image: Image) -> UsageError:
    return UsageError(
        f"{image.label} ({image.id}) is not yours: nothing was done.",
        "Only the account that owns an image can deregister it.",
    )
