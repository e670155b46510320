"""Groups of municipalities that are left out of learning together, to test what a place may expect that taught nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area_groups(area: NDArray[np.float32], person: NDArray[np.int32], *, n_groups: int, seed: int) -> tuple[NDArray[np.intp], int]:
    """Divide areas into groups of nearly as many rows each, drawn with a seed; give each row's group and the number of areas.

    A row without an area, of somebody whose address is protected or not known, goes to a group by its person: counts by group then tell
    nothing about how many there are (R-08). It is tested by a model that did not learn from that group, and never taught that group's.

    Parameters
    ----------
    area
        Number of each row's area, NaN for none, shape (n_rows,).
    person
        Rows with the same number are one person, shape (n_rows,).

    Examples
    --------
    >>> area = np.array([301, 301, 301, 1103, 1103, 4601, 4601, 5001], dtype=np.float32)
    >>> group, n_areas = area_groups(area, np.arange(8, dtype=np.int32), n_groups=2, seed=1)
    >>> n_areas, sorted(np.bincount(group).tolist())
    (4, [4, 4])
    """
    random = np.random.default_rng(seed)
    known = ~np.isnan(area)
    areas, place, n_rows = np.unique(area[known], return_inverse=True, return_counts=True)
    groups = min(n_groups, max(len(areas), 1))
    of_area = np.zeros(max(len(areas), 1), dtype=np.intp)
    load = np.zeros(groups, dtype=np.int64)
    drawn = random.permutation(len(areas))
    for number in drawn[np.argsort(-n_rows[drawn], kind="stable")]:
        of_area[number] = int(np.argmin(load))
        load[of_area[number]] += n_rows[number]
    people, whose = np.unique(person, return_inverse=True)
    group = random.integers(0, groups, len(people))[whose].astype(np.intp)
    group[known] = of_area[place]
    return group, len(areas)
