"""The status line, the terminal's title, and the footer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from fe2tui.errors import (
    ClockError,
    CredentialsError,
    DeniedError,
    ExpiredError,
    Fe2Error,
    NoCredentialsError,
    ThrottledError,
    UnreachableError,
    UnreadableError,
)
from fe2tui.model.location import Location, short_region_name
from fe2tui.model.money.account import AccountTotals
from fe2tui.model.text import DASH, dollars, plural, short_age, visible
from fe2tui.tui.command_context import CommandContext
from fe2tui.tui.commands import COMMANDS_BY_ID, FOOTER_LEFT, FOOTER_RIGHT, key_label
from fe2tui.tui.widgets.line import Span, spans_width

if TYPE_CHECKING:
    from fe2tui.model.other_regions import Elsewhere

_ERROR_LABELS: tuple[tuple[type[Fe2Error], str], ...] = (
    (UnreadableError, "unreadable"),
    (UnreachableError, "offline"),
    (ThrottledError, "throttled"),
    (DeniedError, "denied"),
    (ExpiredError, "login expired"),
    (NoCredentialsError, "no login"),
    (CredentialsError, "no login"),
    (ClockError, "clock is wrong"),
)


_AGE_WIDTH = len("59s")
GAP = 3  # columns at least between the three parts of the line


def error_label(error: Fe2Error) -> str:
    return next((word for kind, word in _ERROR_LABELS if isinstance(error, kind)), "read failed")


class Status(NamedTuple):
    """The facts of the status line. ``read_at`` is when the fleet that is shown was read."""

    location: Location | None = None
    account: str = ""
    totals: AccountTotals | None = None
    read_at: datetime | None = None
    error: Fe2Error | None = None
    from_store: bool = False
    read_only: bool = False
    is_paused: bool = False
    has_prices: bool = True  # prices were requested, with or without success
    interruptions: int = 0  # spot instances that AWS has interrupted or is about to
    waiting: int = 0  # tasks that wait for capacity and may launch at any time
    tunnels: int = 0
    has_closed_tunnels: bool = False  # one of them is broken or failed
    elsewhere: Elsewhere | None = None  # what costs in the regions that are not shown


class _Detail(NamedTuple):
    """What is shown. In a narrow terminal one thing after the other is left out, in this order."""

    brand: bool = True
    account: bool = True
    word_running: bool = True
    region_name: bool = True
    word_read: bool = True
    word_in: bool = True
    endpoint: bool = True
    elsewhere: bool = True
    word_tunnels: bool = True
    word_marks: bool = True
    word_unknown: bool = True
    other_states: bool = True
    unknown: bool = True
    month: bool = True
    profile: bool = True
    marks: bool = True
    waiting: bool = True
    tunnels: bool = True
    region: bool = True


def status_spans(status: Status, now: datetime, width: int) -> list[Span]:
    """The status line for a width. It never wraps: the least important parts are left out first."""
    for left_out_count in range(len(_Detail._fields) + 1):
        detail = _Detail(*[False] * left_out_count)
        left, right = _location_spans(status, detail), _read_spans(status, now, detail)
        middle = list(_totals_spans(status, now, detail))
        if spans_width(left) + spans_width(middle) + spans_width(right) + 2 * GAP <= width:
            break
    space = max(1, width - spans_width(left) - spans_width(middle) - spans_width(right))
    after = min(6, max(min(GAP, space - 1), space // 3))
    return [*left, Span(" " * (space - after)), *middle, Span(" " * after), *right]


def _location_spans(status: Status, detail: _Detail) -> list[Span]:
    parts = [Span(" ")]
    if detail.brand:
        parts.append(Span("fe2tui  ", "dim"))
    if status.read_only:
        parts.append(Span("read-only ", "moving"))
    location = status.location
    if location is None:
        return parts
    if not location.region:
        parts.append(Span("no region", "moving", "region"))
    elif detail.region_name and short_region_name(location.region) != location.region:
        parts.append(Span(f"{short_region_name(location.region)} ", "strong", "region"))
    if detail.region and location.region:
        parts.append(Span(location.region, "dim" if detail.region_name else "strong", "region"))
    if detail.profile:
        parts.append(Span(" · " if detail.region_name else " ", "dim"))
        parts.append(Span(visible(location.profile), "accent", "profile"))
    if detail.account and status.account and status.account not in location.profile:
        parts.append(Span(f" {status.account}", "dim"))
    if location.endpoint and detail.endpoint:
        parts.append(Span(f" at {location.endpoint.split('://')[-1]}", "dim"))
    return parts


def alerts_text(totals: AccountTotals, interruptions: int = 0) -> str:
    """How many instances need attention: ``1 interrupted, 2 long-running``."""
    parts = [(interruptions, "interrupted"), (totals.long_running, "long-running"), (totals.costly, "costly")]
    return ", ".join(f"{count:,} {words}" for count, words in parts if count)


def _totals_spans(status: Status, now: datetime, detail: _Detail) -> Iterator[Span]:
    totals = status.totals
    if totals is None:
        return
    yield Span("● ", "running", "show_running")
    yield Span(f"{totals.running:,}{' running' if detail.word_running else ''}  ", "text", "show_running")
    if detail.other_states:
        yield Span("◐ ", "moving" if totals.moving else "dim", "show_moving")
        yield Span(f"{totals.moving:,}  ", "text" if totals.moving else "dim", "show_moving")
        yield Span("○ ", "stopped", "show_stopped")
        yield Span(f"{totals.stopped:,}  ", "dim", "show_stopped")
    if detail.waiting and status.waiting:
        yield Span(f"◐ {status.waiting:,} waiting  ", "moving", "activity")
    if detail.tunnels and status.tunnels:
        tunnels = plural(status.tunnels, "tunnel") if detail.word_tunnels else f"{status.tunnels:,}"
        yield Span(f"⇄ {tunnels}  ", "trouble" if status.has_closed_tunnels else "text", "tunnels")
    marked = status.interruptions + totals.long_running + totals.costly
    if detail.marks and marked:
        text = alerts_text(totals, status.interruptions) if detail.word_marks else f"{marked:,}"
        yield Span(f"▲ {text}  ", "trouble" if status.interruptions or totals.costly else "moving", "show_alerts")
    is_known, money_style = _is_money_known(totals), "dim" if status.from_store else "strong"
    least = "≥" if totals.is_hour_partial else ""
    yield Span(f"  {least + dollars(totals.per_hour, sign='$') if is_known else DASH}/h", money_style, "cost")
    if status.elsewhere is not None and detail.elsewhere:
        yield Span(f" + {status.elsewhere.text} elsewhere", "moving", "region")
    if detail.month:
        least = "≥" if totals.is_month_partial else ""
        money = least + dollars(totals.this_month(now), sign="$") if is_known else DASH
        yield Span(f"   {money}", money_style, "cost")
        yield Span(f"{' in' if detail.word_in else ''} {now:%b}", "dim", "cost")
    if totals.unknown and detail.unknown and status.has_prices:
        yield Span(f"  {totals.unknown:,} {'without a' if detail.word_unknown else 'no'} price", "moving", "cost")


def _is_money_known(totals: AccountTotals) -> bool:
    return totals.total == 0 or totals.unknown < totals.total or bool(totals.per_hour)


def title_text(region: str, totals: AccountTotals | None) -> str:
    """``us-east-2 · 3 running · $0.42/h · fe2tui``: what is cut last comes first."""
    parts = [visible(region)] if region else []
    if totals is not None:
        least = "≥" if totals.is_hour_partial else ""
        money = f"{least}{dollars(totals.per_hour, sign='$')}/h" if _is_money_known(totals) else ""
        parts += [f"{totals.running:,} running", money]
    return " · ".join([part for part in parts if part] + ["fe2tui"])


def _read_spans(status: Status, now: datetime, detail: _Detail) -> list[Span]:
    parts: list[Span] = []
    if status.error is not None:
        parts.append(Span(f"▲ {error_label(status.error)}", "alarm", "errors"))
    elif status.is_paused:
        parts.append(Span("paused", "moving", "refresh"))
    if status.read_at is None:
        return [*parts, Span(" " if status.error else "reading… ", "dim")]
    verb = "read " if detail.word_read else ""
    if parts:
        verb = f" · {verb}"
    stale = status.error is not None or status.from_store
    words = short_age(_stepped(now - status.read_at))
    padding = " " * (_AGE_WIDTH - len(words))  # the line does not move when the age gets longer
    return [*parts, Span(f"{padding}{verb}{words} ago ", "moving" if stale else "dim", "refresh")]


def _stepped(span: timedelta) -> timedelta:
    """An age in steps of a second, then of five seconds, then of a minute: each step is one repaint."""
    seconds = int(span.total_seconds())
    step = 1 if seconds < 10 else 5 if seconds < 60 else 60
    return timedelta(seconds=seconds - seconds % step)


def footer_spans(context: CommandContext, keys: Mapping[str, str], failures: int, width: int) -> list[Span]:
    """The footer: the keys that apply now. ``keys`` are by command id; ``failures`` counts those not looked at yet."""
    right = [span for key in _key_spans(FOOTER_RIGHT, context, keys) for span in key]
    if failures:
        right = [Span("! ", "alarm", "errors"), Span(f"{failures}   ", "trouble", "errors"), *right]
    left: list[Span] = [Span(" ")]
    if marks := _marks_text(context):
        left.append(Span(f"✓ {marks}   ", "mark", "unmark"))
    left_width = width - spans_width(right) - 1
    for key in _key_spans(FOOTER_LEFT, context, keys):
        if spans_width(left) + spans_width(key) > left_width:
            break
        left += key
    return [*left, Span(" " * max(0, width - spans_width(left) - spans_width(right))), *right]


def _marks_text(context: CommandContext) -> str:
    """``2 marked, 12 hidden``: those that a filter hides are acted on again when it is gone."""
    marked, hidden = context.marked_count, context.hidden_mark_count
    if marked:
        return f"{marked:,} marked, {hidden:,} hidden" if hidden else f"{marked:,} marked"
    return f"{hidden:,} marked are hidden" if hidden else ""


FILTER_KEYS = (("enter", "Keep it"), ("down", "To the table"), ("escape", "Show all"))
SEARCH_KEYS = (("enter", "Keep it"), ("escape", "End search"))


def filter_key_spans(width: int, keys: Sequence[tuple[str, str]] = FILTER_KEYS) -> list[Span]:
    """The keys of a filter bar. A click on one is like pressing it."""
    spans = [Span(" ")]
    for key, word in keys:
        both = [
            Span(f"{'↓' if key == 'down' else key_label(key)} ", "key", f"key:{key}"),
            Span(f"{word}  ", "dim", f"key:{key}"),
        ]
        if spans_width([*spans, *both]) <= width:
            spans += both
    return spans


def _key_spans(
    command_ids: Sequence[str], context: CommandContext, keys: Mapping[str, str]
) -> Iterator[tuple[Span, Span]]:
    """The key and the title of each of these commands that has a key and is available."""
    for command_id in command_ids:
        command = COMMANDS_BY_ID[command_id]
        key = keys.get(command_id, command.key)
        if key and command.footer_pane in ("", context.pane) and command.unavailable_reason(context) is None:
            title = command.current_title(context)
            yield Span(f"{key_label(key)} ", "key", command_id), Span(f"{title}  ", "dim", command_id)
