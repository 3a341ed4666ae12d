"""Images: what there is, and what can be done with them."""

from __future__ import annotations

from typing import Any

from fe2tui.aws import images as aws
from fe2tui.ec2.account import Account
from fe2tui.ec2.lines import Lines
from fe2tui.model.image import Image
from fe2tui.tasks.image_names import find_image


class Images(Account):
    """The images of one account in one region; see ``EC2``."""

    def amis(self) -> Lines[Image]:
        """The account's own images, newest first, pending ones too."""
        return Lines(self._do(lambda ctx: aws.own_images(ctx.session)))

    def ami(self, name: str | None = None, architecture: str = "x86_64") -> Image:
        """An image by id, own name, or word (ubuntu, amazon, debian, dlami: the newest), whatever its state.

        Without a name: the newest stable Ubuntu. ``architecture`` counts for words.

        Raises NotFoundError, AmbiguousError, UsageError (empty name).
        """
        return self._do(lambda ctx: find_image(ctx, name, architecture))

    def get_ami(self, name: str | None = None, architecture: str = "x86_64") -> Any:
        """boto3's own object of it (``ec2.Image``), with all its properties and methods; see ``ami``.

        When this EC2 may only read, its changing methods raise ReadOnlyError.
        """
        return self._boto3().Image(self.ami(name, architecture).id)
