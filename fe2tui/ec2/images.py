"""``EC2``'s methods about images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fe2tui.aws.ec2_fleets import with_ec2_fleet_types
from fe2tui.ec2.client import Client, Reference, confirm_effects, name_of, names_of
from fe2tui.ec2.notebook import Lines, outcome_lines
from fe2tui.model.freeze import FreezeWay
from fe2tui.model.image import Image
from fe2tui.model.image_filter import IMAGE_LANGUAGE, ImageScope
from fe2tui.model.instance import Instance, State
from fe2tui.model.instance_group import stop_sentences
from fe2tui.model.progress import Outcome
from fe2tui.tasks import deregister as removing
from fe2tui.tasks import freeze as freezing
from fe2tui.tasks.context import Context
from fe2tui.tasks.impact import Impact, deregister_impact
from fe2tui.tasks.names import find_image, find_instance, find_own_images
from fe2tui.tasks.read_fleet import read_images


class ImageMethods(Client):
    """The part of ``EC2`` about images."""

    def amis(self, filter: str = "") -> Lines[Image]:
        """The account's own images, newest first, pending ones included. ``filter`` is like ``arch:arm64 age>30d``.

        Raises FilterError.
        """
        query = IMAGE_LANGUAGE.parse_complete(filter)

        async def work(ctx: Context) -> list[Image]:
            fleet = await read_images(ctx, whole=bool(query.tests))
            scope = ImageScope(fleet, ctx.clock())
            return [one for one in fleet.images.values() if query.matches(one, scope)]

        return Lines(self._run(work))

    def ami(self, name: Reference | None = None, architecture: str = "x86_64") -> Image:
        """An image by its id, by the name of an own image, or by a word: ubuntu, amazon, debian, dlami (the newest).

        Without a name: the newest stable Ubuntu. ``architecture`` applies to words only. The image may be in any state.

        Raises NotFoundError, AmbiguousError, UsageError (empty name).
        """
        wanted = None if name is None else name_of(name)
        return self._run(lambda ctx: find_image(ctx, wanted, architecture))

    def get_ami(self, name: Reference | None = None, architecture: str = "x86_64") -> Any:
        """boto3's ``ec2.Image`` of the image that ``ami`` finds.

        If this EC2 is read-only, its methods that change something raise ReadOnlyError.
        """
        return self._boto3().Image(self.ami(name, architecture).id)

    def freeze(
        self,
        name: Reference,
        ami_name: str | None = None,
        *,
        way: FreezeWay = "reboot",
        wait: bool = False,
        yes: bool = False,
    ) -> Image:
        """Create an image of an instance, called ``ami_name`` or like the instance.

        If an image has the instance's name already, a number is added: look at ``name`` of the returned image. ``way``:
        "reboot" reboots the instance, "stop" stops it and starts it again, "no-reboot" leaves it running; "stop" asks
        first, as ``EC2.stop`` does, if AWS would replace the instance, unless ``yes``. With ``wait``, returns when the
        image is available. Raises FieldError (ami_name, way), and StateError with AWS's reason when the image fails.
        """
        wanted = name_of(name)

        async def read_warnings(ctx: Context) -> tuple[Instance, tuple[str, ...]]:
            instance = await find_instance(ctx, wanted)
            is_stopped = instance.state is State.STOPPED or ctx.session.read_only
            return instance, () if is_stopped else stop_sentences(await with_ec2_fleet_types(ctx.session, [instance]))

        if way == "stop" and not yes:
            instance, warnings = self._run(read_warnings)
            if warnings:
                confirm_effects(f"Stop {instance.label} for the image?", warnings, "No image was created.")

        async def work(ctx: Context) -> Image:
            instance = await find_instance(ctx, wanted)
            return await freezing.freeze(ctx, instance.id, ami_name, way=way, wait=wait)

        return self._run(work)

    def deregister(self, *names: Reference | Iterable[Reference]) -> Lines[Outcome]:
        """Deregister own images and delete the snapshots that no other image uses. Does not ask.

        No name is an error, never "all". Returns an Outcome for each; for a single image its error is raised instead.
        """
        wanted = names_of(names)

        async def work(ctx: Context) -> list[Outcome]:
            fleet = await read_images(ctx, whole=False, disabled=True)
            own = await find_own_images(ctx, fleet.images.values(), wanted)
            return await removing.deregister(ctx, [one.id for one in own])

        return outcome_lines(self._run(work))

    def deregister_impact(self, *names: Reference | Iterable[Reference]) -> Impact:
        """What ``deregister`` would destroy, keep and save; ``print`` shows it as ``fe2 deregister`` does."""
        wanted = names_of(names)

        async def work(ctx: Context) -> Impact:
            fleet = await read_images(ctx, disabled=True)
            return deregister_impact(fleet, await find_own_images(ctx, fleet.images.values(), wanted), ctx.clock())

        return self._run(work)
