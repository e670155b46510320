"""What a set of features asks of the kernel: which indicators, which windows, which statistics.

A plan is made once; everything that runs per part or per as-of date only looks things up in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from features.specs import FeatureSpec

Levels = Mapping[str, tuple[str, ...]]
"""Indicator code -> levels of a category, in the order of their stored positions."""

EVER_DAYS = 2**30
"""Window that holds every record."""


@dataclass(frozen=True)
class Column:
    """Where one feature comes from: statistic, row of its grid, window, and the level to compare with."""

    aggregation: str
    slot: int
    window: int
    level: int | None


@dataclass(frozen=True)
class Plan:
    """Columns to make, over the distinct indicators (slots) and windows that they need.

    Notes
    -----
    `slot_of_position` has one entry for each indicator of the store: its slot, or -1 when no feature needs it. `window_days` ascends, so
    that a record which lies in one window lies in all later ones.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    indicators: tuple[str, ...]
    window_days: tuple[int, ...]
    slot_of_position: NDArray[np.int32]

    @classmethod
    def of(cls, specs: Sequence[FeatureSpec], *, indicators: Sequence[str], levels: Levels) -> Self:
        """Plan these features over a store with these indicators.

        Raises
        ------
        DataError
            TID424 when a feature's indicator is not in the store; a column is never filled in silently.
        """
        _check_known(specs, indicators)
        used = tuple(dict.fromkeys(spec.indicator for spec in specs))
        windows = sorted({_days(spec) for spec in specs})
        slots = {code: slot for slot, code in enumerate(used)}
        columns = tuple(
            Column(spec.aggregation, slots[spec.indicator], windows.index(_days(spec)), _level_position(spec, levels)) for spec in specs
        )
        slot_of_position = np.array([slots.get(code, -1) for code in indicators], dtype=np.int32)
        return cls(tuple(spec.name for spec in specs), columns, used, tuple(windows), slot_of_position)

    @cached_property
    def columns_by_aggregation(self) -> dict[str, list[tuple[int, Column]]]:
        """Positions and columns of each aggregation that is asked for."""
        grouped: dict[str, list[tuple[int, Column]]] = {}
        for position, column in enumerate(self.columns):
            grouped.setdefault(column.aggregation, []).append((position, column))
        return grouped

    @cached_property
    def window_of_age(self) -> NDArray[np.intp]:
        """First window that holds a record of this age in days; ``len(window_days)`` past the last. Ages are cut at the table's end."""
        finite = [days for days in self.window_days if days != EVER_DAYS]
        ages = np.arange(max(finite, default=0) + 1)
        return np.searchsorted(np.array(self.window_days), ages, side="right")

    def slots_of(self, *aggregations: str) -> tuple[int, ...]:
        """Slots that any of these aggregations is asked of, ascending."""
        return tuple(sorted({column.slot for column in self.columns if column.aggregation in aggregations}))


def _days(spec: FeatureSpec) -> int:
    return EVER_DAYS if spec.window_days is None else spec.window_days


def _level_position(spec: FeatureSpec, levels: Levels) -> int | None:
    return None if spec.level is None else levels[spec.indicator].index(spec.level)


def _check_known(specs: Sequence[FeatureSpec], indicators: Sequence[str]) -> None:
    missing = sorted({spec.indicator for spec in specs} - set(indicators))
    if missing:
        raise DataError(
            "TID424",
            f"features need {', '.join(missing)}, which the store does not hold. Ingest a source that delivers them, or take their "
            "features out of the catalogue; a missing indicator is never filled in.",
        )
