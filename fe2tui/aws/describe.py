"""AWS's replies as our model: the large ones from their XML, the others from the library's dictionaries."""

from __future__ import annotations

from fe2tui.model.instance import Instance


class InstanceReader:
    """DescribeInstances (and RunInstances) XML as instances; one that did not change since is the same object.

    One reader a region; ``parse`` is safe to run in a thread, one call at a time.
    """

    def parse(self, body: bytes) -> tuple[list[Instance], str | None]:
        """One page: its instances and the token of the next page. Raises UnreachableError if it is not such a reply."""
        raise NotImplementedError
