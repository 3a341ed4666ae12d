"""From a key to the filtered picker, over as many instance types as all regions together have."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from unittest import mock

from fe2tui.aws import types as aws
from fe2tui.aws.session import Choice, Session
from fe2tui.demo import Cloud, Options
from fe2tui.errors import Fe2Error
from fe2tui.model.fleet import Prices
from fe2tui.model.instance_type import TypeCatalogue
from fe2tui.model.type_filter import TYPE_LANGUAGE, TypeScope
from fe2tui.paths import store_file
from fe2tui.store import Store
from tests.bench.figures import Figure, percentile
from tests.bench.scale import at_rest, longest_gap
from tests.bench.start import fresh_home
from tests.bench.terminal import Terminal

ALL_TYPES = 1_395
FILTERS = ("m5.2xlarge", "gpu:a10g", "vcpu>=8 mem>=32 -burstable", "arch:arm64 net>=10", "current zone:2a metal")
AIM = 50.0  # milliseconds
_CLEAR = b"\x15"


async def _whole(count: int) -> tuple[Session, TypeCatalogue]:
    """The region's types, and as many of them again under other names as make up the count."""
    async with Session(Choice()) as session:
        read = await aws.read_type_catalogue(session, datetime.now(UTC))
        types, zones = dict(read.types), dict(read.zones)
        for kind in list(types.values())[: count - len(types)]:
            name = f"z{kind.name}"
            types[name], zones[name] = replace(kind, name=name), zones.get(kind.name, ())
        return session, TypeCatalogue(types, zones, read.read_at)


def _keep(env: Mapping[str, str]) -> TypeCatalogue:
    """Put the whole catalogue where the dashboard finds it."""
    with mock.patch.dict(os.environ, env):
        session, catalogue = asyncio.run(_whole(ALL_TYPES))
        Store(store_file()).type_catalogues.save(session.location, catalogue)
    return catalogue


def _said(catalogue: TypeCatalogue, text: str) -> str:
    """What stands below the filter when the frame for this text is there."""
    at = TypeScope(Prices(), catalogue.zones)
    try:
        query = TYPE_LANGUAGE.parse(text)
    except Fe2Error as error:
        return error.summary
    count = sum(query.matches(kind, at) for kind in catalogue.types.values())
    return f"{len(catalogue.types):,} types" if count == len(catalogue.types) else f"{count:,} of {ALL_TYPES:,} types"


def _typed(terminal: Terminal, catalogue: TypeCatalogue, text: str) -> Iterator[float]:
    for end in range(1, len(text) + 1):
        pressed = terminal.send(text[end - 1].encode())
        yield (terminal.wait_for(_said(catalogue, text[:end]), 20) - pressed) * 1000
        terminal.drain(0.1)
    terminal.send(_CLEAR)
    terminal.drain(0.3)


def picking() -> Iterator[Figure]:
    """Keys, and the longest gap of the loop, in the picker that the palette of the dashboard opens."""
    with (
        Cloud(Options.instant()) as cloud,
        fresh_home(cloud) as env,
        tempfile.TemporaryDirectory() as folder,
    ):
        catalogue = _keep(env)
        gaps = Path(folder) / "gaps"
        gaps.touch()
        terminal = Terminal([sys.executable, "-m", "tests.bench.watched", str(gaps)], env)
        try:
            at_rest(terminal)
            terminal.send(b"\x10")
            terminal.drain(1)
            terminal.send(b"instance types")
            terminal.drain(2)
            opened = terminal.send(b"\r")
            shown = (terminal.wait_for(f"{ALL_TYPES:,} types", 20) - opened) * 1000
            terminal.drain(2)
            longest_gap(terminal, gaps)
            times = [each for text in FILTERS for each in _typed(terminal, catalogue, text)]
            gap = longest_gap(terminal, gaps)
        finally:
            terminal.close()
    what = f"picker of {ALL_TYPES:,} types"
    yield Figure(f"{what}: from the palette to all of them", shown, "ms")
    yield Figure(f"{what}: key to frame, p50", percentile(times, 0.5), "ms")
    yield Figure(f"{what}: key to frame, p95", percentile(times, 0.95), "ms", AIM, f"{len(times)} keys")
    yield Figure(f"{what}: longest gap", gap, "ms", AIM)
