"""Elastic IPs."""

from __future__ import annotations

from fe2tui.aws.session import Session

_BROUGHT = "ipv4pool-"  # pools of addresses that the account brought with it, which cost nothing


async def idle_addresses(session: Session) -> tuple[str, ...]:
    """The account's Elastic IPs that are associated with nothing and cost all the same, one for each.

    Source: VPC pricing, public IPv4 addresses; those of the account's own ranges are free.
    """
    reply = await session.call("ec2", "DescribeAddresses")
    return tuple(
        sorted(
            str(address.get("PublicIp", ""))
            for address in reply.get("Addresses", ())
            if not address.get("AssociationId")
            and not address.get("InstanceId")
            and not str(address.get("PublicIpv4Pool", "")).startswith(_BROUGHT)
        )
    )
