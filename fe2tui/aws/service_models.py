"""The part of AWS's service models that this program uses, cached between runs.

botocore describes EC2 in 4 MB of JSON for 800 operations, and the endpoints of 400 services in 1.2 MB more; reading
them takes longer than most calls. Our few operations fit in a small file in the cache folder. It is generated from
botocore's models for each version of botocore. Everything else is read from botocore's own models. User-supplied models
(``AWS_DATA_PATH``, ~/.aws/models) turn all of this off.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import botocore
from botocore.loaders import Loader

from fe2tui import paths

OPERATIONS: Mapping[str, tuple[str, ...]] = {
    "ec2": (
        "AuthorizeSecurityGroupIngress",
        "CancelSpotInstanceRequests",
        "CreateDefaultVpc",
        "CreateImage",
        "CreateKeyPair",
        "CreateSecurityGroup",
        "CreateTags",
        "DeleteKeyPair",
        "DeleteSnapshot",
        "DeleteTags",
        "DeregisterImage",
        "DescribeAddresses",
        "DescribeFleets",
        "DescribeImages",
        "DescribeInstanceAttribute",
        "DescribeInstanceImageMetadata",
        "DescribeInstanceTypeOfferings",
        "DescribeInstanceTypes",
        "DescribeInstanceStatus",
        "DescribeInstances",
        "DescribeKeyPairs",
        "DescribeRegions",
        "DescribeSecurityGroups",
        "DescribeSnapshots",
        "DescribeSpotFleetRequests",
        "DescribeSpotInstanceRequests",
        "DescribeSpotPriceHistory",
        "DescribeSubnets",
        "DescribeVolumes",
        "DescribeVpcs",
        "GetConsoleOutput",
        "GetConsoleScreenshot",
        "ImportKeyPair",
        "ModifyInstanceAttribute",
        "RebootInstances",
        "ReleaseAddress",
        "RevokeSecurityGroupIngress",
        "RunInstances",
        "StartInstances",
        "StopInstances",
        "TerminateInstances",
    ),
    "sts": ("AssumeRole", "AssumeRoleWithWebIdentity", "DecodeAuthorizationMessage", "GetCallerIdentity"),
    "ssm": ("GetParameters",),
    "pricing": ("GetProducts",),
    "cloudwatch": ("GetMetricData",),
}
_ENDPOINT_SERVICES = ("ec2", "sts", "ssm", "api.pricing", "monitoring", "portal.sso", "oidc", "signin")
_FILE_FORMAT = 1  # format version of our file
_MODEL_KINDS = ("service-2", "endpoint-rule-set-1")
_SHARED_FILES = ("endpoints", "partitions")


class SubsetLoader(Loader):
    def __init__(self, full: Loader) -> None:
        super().__init__()
        self._full = full
        self._models = _read_file()

    def load_service_model(self, service_name: str, type_name: str, api_version: str | None = None) -> Any:
        if service_name not in OPERATIONS or type_name not in _MODEL_KINDS or api_version is not None:
            return self._full.load_service_model(service_name, type_name, api_version)
        return self._model(f"{service_name}/{type_name}")

    def load_data_with_path(self, name: str) -> tuple[Any, str]:
        if name not in _SHARED_FILES:
            return self._full.load_data_with_path(name)
        return self._model(name), str(Path(self.BUILTIN_DATA_PATH, name))

    def prepare(self) -> None:
        """Generate our file if it is missing or from another botocore."""
        if not self._models:
            self._models = _build_subset(self._full)
            _write_file(self._models)

    def _model(self, name: str) -> Any:
        self.prepare()
        return self._models[name]


@lru_cache(maxsize=1)
def full_loader() -> Loader:
    return Loader()


@lru_cache(maxsize=1)
def subset_loader() -> SubsetLoader:
    return SubsetLoader(full_loader())


def can_use_subset(environ: Mapping[str, str] | None = None) -> bool:
    """Whether botocore's own models apply, and no user-supplied ones."""
    environ = os.environ if environ is None else environ
    return not environ.get("AWS_DATA_PATH") and not Path(Loader.CUSTOMER_DATA_PATH).is_dir()


def _cache_file() -> Path:
    return paths.cache_folder() / f"aws-operations-{botocore.__version__}.json"


def _version_key() -> str:
    return json.dumps([_FILE_FORMAT, botocore.__version__, OPERATIONS, _ENDPOINT_SERVICES])


def _read_file() -> dict[str, Any]:
    try:
        content = json.loads(_cache_file().read_bytes())
    except (OSError, ValueError):
        return {}
    return content["parts"] if isinstance(content, dict) and content.get("stamp") == _version_key() else {}


def _write_file(models: Mapping[str, Any]) -> None:
    try:
        file = _cache_file()
        half = file.with_suffix(f".{os.getpid()}")
        half.write_text(json.dumps({"stamp": _version_key(), "parts": models}, separators=(",", ":")), encoding="utf-8")
        half.replace(file)
    except OSError:
        return  # an unwritable disk only makes the next start slower


def _build_subset(full: Loader) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    for service, operations in OPERATIONS.items():
        parts[f"{service}/service-2"] = _subset_of(full.load_service_model(service, "service-2"), operations)
        parts[f"{service}/endpoint-rule-set-1"] = full.load_service_model(service, "endpoint-rule-set-1")
    parts["partitions"] = full.load_data("partitions")
    endpoints = full.load_data("endpoints")
    partitions = []
    for partition in endpoints["partitions"]:
        services = {key: value for key, value in partition["services"].items() if key in _ENDPOINT_SERVICES}
        partitions.append({**partition, "services": services})
    parts["endpoints"] = {**endpoints, "partitions": partitions}
    return parts


def _subset_of(model: Mapping[str, Any], operations: tuple[str, ...]) -> dict[str, Any]:
    used = {name: _without_documentation(model["operations"][name]) for name in operations}
    shapes: dict[str, Any] = {}
    wanted = list(_shapes_in(used))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = _without_documentation(model["shapes"][name])
            wanted += _shapes_in(shapes[name])
    rest = {key: model[key] for key in model if key not in ("operations", "shapes", "documentation", "examples")}
    return {**rest, "operations": used, "shapes": shapes}


def _without_documentation(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            key: _without_documentation(value)
            for key, value in part.items()
            if not (key in ("documentation", "documentationUrl") and isinstance(value, str))
        }
    return [_without_documentation(value) for value in part] if isinstance(part, list) else part


def _shapes_in(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        shape = part.get("shape")
        if isinstance(shape, str):
            yield shape
        for value in part.values():
            yield from _shapes_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from _shapes_in(value)
