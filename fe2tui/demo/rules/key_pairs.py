"""Key pairs: created, imported, listed, deleted."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, operation
from fe2tui.demo.describe import Getter, matcher
from fe2tui.demo.errors import ApiError, find, invalid_value, missing_parameter
from fe2tui.demo.protocols import tag_set, truth
from fe2tui.demo.records import KeyPair
from fe2tui.demo.rules.tags import requested_tags

_FILTERS: dict[str, Getter] = {
    "key-pair-id": lambda key: key.id,
    "fingerprint": lambda key: key.fingerprint,
    "key-name": lambda key: key.name,
    "key-type": lambda key: key.type,
}
_TYPES = {"ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}


def new_key(key_type: str) -> tuple[str, str]:
    """A new ed25519 or rsa key: (private key in OpenSSH's or PKCS#1 form, public key as an OpenSSH line)."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if key_type == "ed25519":
        key, style = ed25519.Ed25519PrivateKey.generate(), form.PrivateFormat.OpenSSH
    else:
        key, style = rsa.generate_private_key(65537, 2048), form.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(form.Encoding.PEM, style, form.NoEncryption()).decode()
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    return private, public


def _type_of(public_key: str) -> str:
    algorithm, blob = (*public_key.split(), "", "")[:2]
    head = len(algorithm).to_bytes(4, "big") + algorithm.encode()
    with suppress(binascii.Error):
        if algorithm in _TYPES and base64.b64decode(blob, validate=True).startswith(head):
            return _TYPES[algorithm]
    raise ApiError("InvalidKey.Format", "Key is not in valid OpenSSH public key format")


def _fingerprint(public_key: str, key_type: str) -> str:
    """As EC2 shows it: SHA-256 in base64 for ed25519, MD5 in hex for imported rsa keys."""
    blob = base64.b64decode(public_key.split()[1])
    if key_type == "ed25519":
        return base64.b64encode(hashlib.sha256(blob).digest()).decode()
    digits = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digits[at : at + 2] for at in range(0, 32, 2))


def add_key(region: Region, name: str, public_key: str, tags: Mapping[str, str]) -> KeyPair:
    """Adds a key pair. Raises ApiError if the name is taken or the key is not valid."""
    if not name:
        raise missing_parameter("KeyName")
    if len(name) > 255 or not name.isprintable():
        raise invalid_value("Invalid value for keyName.")
    if name in region.key_pairs:
        raise ApiError("InvalidKeyPair.Duplicate", f"The keypair '{name}' already exists.")
    key_type = _type_of(public_key)
    fingerprint, line = _fingerprint(public_key, key_type), " ".join(public_key.split())
    key = KeyPair(*region.identity("key"), name, key_type, fingerprint, line, region.now, tags=dict(tags))
    region.key_pairs[name] = key
    return key


def _description(key: KeyPair) -> dict[str, Any]:
    tags = tag_set(key.tags)
    return {"keyPairId": key.id, "keyName": key.name, "keyFingerprint": key.fingerprint, "tagSet": tags}


@operation("DescribeKeyPairs")
def describe_key_pairs(call: Call) -> Mapping[str, Any]:
    keys = list(call.region.key_pairs.values())
    names, ids = call.texts("KeyName"), call.texts("KeyPairId")
    for name in names:
        find(call.region.key_pairs, name, "InvalidKeyPair", "key pair")
    for identity in ids:
        find({key.id: key for key in keys}, identity, "InvalidKeyPair", "key pair")
    if names or ids:
        keys = [key for key in keys if key.name in names or key.id in ids]
    matches = matcher(call.params.get("Filter"), _FILTERS)
    public = truth(call.params.get("IncludePublicKey"))
    return {
        "keySet": [
            {
                **_description(key),
                "keyType": key.type,
                "createTime": key.created_at,
                "publicKey": f"{key.public_key} {key.name}" if public else None,
            }
            for key in keys
            if matches(key)
        ]
    }


@operation("CreateKeyPair")
def create_key_pair(call: Call) -> Mapping[str, Any]:
    """Only this reply has the private key."""
    key_type = call.text("KeyType", "rsa")
    if key_type not in ("rsa", "ed25519"):
        raise invalid_value(f"Invalid value '{key_type}' for keyType.")
    private, public = new_key(key_type)
    key = add_key(call.region, call.text("KeyName"), public, requested_tags(call.params, "key-pair"))
    return {**_description(key), "keyMaterial": private}


@operation("ImportKeyPair")
def import_key_pair(call: Call) -> Mapping[str, Any]:
    try:
        public = base64.b64decode(call.text("PublicKeyMaterial")).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ApiError("InvalidKey.Format", "Key is not in valid OpenSSH public key format") from None
    return _description(add_key(call.region, call.text("KeyName"), public, requested_tags(call.params, "key-pair")))


@operation("DeleteKeyPair")
def delete_key_pair(call: Call) -> Mapping[str, Any]:
    """An unknown key pair is no error, as at EC2."""
    for key in list(call.region.key_pairs.values()):
        if key.name == call.text("KeyName") or key.id == call.text("KeyPairId"):
            del call.region.key_pairs[key.name]
            return {"return": True, "keyPairId": key.id}
    return {"return": True}
