"""Which protected values a proxy test may be asked of, without the asking telling how many people have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from training.evaluation.group_counts import MIN_GROUP, group_sizes
from training.evaluation.rows import MeasuredRows

Vector: TypeAlias = NDArray[np.float64]
Key: TypeAlias = tuple[str, str]
"""Attribute and value."""


def proxy_targets(rows: MeasuredRows, fewest: Mapping[str, int]) -> tuple[dict[Key, Vector], tuple[str, ...]]:
    """Rows with a value as 1.0, the rest of the known ones as 0.0, unknown as NaN; of two values one says it all.

    Whether a value has enough people goes by the counts that may be told: else being asked would tell of those that may not (R-09).
    """
    targets: dict[Key, Vector] = {}
    not_asked: list[str] = []
    for attribute, sizes in group_sizes(rows.label, rows.groups, fewest=fewest).items():
        values = rows.groups[attribute]
        for value in _asked_values(values, tuple(sizes)):
            others = sum(size.n_least for name, size in sizes.items() if name != value)
            if min(sizes[value].n_least, others) < MIN_GROUP:
                not_asked.append(f"{attribute} = {value}")
            else:
                targets[attribute, value] = np.where(values == "", np.nan, (values == value).astype(np.float64))
    return targets, tuple(not_asked)


def _asked_values(values: NDArray[np.str_], known: tuple[str, ...]) -> tuple[str, ...]:
    """Every known value; of two the rarer one."""
    return known if len(known) != 2 else (min(known, key=lambda value: int((values == value).sum())),)
