"""The parts of a launch plan: which key pair, which security group, which zones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Literal

from fe2tui.aws.network import SecurityGroup
from fe2tui.errors import DeniedError, FieldError, NotFoundError
from fe2tui.model.instance_type import InstanceType
from fe2tui.model.launch import LaunchRequest, ZonePrice, dash_error
from fe2tui.model.price_hist import ALL_ZONES, find_zone
from fe2tui.model.text import join_words
from fe2tui.ssh.keyfiles import display_path
from fe2tui.tasks.keys import AccountKey, ImportableKey, KeyChoices
from fe2tui.tasks.launch_lookups import LaunchNetwork, cidr_block

SSH_GROUP_NAME = "ssh"
ANYWHERE = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """The key pair of a launch; ``words`` say where it is (``in ~/.ssh/id_ed25519``) or where it comes from."""

    name: str
    action: Literal["use", "import", "create"]
    words: str
    private_key: Path | None = None
    importable: ImportableKey | None = None


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """The security group of a launch. ``id`` is None if it will be created; ``cidr`` will reach port 22."""

    name: str
    id: str | None
    cidr: str | None
    words: str  # "port 22 from 203.0.113.7 only"


def plan_key(
    request: LaunchRequest,
    choices: KeyChoices | None,
    key_file: Path | None,
    region: str,
    warnings: list[str],
    unread: DeniedError | None = None,
) -> KeyPlan:
    """The key pair. ``choices`` None: the login may not read them, as ``unread`` says. Raises FieldError."""
    known = choices or KeyChoices()
    if request.key_action == "create":
        name = _check_name_free(request.key_name or known.free_name, known)
        return KeyPlan(name, "create", "created by this launch, kept on this computer only")
    if choices is None and (request.key_action == "import" or (request.key_action == "use" and not request.key_name)):
        raise FieldError(
            "key_name",
            f"The key pairs in {region} cannot be looked up{f': {unread.summary}' if unread else '.'}",
            "Name the one to use, whose private key is on this computer, or create one.",
        )
    if request.key_action == "import":
        wanted = request.key_public
        like_wanted = (
            one for one in known.importable if wanted is None or one.public.split()[:2] == wanted.split()[:2]
        )
        own = next(like_wanted, None)
        there = known.find(request.key_name or known.preferred or "")
        if there is not None and there.is_usable and not (own and wanted):
            return KeyPlan(there.name, "use", there.words, there.private_key or key_file)
        if own is None:
            summary = "There is no public key on this computer that could be imported."
            raise FieldError("key_name", summary, "Create one.")
        name = _check_name_free(request.key_name or own.name, known)
        return KeyPlan(name, "import", f"imported from {own.source}", importable=own)
    if request.key_action != "use":
        raise FieldError("key_action", f"There is no key action {request.key_action}.", "Use, import or create.")
    if choices is None and request.key_name:
        return KeyPlan(request.key_name, "use", "not looked up")
    key = _key_to_use(request, known, region)
    if not key.is_usable:
        if key_file is None:
            raise _private_key_missing_error(key)
        warnings.append(f"The private half of {key.name} was not found; {display_path(key_file)} will be tried.")
    return KeyPlan(key.name, "use", key.words, key.private_key or key_file)


def check_windows_key(key: KeyPlan, choices: KeyChoices | None) -> None:
    """Raises FieldError for a key pair that is not RSA: EC2 encrypts the password of a Windows instance with it.

    Source: EC2 user guide, "Amazon EC2 key pairs": ED25519 keys are not supported for Windows instances.
    """
    account_key = choices.find(key.name) if choices is not None and key.action == "use" else None
    kind = account_key.type if account_key is not None else ""
    if key.action == "create" or (key.importable is not None and key.importable.public.startswith("ssh-ed25519")):
        kind = "ed25519"
    if kind != "ed25519":
        return
    fitting = [one.name for one in (choices.account if choices else ()) if one.type == "rsa" and one.is_usable]
    raise FieldError(
        "key_name",
        f"A Windows image needs an RSA key pair, and {key.name} is ed25519.",
        f"Choose {join_words(fitting[:5], 'or')}."
        if fitting
        else "Create one (ssh-keygen -t rsa -f ~/.ssh/id_rsa), and import it.",
    )


def _check_name_free(name: str, choices: KeyChoices) -> str:
    if error := dash_error("key_name", name):
        raise error
    if existing := choices.find(name):
        raise FieldError(
            "key_name",
            f"The account has a key pair {name} already ({existing.words}).",
            "Use it, or choose another name." if existing.is_usable else "Choose another name.",
        )
    return name


def _key_to_use(request: LaunchRequest, choices: KeyChoices, region: str) -> AccountKey:
    name = request.key_name or choices.preferred
    if name and (key := choices.find(name)) is not None:
        return key
    if name:
        summary = f"There is no key pair {name} in {region}."
    elif not choices.account:
        summary = f"There is no key pair in {region}."
    else:
        names = join_words([each.name for each in choices.account[:5]])
        summary = f"No key pair in {region} can be used from this computer: not {names}."
    usable = [each.name for each in choices.account if each.is_usable]
    ways = [f"choose {join_words(usable[:5], 'or')}"] if usable else []
    ways += [f"import {choices.importable[0].source}"] if choices.importable else []
    remedy = join_words([*ways, "create one"], "or")
    raise FieldError("key_name", summary, f"{remedy[0].upper()}{remedy[1:]}.")


def _private_key_missing_error(key: AccountKey) -> FieldError:
    files = join_words([display_path(path) for path in key.searched_files], "or")
    looked = f": it is not in {files}, nor under another name in ~/.ssh, nor in ssh-agent" if files else ""
    return FieldError(
        "key_name",
        f"The private half of key pair {key.name} is not on this computer{looked}.",
        "Put it there, name its file as key_file in config.toml, or choose another key pair: without it you could not "
        "log in.",
    )


_NAME_GROUP_ID = "Give the id of one (sg-…) that lets you in at port 22, or ask the account's administrator."


def plan_group(
    request: LaunchRequest,
    network: LaunchNetwork | None,
    own_cidr: str | None,
    region: str,
    warnings: list[str],
    unread: DeniedError | None = None,
) -> GroupPlan | None:
    """The security group. An existing one is used as it is. Raises FieldError.

    If the login may not read the network, as ``unread`` says, a group can only be named by its id.
    """
    name = request.security_group.strip()
    if network is None and unread is not None:
        if name.startswith("sg-"):
            return GroupPlan(name, name, None, "not looked up")
        raise FieldError("security_group", f"Security groups cannot be looked up: {unread.summary}", _NAME_GROUP_ID)
    if network is None:
        return None
    if network.vpc_id is None:
        raise FieldError(
            "subnet_id",
            f"There is no default VPC in {region} to launch into.",
            "Create it (aws ec2 create-default-vpc), or name a subnet of another VPC.",
            code="VPCIdNotSpecified",
        )
    cidr = own_cidr if request.address is None else None
    if request.address:
        cidr = cidr_block(request.address)
    found = next((group for group in network.groups if name in (group.name, group.id)), None)
    if found is not None:
        if cidr is not None and not is_open_to(found, cidr):
            warnings.append(
                f"Security group {found.name} does not let {display_cidr(cidr)} in at port 22: "
                "ssh will not get through."
            )
        return GroupPlan(found.name, found.id, cidr, _ssh_access_text(found))
    if name != SSH_GROUP_NAME:
        names = join_words([group.name for group in network.groups[:6]])
        raise FieldError(
            "security_group",
            f"There is no security group {name} in this VPC.",
            f"There are {names}; or leave it at {SSH_GROUP_NAME}, which is created if it is missing.",
        )
    if cidr is None and request.address is None:
        raise FieldError(
            "address",
            "Your public address is not known, and port 22 is not opened to all addresses.",
            "Type the address from which you connect, such as 203.0.113.7; empty lets no address in.",
        )
    if cidr in ANYWHERE:
        warnings.append("Port 22 will be open to the whole internet.")
    if cidr is None:
        warnings.append("No address is let in at port 22: ssh will not get through.")
    words = f"created; port 22 from {display_cidr(cidr)} only" if cidr else "created; no address let in"
    return GroupPlan(name, None, cidr, "created; port 22 from anywhere" if cidr in ANYWHERE else words)


def _ssh_access_text(group: SecurityGroup) -> str:
    if not group.ssh_cidrs:
        return "no address let in at port 22"
    if any(block in ANYWHERE for block in group.ssh_cidrs):
        return "port 22 from anywhere"
    blocks = [display_cidr(block) for block in group.ssh_cidrs]
    more = f" and {len(blocks) - 2} more" if len(blocks) > 3 else ""
    return f"port 22 from {join_words(blocks[: 2 if more else 3])}{more} only"


def is_open_to(group: SecurityGroup, cidr: str) -> bool:
    """Whether a security group lets all of a CIDR block in at port 22."""
    import ipaddress

    wanted = ipaddress.ip_network(cidr)
    allowed = (ipaddress.ip_network(block, strict=False) for block in group.ssh_cidrs)
    return any(wanted.network_address in block and wanted.prefixlen >= block.prefixlen for block in allowed)


def display_cidr(cidr: str) -> str:
    return cidr.removesuffix("/32").removesuffix("/128")


def plan_zones(
    request: LaunchRequest,
    offering: list[str] | None,
    network: LaunchNetwork | None,
    type_exists: bool,
    errors: list[FieldError],
) -> dict[str, str]:
    """The zones to try, in order, each with the subnet to name (empty: the zone's default subnet).

    If the login may not see which zones offer the type, AWS chooses: one zone without a name.
    """
    if request.subnet_id and network is None:
        return {"": request.subnet_id}  # it may not be looked up, and decides the zone
    zones = _zone_subnets(network, request.subnet_id)
    subnets = network.subnets if network is not None else ()
    try:
        named = _resolve_zone(request, {*(subnet.zone for subnet in subnets), *(offering or ())})
    except NotFoundError as error:
        errors.append(FieldError("zone", error.summary, error.remedy))
        return {}
    if offering is None:
        known = zones or {named: request.subnet_id or ""}
        return {zone: subnet for zone, subnet in known.items() if named in ("", zone)}
    found = {zone: zones.get(zone, "") for zone in offering if zone in zones or not zones}
    if named:
        found = {zone: subnet for zone, subnet in found.items() if zone == named}
    if not found and type_exists:
        where_text = named or (f"the zone of {request.subnet_id}" if request.subnet_id else "any zone of this region")
        offers = f"It is offered in {join_words(offering)}." if offering else "Choose another type or region."
        errors.append(
            FieldError("zone" if request.zone else "type", f"{request.type} is not offered in {where_text}.", offers)
        )
    return found


def _zone_subnets(network: LaunchNetwork | None, subnet_id: str | None) -> dict[str, str]:
    """The zones with a default subnet (each with an empty id), or that of the named subnet with its id."""
    subnets = network.subnets if network is not None else ()
    if subnet_id:
        return {subnet.zone: subnet.id for subnet in subnets if subnet.id == subnet_id}
    return {subnet.zone: "" for subnet in subnets if subnet.is_default_for_zone}


def _resolve_zone(request: LaunchRequest, known: set[str]) -> str:
    """The requested zone, which is given by its name, its end or its letter; empty if none is. Raises NotFoundError."""
    if not request.zone or not known:
        return request.zone or ""
    found = find_zone(request.zone, known)
    if found == ALL_ZONES:
        raise NotFoundError(f"There is no zone {request.zone} here.", f"There are {join_words(sorted(known))}.")
    return found


def zone_prices(
    offering: Iterable[str] | None, network: LaunchNetwork | None, subnet_id: str | None, spot: Mapping[str, Decimal]
) -> tuple[ZonePrice, ...]:
    """The zones that a launch could use, cheapest first, those that do not offer the type last.

    ``offering`` None: not known which zones offer the type, all count as if they did.
    """
    zones = _zone_subnets(network, subnet_id)
    having = None if offering is None else set(offering)
    found = [ZonePrice(zone, spot.get(zone), having is None or zone in having) for zone in zones or having or set(spot)]
    return tuple(
        sorted(found, key=lambda one: (not one.is_offered, one.price is None, one.price or Decimal(0), one.zone))
    )


def sort_zones_by_price(zones: Mapping[str, str], prices: Iterable[ZonePrice]) -> dict[str, str]:
    """The zones (each with its subnet), cheapest first; those without a price last, in their order."""
    rank = {one.zone: at for at, one in enumerate(prices) if one.price is not None}
    return dict(sorted(zones.items(), key=lambda pair: rank.get(pair[0], len(rank))))


def no_spot_error(request: LaunchRequest, kind: InstanceType | None) -> FieldError | None:
    if not request.is_spot or kind is None or kind.spot:
        return None
    return FieldError(
        "market", f"AWS does not offer {kind.name} as a spot instance.", "Launch it on demand, or choose another type."
    )
