"""The lived-in account that a demo opens on."""

from __future__ import annotations

import os

from fe2tui.demo.account import SCENE_REGIONS, Account
from fe2tui.demo.extras import add_extras
from fe2tui.demo.rules_keys import add_key, new_key


def furnish(account: Account) -> None:
    """Makes what the options ask for, and writes the private key of the key pair `default`, readable by its owner only."""
    private, public = new_key("ed25519")
    path = account.folder / "home" / "data" / "keys" / "default.pem"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(private)
    for name in {*SCENE_REGIONS, account.options.region}:
        add_key(account.region(name), "default", public, {})
    region = account.region(account.options.region)
    newest = next(image for image in reversed(region.images.values()) if image.user == "ubuntu")
    add_extras(region, newest, public, account.options.extra)
