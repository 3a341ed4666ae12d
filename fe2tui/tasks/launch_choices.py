"""The choices inside a launch plan: which key, which security group, which zones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fe2tui.aws.network import SecurityGroup
from fe2tui.errors import FieldError, NotFoundError
from fe2tui.model.launch import LaunchRequest, dash_error
from fe2tui.model.price_hist import EVERY_ZONE, zone_named
from fe2tui.model.words import listed
from fe2tui.tasks.keys import DEFAULT_NAME, AccountKey, KeyOffer, OwnKey, shown_path
from fe2tui.tasks.lookups import Network, as_block

SSH_GROUP = "ssh"
ANYBODY = ("0.0.0.0/0", "::/0")


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """What will be done for the key; ``words`` say where it is (``in ~/.ssh/id_ed25519``) or where it comes from."""

    name: str
    action: Literal["use", "import", "create"]
    words: str
    private_key: Path | None = None
    own: OwnKey | None = None


@dataclass(frozen=True, slots=True)
class GroupPlan:
    """What will be done for the security group. ``id`` is None if it will be made; ``cidr`` who will reach port 22."""

    name: str
    id: str | None
    cidr: str | None
    words: str  # "port 22 from 203.0.113.7 only"


def chosen_key(
    request: LaunchRequest,
    offer: KeyOffer | None,
    key_file: Path | None,
    region: str,
    errors: list[FieldError],
    warnings: list[str],
) -> KeyPlan | None:
    """The key, or None with its error."""
    try:
        if request.key_action == "create":
            name = _free_name(request.key_name or DEFAULT_NAME, offer)
            return KeyPlan(name, "create", "made by this launch, kept on this computer only")
        if request.key_action == "import" and (there := _imported(request, offer)) is not None:
            return KeyPlan(there.name, "use", there.words, there.private_key or key_file)
        if request.key_action == "import":
            own = _own(request, offer)
            name = _free_name(request.key_name or own.name, offer)
            return KeyPlan(name, "import", f"imported from {own.source}", own=own)
        if request.key_action != "use":
            raise FieldError("key_action", f"“{request.key_action}” is not a thing to do.", "use, import or create.")
        if offer is None and request.key_name:
            return KeyPlan(request.key_name, "use", "not looked up")
        key = _present(request, offer or KeyOffer(), region)
        if not key.is_usable:
            if key_file is None:
                raise _not_here(key)
            warnings.append(f"The private half of {key.name} was not found; {shown_path(key_file)} will be tried.")
        return KeyPlan(key.name, "use", key.words, key.private_key or key_file)
    except FieldError as error:
        errors.append(error)
        return None


def _free_name(name: str, offer: KeyOffer | None) -> str:
    if error := dash_error("key_name", name):
        raise error
    if offer is not None and (taken := offer.named(name)):
        raise FieldError(
            "key_name",
            f"The account has a key pair {name} already ({taken.words}).",
            "Use it, or choose another name." if taken.is_usable else "Choose another name.",
        )
    return name


def _imported(request: LaunchRequest, offer: KeyOffer | None) -> AccountKey | None:
    """The key pair that makes importing needless: of the name asked for, or one whose private half is here."""
    name = request.key_name or (offer.preferred if offer is not None else None)
    found = offer.named(name) if offer is not None and name else None
    if found is None or not found.is_usable:
        return None
    return None if offer is not None and _importable(request, offer) and request.key_public else found


def _importable(request: LaunchRequest, offer: KeyOffer) -> OwnKey | None:
    wanted = request.key_public
    own = (key for key in offer.importable if wanted is None or key.public.split()[:2] == wanted.split()[:2])
    return next(own, None)


def _own(request: LaunchRequest, offer: KeyOffer | None) -> OwnKey:
    found = _importable(request, offer) if offer is not None else None
    if found is None:
        raise FieldError("key_name", "There is no public key here that could be imported.", "Create one.")
    return found


def _present(request: LaunchRequest, offer: KeyOffer, region: str) -> AccountKey:
    name = request.key_name or offer.preferred
    key = offer.named(name) if name else None
    if key is not None:
        return key
    if name:
        raise FieldError("key_name", f"The account has no key pair {name} in {region}.", _ways(offer))
    if not offer.account:
        raise FieldError("key_name", f"The account has no key pair in {region}.", _ways(offer))
    names = listed([each.name for each in offer.account[:5]])
    raise FieldError(
        "key_name", f"No key pair of the account can be used from this computer: not {names}.", _ways(offer)
    )


def _ways(offer: KeyOffer) -> str:
    usable = [each.name for each in offer.account if each.is_usable]
    ways = [f"choose {listed(usable[:5], 'or')}"] if usable else []
    ways += [f"import {offer.importable[0].source}"] if offer.importable else []
    ways += ["create one"]
    words = listed(ways, "or")
    return f"{words[0].upper()}{words[1:]}."


def _not_here(key: AccountKey) -> FieldError:
    files = listed([shown_path(path) for path in key.looked_for], "or")
    looked = f": it is not in {files}, nor under another name in ~/.ssh, nor in ssh-agent" if files else ""
    return FieldError(
        "key_name",
        f"The private half of key pair {key.name} is not on this computer{looked}.",
        "Put it there, name its file as key_file in config.toml, or choose another key pair: without it nobody here "
        "could log in.",
    )


def chosen_group(
    request: LaunchRequest,
    where: Network | None,
    looked_up: str | None,
    region: str,
    errors: list[FieldError],
    warnings: list[str],
) -> GroupPlan | None:
    """The security group, or None with its error. An existing group is used as it is."""
    if where is None:
        return None
    try:
        if where.vpc_id is None:
            raise FieldError(
                "subnet_id",
                f"{region} has no default network (VPC) to launch into.",
                "Create it (aws ec2 create-default-vpc), or name a subnet of another network.",
                code="VPCIdNotSpecified",
            )
        cidr = as_block(request.address) if request.address else None
        return _group(request, where, cidr or (looked_up if request.address is None else None), warnings)
    except FieldError as error:
        errors.append(error)
        return None


def _group(request: LaunchRequest, where: Network, cidr: str | None, warnings: list[str]) -> GroupPlan:
    name = request.security_group.strip()
    found = next((group for group in where.groups if name in (group.name, group.id)), None)
    if found is not None:
        if cidr is not None and not is_open_to(found, cidr):
            warnings.append(
                f"Security group {found.name} does not let {bare_block(cidr)} in at port 22: ssh will not get through."
            )
        return GroupPlan(found.name, found.id, cidr, _open_words(found))
    if name != SSH_GROUP:
        names = listed([group.name for group in where.groups[:6]])
        raise FieldError(
            "security_group",
            f"There is no security group “{name}” in this network.",
            f"There are {names}; or leave it at {SSH_GROUP}, which is made if it is missing.",
        )
    if cidr is None and request.address is None:
        raise FieldError(
            "address",
            "Your own address was not found out, and port 22 is not opened to everybody.",
            "Type the address that ssh will come from, such as 203.0.113.7; empty lets nobody in.",
        )
    if cidr in ANYBODY:
        warnings.append("Port 22 will be open to the whole internet.")
    if cidr is None:
        warnings.append("Nobody is let in at port 22: ssh will not get through.")
    words = f"made; port 22 from {bare_block(cidr)} only" if cidr else "made; nobody let in"
    return GroupPlan(name, None, cidr, "made; port 22 from anywhere" if cidr in ANYBODY else words)


def _open_words(group: SecurityGroup) -> str:
    if not group.ssh_from:
        return "nobody let in at port 22"
    if any(block in ANYBODY for block in group.ssh_from):
        return "port 22 from anywhere"
    blocks = [bare_block(block) for block in group.ssh_from]
    more = f" and {len(blocks) - 2} more" if len(blocks) > 3 else ""
    return f"port 22 from {listed(blocks[: 2 if more else 3])}{more} only"


def is_open_to(group: SecurityGroup, cidr: str) -> bool:
    """Whether all of a block may reach port 22."""
    import ipaddress

    wanted = ipaddress.ip_network(cidr)
    for block in group.ssh_from:
        allowed = ipaddress.ip_network(block, strict=False)
        if isinstance(wanted, ipaddress.IPv4Network) and isinstance(allowed, ipaddress.IPv4Network):
            if wanted.subnet_of(allowed):
                return True
        elif (
            isinstance(wanted, ipaddress.IPv6Network)
            and isinstance(allowed, ipaddress.IPv6Network)
            and wanted.subnet_of(allowed)
        ):
            return True
    return False


def bare_block(cidr: str) -> str:
    """A CIDR block as people write it: an address alone is no block."""
    return cidr.removesuffix("/32").removesuffix("/128")


def chosen_zones(
    request: LaunchRequest,
    offering: list[str] | None,
    where: Network | None,
    type_exists: bool,
    errors: list[FieldError],
) -> dict[str, str]:
    """The zones to try in their order, each with the subnet to name there (empty: the zone's default one).

    Where it may not be known which zones offer the type there is one, without a name: AWS chooses.
    """
    subnets = where.subnets if where is not None else ()
    if request.subnet_id:
        zones = {subnet.zone: subnet.id for subnet in subnets if subnet.id == request.subnet_id}
    else:
        zones = {subnet.zone: "" for subnet in subnets if subnet.default_for_zone}
    try:
        named = _zone_meant(request, {*(subnet.zone for subnet in subnets), *(offering or ())})
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
        place = named or (f"the zone of {request.subnet_id}" if request.subnet_id else "any zone of this region")
        offers = f"It is on offer in {listed(offering)}." if offering else "Choose another type or region."
        errors.append(
            FieldError("zone" if request.zone else "type", f"{request.type} is not on offer in {place}.", offers)
        )
    return found


def _zone_meant(request: LaunchRequest, known: set[str]) -> str:
    """The name of the zone that is asked for by its name, its end or its letter; empty where none is.

    Raises NotFoundError.
    """
    if not request.zone or not known:
        return request.zone or ""
    found = zone_named(request.zone, known)
    if found == EVERY_ZONE:
        raise NotFoundError(f"There is no zone {request.zone} here.", f"There are {listed(sorted(known))}.")
    return found
