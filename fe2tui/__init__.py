"""fe2tui: AWS EC2 computer management for regular folks.

``EC2`` is the Python interface; it returns the classes of ``model``. Each name below is imported on first use, so
importing this package costs next to nothing.

The rooms, and who imports whom (an arrow points to what is imported; import-linter enforces it)::

    cli ──► tui ──┐
     │            ├──► tasks ──► aws ──┐
     └────► ec2 ──┘      │ └──► ssh ──┤
                         └──► store ───┼──► model ──► errors
                 tui, tasks ──► chart ─┘
    demo ──► model          settings and paths: read by all but model and demo

    model     what there is: frozen dataclasses and pure functions
    store     what must outlive the program, in one SQLite file
    chart     spot price charts as text, SVG and CSV
    aws       the only room that calls AWS
    ssh       the only room that connects to instances
    tasks     what a person wants, from start to end: launch, freeze, terminate …
    ec2       the Python interface
    cli       the command ``fe2``
    tui       the dashboard
    demo      an EC2 of its own, in a process of its own, reached like AWS by an endpoint

The words, each for one thing, everywhere:

    instance       an EC2 instance; in sentences also *machine*
    volume         an EBS volume; in sentences also *disk*
    snapshot       an EBS snapshot
    image          an AMI
    type           an instance type, as m5.large; a family is the part before the dot
    zone           an availability zone; its letter is what follows the region: 2a
    location       one region, seen through one profile and endpoint
    fleet          everything that was read of a location, at one moment
    read           one look at AWS; a fleet comes of several, ``Problem`` says which of them failed
    state          EC2's state of an instance: pending, running, stopping, stopped, shutting-down, terminated
    launch         to make an instance: RunInstances, and all that it takes until ssh answers
    freeze         to make an image of an instance
    connect        to open a shell on an instance by ssh
    spot           bought at the spot price; otherwise *on demand*
    spot request   what EC2 keeps to launch a spot instance, or to start it again
    spot offer     what a type costs at the spot price now, in its cheapest zone
    protection     EC2 refuses to terminate an instance, or to stop it
    interrupted    stopped or terminated by AWS, to have the spot capacity back
    capacity       what AWS has free of a type in a zone
    usage          a time in which an instance ran, or a volume existed, at one price
    charge         dollars an hour, or a month, from one moment to another
    account        all usage of a location together, as AWS bills it
    alert          an instance that has run for long, or has cost much within 30 days
    idle address   an Elastic IP that is associated with nothing; in sentences *unused*
    elsewhere      the regions of the account that are not shown, as they were counted last
    impact         what a terminate, a deregister or a delete destroys, and what that costs or saves
    intent         a launch or a freeze, on the disk before the first call is sent
    task           one function in ``tasks``, and one run of it; it reports its *steps* as ``Progress``
    outcome        what a task did to one of the things it was given
    pane           a part of the main screen: instances, images, spot prices, details, activity
    list           the rows of a pane, filtered and sorted
    details        what is known of one row: beside the list, or over all the screen
    form           a window that asks for something before a task begins
    command        one row of the dashboard's table of keys, and one subcommand of ``fe2``
    action         what a dashboard command runs
    cache          what was read or computed, kept while it is valid
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
