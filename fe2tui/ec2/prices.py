"""What types there are, and what they and the account cost."""

from __future__ import annotations

from fe2tui.ec2.account import Account


class PricesAndTypes(Account):
    """The types of one region, their prices, and what the account spends; see ``EC2``."""
