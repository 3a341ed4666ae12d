"""Images, types, keys, groups, prices: what a launch looks up."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from fe2tui.aws import images, metrics, network, prices, spot_prices, types
from fe2tui.aws.instances import describe_instances
from fe2tui.aws.session import Session, enabled_regions
from fe2tui.demo import Cloud
from fe2tui.errors import DeniedError, FieldError
from fe2tui.model.image import IMAGE_WORDS
from fe2tui.model.instance import State
from fe2tui.model.location import REGIONS
from tests.aws.conftest import Answers, Open, calls

PUBLIC_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICPgX5IYAvCrkbANjASZXHPYq0nLFgGYZXt6VQxCoyax jo@laptop"


@pytest.fixture
def own(own_cloud: Cloud, open_session: Open) -> Session:
    return open_session()


@pytest.mark.parametrize("word", ["ubuntu", "amazon", "debian", "dlami", "Ubuntu"])
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
async def test_a_word_is_the_newest_image_of_its_family(session: Session, word: str, architecture: str) -> None:
    image = await images.resolve_launch_image(session, word, architecture)
    assert image.architecture == architecture
    assert image.public
    assert image.root_size > 0
    assert image.login_user == {"amazon": "ec2-user", "debian": "admin"}.get(word, "ubuntu")


@pytest.mark.parametrize("word", ["ubuntu", "amazon", "debian", "dlami"])
async def test_a_word_finds_the_same_image_where_parameters_may_not_be_read(
    own_cloud: Cloud, own: Session, word: str
) -> None:
    told = await images.resolve_launch_image(own, word)
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "ssm"})
    assert await images.resolve_launch_image(own, word) == told
    assert all(
        call["params"].get("Owner") or call["params"].get("Filter") for call in calls(own_cloud, "DescribeImages")
    )


async def test_an_own_image_is_found_by_its_name_and_by_its_id(session: Session) -> None:
    own = await images.own_images(session)
    base = await images.resolve_launch_image(session, "base")
    assert base in own
    assert await images.resolve_launch_image(session, base.id) == base
    assert [image.created_at for image in own] == sorted((i.created_at for i in own if i.created_at), reverse=True)


@pytest.mark.parametrize("text", ["ba*", "bas?", "BASE", "nothing-of-that-name"])
async def test_a_name_means_itself_and_is_no_pattern(session: Session, text: str) -> None:
    with pytest.raises(FieldError, match="is called") as caught:
        await images.resolve_launch_image(session, text)
    assert caught.value.field == "image"


async def test_a_word_whose_images_are_not_there_is_not_called_unknown(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    word = IMAGE_WORDS["ubuntu"]
    edition = word.editions[0]._replace(parameters={"x86_64": "/nothing/there"})
    monkeypatch.setattr(images, "IMAGE_WORDS", {"ubuntu": word._replace(owner="000000000000", editions=(edition,))})
    with pytest.raises(FieldError, match="us-east-2 shows no Ubuntu") as caught:
        await images.resolve_launch_image(session, "ubuntu")
    assert "000000000000" in caught.value.summary and "Type ubuntu" not in caught.value.remedy


async def test_an_image_id_that_is_not_there_is_named(session: Session) -> None:
    with pytest.raises(FieldError, match="no image ami-0123456789abcdef0 in us-east-2"):
        await images.resolve_launch_image(session, "ami-0123456789abcdef0")


async def test_an_image_of_another_architecture_says_which_is_which(session: Session) -> None:
    with pytest.raises(FieldError, match=r"base is for Intel and AMD \(x86_64\), and the type is Arm") as caught:
        await images.resolve_launch_image(session, "base", "arm64")
    assert caught.value.field == "image"


async def test_the_login_user_of_an_own_image_is_its_parents(session: Session) -> None:
    scraper = await images.resolve_launch_image(session, "scraper-2026-08")
    assert await images.image_login_user(session, scraper.id) == "ec2-user"
    assert await images.image_login_user(session, "ami-0123456789abcdef0") is None


async def test_names_of_images_that_are_gone_are_left_out(session: Session) -> None:
    base = await images.resolve_launch_image(session, "base")
    assert await images.image_names(session, [base.id, "ami-0123456789abcdef0"]) == {base.id: "base"}


async def test_types_are_read_over_all_pages_smallest_of_a_family_first(session: Session) -> None:
    found = await types.instance_types(session)
    assert len(found) > 500
    t3 = [name for name in found if name.startswith("t3.")]
    assert t3[:4] == ["t3.nano", "t3.micro", "t3.small", "t3.medium"]
    assert (found["p3.8xlarge"].gpus, found["p3.8xlarge"].gpu_name) == (4, "V100")
    assert found["t4g.micro"].architectures == ("arm64",)
    assert await types.instance_type(session, "p3.8xlarge") == found["p3.8xlarge"]


@pytest.mark.parametrize("name", ["x9.huge", "t3"])
async def test_a_type_that_the_region_lacks_is_a_matter_of_that_field(session: Session, name: str) -> None:
    with pytest.raises(FieldError, match=f"no instance type {name}") as caught:
        await types.instance_type(session, name)
    assert caught.value.field == "type"


async def test_zones_are_those_that_offer_the_type(session: Session) -> None:
    assert await types.zones_offering(session, "t3.micro") == ["us-east-2a", "us-east-2b", "us-east-2c"]
    assert await types.zones_offering(session, "x9.huge") == []


async def test_key_pairs_come_with_their_public_keys(session: Session) -> None:
    pairs = {pair.name: pair for pair in await network.key_pairs(session)}
    assert pairs["default"].public_key.startswith("ssh-ed25519 ")


async def test_a_public_key_is_imported_and_its_name_is_then_taken(own: Session) -> None:
    made = await network.import_key_pair(own, "laptop", f"{PUBLIC_KEY}\n")
    assert (made.name, made.type) == ("laptop", "ed25519")
    assert "laptop" in [pair.name for pair in await network.key_pairs(own)]
    with pytest.raises(FieldError, match="exists already") as caught:
        await network.import_key_pair(own, "laptop", PUBLIC_KEY)
    assert caught.value.field == "key_name"


async def test_a_key_of_a_kind_that_ec2_refuses_is_a_matter_of_that_field(own: Session) -> None:
    with pytest.raises(FieldError) as caught:
        await network.import_key_pair(own, "odd", "ecdsa-nonsense AAAA")
    assert caught.value.field == "key_name"


async def test_a_new_security_group_lets_one_address_in(own_cloud: Cloud, own: Session) -> None:
    vpc = await network.default_vpc(own)
    assert vpc
    first = await network.create_ssh_group(own, "mine", vpc, "203.0.113.7/32")
    assert first.ssh_cidrs == ("203.0.113.7/32",)
    await network.allow_ssh(own, first.id, "2001:db8::7/128")
    await network.allow_ssh(own, first.id, "203.0.113.7/32")  # refused by EC2 as a duplicate
    (found,) = await network.security_groups(own, vpc, name="mine")
    assert found.ssh_cidrs == ("203.0.113.7/32", "2001:db8::7/128")
    assert len(calls(own_cloud, "CreateSecurityGroup")) == 1
    assert len(calls(own_cloud, "AuthorizeSecurityGroupIngress")) == 3


async def test_a_security_group_that_another_process_created_meanwhile_lets_the_address_in_too(own: Session) -> None:
    vpc = await network.default_vpc(own)
    assert vpc
    first = await network.create_ssh_group(own, "mine", vpc, "203.0.113.7/32")
    again = await network.create_ssh_group(own, "mine", vpc, "198.51.100.4/32")
    assert again.id == first.id and again.ssh_cidrs == ("203.0.113.7/32", "198.51.100.4/32")


async def test_without_an_address_the_port_stays_closed(own: Session) -> None:
    vpc = await network.default_vpc(own)
    assert vpc
    assert (await network.create_ssh_group(own, "closed", vpc, None)).ssh_cidrs == ()


async def test_subnets_are_given_by_zone_the_default_ones_first(session: Session) -> None:
    vpc = await network.default_vpc(session)
    found = await network.subnets(session, vpc)
    assert [subnet.zone for subnet in found] == sorted(subnet.zone for subnet in found)
    assert all(subnet.vpc_id == vpc and subnet.is_public for subnet in found)


async def test_my_address_is_what_the_server_says(session: Session, cloud: Cloud) -> None:
    assert await network.public_address(f"{cloud.endpoint}/demo/address") == "203.0.113.7"


@pytest.mark.parametrize("url", ["", "ftp://x", "http://127.0.0.1:9/"])
async def test_an_address_that_cannot_be_looked_up_can_be_typed(url: str) -> None:
    with pytest.raises(FieldError, match="Type it") as caught:
        await network.public_address(url)
    assert caught.value.field == "address"


async def test_an_answer_that_is_no_address_is_not_taken_for_one(answers: Answers) -> None:
    answers.body = b"<html>hello</html>"
    with pytest.raises(FieldError, match="not an address"):
        await network.public_address(answers.url)


async def test_prices_are_single_and_never_zero(session: Session, cloud: Cloud) -> None:
    found = await prices.read_region_prices(session)
    assert found.on_demand["m5.large"] == Decimal("0.096")
    assert all(isinstance(price, Decimal) and price > 0 for price in found.on_demand.values())
    assert found.storage["gp3"] == Decimal("0.08")
    assert found.read_at is not None
    assert found.read_at.tzinfo is UTC


async def test_prices_are_one_paged_read_and_never_a_call_a_type(own_cloud: Cloud, own: Session) -> None:
    found = await prices.read_region_prices(own)
    sent = calls(own_cloud, "GetProducts")
    assert len(sent) <= len(found.on_demand) / 100 + 5  # machines, and four short lists
    assert {call["region"] for call in sent} == {"us-east-1"}


async def test_prices_that_may_not_be_read_are_refused_not_guessed(own_cloud: Cloud, own: Session) -> None:
    own_cloud.control("/demo/faults", {"kind": "deny", "service": "pricing"})
    with pytest.raises(DeniedError, match="pricing:GetProducts"):
        await prices.read_region_prices(own)


async def test_spot_prices_are_those_of_now_by_type_and_zone(session: Session) -> None:
    found = await spot_prices.current_spot_prices(session, ["m5.large", "t3.micro"])
    assert {name for name, _ in found} == {"m5.large", "t3.micro"}
    history = await session.call(
        "ec2",
        "DescribeSpotPriceHistory",
        InstanceTypes=["m5.large"],
        ProductDescriptions=["Linux/UNIX"],
        AvailabilityZone="us-east-2a",
    )
    newest = max(history["SpotPriceHistory"], key=lambda entry: entry["Timestamp"])
    assert found["m5.large", "us-east-2a"] == Decimal(newest["SpotPrice"])
    assert await spot_prices.current_spot_prices(session, []) == {}


async def test_the_spot_prices_of_a_whole_region_are_one_paged_read(own_cloud: Cloud, own: Session) -> None:
    found = await spot_prices.current_spot_prices(own)
    sent = calls(own_cloud, "DescribeSpotPriceHistory")
    assert not any("InstanceType" in call["params"] for call in sent)
    assert len(sent) == -(-len(found) // 1000)  # one entry a type and zone: the change before the window
    some = ["m5.large", "p3.8xlarge", "t3.micro"]
    assert {key: price for key, price in found.items() if key[0] in some} == await spot_prices.current_spot_prices(
        own, some
    )
    assert len({name for name, _ in found}) > 800


@pytest.mark.parametrize("of_all", [False, True])
async def test_of_several_changes_of_a_spot_price_the_newest_counts(
    demo_env: object, open_session: Open, answers: Answers, of_all: bool
) -> None:
    entry = (
        "<item><instanceType>m5.large</instanceType><productDescription>Linux/UNIX</productDescription>"
        "<spotPrice>{}</spotPrice><timestamp>2026-11-23T{}:00:00.000Z</timestamp>"
        "<availabilityZone>us-east-2a</availabilityZone></item>"
    )
    changes = "".join(entry.format(price, hour) for price, hour in (("0.1", "09"), ("0.3", "11"), ("0.2", "10")))
    answers.body = (
        f"<DescribeSpotPriceHistoryResponse><spotPriceHistorySet>{changes}</spotPriceHistorySet><nextToken/>"
        "</DescribeSpotPriceHistoryResponse>"
    ).encode()
    session = open_session(endpoint_url=answers.url)
    found = await spot_prices.current_spot_prices(session, None if of_all else ["m5.large"])
    assert found == {("m5.large", "us-east-2a"): Decimal("0.3")}


async def test_cpu_is_figures_of_six_hours_at_most(session: Session) -> None:
    running = [one.id for one in await describe_instances(session) if one.state is State.RUNNING]
    found = await metrics.cpu_utilization(session, [*running, "i-0123456789abcdef0"], now=datetime.now(UTC))
    assert found
    assert found.keys() <= set(running)
    assert all(1 <= len(values) <= 73 and all(0 <= v <= 100 for v in values) for values in found.values())


async def test_regions_are_those_enabled_or_all_known_when_that_may_not_be_read(own_cloud: Cloud, own: Session) -> None:
    assert "us-east-2" in await enabled_regions(own)
    own_cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeRegions"})
    assert await enabled_regions(own) == list(REGIONS)
