"""Which shares of missing values may be told by municipality: withheld together with what would give them away (R-09).

A reader knows how many people each municipality has, and for how many of everybody a feature is unknown. The last municipality is then
the whole less the others. Where a record stands for the use of a sector's service, *unknown* means that there was no contact: ten people
is the least.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_SECTOR_CELL, withheld_cells

Counts = NDArray[np.int64]


def told_shares(
    n_missing: Mapping[str, int], n_people: Mapping[str, int], *, all_missing: int, all_people: int, minimum: int = SMALLEST_SECTOR_CELL
) -> dict[str, float]:
    """Give the shares of missing values of one feature that may be told, by municipality.

    Parameters
    ----------
    n_missing, n_people
        Municipality -> people without a value, and people; of those that could be told of, nobody in two.
    all_missing, all_people
        The same of everybody. Who is in none of the municipalities is guarded like one of them.

    Notes
    -----
    That nobody, or everybody, lacks a value is a small number too: it says something about each of them. Counts of those who lack a value
    and of those who have one are protected by turns until neither takes anything more. So few others that they could never be guarded alone
    are hidden together with the smallest municipalities.

    Examples
    --------
    Of the 4 in `a` a reader would learn from the whole, so the smallest other goes too:

    >>> told_shares({"a": 4, "b": 40, "c": 15}, {"a": 60, "b": 90, "c": 70}, all_missing=59, all_people=220)
    {'b': 0.444}
    """
    told = sorted(n_people, key=lambda place: (n_people[place], place))
    rest_missing, rest = all_missing - sum(n_missing.values()), all_people - sum(n_people.values())
    while told and 0 < rest < 2 * minimum:
        place = told.pop(0)
        rest_missing, rest = rest_missing + n_missing[place], rest + n_people[place]
    others = [rest] if rest else []
    hidden = _withheld(
        np.array([*(n_missing[place] for place in told), *([rest_missing] if rest else [])], dtype=np.int64),
        np.array([*(n_people[place] for place in told), *others], dtype=np.int64),
        already=np.array([False] * len(told) + [True] * len(others)),
        minimum=minimum,
    )
    return {place: round(n_missing[place] / n_people[place], 3) for place, gone in zip(told, hidden, strict=False) if not gone}


def _withheld(n_missing: Counts, n_people: Counts, *, already: NDArray[np.bool_], minimum: int) -> NDArray[np.bool_]:
    hidden = np.asarray(already, dtype=bool)
    while True:
        before = hidden
        for counts in (n_missing, n_people - n_missing):
            hidden = withheld_cells(counts, at_most=n_people, already=hidden, minimum=minimum, zero_is_small=True)
        if (hidden == before).all():
            return hidden
