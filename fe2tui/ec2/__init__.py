"""EC2: the plain, blocking Python face for notebooks, the REPL and scripts.

The same methods as the shell's commands, with ``_`` for ``-``. They run the tasks on a background event loop, so they
work where a loop runs already (a notebook), and Ctrl-C ends what is being waited for, cleanly.

    with EC2("Ohio") as e:
        base = e.launch("base", "ubuntu", 50, "m5.large")
        print(e.ip("base"))
        e.freeze("base")
        e.stop("base")
"""

from __future__ import annotations

from fe2tui.ec2.images import ImageMethods
from fe2tui.ec2.instances import InstanceMethods, SpotRequestMethods
from fe2tui.ec2.notebook import Lines
from fe2tui.ec2.prices import PriceMethods


class EC2(InstanceMethods, ImageMethods, SpotRequestMethods, PriceMethods):
    """The machines, images and spot requests of one account in one region, and what they cost.

    ``region`` is an id or part of a region's name (``Ohio``); what is not said comes from the environment, config.toml
    and ~/.aws. Where a method takes a name, it also takes an id, an object that a method returned, or one of boto3's;
    where it takes several, lists of them too. ``report`` hears of each step that a method takes. Errors are Fe2Errors,
    in words.
    """


__all__ = ["EC2", "Lines"]
