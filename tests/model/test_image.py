"""Images: what they cost, how they are filtered and sorted, which are well known, and what they may be called."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fe2tui.model.filters import FilterError, filter_and_sort
from fe2tui.model.fleet import Fleet, Prices, PublicImage
from fe2tui.model.freeze import image_name_error, image_name_of, unused_image_name
from fe2tui.model.image import IMAGE_WORDS, Image, login_user
from fe2tui.model.image_filter import IMAGE_LANGUAGE, IMAGE_SORTS, ImageScope, instances_of_image, public_image_title
from fe2tui.model.instance import Instance, State
from fe2tui.model.location import Location
from fe2tui.model.money.rates import image_per_month, snapshot_per_month
from fe2tui.model.volume import Snapshot

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BASE = Image(
    "ami-1",
    "base",
    created_at=NOW - timedelta(days=3),
    root_size=60,
    size=560,
    snapshot_ids=("snap-1", "snap-2"),
    owner_id="123456789012",
    tags={"Name": "base", "env": "prod"},
)
ARM = replace(BASE, id="ami-2", name="base-10", architecture="arm64", created_at=NOW, snapshot_ids=("snap-3",), tags={})
PENDING = replace(ARM, id="ami-3", name="base-2", state="pending", snapshot_ids=(), size=8)
UBUNTU = Image(
    "ami-9", "ubuntu/images/x", owner_id="099720109477", public=True, size=8, created_at=NOW - timedelta(days=9)
)
MADE = Instance("i-1", State.RUNNING, "m5.large", "z", image_id="ami-1")
SNAPSHOTS = (Snapshot("snap-1", 60, stored=22.5), Snapshot("snap-2", 500), Snapshot("snap-3", 40, archived=True))
FLEET = Fleet(
    Location("p", "r"),
    NOW,
    {"i-1": MADE, "i-2": replace(MADE, id="i-2"), "i-3": replace(MADE, id="i-3", state=State.TERMINATED)},
    prices=Prices(snapshot=Decimal("0.05")),
    images={image.id: image for image in (BASE, ARM, PENDING)},
    snapshots={one.id: one for one in SNAPSHOTS},
    public_images=(PublicImage("ubuntu", "Ubuntu 26.04 LTS", UBUNTU),),
)
EVERY = (BASE, ARM, PENDING, UBUNTU)


@pytest.mark.parametrize(
    ("image", "dollars"),
    [
        (BASE, "26.125"),  # 22.5 GiB stored, and 500 without a known stored size
        (ARM, "0.5"),  # archived: a quarter
        (PENDING, None),
        (UBUNTU, "0"),
    ],
)
def test_an_image_costs_at_most_what_full_copies_of_its_snapshots_do(image: Image, dollars: str | None) -> None:
    assert image_per_month(image, FLEET) == (None if dollars is None else Decimal(dollars))


def test_without_a_price_or_a_snapshot_the_cost_is_not_known() -> None:
    assert image_per_month(BASE, replace(FLEET, prices=Prices())) is None
    assert image_per_month(BASE, replace(FLEET, snapshots={})) is None


@pytest.mark.parametrize("state", ["pending", "failed"])
def test_one_that_does_not_name_its_snapshots_costs_what_those_do_that_are_taken_for_it(state: str) -> None:
    taken = Snapshot("snap-7", 20, "pending", 0.1, description="Created by CreateImage(i-1) for ami-3", stored=0.5)
    fleet = replace(FLEET, snapshots={**FLEET.snapshots, "snap-7": taken})
    assert image_per_month(replace(PENDING, state=state), fleet) == Decimal("1.00"), "it grows until it is taken"
    of_another = replace(taken, description=taken.description.replace("ami-3", "ami-33"))
    assert image_per_month(PENDING, replace(fleet, snapshots={"snap-7": of_another})) is None


@given(st.integers(1, 65_536), st.floats(0, 65_536), st.booleans())
def test_a_snapshot_never_costs_less_than_nothing_nor_more_than_its_volume(
    size: int, stored: float, archived: bool
) -> None:
    prices = Prices(snapshot=Decimal("0.05"))
    cost = snapshot_per_month(Snapshot("s", size, stored=min(stored, size), archived=archived), prices)
    assert cost is not None and 0 <= cost <= size * Decimal("0.05")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", ["base", "base-2", "base-10", "ubuntu/images/x"]),
        ("prod", ["base"]),
        ("lts", ["ubuntu/images/x"]),
        ("state:pend", ["base-2"]),
        ("state:pending,available arch:arm64", ["base-2", "base-10"]),
        ("arch:x86", ["base", "ubuntu/images/x"]),
        ("arch:amd64", ["base", "ubuntu/images/x"]),
        ("arch:aarch64", ["base-2", "base-10"]),
        ("own -state:pending", ["base", "base-10"]),
        ("public", ["ubuntu/images/x"]),
        ("owner:0997", ["ubuntu/images/x"]),
        ("tag:env=prod", ["base"]),
        ("id:ami-9", ["ubuntu/images/x"]),
        ("name:base-", ["base-2", "base-10"]),
        ("age>2d", ["base", "ubuntu/images/x"]),
        ("age<1h", ["base-2", "base-10"]),
        ("size>=500", ["base", "base-10"]),
        ("month>1", ["base"]),
        ("month<=0.5", ["base-10", "ubuntu/images/x"]),
        ("made>=2", ["base"]),
        ("made=0 own", ["base-2", "base-10"]),
    ],
)
def test_a_filter_shows_the_images_that_fit(text: str, names: list[str]) -> None:
    shown = filter_and_sort(
        EVERY, ImageScope(FLEET, NOW), IMAGE_LANGUAGE.parse(text), IMAGE_SORTS["name"], False, lambda image: image.id
    )
    assert [image.name for image in shown] == names


@pytest.mark.parametrize("text", ["state:sleeping", "colour:red", "age>old", "month>much", "cost>1", "size>x"])
def test_a_filter_that_makes_no_sense_says_so(text: str) -> None:
    with pytest.raises(FilterError):
        IMAGE_LANGUAGE.parse(text)


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("name", ["ami-1", "ami-3", "ami-2", "ami-9"]),
        ("state", ["ami-1", "ami-2", "ami-9", "ami-3"]),
        ("size", ["ami-3", "ami-9", "ami-1", "ami-2"]),
        ("arch", ["ami-2", "ami-3", "ami-1", "ami-9"]),
        ("age", ["ami-2", "ami-3", "ami-1", "ami-9"]),
        ("cost", ["ami-9", "ami-2", "ami-1", "ami-3"]),  # what is not known comes last
        ("made", ["ami-2", "ami-3", "ami-9", "ami-1"]),
    ],
)
def test_every_column_sorts(sort: str, order: list[str]) -> None:
    shown = filter_and_sort(
        EVERY, ImageScope(FLEET, NOW), IMAGE_LANGUAGE.parse(""), IMAGE_SORTS[sort], False, lambda image: image.id
    )
    assert [image.id for image in shown] == order
    assert sort in IMAGE_SORTS and set(IMAGE_SORTS) == {"name", "state", "size", "arch", "age", "cost", "made"}


def test_the_instances_of_an_image_are_those_that_are_not_gone() -> None:
    assert [one.id for one in instances_of_image(BASE, FLEET)] == ["i-1", "i-2"]
    assert instances_of_image(ARM, FLEET) == ()
    assert (public_image_title(UBUNTU, FLEET), public_image_title(BASE, FLEET)) == ("Ubuntu 26.04 LTS", "")


def test_an_image_tells_what_it_was_made_from() -> None:
    assert replace(BASE, source_instance_id="i-7").made_from == "i-7"
    assert replace(BASE, tags={"fe2:source": "i-8 my machine"}).made_from == "i-8"
    assert BASE.made_from == ""


@pytest.mark.parametrize(
    ("name", "owner", "architecture", "title"),
    [
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-resolute-26.04-amd64-server-20261101", "099720109477", "x86_64", "26.04"),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261101", "099720109477", "arm64", "24.04"),
        ("debian-13-amd64-20261101-2310", "136693071363", "x86_64", "Debian 13"),
        ("al2023-ami-2023.9.20261101.0-kernel-6.1-arm64", "137112412989", "arm64", "Amazon Linux 2023"),
        (
            "Deep Learning ARM64 Base OSS Nvidia Driver GPU AMI (Ubuntu 24.04) 20261101",
            "898082745236",
            "arm64",
            "Ubuntu 24.04",
        ),
        ("ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261101", "099720109477", "x86_64", None),
        ("debian-13-amd64-20261101-2310", "123456789012", "x86_64", None),
        ("ubuntu-minimal/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-minimal-1", "099720109477", "x86_64", None),
    ],
)
def test_an_edition_is_known_by_its_owners_name_for_it(
    name: str, owner: str, architecture: str, title: str | None
) -> None:
    image = Image("ami-1", name, architecture, owner_id=owner)
    editions = [edition for word in IMAGE_WORDS.values() if (edition := word.edition_of(image))]
    assert (editions == []) if title is None else (title in editions[0].title)


def test_every_word_logs_in_as_the_images_that_it_finds() -> None:
    for word in IMAGE_WORDS.values():
        for edition in word.editions:
            for pattern in edition.patterns.values():
                assert login_user(pattern.replace("*", "1"), word.owner) == word.user


@given(st.text(max_size=300), st.sets(st.text(min_size=3, max_size=8), max_size=5))
def test_any_instances_name_gives_an_image_a_valid_name_that_is_free(name: str, others: set[str]) -> None:
    instance = Instance("i-0b39947b710d05337", State.RUNNING, "t3.micro", "z", tags={"Name": name})
    valid = image_name_of(instance)
    assert image_name_error(valid, "") is None
    taken = {*others, valid, f"{valid[:126]}-2"}
    free = unused_image_name(valid, taken)
    assert free not in taken and image_name_error(free, "") is None


def test_a_name_that_is_free_and_fine_stays_as_it_is() -> None:
    instance = Instance("i-1", State.RUNNING, "t3.micro", "z", tags={"Name": "my base (v1.2) [x86]/a'@b_c-d"})
    assert unused_image_name(image_name_of(instance), ()) == instance.name
    assert unused_image_name("base", {"base", "base-2", "base-4"}) == "base-3"
