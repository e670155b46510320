"""How few people a figure may stand for before it is about someone (R-09). One number, for every room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def withheld_cells(
    counts: NDArray[np.int64],
    *,
    at_most: NDArray[np.int64] | None = None,
    already: NDArray[np.bool_] | None = None,
    minimum: int = SMALLEST_CELL,
    zero_is_small: bool = False,
) -> NDArray[np.bool_]:
    """Say which cells of a list to withhold whose total is told, so that no count from 1 to `minimum` - 1 can be read or recomputed.

    Small counts are withheld, and then the smallest others, until the total less what is shown leaves each small one a range at least as
    wide as `minimum`. Where everything has to go, the total is a small number itself: then it may not be told either.

    Parameters
    ----------
    counts
        Disjoint counts of people, shape (n_cells,).
    at_most
        A count that is told of each cell and bounds this one, such as the people of whom these are some, shape (n_cells,).
    already
        Cells that are withheld for another reason, shape (n_cells,).
    zero_is_small
        Whether that there is nobody may not be told either: of a share, that says something about every single one.

    Examples
    --------
    The three would be the total less 40 and 12, so the 12 go too:

    >>> withheld_cells(np.array([3, 40, 12])).tolist()
    [True, False, True]
    """
    small = np.asarray((counts >= (0 if zero_is_small else 1)) & (counts < minimum))
    hidden = small if already is None else small | already
    hidden = hidden.copy()
    while small.any() and not hidden.all() and _narrowest(counts, at_most, hidden, small) < minimum:
        shown = np.flatnonzero(~hidden)
        helpful = shown[counts[shown] > 0] if (counts[shown] > 0).any() else shown
        hidden[helpful[np.argmin(counts[helpful])]] = True
    return hidden


def _narrowest(counts: NDArray[np.int64], at_most: NDArray[np.int64] | None, hidden: NDArray[np.bool_], small: NDArray[np.bool_]) -> int:
    """Width of the narrowest range that total, shown counts and bounds leave a small count."""
    total = int(counts[hidden].sum())
    if at_most is None:
        return total
    least = np.maximum(0, total - (at_most[hidden].sum() - at_most[small]))
    return int((np.minimum(total, at_most[small]) - least).min())
