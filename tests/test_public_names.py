"""The names that programs may rely on: taking one away breaks somebody."""

from __future__ import annotations

import inspect
import subprocess
import sys

import fe2tui
from fe2tui import errors

PUBLIC = {
    *("EC2", "Fe2Error", "Fleet", "Image", "Instance", "LaunchRequest", "InstanceType", "Outcome", "Prices"),
    *("Progress", "State", "Volume"),
}
EXIT_CODES = {
    "Fe2Error": 1,
    "UsageError": 2,
    "FieldError": 2,
    "SettingError": 2,
    "NotFoundError": 3,
    "AmbiguousError": 3,
    "CredentialsError": 4,
    "NoCredentialsError": 4,
    "ExpiredError": 4,
    "MfaNeededError": 4,
    "ReadOnlyError": 1,
    "StoreError": 1,
    "AwsError": 1,
    "DeniedError": 1,
    "ThrottledError": 1,
    "CapacityError": 1,
    "NoCapacityError": 1,
    "StartAfterChangeError": 1,
    "QuotaError": 1,
    "StateError": 1,
    "ProtectedError": 1,
    "ClockError": 1,
    "UnreachableError": 1,
    "UnreadableError": 1,
    "UnknownResultError": 1,
    "MachineError": 1,
    "NoAddressError": 1,
    "UnansweredError": 1,
    "PermissionDeniedError": 1,
    "HostKeyChangedError": 1,
    "KeyFileError": 1,
    "PortTakenError": 1,
    "KeyNeedsPersonError": 1,
    "InterruptedByUser": 130,
}
METHODS = {
    *("region", "regions", "instances", "instance", "get_instance", "ip", "launch", "start", "stop", "reboot"),
    *("terminate", "connect", "close", "change_type", "amis", "ami", "get_ami", "freeze", "deregister"),
    *("price_demand", "price_hist", "types", "cost", "release"),
}


def test_the_package_offers_these_names_and_no_others() -> None:
    assert set(fe2tui.__all__) == PUBLIC
    assert all(hasattr(fe2tui, name) for name in PUBLIC)
    assert set(dir(fe2tui)) >= PUBLIC


def test_ec2_has_the_verbs_of_the_shell() -> None:
    assert set(dir(fe2tui.EC2)) >= METHODS


def test_every_error_is_an_fe2error_with_its_exit_code() -> None:
    found = {
        name: each.exit_code
        for name, each in vars(errors).items()
        if inspect.isclass(each) and issubclass(each, fe2tui.Fe2Error)
    }
    assert found == EXIT_CODES


def test_the_tree_in_the_errors_docstring_is_the_tree_there_is() -> None:
    assert errors.__doc__
    for name, code in EXIT_CODES.items():
        (line,) = [line for line in errors.__doc__.splitlines() if line.strip(" │├└─").split()[:1] == [name]]
        assert line.strip(" │├└─").split()[1] == str(code)


def test_importing_the_package_costs_next_to_nothing() -> None:
    code = "import sys; before = set(sys.modules); import fe2tui; print(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["fe2tui"]
