"""Instances from the shell: as text and as JSON."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import boto3
import pytest

from fe2tui.demo import Cloud
from tests.screen import Screen

FIELDS = {
    *("name", "id", "state", "type", "zone", "public_ip", "private_ip", "lifecycle", "architecture", "image_id"),
    *("key_name", "launched_at", "price_per_hour", "tags", "volumes"),
}


def client(cloud: Cloud, region: str = "us-east-2", service: str = "ec2") -> Any:
    kept = cloud.environment
    make: Any = boto3.Session().client
    return make(
        service,
        region_name=region,
        endpoint_url=cloud.endpoint,
        aws_access_key_id=kept["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=kept["AWS_SECRET_ACCESS_KEY"],
    )


def described(cloud: Cloud) -> dict[str, Any]:
    reservations = client(cloud).describe_instances()["Reservations"]
    return {each["InstanceId"]: each for part in reservations for each in part["Instances"]}


def name_of(instance: dict[str, Any]) -> str:
    return next((tag["Value"] for tag in instance.get("Tags", []) if tag["Key"] == "Name"), "")


@pytest.fixture
def some(cloud: Cloud) -> dict[str, Any]:
    """One running instance whose name is a plain word and no other's."""
    names = [name_of(each) for each in described(cloud).values()]
    return next(
        each
        for each in described(cloud).values()
        if each["State"]["Name"] == "running"
        and re.fullmatch(r"[\w-]+", name_of(each))
        and names.count(name_of(each)) == 1
    )


def test_instances_prints_one_line_a_machine_as_fastec2_did(fe2: Any, cloud: Cloud) -> None:
    said = fe2("instances")
    assert said.status == 0, said.err
    there = {key: each for key, each in described(cloud).items() if each["State"]["Name"] != "terminated"}
    assert len(said.lines) == len(there) > 5
    for line in said.lines:
        found = re.search(r"\((i-[0-9a-f]+) ([a-z-]+)\): (.*)$", line)
        assert found, line
        instance = there[found[1]]
        assert found[2] == instance["State"]["Name"]
        assert found[3].partition(" – ")[0] == instance.get("PublicIpAddress", "No public IP")


def test_instances_are_in_columns_on_a_terminal(fe2: Any) -> None:
    with Screen(fe2.command("instances"), fe2.environment) as screen:
        assert screen.wait_for_end() == 0
        head, *rows = screen.text.splitlines()
    assert head.split()[:3] == ["NAME", "ID", "STATE"]
    assert "$/H" not in head and "No public IP" not in screen.text
    assert any(re.match(r"base +i-[0-9a-f]+ +running", row) for row in rows)


TAKEN = r"interrupted by AWS .*: no capacity in us-east-2b; AWS will restart it"


def test_one_that_aws_took_back_says_so_and_others_do_not(fe2: Any) -> None:
    [line] = [line for line in fe2("instances").lines if " – " in line]
    assert re.fullmatch(rf"nightly-etl \(i-\w+ stopped\): No public IP – {TAKEN}", line)
    assert fe2("instance", "nightly-etl").lines == [line]
    head, *rows = fe2("instances", "--long").lines
    assert head.endswith("INTERRUPTED")
    assert [bool(re.search(TAKEN, row)) for row in rows] == [row.startswith("nightly-etl ") for row in rows]
    by_name = {each["name"]: each["interruption"] for each in fe2("instances", "--json").json}
    assert re.fullmatch(TAKEN, by_name.pop("nightly-etl")) and set(by_name.values()) == {None}


