"""Counts of people by kind with their total, ready to leave."""

from __future__ import annotations

from collections.abc import Mapping

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts


def publish_counts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Give counts of people by kind with their total, the small ones and those that would give them away withheld.

    Examples
    --------
    >>> publish_counts({"low": 90, "middle": 30, "high": 2})
    {'low': 90, 'middle': None, 'high': None, 'all': 122}
    """
    parts = [Count((name,), (cell,), value) for cell, (name, value) in enumerate(counts.items())]
    total = sum(counts.values())
    everybody = Count(("all",), tuple(range(len(parts))), total, is_fixed=total >= SMALLEST_CELL)
    hidden = withheld_counts([*parts, everybody])
    return {name: None if (name,) in hidden else value for name, value in [*counts.items(), ("all", total)]}
