"""The types of a place, from one start to the next."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from fe2tui.model.instance_type import InstanceType, TypeCatalogue
from fe2tui.model.location import Location
from fe2tui.store import Store
from tests.store.store_samples import NOON, PLACE

GPU = InstanceType(
    "g4dn.xlarge",
    4,
    16384,
    gpus=1,
    gpu_name="T4 “ü”",
    current=False,
    spot=False,
    free_tier=True,
    virtualizations=("hvm", "paravirtual"),
    boot_modes=("legacy-bios", "uefi"),
    ena="required",
    gpu_memory=16384,
    local_disk=125,
    local_disks=1,
    network="Up to 25 Gigabit",
    hypervisor="nitro",
    bare_metal=True,
    burstable=True,
    hibernation=True,
    root_devices=("ebs", "instance-store"),
)
PLAIN = InstanceType("a1.medium", 1, 2048, ("arm64",))
CATALOGUE = TypeCatalogue(
    {one.name: one for one in (GPU, PLAIN)},
    {"g4dn.xlarge": ("us-east-2a", "us-east-2b"), "a1.medium": ("us-east-2a",)},
    NOON,
)


def test_a_catalogue_comes_back_as_it_was_in_its_order(store: Store, path: Path) -> None:
    assert store.type_catalogues.get(PLACE) is None
    store.type_catalogues.save(PLACE, CATALOGUE)
    found = Store(path).type_catalogues.get(PLACE)
    assert found == CATALOGUE
    assert found is not None and list(found.types) == ["g4dn.xlarge", "a1.medium"]


def test_each_place_has_its_own_and_only_the_latest(store: Store) -> None:
    elsewhere = Location("default", "eu-west-1", "")
    store.type_catalogues.save(PLACE, CATALOGUE)
    store.type_catalogues.save(elsewhere, TypeCatalogue({"a1.medium": PLAIN}, {}, NOON))
    later = replace(CATALOGUE, zones={}, read_at=NOON + timedelta(days=1))
    store.type_catalogues.save(PLACE, later)
    assert store.type_catalogues.get(PLACE) == later
    assert store.type_catalogues.get(elsewhere) == TypeCatalogue({"a1.medium": PLAIN}, {}, NOON)
    assert store.type_catalogues.get(Location("work", "us-east-2", "")) is None


def test_one_that_aws_never_told_is_not_kept(store: Store) -> None:
    store.type_catalogues.save(PLACE, TypeCatalogue({"a1.medium": PLAIN}))
    assert store.type_catalogues.get(PLACE) is None


def test_what_another_version_wrote_is_read_again_from_aws(store: Store, path: Path) -> None:
    store.type_catalogues.save(PLACE, CATALOGUE)
    with sqlite3.connect(path) as connection:
        ((body,),) = connection.execute("SELECT body FROM catalogues").fetchall()
        fields, types, zones = json.loads(body)
        older = json.dumps([fields[:-1], [values[:-1] for values in types], zones])
        connection.execute("UPDATE catalogues SET body = ?", (older,))
    connection.close()
    assert store.type_catalogues.get(PLACE) is None