def test_what_aws_took_is_asked_in_one_call_and_only_if_it_took_one(own_fe2: Any) -> None:
    def calls() -> int:
        made = own_fe2.cloud.control("/demo/calls", method="GET")
        return sum(call["action"] == "DescribeSpotInstanceRequests" for call in made)

    own_fe2("instance", "spot1")  # the first read, which asks more for the usage history
    own_fe2.cloud.control("/demo/calls", method="DELETE")
    own_fe2("instance", "spot1")
    assert calls() == 0
    machine = own_fe2("instance", "spot1", "--json").json["id"]
    own_fe2.cloud.control("/demo/interrupt", {"instance": machine})
    assert re.search(r"– interrupted by AWS .*; gone, disk deleted$", own_fe2("instance", machine).lines[0])
    assert calls() == 1
    assert len([line for line in own_fe2("instances", "--all").lines if " – interrupted" in line]) == 2
    assert calls() == 2
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeSpotInstanceRequests"})
    said = own_fe2("instances")
    assert said.status == 0 and "– interrupted by AWS; AWS will restart it" in said.out


def test_all_shows_terminated_ones_too(fe2: Any, cloud: Cloud) -> None:
    assert len(fe2("instances", "--all").lines) == len(described(cloud))


def test_json_is_one_document_with_every_promised_field(fe2: Any, cloud: Cloud) -> None:
    said = fe2("instances", "--json")
    assert said.status == 0, said.err
    there = described(cloud)
    for each in said.json:
        assert each.keys() >= FIELDS
        of_aws = there[each["id"]]
        assert each["name"] == name_of(of_aws)
        assert each["tags"] == {tag["Key"]: tag["Value"] for tag in of_aws.get("Tags", [])}
        assert each["zone"] == of_aws["Placement"]["AvailabilityZone"]
        assert datetime.fromisoformat(each["launched_at"]).tzinfo == UTC
        assert each["launched_at"].endswith("Z")
        assert {disk["id"] for disk in each["volumes"]} == {
            disk["Ebs"]["VolumeId"] for disk in of_aws["BlockDeviceMappings"]
        }
        assert all(isinstance(disk["size"], int) for disk in each["volumes"])
        assert isinstance(each["price_per_hour"], float)


def test_options_of_all_commands_may_stand_before_or_after_the_command(fe2: Any) -> None:
    assert fe2("--json", "instances").json == fe2("instances", "--json").json


def test_another_region_by_part_of_its_name(fe2: Any, cloud: Cloud) -> None:
    said = fe2("instances", "--region", "Oregon", "--json")
    assert said.json
    assert {each["zone"][:-1] for each in said.json} == {"us-west-2"}


def test_a_region_without_instances_says_so_and_is_an_empty_list(fe2: Any) -> None:
    said = fe2("instances", "--region", "Frankfurt", "--json")
    assert (said.status, said.json) == (0, [])
    assert "No instances in eu-central-1" in said.err


def test_text_of_tags_never_reaches_the_terminal_as_it_is_but_stays_whole_in_json(own_fe2: Any) -> None:
    name = "\u202eevil\x9b31mred\nnext"
    running = next(each for each in described(own_fe2.cloud).values() if each["State"]["Name"] == "running")
    client(own_fe2.cloud).create_tags(Resources=[running["InstanceId"]], Tags=[{"Key": "Name", "Value": name}])
    assert name in {each["name"] for each in own_fe2("instances", "--json").json}
    shown = own_fe2("instances").out + own_fe2("instances", "--long").out
    assert "evil" in shown
    assert [character for character in shown if character != "\n" and not character.isprintable()] == []


def test_long_shows_types_and_money_in_columns(fe2: Any) -> None:
    said = fe2("instances", "--long")
    head, *rows = said.lines
    assert head.split() == ["NAME", "ID", "STATE", "TYPE", "ZONE", "ADDRESS", "UP", "$/H", "$/MONTH", "INTERRUPTED"]
    at = head.index("$/MONTH") + len("$/MONTH")
    assert all(re.search(r"[0-9]\.[0-9]{3}\s+[0-9,]+\.[0-9]{2}$|–$", row[:at]) for row in rows)


def test_prices_are_read_once_and_then_kept_for_a_day(fe2: Any, cloud: Cloud) -> None:
    fe2("instances", "--json")
    cloud.control("/demo/calls", method="DELETE")
    fe2("instances", "--json")
    calls = [call["action"] for call in cloud.control("/demo/calls", method="GET")]
    assert "DescribeInstances" in calls
    assert "GetProducts" not in calls


