"""The errors that calls get: AWS's own codes, messages and HTTP statuses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

Item = TypeVar("Item")


class ApiError(Exception):
    """An error reply: `code` and `message` in AWS's words, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def missing_parameter(name: str) -> ApiError:
    return ApiError("MissingParameter", f"The request must contain the parameter {name}")


def invalid_value(message: str) -> ApiError:
    return ApiError("InvalidParameterValue", message)


def unsupported(message: str) -> ApiError:
    return ApiError("UnsupportedOperation", message)


def not_permitted(message: str) -> ApiError:
    return ApiError("OperationNotPermitted", message)


def invalid_combination(message: str) -> ApiError:
    return ApiError("InvalidParameterCombination", message)


def find(records: Mapping[str, Item], identity: str, kind: str, noun: str) -> Item:
    """The record of that id. Raises ApiError `<kind>.NotFound`."""
    if identity not in records:
        raise not_found(kind, noun, [identity])
    return records[identity]


def not_found(kind: str, noun: str, ids: list[str]) -> ApiError:
    """`<kind>.NotFound`, with the noun in the singular or the plural."""
    if len(ids) == 1:
        return ApiError(f"{kind}.NotFound", f"The {noun} '{ids[0]}' does not exist")
    return ApiError(f"{kind}.NotFound", f"The {noun}s '{', '.join(ids)}' do not exist")
