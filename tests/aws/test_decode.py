"""EC2's XML as instances and volumes, however it is laid out."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fe2tui.aws.decode import InstanceReader, VolumeReader
from fe2tui.aws.paged_reads import sort_and_compare
from fe2tui.aws.session import Session
from fe2tui.errors import UnreachableError
from fe2tui.model.instance import Attachment, Instance, State

# Laid out as EC2 does it, with what the API reference's example has.
ITEM = """
            <item>
              <instanceId>{id}</instanceId>
              <imageId>ami-0abcdef1234567890</imageId>
              <instanceState><code>80</code><name>{state}</name></instanceState>
              <privateDnsName>ip-10-0-0-12.us-east-2.compute.internal</privateDnsName>
              <dnsName/>
              <reason>User initiated (2026-11-20 10:00:00 GMT)</reason>
              <keyName>default</keyName>
              <amiLaunchIndex>0</amiLaunchIndex>
              <productCodes/>
              <instanceType>p3.8xlarge</instanceType>
              <launchTime>2026-11-20T09:00:00.000Z</launchTime>
              <placement>
                <availabilityZone>us-east-2b</availabilityZone><groupName/><tenancy>default</tenancy>
              </placement>
              <subnetId>subnet-1</subnetId>
              <vpcId>vpc-1</vpcId>
              <privateIpAddress>10.0.0.12</privateIpAddress>
              <ipAddress>203.0.113.9</ipAddress>
              <groupSet><item><groupId>sg-1</groupId><groupName>ssh</groupName></item></groupSet>
              <stateReason>
                <code>Client.UserInitiatedShutdown</code>
                <message>Client.UserInitiatedShutdown: User initiated shutdown</message>
              </stateReason>
              <architecture>x86_64</architecture>
              <rootDeviceType>ebs</rootDeviceType>
              <rootDeviceName>/dev/sda1</rootDeviceName>
              <blockDeviceMapping>
                <item>
                  <deviceName>/dev/sda1</deviceName>
                  <ebs>
                    <volumeId>vol-1</volumeId><status>attached</status>
                    <attachTime>2026-11-20T09:00:01.000Z</attachTime>
                    <deleteOnTermination>true</deleteOnTermination>
                  </ebs>
                </item>
                <item>
                  <deviceName>/dev/sdf</deviceName>
                  <ebs><volumeId>vol-2</volumeId><deleteOnTermination>false</deleteOnTermination></ebs>
                </item>
              </blockDeviceMapping>
              <virtualizationType>hvm</virtualizationType>
              <instanceLifecycle>spot</instanceLifecycle>
              <spotInstanceRequestId>sir-1</spotInstanceRequestId>
              <clientToken>token</clientToken>
              <tagSet>
                <item><key>Name</key><value>{name}</value></item>
                <item><key>empty</key><value/></item>
              </tagSet>
              <hypervisor>xen</hypervisor>
              <networkInterfaceSet>
                <item>
                  <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet>
                  <attachment><instanceId>i-other</instanceId></attachment>
                </item>
              </networkInterfaceSet>
              <iamInstanceProfile><arn>arn:aws:iam::1:instance-profile/path/worker</arn><id>A</id></iamInstanceProfile>
              <enaSupport>false</enaSupport>
              <hibernationOptions><configured>true</configured></hibernationOptions>
              <platformDetails>Linux/UNIX</platformDetails>
              <currentInstanceBootMode>uefi</currentInstanceBootMode>
            </item>"""


def item(number: int, name: str = "a", state: str = "stopped") -> str:
    return ITEM.format(id=f"i-{number:017x}", name=escape(name), state=state)


def reply(*reservations: list[str], token: str | None = None) -> bytes:
    body = "".join(
        f"<item><reservationId>r-1</reservationId><groupSet/><instancesSet>{''.join(items)}\n</instancesSet></item>"
        for items in reservations
    )
    more = f"<nextToken>{escape(token)}</nextToken>" if token else ""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">\n'
        f"<requestId>x</requestId><reservationSet>{body}</reservationSet>{more}\n</DescribeInstancesResponse>\n"
    ).encode()


def test_every_field_is_read_from_a_reply_laid_out_as_ec2_does_it() -> None:
    [instance], token = InstanceReader().parse(reply([item(1, "train <&> resnet")]))
    assert token is None
    assert instance == Instance(
        id="i-00000000000000001",
        state=State.STOPPED,
        type="p3.8xlarge",
        zone="us-east-2b",
        image_id="ami-0abcdef1234567890",
        architecture="x86_64",
        key_name="default",
        launched_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        lifecycle="spot",
        public_ip="203.0.113.9",
        private_ip="10.0.0.12",
        ipv6="2001:db8::1",
        vpc_id="vpc-1",
        subnet_id="subnet-1",
        security_groups=(("sg-1", "ssh"),),
        tags={"Name": "train <&> resnet", "empty": ""},
        attachments=(
            Attachment("/dev/sda1", "vol-1", True, datetime(2026, 11, 20, 9, 0, 1, tzinfo=UTC)),
            Attachment("/dev/sdf", "vol-2", False),
        ),
        root_device="/dev/sda1",
        state_reason="Client.UserInitiatedShutdown: User initiated shutdown",
        transition_reason="User initiated (2026-11-20 10:00:00 GMT)",
        spot_request_id="sir-1",
        client_token="token",
        virtualization="hvm",
        boot_mode="uefi",
        ena=False,
        hibernation=True,
        instance_profile="worker",
    )


@pytest.mark.parametrize("several", [False, True], ids=["own-reservations", "one-reservation"])
def test_what_did_not_change_is_the_same_object_at_the_next_read(several: bool) -> None:
    def body(*items: str) -> bytes:
        return reply(list(items)) if several else reply(*([one] for one in items))

    reader = InstanceReader()
    first, _ = reader.parse(body(item(1), item(2), item(3)))
    again, _ = reader.parse(body(item(1), item(2, state="running"), item(3), item(4)))
    assert [a is b for a, b in zip(first, again, strict=False)] == [True, False, True]
    assert (again[1].state, again[3].id) == (State.RUNNING, f"i-{4:017x}")
    gone, _ = reader.parse(body(item(3)))
    assert gone[0] is first[2]


def test_what_was_gone_for_a_whole_read_is_forgotten() -> None:
    reader = InstanceReader()
    [first], _ = reader.parse(reply([item(1)]))
    for _ in range(2):
        reader.parse(reply([item(2)]))
    [again], _ = reader.parse(reply([item(1)]))
    assert again == first
    assert again is not first


def test_objects_are_kept_over_the_pages_of_a_read() -> None:
    reader = InstanceReader()
    pages = [reply([item(1)], token="next"), reply([item(2)])]
    first = [one for page in pages for one in reader.parse(page)[0]]
    again = [one for page in pages for one in reader.parse(page)[0]]
    assert [a is b for a, b in zip(first, again, strict=True)] == [True, True]


def test_a_read_that_broke_off_makes_nothing_be_forgotten_or_made_up() -> None:
    reader = InstanceReader()
    [one], _ = reader.parse(reply([item(1)]))
    reader.parse(reply([item(2)], token="next"))  # and the next page never came
    found, _ = reader.parse(reply([item(1)]))
    assert found == [one]
    assert found[0] is one


def test_a_large_and_a_small_reply_read_the_same() -> None:
    some = [[item(n, name=f"n{n}")] for n in range(100)]
    large, _ = InstanceReader().parse(reply(*some))
    small = [InstanceReader().parse(reply(one))[0][0] for one in some]
    assert large == small


def test_a_reply_with_prefixes_or_comments_is_read_too() -> None:
    plain = reply([item(1)], [item(2)]).decode()
    expected, _ = InstanceReader().parse(plain.encode())
    prefixed = plain.replace("xmlns=", "xmlns:e=").replace("<", "<e:").replace("<e:/", "</e:").replace("<e:?", "<?")
    assert InstanceReader().parse(prefixed.encode())[0] == expected
    commented = plain.replace("<instancesSet>", "<!-- </instancesSet> --><instancesSet>")
    assert InstanceReader().parse(commented.encode())[0] == expected


def test_the_next_pages_token_is_read_as_it_was_meant() -> None:
    assert InstanceReader().parse(reply([item(1)], token="a&b<c>==\"'"))[1] == "a&b<c>==\"'"


def test_an_empty_region_is_an_empty_list() -> None:
    assert InstanceReader().parse(reply()) == ([], None)
    assert InstanceReader().parse(reply([])) == ([], None)


def test_an_empty_reservation_adds_nothing_and_stays_empty() -> None:
    reader = InstanceReader()
    for _ in range(2):
        found, _token = reader.parse(reply([item(1)], [], [item(2), item(3)], []))
        assert [one.id[-1] for one in found] == ["1", "2", "3"]


def test_one_that_changes_in_a_large_reservation_leaves_the_others_the_same_objects() -> None:
    reader = InstanceReader()
    some = [item(n) for n in range(5)]
    first, _ = reader.parse(reply(some))
    reader.parse(reply(some))
    some[2] = item(2, state="running")
    again, _ = reader.parse(reply(some))
    assert [a is b for a, b in zip(first, again, strict=True)] == [True, True, False, True, True]


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_half_a_reply_is_never_a_short_list(share: float) -> None:
    whole = reply(*([item(n)] for n in range(30)))
    with pytest.raises(UnreachableError):
        InstanceReader().parse(whole[: int(len(whole) * share)])


@pytest.mark.parametrize("wrong", [b"", b"<html></html>", b"{}", b"<DescribeInstancesResponse>\n"])
def test_what_is_no_reply_is_never_an_empty_list(wrong: bytes) -> None:
    with pytest.raises(UnreachableError):
        InstanceReader().parse(wrong)


def test_damage_in_the_middle_of_a_reply_is_found() -> None:
    whole = reply(*([item(n)] for n in range(3)))
    with pytest.raises(UnreachableError):
        InstanceReader().parse(whole.replace(b"</keyName>", b"</keyNome>", 1))
    with pytest.raises(UnreachableError):
        InstanceReader().parse(whole.replace(b"</tagSet>", b"", 1))


# What XML can hold: no control characters but tab and newline; a carriage return becomes a newline.
xml_text = st.text(
    st.characters(blacklist_categories=("Cs", "Cc"), blacklist_characters="\ufffe\uffff"), min_size=1, max_size=256
).filter(str.strip)


@settings(max_examples=60)
@given(st.lists(xml_text, min_size=1, max_size=4))
def test_any_name_is_read_as_it_was_written(names: list[str]) -> None:
    found, _ = InstanceReader().parse(reply([item(n, name) for n, name in enumerate(names)]))
    assert [one.name for one in found] == names


@pytest.mark.parametrize("count", [3, 3_000, 9_500])
async def test_a_read_is_put_in_the_order_of_ids_and_equal_instances_stay_the_same_objects(count: int) -> None:
    def seen() -> list[Instance]:
        return [Instance(f"i-{n * 7919 % count:017x}", State.RUNNING, "m5.large", "us-east-2a") for n in range(count)]

    first = await sort_and_compare(seen(), {})
    again = await sort_and_compare(seen(), first.instances)
    assert list(first.instances) == sorted({one.id for one in seen()})
    assert all(again.instances[key] is one for key, one in first.instances.items())
    assert (len(first.new_image_ids), again.new_image_ids) == (1, frozenset())


async def test_the_reply_reads_as_the_library_reads_it(session: Session) -> None:
    found, _ = InstanceReader().parse(await session.body("ec2", "DescribeInstances"))
    theirs = await session.call("ec2", "DescribeInstances")
    library = {i["InstanceId"]: i for r in theirs["Reservations"] for i in r["Instances"]}
    assert {one.id for one in found} == library.keys()
    for one in found:
        other = library[one.id]
        assert one.state == other["State"]["Name"]
        assert one.tags == {tag["Key"]: tag["Value"] for tag in other.get("Tags", [])}
        assert one.launched_at == other["LaunchTime"]
        assert one.type == other["InstanceType"]
        assert one.zone == other["Placement"]["AvailabilityZone"]
        assert one.public_ip == other.get("PublicIpAddress")
        assert one.lifecycle == other.get("InstanceLifecycle", "on-demand")
        assert [a.volume_id for a in one.attachments] == [m["Ebs"]["VolumeId"] for m in other["BlockDeviceMappings"]]


async def test_volumes_read_as_the_library_reads_them(session: Session) -> None:
    found, _ = VolumeReader().parse(await session.body("ec2", "DescribeVolumes"))
    theirs = {v["VolumeId"]: v for v in (await session.call("ec2", "DescribeVolumes"))["Volumes"]}
    assert {one.id for one in found} == theirs.keys()
    for one in found:
        other = theirs[one.id]
        assert (one.size, one.type, one.state) == (other["Size"], other["VolumeType"], other["State"])
        assert (one.zone, one.iops) == (other["AvailabilityZone"], other.get("Iops"))
        assert one.created_at == other["CreateTime"]
        assert one.tags == {tag["Key"]: tag["Value"] for tag in other.get("Tags", [])}
        held = other.get("Attachments") or [{}]
        assert (one.instance_id, one.device) == (held[0].get("InstanceId"), held[0].get("Device"))
        assert one.delete_on_termination == held[0].get("DeleteOnTermination", False)
