"""The environment and the files of a client of the demo cloud: AWS configuration, credentials, our settings.

The profile `second` belongs to a second account with instances of its own. The profile `mfa` needs a one-time
code: six digits. 000000 is refused, as AWS refuses a wrong code.
"""

from __future__ import annotations

import base64
import configparser
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

ACCOUNT_ARN = "arn:aws:iam::123456789012"
MFA_SERIAL = f"{ACCOUNT_ARN}:mfa/demo"


@dataclass(frozen=True, slots=True)
class Keys:
    """The access keys of one demo cloud with their secrets: other users of the computer do not know them.

    The second belongs to another account.
    """

    access_key: str
    secret: str
    second_access_key: str
    second_secret: str

    @classmethod
    def new(cls) -> Keys:
        return cls(_new_access_key(), secrets.token_urlsafe(30), _new_access_key(), secrets.token_urlsafe(30))

    @classmethod
    def read(cls, folder: Path) -> Keys:
        """The keys that `write` has written."""
        file = configparser.ConfigParser(interpolation=None)
        file.read(_credentials(folder))
        names = ("aws_access_key_id", "aws_secret_access_key")
        return cls(*(file[profile][name] for profile in ("default", "second") for name in names))

    def secret_of(self, access_key: str) -> str | None:
        return {self.access_key: self.secret, self.second_access_key: self.second_secret}.get(access_key)

    @property
    def authorization(self) -> str:
        """The header `Authorization` of a request to the control address: HTTP's Basic with the first key."""
        return "Basic " + base64.b64encode(f"{self.access_key}:{self.secret}".encode()).decode()


def _new_access_key() -> str:
    # AWS's keys contain the number of their account, in base32. A 0 is no digit of base32: this one contains none.
    return "AKIAFE2TUI0" + base64.b32encode(secrets.token_bytes(6)).decode()[:9]


def environment(endpoint: str, folder: Path, region: str, keys: Keys) -> dict[str, str]:
    """The variables that make a client use the cloud.

    They set the profile and the file names so that the user's own AWS_PROFILE and ~/.aws have no effect.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": keys.access_key,
        "AWS_SECRET_ACCESS_KEY": keys.secret,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(folder / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(_credentials(folder)),
        "AWS_EC2_METADATA_DISABLED": "true",
        "FE2TUI_HOME": str(folder / "home"),
        **_without_proxy(),
    }


def _without_proxy() -> dict[str, str]:
    """The variables that keep calls to 127.0.0.1 from the user's proxy, if there is one."""
    names = {name.lower() for name, value in os.environ.items() if value}
    if not names & {"http_proxy", "https_proxy", "all_proxy"}:
        return {}
    others = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    exempt = ",".join(part for part in (others, "127.0.0.1") if part)
    return {"no_proxy": exempt, "NO_PROXY": exempt}


def _credentials(folder: Path) -> Path:
    return folder / "aws" / "credentials"


def write(folder: Path, endpoint: str, region: str, keys: Keys) -> None:
    """Writes the files that `environment` names, and `netrc` for curl, readable by their owner only."""
    aws = folder / "aws"
    config = folder / "home" / "config"
    for each in (folder, aws, config, folder / "home" / "data" / "keys"):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(
        _credentials(folder),
        f"[default]\naws_access_key_id = {keys.access_key}\naws_secret_access_key = {keys.secret}\n\n"
        f"[second]\naws_access_key_id = {keys.second_access_key}\naws_secret_access_key = {keys.second_secret}\n",
    )
    _write(
        aws / "config",
        f"[default]\nregion = {region}\noutput = json\n\n"
        "[profile second]\nregion = us-west-2\n\n"
        f"[profile role]\nrole_arn = {ACCOUNT_ARN}:role/demo\nsource_profile = default\nregion = {region}\n\n"
        f"[profile mfa]\nrole_arn = {ACCOUNT_ARN}:role/demo-mfa\nsource_profile = default\nregion = {region}\n"
        f"mfa_serial = {MFA_SERIAL}\n",
    )
    _write(config / "config.toml", f'address_url = "{endpoint}/demo/address"\n')
    _write(folder / "home" / "netrc", f"machine 127.0.0.1 login {keys.access_key} password {keys.secret}\n")


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