def test_instances_for_people_waits_for_no_prices(fe2: Any, cloud: Cloud) -> None:
    cloud.control("/demo/calls", method="DELETE")
    fe2("instances")
    first = [call["action"] for call in cloud.control("/demo/calls", method="GET")]
    # the prices of spot instances seen for the first time, and when AWS stopped them: not to be read later
    asked = "DescribeSpotInstanceRequests"
    assert sorted(first) == ["DescribeInstanceStatus", "DescribeInstances", asked, "DescribeSpotPriceHistory"]
    cloud.control("/demo/calls", method="DELETE")
    fe2("instances")
    # of one that AWS interrupted: when, and why
    second = [call["action"] for call in cloud.control("/demo/calls", method="GET")]
    assert sorted(second) == ["DescribeInstanceStatus", "DescribeInstances", asked]


def test_without_the_right_to_read_prices_they_are_unknown_and_the_rest_is_there(own_fe2: Any) -> None:
    own_fe2.cloud.control("/demo/faults", {"kind": "deny", "action": "GetProducts"})
    said = own_fe2("instances", "--json")
    assert said.status == 0
    on_demand = [each for each in said.json if each["lifecycle"] == "on-demand"]
    assert on_demand
    assert {each["price_per_hour"] for each in on_demand} == {None}
    assert "prices" in said.err


def test_instance_and_ip_tell_of_one_by_name_or_id(fe2: Any, some: dict[str, Any]) -> None:
    name, key, address = name_of(some), some["InstanceId"], some["PublicIpAddress"]
    for asked in (name, key):
        assert fe2("instance", asked).out == f"{name} ({key} running): {address}\n"
        assert fe2("ip", asked).out == f"{address}\n"
    assert fe2("instance", name, "--json").json["id"] == key
    assert fe2("ip", name, "--json").json["public_ip"] == address


@pytest.mark.parametrize(
    "command", ["instance", "ip", "get-instance", "start", "stop", "reboot", "terminate", "connect"]
)
def test_an_unknown_name_is_status_3(fe2: Any, command: str) -> None:
    said = fe2(command, "no-such-machine", "--yes")
    assert (said.status, said.out) == (3, "")
    assert "no-such-machine" in said.err


@pytest.mark.parametrize("command", ["instance", "start", "stop", "reboot", "terminate", "connect"])
def test_an_empty_name_is_wrong_usage_and_never_means_all(fe2: Any, cloud: Cloud, command: str) -> None:
    before = described(cloud)
    said = fe2(command, "", "--yes")
    assert (said.status, said.out) == (2, "")
    assert {key: each["State"] for key, each in described(cloud).items()} == {
        key: each["State"] for key, each in before.items()
    }


def test_a_name_that_two_share_is_status_3_and_lists_both(
    fresh_cloud: Callable[..., Cloud], on: Callable[[Cloud], Any]
) -> None:
    cloud = fresh_cloud(scene=False)
    ec2 = client(cloud)
    image = ec2.describe_images(Owners=["099720109477"])["Images"][0]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Name", "Value": "twin"}]}]
    made = ec2.run_instances(
        ImageId=image["ImageId"],
        InstanceType="m6g.large" if image["Architecture"] == "arm64" else "m5.large",
        MinCount=2,
        MaxCount=2,
        TagSpecifications=tags,
    )
    fe2 = on(cloud)
    for command in ("instance", "stop", "terminate", "connect"):
        said = fe2(command, "twin", "--yes")
        assert (said.status, said.out) == (3, ""), command
        for each in made["Instances"]:
            assert each["InstanceId"] in said.err, command
        assert {each["State"]["Name"] for each in described(cloud).values()} == {"running"}, command


