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

from features.small_cells import SMALLEST_CELL


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
    minimum
        Fewest people this count may stand for, where that is not the minimum of all.
    worth
        Of several counts that could be withheld to protect another, those worth least go first.
    row
        Counts that are of use together: where one of them is withheld, another of them goes before one of an untouched row.
    spares_more_than
        Counts worth more than this are given up for this one only where it would be known to the very person, not for a wide range.
    """

    name: tuple[str, ...]
    cells: tuple[int, ...]
    value: int
    is_fixed: bool = False
    is_shown: bool = True
    minimum: int | None = None
    worth: int = 0
    row: tuple[str, ...] = ()
    spares_more_than: int | None = None


def withheld_counts(counts: Sequence[Count], *, minimum: int = SMALLEST_CELL) -> frozenset[tuple[str, ...]]:
    """Name the counts to withhold so that no count under `minimum` can be read or recomputed.

    Zero is a small number too: that nobody in a group was proposed says something about each of its members.

    Examples
    --------
    Girls could be found as the total minus boys, so boys are withheld as well:

    >>> table = [Count(("girl",), (0,), 3), Count(("boy",), (1,), 40), Count(("all",), (0, 1), 43, is_fixed=True)]
    >>> sorted(withheld_counts(table))
    [('boy',), ('girl',)]
    """
    least = [minimum if count.minimum is None else count.minimum for count in counts]
    shown = [n for n, count in enumerate(counts) if count.is_shown and (count.is_fixed or count.value >= least[n])]
    are_shown = frozenset(shown)
    attack = _Attack([counts[n] for n in shown], touched={count.row for n, count in enumerate(counts) if n not in are_shown})
    for n, count in enumerate(counts):
        if count.value < least[n] and n not in are_shown:
            attack.withhold_until_unknown(count, width=least[n] - 1e-6)
    return frozenset(count.name for count in counts if count.is_shown) - {count.name for count in attack.shown}


_KNOWN = 2 - 1e-6
"""Width of a range that may hold a single number of people; one to spare, since the program's ends need not be whole people."""


class _Attack:
    """A reader with a linear program, who remembers every table that the shown counts allow and that was met on the way.

    Withholding more only widens what is possible, so a table once possible stays so: most counts are seen to be unknown without solving.
    """

    def __init__(self, shown: list[Count], *, touched: set[tuple[str, ...]]) -> None:
        self.shown = shown
        self._tables: list[dict[int, float]] = []
        self._touched = touched

    def withhold_until_unknown(self, count: Count, *, width: float) -> None:
        """Withhold what pins this count down, the finest and smallest first, until its range is that wide or nothing is left.

        What the count spares is given up only where it would be known to the very person.
        """
        while pins := self._pins(count, width):
            loose = [pin for pin in pins if not pin.is_fixed] or [one for one in self.shown if not one.is_fixed]
            cheap = [pin for pin in loose if count.spares_more_than is None or pin.worth <= count.spares_more_than]
            if not loose or not (cheap or self._pins(count, _KNOWN)):
                return
            given_up = min(cheap or loose, key=lambda pin: (pin.worth, pin.row not in self._touched, len(pin.cells), pin.value, pin.name))
            self._touched.add(given_up.row)
            self.shown.remove(given_up)

    def _pins(self, count: Count, width: float) -> list[Count]:
        """Name the shown counts that hold the range of `count` under a width; none where it is wide enough."""
        met = [sum(table.get(cell, 0.0) for cell in count.cells) for table in self._tables]
        if met and max(met) - min(met) >= width:
            return []
        ends = [_extreme(count.cells, self.shown, sign) for sign in (+1, -1)]
        self._tables += [end.table for end in ends if end.table is not None]
        if ends[1].value - ends[0].value >= width:
            return []
        return [
            one for one, low, high in zip(self.shown, ends[0].pull, ends[1].pull, strict=True) if abs(low) + abs(high) > 1e-9
        ] or self.shown


@dataclass(frozen=True, eq=False)
class _End:
    """One end of a range: its value, how strongly each shown count holds it there, and a table that reaches it."""

    value: float
    pull: NDArray[np.float64]
    table: dict[int, float] | None
    """None where nothing bounds the range on this side."""


def _extreme(target: Sequence[int], shown: Sequence[Count], sign: int) -> _End:
    """Solve for the least (sign +1) or greatest (-1) value."""
    free = _End(0.0 if sign > 0 else np.inf, np.zeros(len(shown)), None)
    if not shown:
        return free
    from scipy.optimize import linprog  # here, since everything that publishes a figure imports this file, and few solve
    from scipy.sparse import csr_array

    used = sorted({cell for one in shown for cell in one.cells} | set(target))
    place = {cell: position for position, cell in enumerate(used)}
    columns = [place[cell] for one in shown for cell in one.cells]
    starts = np.cumsum([0, *(len(one.cells) for one in shown)])
    matrix = csr_array((np.ones(len(columns)), columns, starts), shape=(len(shown), len(used)))
    goal = np.zeros(len(used))
    goal[[place[cell] for cell in target]] = sign
    found = linprog(goal, A_eq=matrix, b_eq=[one.value for one in shown], bounds=(0, None), method="highs")
    if found.status == 3:
        return free
    if not found.success:
        raise ValueError(f"the counts of one table contradict each other: {found.message}")
    table = dict(zip(used, found.x.tolist(), strict=True))
    return _End(sign * float(found.fun), np.asarray(found.eqlin.marginals), table)
