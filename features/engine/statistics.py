"""Statistics of one round: each gives a grid of shape (n_windows, n_slots, n_persons) for the slots asked for.

Sums are accumulated in float64 over float32 values: within a bucket in the order of the store, then bucket by bucket from the newest.
The trend is computed afresh in every window. Records without a value count as records (`count`, `distinct_days`, `days_since_*`, and as
`last` and `first`, which are then missing) and are left out of `sum`, `mean`, `min`, `max` and `trend`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.engine.view import Keyed, Positions, RoundView, Slots

Grid = NDArray[Any]
Numbers = NDArray[np.float64]


def count(view: RoundView, slots: Slots) -> Grid:
    """Records in the window; 0 where there are none."""
    return view.once("count", slots, lambda: _total(_per_cell(view.keyed(slots), view, slots)))


def total(view: RoundView, slots: Slots) -> Grid:
    """Sum of the values; 0.0 where there are none."""
    return view.once("sum", slots, lambda: _total(_sums(view.valued(slots), view, slots)))


def mean(view: RoundView, slots: Slots) -> Grid:
    """Sum divided by the number of values."""
    n = _total(_per_cell(view.valued(slots), view, slots))
    grid: Grid = np.divide(total(view, slots), n, out=np.full(n.shape, np.nan), where=n > 0)
    return grid


def minimum(view: RoundView, slots: Slots) -> Grid:
    """Smallest value."""
    return _extreme(np.fmin, view, slots)


def maximum(view: RoundView, slots: Slots) -> Grid:
    """Largest value."""
    return _extreme(np.fmax, view, slots)


def last(view: RoundView, slots: Slots) -> Grid:
    """Value of the last record by (happened_on, known_on, position)."""
    return view.records.value_or_none[_last_position(view, slots)]


def first(view: RoundView, slots: Slots) -> Grid:
    """Value of the first record by (happened_on, known_on, position)."""
    return view.records.value_or_none[_first_position(view, slots)]


def days_since_last(view: RoundView, slots: Slots) -> Grid:
    """As-of date minus `happened_on` of the last record."""
    return _days_since(view, _last_position(view, slots))


def days_since_first(view: RoundView, slots: Slots) -> Grid:
    """As-of date minus `happened_on` of the first record."""
    return _days_since(view, _first_position(view, slots))


def distinct_days(view: RoundView, slots: Slots) -> Grid:
    """Different `happened_on`; 0 where there are no records.

    Whether a day counts depends on the date, since its first record may have been superseded by then; so days are numbered once and marked
    anew each round.
    """
    keyed = view.keyed(slots)
    group, _ = view.records.day_group
    cell_of_group = np.full(group.max(initial=-1) + 1, -1, dtype=np.intp)
    cell_of_group[group[keyed.position]] = keyed.cell
    return _total(_bincount(cell_of_group[cell_of_group >= 0], view, slots))


def trend(view: RoundView, slots: Slots) -> Grid:
    """Least-squares slope of value on day, per day; NaN with fewer than two distinct days."""
    keyed = view.valued(slots)
    n_windows, n_slots, n_persons = view.shape(slots)
    bucket, cell = np.divmod(keyed.cell, n_slots * n_persons)
    day, value = -keyed.age.astype(np.float64), view.values(slots).astype(np.float64)
    windows = [bucket <= window for window in range(n_windows)]
    slopes = [_slope(cell[inside], day[inside], value[inside], n_slots * n_persons) for inside in windows]
    return np.stack(slopes).reshape(view.shape(slots))


def _slope(cell: Positions, day: Numbers, value: Numbers, n_cells: int) -> Numbers:
    def add(weights: Numbers) -> Numbers:
        return np.bincount(cell, weights=weights, minlength=n_cells).astype(np.float64, copy=False)

    n = np.maximum(np.bincount(cell, minlength=n_cells), 1)
    centred_day = day - (add(day) / n)[cell]
    centred_value = value - (add(value) / n)[cell]
    squares = add(centred_day * centred_day)
    slope: Numbers = np.divide(add(centred_day * centred_value), squares, out=np.full(n_cells, np.nan), where=squares > 0)
    return slope


def _bincount(cells: Positions, view: RoundView, slots: Slots, weights: Numbers | NDArray[np.float32] | None = None) -> Grid:
    shape = view.shape(slots)
    return np.bincount(cells, weights=weights, minlength=int(np.prod(shape))).reshape(shape)


def _per_cell(keyed: Keyed, view: RoundView, slots: Slots) -> Grid:
    return _bincount(keyed.cell, view, slots)


def _sums(keyed: Keyed, view: RoundView, slots: Slots) -> Grid:
    return _bincount(keyed.cell, view, slots, view.values(slots))


def _total(grid: Grid) -> Grid:
    """Add up along the buckets, so that each window holds all narrower ones."""
    return _carried(np.add, grid)


def _carried(combine: np.ufunc, grid: Grid) -> Grid:
    """Carry each bucket into the next wider one, in place; whole buckets at a time are twice as fast as `accumulate` along the axis."""
    for wider in range(1, len(grid)):
        combine(grid[wider - 1], grid[wider], out=grid[wider])
    return grid


def _extreme(better: np.ufunc, view: RoundView, slots: Slots) -> Grid:
    keyed, shape = view.valued(slots), view.shape(slots)
    grid = np.full(shape, np.nan, dtype=np.float32)
    better.at(grid.reshape(-1), keyed.cell, view.values(slots))
    return _carried(better, grid)


def _last_position(view: RoundView, slots: Slots) -> Positions:
    return view.once("last position", slots, lambda: _carried(np.maximum, _assigned(view, slots, empty=-1, step=1)))


def _first_position(view: RoundView, slots: Slots) -> Positions:
    none = len(view.records.value)
    return view.once("first position", slots, lambda: _carried(np.minimum, _assigned(view, slots, empty=none, step=-1)))


def _assigned(view: RoundView, slots: Slots, *, empty: int, step: int) -> Positions:
    """Position of the record assigned last to each cell; records stand in order, so that is the latest, or backwards the earliest."""
    keyed = view.keyed(slots)
    grid = np.full(view.shape(slots), empty, dtype=np.intp)
    grid.reshape(-1)[keyed.cell[::step]] = keyed.position[::step]
    return grid


def _days_since(view: RoundView, position: Positions) -> Grid:
    happened_on = np.append(view.records.happened_on.astype(np.float64), np.nan)
    days: Grid = view.as_of - happened_on[position]
    return days


ROUND_STATISTICS: Mapping[str, Callable[[RoundView, Slots], Grid]] = {
    "count": count,
    "sum": total,
    "mean": mean,
    "min": minimum,
    "max": maximum,
    "last": last,
    "first": first,
    "days_since_first": days_since_first,
    "days_since_last": days_since_last,
    "distinct_days": distinct_days,
    "trend": trend,
}
