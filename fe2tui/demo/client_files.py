"""The environment and the files of a client of the demo cloud: AWS configuration, credentials, our settings.

The profile `mfa` needs a one-time code: six digits. 000000 is refused, as AWS refuses a wrong code.
"""

from __future__ import annotations

import os
from pathlib import Path

ACCESS_KEY = "AKIAFE2TUIDEMO000001"
SECRET_KEY = "demo/secret+of/no+value/anywhere+else000"
SECOND_ACCESS_KEY = "AKIAFE2TUIDEMO000002"
ACCOUNT_ARN = "arn:aws:iam::123456789012"
MFA_SERIAL = f"{ACCOUNT_ARN}:mfa/demo"


def environment(endpoint: str, folder: Path, region: str) -> dict[str, str]:
    """The variables that make a client use the cloud.

    They set the profile and the file names so that the user's own AWS_PROFILE and ~/.aws have no effect.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_PROFILE": "default",
        "AWS_CONFIG_FILE": str(folder / "aws" / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "aws" / "credentials"),
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


def write(folder: Path, endpoint: str, region: str) -> None:
    """Writes the files that `environment` names, readable by their owner only."""
    aws = folder / "aws"
    config = folder / "home" / "config"
    for each in (folder, aws, config, folder / "home" / "data" / "keys"):
        each.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(
        aws / "credentials",
        f"[default]\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n\n"
        f"[second]\naws_access_key_id = {SECOND_ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n",
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


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
