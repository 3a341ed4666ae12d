"""The refusals of the demo cloud: AWS's own codes, messages and HTTP statuses."""

from __future__ import annotations


class Refusal(Exception):
    """A call refused as AWS refuses it: `code` and `message` in AWS's words, `status` the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


def missing(parameter: str) -> Refusal:
    """The refusal of a call that lacks a parameter."""
    return Refusal("MissingParameter", f"The request must contain the parameter {parameter}")


def invalid_value(message: str) -> Refusal:
    """The refusal of a parameter's value, in the given words."""
    return Refusal("InvalidParameterValue", message)


def not_found(kind: str, noun: str, ids: list[str]) -> Refusal:
    """`Invalid<kind>.NotFound`, in the singular or the plural."""
    if len(ids) == 1:
        return Refusal(f"{kind}.NotFound", f"The {noun} '{ids[0]}' does not exist")
    return Refusal(f"{kind}.NotFound", f"The {noun}s '{', '.join(ids)}' do not exist")
