"""How few people a figure may stand for before it is about someone (R-09). One number, for every room."""

from __future__ import annotations

SMALLEST_CELL = 5
"""Fewest people a count, a share, a leaf or a rank that leaves the store may stand for."""

SMALLEST_SECTOR_CELL = 10
"""The same where a group is made of people by their use of a sector's service."""


def shown_count(n: int) -> str:
    """Show a count of people, small ones only as such.

    >>> shown_count(3), shown_count(0), shown_count(12)
    ('<5', '0', '12')
    """
    return f"<{SMALLEST_CELL}" if 0 < n < SMALLEST_CELL else str(n)