def test_get_instance_prints_any_property_and_lists_them(fe2: Any, some: dict[str, Any]) -> None:
    name = name_of(some)
    assert fe2("get-instance", name, "-", "public-ip-address").out == f"{some['PublicIpAddress']}\n"
    assert fe2("get-instance", name, "-", "state").json["Name"] == "running"
    assert fe2("get-instance", name, "-", "launch-time").out.startswith(
        some["LaunchTime"].strftime("%Y-%m-%dT%H:%M:%S")
    )
    assert fe2("get-instance", name, "-", "block_device_mappings", "--json").status in (0, 2)
    listed = fe2("get-instance", name)
    assert "  public-ip-address\n" in listed.out
    assert "  wait-until-stopped\n" in listed.out
    assert "wait-until-stopped" in fe2("get-instance", name, "--json").json["methods"]


def test_get_instance_runs_methods_and_follows_properties_of_properties(fe2: Any, some: dict[str, Any]) -> None:
    name = name_of(some)
    assert fe2("get-instance", name, "-", "wait-until-running").status == 0
    assert fe2("get-instance", name, "-", "image", "-", "id").out == f"{some['ImageId']}\n"
    reply = fe2("get-instance", name, "-", "describe-attribute", "--Attribute", "instanceType").json
    assert reply["InstanceType"]["Value"] == some["InstanceType"]


def test_get_instance_says_what_is_wrong_with_a_member_or_an_argument(fe2: Any, some: dict[str, Any]) -> None:
    said = fe2("get-instance", name_of(some), "-", "public-ip-adress")
    assert said.status == 2
    assert "public-ip-address" in said.err
    said = fe2("get-instance", name_of(some), "-", "describe-attribute", "--Attribute", "nonsense")
    assert said.status in (1, 2)
    assert "Traceback" not in said.err


def test_regions_lists_ids_with_their_names(fe2: Any) -> None:
    assert any(line.split(None, 1) == ["us-east-2", "US East (Ohio)"] for line in fe2("regions").lines)
    assert "us-east-2" in [each["id"] for each in fe2("regions", "--json").json]


def test_whoever_reads_only_the_first_line_is_told_nothing_more(fe2: Any) -> None:
    line = f"{shlex.join(fe2.command('instances'))} | head -n 1; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], env=fe2.environment, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert len(done.stdout.splitlines()) == 1


def test_another_profile_and_one_that_is_not_there(fe2: Any) -> None:
    assert fe2("region", "--profile", "second").status == 0
    said = fe2("instances", "--profile", "no-such-profile")
    assert (said.status, said.out) == (4, "")
    assert "no-such-profile" in said.err


def test_credentials_in_the_environment_count_under_a_profile_named_there(fe2: Any, tmp_path: Any) -> None:
    config = tmp_path / "aws-config"
    config.write_text("[profile bare]\nregion = us-east-2\n")
    said = fe2("instances", AWS_PROFILE="bare", AWS_CONFIG_FILE=str(config), AWS_SHARED_CREDENTIALS_FILE=str(config))
    assert said.status == 0, said.err
    assert said.out


def test_keys_in_the_environment_count_before_a_profile_in_config_toml(fe2: Any) -> None:
    config = Path(fe2.environment["FE2TUI_HOME"], "config", "config.toml")
    config.write_text('profile = "no-such-profile"\n' + config.read_text())
    assert fe2("instances", AWS_PROFILE="").status == 0
    assert fe2("instances", AWS_PROFILE="", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="").status == 4


def test_the_address_of_one_that_is_terminated_is_not_waited_for(own_fe2: Any) -> None:
    gone = next(each for each in own_fe2("instances", "--all", "--json").json if each["state"] == "terminated")
    said = own_fe2("ip", gone["id"])
    assert (said.status, said.out) == (1, "")
    assert "is terminated" in said.err
    assert "subnet" not in said.err and "Start it" not in said.err


