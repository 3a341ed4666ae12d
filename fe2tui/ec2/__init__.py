"""The Python interface: ``EC2``, with one blocking method for each command of the shell (``_`` for ``-``).

In: names, ids or objects from the caller. Out: the model's frozen dataclasses, and errors as Fe2Error.
Each method runs a task of ``fe2tui.tasks`` on an event loop in a background thread (``client.BackgroundLoop``). So it
also works where a loop is running already (a notebook), and Ctrl-C cancels the task cleanly before it returns.

Begin with ``client`` (the loop, the session, what a method takes as a name), then ``instances``; ``notebook`` has the
lists and tables that print themselves.

    with EC2("Ohio") as e:
        base = e.launch("base", "ubuntu", 50, "m5.large")
        print(e.ip("base"))
        e.freeze("base")
        e.stop("base")
"""

from __future__ import annotations

from fe2tui.ec2.addresses import AddressMethods
from fe2tui.ec2.images import ImageMethods
from fe2tui.ec2.instances import InstanceMethods, SpotRequestMethods
from fe2tui.ec2.notebook import Lines
from fe2tui.ec2.prices import PriceMethods


class EC2(InstanceMethods, ImageMethods, SpotRequestMethods, AddressMethods, PriceMethods):
    """The instances, images, spot requests and Elastic IPs of one account in one region, and what they cost.

    ``region`` is an id or part of a region's name (``Ohio``). What is not given comes from the environment, config.toml
    and ~/.aws. A method that takes a name also takes an id, an object that a method returned, or one of boto3's; a
    method that takes several also takes lists of them. ``report`` is called with each ``Progress`` step, on the
    background thread. All errors are Fe2Error.
    """


__all__ = ["EC2", "Lines"]
