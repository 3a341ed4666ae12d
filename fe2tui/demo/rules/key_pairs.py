"""Key pairs: created, imported, listed, deleted."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any

from fe2tui.demo.account import Region
from fe2tui.demo.api import Call, answers
from fe2tui.demo.errors import Refusal, invalid_value, missing
from fe2tui.demo.lists import Getter, matcher
from fe2tui.demo.protocols import tag_set, truth
from fe2tui.demo.records import KeyPair
from fe2tui.demo.rules.tags import asked_tags

_FILTERS: dict[str, Getter] = {
    "key-pair-id": lambda key: key.id,
    "fingerprint": lambda key: key.fingerprint,
    "key-name": lambda key: key.name,
    "key-type": lambda key: key.kind,
}


def new_key(kind: str) -> tuple[str, str]:
    """(private key in OpenSSH's or PKCS#1 form, public key line) of a fresh ed25519 or rsa key."""
    from cryptography.hazmat.primitives import serialization as form
    from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

    key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
    if kind == "ed25519":
        key, style = ed25519.Ed25519PrivateKey.generate(), form.PrivateFormat.OpenSSH
    else:
        key, style = rsa.generate_private_key(65537, 2048), form.PrivateFormat.TraditionalOpenSSL
    private = key.private_bytes(form.Encoding.PEM, style, form.NoEncryption()).decode()
    public = key.public_key().public_bytes(form.Encoding.OpenSSH, form.PublicFormat.OpenSSH).decode()
    return private, public


def _kind_of(public_key: str) -> str:
    words = public_key.split()
    kinds = {"ssh-rsa": "rsa", "ssh-ed25519": "ed25519"}
    if len(words) < 2 or words[0] not in kinds:
        raise Refusal("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
    try:
        blob = base64.b64decode(words[1], validate=True)
    except binascii.Error:
        blob = b""
    if not blob.startswith(len(words[0]).to_bytes(4, "big") + words[0].encode()):
        raise Refusal("InvalidKey.Format", "Key is not in valid OpenSSH public key format")
    return kinds[words[0]]


def _fingerprint(public_key: str, kind: str) -> str:
    """SHA-256 in base64 for ed25519, MD5 in hex for imported rsa keys, as EC2 shows them."""
    blob = base64.b64decode(public_key.split()[1])
    if kind == "ed25519":
        return base64.b64encode(hashlib.sha256(blob).digest()).decode()
    digits = hashlib.md5(blob, usedforsecurity=False).hexdigest()
    return ":".join(digits[at : at + 2] for at in range(0, 32, 2))


def add_key(region: Region, name: str, public_key: str, tags: Mapping[str, str]) -> KeyPair:
    """Enters a key pair. Raises Refusal when the name is in use or the key is none."""
    if not name:
        raise missing("KeyName")
    if len(name) > 255 or not name.isprintable():
        raise invalid_value("Invalid value for keyName.")
    if name in region.keys:
        raise Refusal("InvalidKeyPair.Duplicate", f"The keypair '{name}' already exists.")
    kind = _kind_of(public_key)
    key = KeyPair(
        region.serial(),
        region.new_id("key"),
        name,
        kind,
        _fingerprint(public_key, kind),
        " ".join(public_key.split()),
        region.now,
        dict(tags),
    )
    region.keys[name] = key
    return key


def _shown(key: KeyPair) -> dict[str, Any]:
    return {
        "keyPairId": key.id,
        "keyName": key.name,
        "keyFingerprint": key.fingerprint,
        "tagSet": tag_set(key.tags),
    }


@answers("DescribeKeyPairs")
def describe_key_pairs(call: Call) -> Mapping[str, Any]:
    """All, or those of the names or ids; an unknown one is refused."""
    keys = list(call.region.keys.values())
    names, ids = call.texts("KeyName"), call.texts("KeyPairId")
    for name in names:
        if name not in call.region.keys:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")
    for identity in ids:
        if all(key.id != identity for key in keys):
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{identity}' does not exist")
    if names or ids:
        keys = [key for key in keys if key.name in names or key.id in ids]
    matches = matcher(call.params.get("Filter"), _FILTERS)
    public = truth(call.params.get("IncludePublicKey"))
    return {
        "keySet": [
            {
                **_shown(key),
                "keyType": key.kind,
                "createTime": key.created_at,
                "publicKey": f"{key.public_key} {key.name}" if public else None,
            }
            for key in keys
            if matches(key)
        ]
    }


@answers("CreateKeyPair")
def create_key_pair(call: Call) -> Mapping[str, Any]:
    """The private key is in this reply and nowhere else."""
    kind = call.text("KeyType", "rsa")
    if kind not in ("rsa", "ed25519"):
        raise invalid_value(f"Invalid value '{kind}' for keyType.")
    name = call.text("KeyName")
    if name in call.region.keys:
        raise Refusal("InvalidKeyPair.Duplicate", f"The keypair '{name}' already exists.")
    private, public = new_key(kind)
    key = add_key(call.region, name, public, asked_tags(call.params, "key-pair"))
    return {**_shown(key), "keyMaterial": private}


@answers("ImportKeyPair")
def import_key_pair(call: Call) -> Mapping[str, Any]:
    """Takes a public key in OpenSSH's form."""
    try:
        public = base64.b64decode(call.text("PublicKeyMaterial")).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise Refusal("InvalidKey.Format", "Key is not in valid OpenSSH public key format") from None
    return _shown(add_key(call.region, call.text("KeyName"), public, asked_tags(call.params, "key-pair")))


@answers("DeleteKeyPair")
def delete_key_pair(call: Call) -> Mapping[str, Any]:
    """One that does not exist is no error, as at EC2."""
    for key in list(call.region.keys.values()):
        if key.name == call.text("KeyName") or key.id == call.text("KeyPairId"):
            del call.region.keys[key.name]
            return {"return": True, "keyPairId": key.id}
    return {"return": True}