def test_a_mistaken_name_is_answered_with_those_there_are(fe2: Any) -> None:
    said = fe2("ip", "qqqq")
    assert re.search(r"There are [^…]+, .+ and \d+ more\.", said.err)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["describe-attribute"], "The argument Attribute is missing."),
        (["stop", "--read-only"], "There is no argument ReadOnly: there are "),
        (["stop", "--Force", "7"], "The argument Force cannot be 7: it is true or false."),
        (
            ["describe-attribute", "Attribute=x"],
            "describe-attribute takes no value without a name before it: Attribute=x.",
        ),
    ],
)
def test_a_wrong_argument_of_a_method_is_wrong_usage_that_names_it(fe2: Any, words: list[str], told: str) -> None:
    said = fe2("get-instance", "base", "-", *words)
    assert (said.status, said.out) == (2, "")
    assert told in said.err
    assert "config" not in said.err and ".." not in said.err


def test_get_instance_opens_ipython_with_the_object_as_result(fe2: Any) -> None:
    pytest.importorskip("IPython", reason="the extra ipython is not installed here")
    with Screen(fe2.command("get-instance", "base", "--", "-i"), fe2.environment) as screen:
        screen.wait_for("In [1]:")
        screen.type("result.state['Name'], 40 + 2\r")
        screen.wait_for("('running', 42)")
        screen.type("exit\r")
        assert screen.wait_for_end() == 0


def test_without_ipython_the_extra_that_brings_it_is_named(fe2: Any, tmp_path: Any) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "IPython.py").write_text("raise ModuleNotFoundError('IPython')\n")
    path = f"{hidden}:{fe2.environment.get('PYTHONPATH', '')}"
    said = fe2("get-instance", "base", "--", "-i", PYTHONPATH=path)
    assert (said.status, said.out) == (2, "")
    assert "fe2tui[ipython]" in said.err
    assert fe2("get-instance", "base", "--", "-x").status == 2


def test_a_profile_that_is_asked_for_brings_its_region_unless_the_environment_names_one(
    fe2: Any, tmp_path: Any
) -> None:
    config = tmp_path / "fe2tui-home/config/config.toml"
    config.write_text('region = "Frankfurt"\n' + config.read_text())
    second = ("region", "--profile", "second")
    assert fe2(*second, AWS_REGION="", AWS_DEFAULT_REGION="").out == "us-west-2\n"
    assert fe2("region", AWS_REGION="", AWS_DEFAULT_REGION="").out == "eu-central-1\n"
    assert fe2(*second, AWS_REGION="eu-west-1").out == "eu-west-1\n"


class Metadata(BaseHTTPRequestHandler):
    """The instance metadata service of an instance with a role, whose `credentials` are as sts returned them."""

    credentials: ClassVar[dict[str, str]]

    def do_PUT(self) -> None:
        self._answer("TOKEN")

    def do_GET(self) -> None:
        credentials = {
            "Code": "Success",
            "Type": "AWS-HMAC",
            "AccessKeyId": self.credentials["AccessKeyId"],
            "SecretAccessKey": self.credentials["SecretAccessKey"],
            "Token": self.credentials["SessionToken"],
            "Expiration": "2099-01-01T00:00:00Z",
            "LastUpdated": "2026-01-01T00:00:00Z",
        }
        role = "/latest/meta-data/iam/security-credentials/"
        pages = {role: "work", f"{role}work": json.dumps(credentials)}
        pages["/latest/meta-data/placement/region"] = "us-west-2"
        has_token = self.headers.get("X-aws-ec2-metadata-token") == "TOKEN"
        self._answer(pages.get(self.path, "") if has_token else "", 200 if has_token else 401)

    def _answer(self, text: str, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: Any) -> None:
        return


