"""Which people a training learns from, where it doesn't learn from all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from features.records import Mask


def sample_people(group: NDArray[np.int32], *, max_rows: int, seed: int) -> Mask:
    """Draw people until their rows are `max_rows` at most; everybody, where there are no more.

    Parameters
    ----------
    group
        Whose row each row is, shape (n_rows,). All rows of a human being are drawn or none: a person half in the sample would look as if
        they had left.

    Returns
    -------
    Mask of shape (n_rows,). Nobody's outcome has a say in it.

    Raises
    ------
    DataError
        TID484 when the first person drawn has more rows than that.

    Examples
    --------
    >>> group = np.array([1, 1, 2, 3, 3, 4], dtype=np.int32)
    >>> group[sample_people(group, max_rows=3, seed=1)].tolist()
    [1, 1, 2]
    >>> bool(sample_people(group, max_rows=6, seed=7).all())
    True
    """
    if len(group) <= max_rows:
        return np.ones(len(group), dtype=np.bool_)
    people, person, n_rows = np.unique(group, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(people))
    drawn = order[np.cumsum(n_rows[order]) <= max_rows]
    if not len(drawn):
        raise DataError("TID484", f"[training] max_rows = {max_rows} is fewer rows than one person has. Raise it.")
    taken = np.zeros(len(people), dtype=np.bool_)
    taken[drawn] = True
    return np.asarray(taken[person])
