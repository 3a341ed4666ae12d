"""fe2tui: AWS EC2 computer management for regular folks.

``EC2`` is the plain Python face; the model's classes are what it returns. Each name is loaded on first use, so that
importing this package costs next to nothing.
"""

TYPE_CHECKING = False  # typing's own, without the time that importing typing takes

if TYPE_CHECKING:
    from fe2tui.ec2 import EC2
    from fe2tui.errors import Fe2Error
    from fe2tui.model.fleet import Fleet, Prices
    from fe2tui.model.image import Image
    from fe2tui.model.instance import Instance, State
    from fe2tui.model.instance_type import InstanceType
    from fe2tui.model.launch import LaunchRequest
    from fe2tui.model.progress import Outcome, Progress
    from fe2tui.model.volume import Volume

_HOMES = {
    "EC2": "ec2",
    "Fe2Error": "errors",
    "Fleet": "model.fleet",
    "Image": "model.image",
    "Instance": "model.instance",
    "InstanceType": "model.instance_type",
    "LaunchRequest": "model.launch",
    "Outcome": "model.progress",
    "Prices": "model.fleet",
    "Progress": "model.progress",
    "State": "model.instance",
    "Volume": "model.volume",
}

__all__ = [
    "EC2",
    "Fe2Error",
    "Fleet",
    "Image",
    "Instance",
    "InstanceType",
    "LaunchRequest",
    "Outcome",
    "Prices",
    "Progress",
    "State",
    "Volume",
]


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return [*globals(), *__all__]
