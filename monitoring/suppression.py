"""Keep small numbers of people out of every table that leaves, also by subtraction (R-09).

A table is a list of counts, each the sum of some disjoint cells of people. Counts under the minimum are withheld. Then the table
is attacked: for every count that must stay unknown, a linear program finds the least and the greatest value that the counts still shown
allow. While that range is narrower than the minimum, one of the counts that pins it down is withheld as well. What is
published has therefore survived the attack, whatever the shape of the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

MINIMUM = 5
"""Fewest people a published count may stand for."""

MINIMUM_SECTOR_BY_GROUP = 10
"""The same where a group is made of people by their use of a sector's service."""


@dataclass(frozen=True)
class Count:
    """How many people a table says there are of some kind.

    Parameters
    ----------
    name
        Where it stands in the table, for example ``("girl", "proposed")``.
    cells
        Numbers of the disjoint cells it adds up.
    value
        The true count.
    is_fixed
        Stands in other tables too, so that withholding it here would protect nothing.
    is_shown
        False for a count that is not in the table but must not follow from it either.
    """

    name: tuple[str, ...]
    cells: tuple[int, ...]
    value: int
    is_fixed: bool = False
    is_shown: bool = True


def withheld_counts(counts: Sequence[Count], *, minimum: int = MINIMUM) -> frozenset[tuple[str, ...]]:
    """Name the counts to withhold so that no count under `minimum` can be read or recomputed.

    Zero is a small number too: that nobody in a group was proposed says something about each of its members.

    Examples
    --------
    Girls could be found as the total minus boys, so boys are withheld as well:

    >>> table = [Count(("girl",), (0,), 3), Count(("boy",), (1,), 40), Count(("all",), (0, 1), 43, is_fixed=True)]
    >>> sorted(withheld_counts(table))
    [('boy',), ('girl',)]
    """
    shown = [count for count in counts if count.is_shown and (count.is_fixed or count.value >= minimum)]
    exposed = [count for count in counts if count.value < minimum and count not in shown]
    while exposed := [count for count in exposed if _pinned_by(count, shown, minimum) is not None]:
        for count in exposed:
            pins = [pin for pin in _pinned_by(count, shown, minimum) or () if not pin.is_fixed]
            if pins:
                shown.remove(min(pins, key=lambda pin: (len(pin.cells), pin.value, pin.name)))
        if all(count.is_fixed for count in shown):
            break
    return frozenset(count.name for count in counts if count.is_shown) - {count.name for count in shown}


def possible_range(target: Sequence[int], shown: Sequence[Count]) -> tuple[float, float]:
    """Give the least and greatest number of people in `target` cells that the shown counts allow."""
    return _extreme(target, shown, +1)[0], _extreme(target, shown, -1)[0]


def _pinned_by(count: Count, shown: list[Count], minimum: int) -> list[Count] | None:
    """Return the shown counts that hold the range of `count` under `minimum`, or None where it is wide enough."""
    least, pins_low = _extreme(count.cells, shown, +1)
    greatest, pins_high = _extreme(count.cells, shown, -1)
    if greatest - least >= minimum - 1e-6:
        return None
    pins = [one for one, low, high in zip(shown, pins_low, pins_high, strict=True) if abs(low) > 1e-9 or abs(high) > 1e-9]
    return pins if any(not one.is_fixed for one in pins) else shown


def _extreme(target: Sequence[int], shown: Sequence[Count], sign: int) -> tuple[float, NDArray[np.float64]]:
    """Solve for the least (sign +1) or greatest (-1) value, with each shown count's pull on it."""
    if not shown:
        return (0.0 if sign > 0 else np.inf), np.zeros(0)
    used = sorted({cell for one in shown for cell in one.cells} | set(target))
    place = {cell: position for position, cell in enumerate(used)}
    matrix = np.zeros((len(shown), len(used)))
    for row, one in enumerate(shown):
        matrix[row, [place[cell] for cell in one.cells]] = 1
    goal = np.zeros(len(used))
    goal[[place[cell] for cell in target]] = sign
    found = linprog(goal, A_eq=matrix, b_eq=[one.value for one in shown], bounds=(0, None), method="highs")
    if found.status == 3:
        return (0.0 if sign > 0 else np.inf), np.zeros(len(shown))
    if not found.success:
        raise ValueError(f"the counts of one table contradict each other: {found.message}")
    return sign * float(found.fun), np.asarray(found.eqlin.marginals)