def test_on_an_instance_with_a_role_the_region_is_its_own(fe2: Any, tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    nothing.write_text("")
    role = {"RoleArn": "arn:aws:iam::123456789012:role/demo", "RoleSessionName": "instance"}
    Metadata.credentials = client(fe2.cloud, service="sts").assume_role(**role)["Credentials"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        variables = dict.fromkeys(
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"), ""
        )
        variables |= dict.fromkeys(("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"), str(nothing))
        address = f"http://127.0.0.1:{server.server_port}"
        said = fe2("region", AWS_EC2_METADATA_DISABLED="", AWS_EC2_METADATA_SERVICE_ENDPOINT=address, **variables)
        listed = fe2("instances", AWS_EC2_METADATA_DISABLED="", AWS_EC2_METADATA_SERVICE_ENDPOINT=address, **variables)
        server.shutdown()
        thread.join()
    assert (said.status, said.out) == (0, "us-west-2\n")
    assert listed.status == 0, listed.err
    assert fe2("instances", **variables).status == 4


def test_no_control_character_of_a_tag_reaches_a_terminal_also_not_as_json(fe2: Any) -> None:
    for arguments in (["--json", "instances"], ["get-instance", "[prod] web", "-", "tags"]):
        with Screen(fe2.command(*arguments), fe2.environment) as screen:
            assert screen.wait_for_end() == 0
            assert r"\u009b31mred" in screen.text
    (one,) = [each for each in fe2("instances", "--json").json if each["name"] == "[prod] web"]
    assert "\x9b" in "".join(one["tags"].values())


def test_the_odd_instances_that_people_really_have(fe2: Any) -> None:
    in_virginia = ("--region", "us-east-1")
    table = fe2("instances", "--long", *in_virginia)
    assert table.status == 0
    rows = {line.split()[0]: line for line in table.lines}
    assert rows["NAME"].endswith("TROUBLE")
    assert re.search(r"does not answer since [\w :]+$", rows["stuck"])
    assert re.search(r"AWS retires it on \d+ \w+: stop and start it before$", rows["retiring"])
    assert "::ffff:127.0.0.1" in rows["only-ipv6"] and " chi-1a " in rows["edge"]
    lines = fe2("instances", *in_virginia).out
    assert "stuck (i-" in lines and ": 127.0.0.1 – does not answer since" in lines
    known = {each["name"]: each for each in fe2("instances", "--json", *in_virginia).json}
    assert known["stuck"]["failed_checks"] == ["instance"] and known["stuck"]["failed_since"].endswith("Z")
    assert known["edge"]["price_per_hour"] == 0.2125, (
        "a Local Zone has prices of its own: this one's are a quarter more"
    )
    (event,) = known["retiring"]["scheduled_events"]
    assert event["code"] == "instance-retirement" and event["not_before"].endswith("Z")
    assert (known["edge"]["failed_checks"], known["edge"]["scheduled_events"]) == ([], [])
    assert (known["only-ipv6"]["public_ip"], known["only-ipv6"]["private_ip"]) == (None, None)
    assert fe2("ip", "only-ipv6", *in_virginia).out == "::ffff:127.0.0.1\n"
    assert fe2("instance", "stuck", "--json", *in_virginia).json["failed_checks"] == ["instance"]
    asked = fe2("stop", "web-asg-1", *in_virginia)
    assert asked.status == 2 and "belongs to the Auto Scaling group web-asg" in asked.err
    asked = fe2("stop", "fleet-1", *in_virginia)
    assert asked.status == 2 and "launches a new instance for each that is stopped." in asked.err
    assert "runs Windows" in fe2("connect", "windows", *in_virginia).err
    assert " ec2-user " in fe2("connect", "old-image", "--print", *in_virginia).out, "EC2 still tells the image's name"


def test_status_checks_that_may_not_be_read_are_not_taken_for_passed(fe2: Any, cloud: Cloud) -> None:
    fault = cloud.control("/demo/faults", {"kind": "deny", "action": "DescribeInstanceStatus"})["id"]
    try:
        said = fe2("instances", "--json")
    finally:
        cloud.control(f"/demo/faults/{fault}", method="DELETE")
    assert {each["failed_checks"] for each in said.json} == {None}
    assert "Without status checks:" in said.err and "ec2:DescribeInstanceStatus" in said.err
