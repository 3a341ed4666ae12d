"""How to reach a machine: which of flag, tag, image and setting decides, and what is never handed to ssh."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fe2tui.errors import Fe2Error, NoAddressError, UsageError
from fe2tui.model.instance import Instance, State
from fe2tui.settings import Settings
from fe2tui.ssh.route import Route, route_to


def instance(tags: dict[str, str] | None = None, **changes: Any) -> Instance:
    about: dict[str, Any] = {
        "id": "i-0a", "state": State.RUNNING, "type": "t3.micro", "zone": "us-east-2a",
        "public_ip": "203.0.113.9", "private_ip": "10.0.0.9", "tags": {"Name": "base", **(tags or {})},
    }  # fmt: skip
    return Instance(**(about | changes))


SETTINGS = Settings(user="carol", port=2022, key_file=Path("/keys/carol"))
TAGS = {"fe2:user": "dave", "fe2:port": "2200"}


def test_a_flag_counts_before_a_tag_an_image_and_a_setting() -> None:
    route = route_to(instance(TAGS), SETTINGS, user="eve", port=24, key_file=Path("/keys/eve"), image_user="ec2-user")
    assert (route.user, route.port, route.key_file) == ("eve", 24, Path("/keys/eve"))


def test_a_tag_counts_before_an_image_and_a_setting() -> None:
    route = route_to(instance(TAGS), SETTINGS, image_user="ec2-user")
    assert (route.user, route.port) == ("dave", 2200)


def test_the_image_counts_before_the_setting() -> None:
    assert route_to(instance(), SETTINGS, image_user="ec2-user").user == "ec2-user"
    assert route_to(instance(), SETTINGS).user == "carol"


def test_settings_give_port_and_key_where_no_tag_does() -> None:
    route = route_to(instance(), SETTINGS)
    assert (route.port, route.key_file) == (2022, Path("/keys/carol"))


def test_the_defaults_are_ubuntu_port_22_and_a_key_that_ssh_chooses() -> None:
    route = route_to(instance(key_name="default"))
    assert (route.user, route.port, route.key_file, route.key_name) == ("ubuntu", 22, None, "default")
    assert route.words == "ubuntu@203.0.113.9"
    assert route.name == "base"


def test_an_empty_tag_says_nothing() -> None:
    route = route_to(instance({"fe2:user": " ", "fe2:port": ""}))
    assert (route.user, route.port) == ("ubuntu", 22)


@pytest.mark.parametrize(
    "tag", ["-oProxyCommand=touch x", "--", "a b", "$(id)", "root;ls", "ü", "a\nb", "user@host", "%h", "x" * 65]
)
def test_a_user_tag_that_is_no_login_name_is_refused_with_the_tags_name(tag: str) -> None:
    with pytest.raises(UsageError, match=r"fe2:user of base"):
        route_to(instance({"fe2:user": tag}))


@pytest.mark.parametrize("tag", ["ssh", "0", "65536", "-1", "22 -o x", "22.5", "٢٢", "1e3", "+22"])
def test_a_port_tag_that_is_no_port_is_refused_with_the_tags_name(tag: str) -> None:
    with pytest.raises(UsageError, match=r"fe2:port of base"):
        route_to(instance({"fe2:port": tag}))


@given(st.text(min_size=1), st.text(min_size=1))
def test_whatever_the_tags_say_a_route_has_a_plain_user_and_a_port(user: str, port: str) -> None:
    try:
        route = route_to(instance({"fe2:user": user, "fe2:port": port}))
    except Fe2Error:
        return
    assert not route.user.startswith("-") and route.user.isascii() and route.user.isprintable()
    assert not set(route.user) & set(" @%$;'\"\\/:")
    assert 1 <= route.port <= 65535


def test_the_private_address_is_used_only_when_the_settings_say_so() -> None:
    inside = Settings(use_private_address=True)
    assert route_to(instance(), inside).address == "10.0.0.9"
    assert route_to(instance(public_ip=None), inside).address == "10.0.0.9"
    with pytest.raises(NoAddressError) as caught:
        route_to(instance(public_ip=None))
    assert "10.0.0.9" in caught.value.summary
    assert "use_private_address" in caught.value.remedy


def test_an_ipv6_address_will_do() -> None:
    route = route_to(instance(public_ip=None, ipv6="2001:db8::9"), port=2200)
    assert route.address == "2001:db8::9"
    assert route.words == "ubuntu@[2001:db8::9]:2200"


@pytest.mark.parametrize(
    ("state", "remedy"), [(State.STOPPED, "Start it"), (State.PENDING, "try again"), (State.TERMINATED, "")]
)
def test_without_an_address_the_error_says_what_to_do_in_that_state(state: State, remedy: str) -> None:
    with pytest.raises(NoAddressError) as caught:
        route_to(instance(state=state, public_ip=None))
    assert remedy in caught.value.remedy
    assert state.value in caught.value.summary or state is State.PENDING


@pytest.mark.parametrize("address", ["-oProxyCommand=id", "a b", "", "host;id", "x\n"])
def test_an_address_that_could_be_read_as_something_else_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        Route("i-0a", address)


@pytest.mark.parametrize("instance_id", ["-x", "i-0a b", "", "*", "i-0a,i-0b", "i-\n"])
def test_an_id_that_a_known_hosts_line_could_not_hold_is_refused(instance_id: str) -> None:
    with pytest.raises(UsageError):
        Route(instance_id, "203.0.113.9")
