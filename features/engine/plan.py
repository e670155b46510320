"""What a set of features asks of the kernel: which indicators, which windows, which statistics.

A plan is made once; everything that runs per part only looks things up in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from features.declarations.specs import FeatureSpec
from features.declarations.windows import Window
from features.errors import DataError

Levels = Mapping[str, tuple[str, ...]]
"""Indicator code -> levels of a category, in the order of their stored positions."""

NO_LEVEL = float("nan")


@dataclass(frozen=True)
class Column:
    """Where one feature comes from: the place of its statistic in `AGGREGATIONS`, its indicator, its window, and the level asked for."""

    aggregation: str
    slot: int
    window: int
    level: float
    """Stored position of the level; `NO_LEVEL` for a feature of no single level."""


@dataclass(frozen=True)
class Plan:
    """Columns to make, over the distinct indicators (slots) and windows that they need.

    Notes
    -----
    `slot_of_position` has one entry for each indicator of the store: its slot, or -1 when no feature needs it.
    """

    names: tuple[str, ...]
    columns: tuple[Column, ...]
    indicators: tuple[str, ...]
    windows: tuple[Window, ...]
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
        windows = tuple(dict.fromkeys(spec.window for spec in specs))
        slots = {code: slot for slot, code in enumerate(used)}
        columns = tuple(
            Column(spec.aggregation, slots[spec.indicator], windows.index(spec.window), _level_position(spec, levels)) for spec in specs
        )
        slot_of_position = np.array([slots.get(code, -1) for code in indicators], dtype=np.int32)
        return cls(tuple(spec.name for spec in specs), columns, used, windows, slot_of_position)

    @cached_property
    def order(self) -> list[int]:
        """Positions of the columns by indicator, then window."""
        return sorted(range(len(self.columns)), key=lambda position: self._block(self.columns[position]))

    @cached_property
    def block_begins(self) -> NDArray[np.int32]:
        """Where in `order` the columns of each (indicator, window) begin, and one past the last of all."""
        blocks = [self._block(self.columns[position]) for position in self.order]
        return np.searchsorted(blocks, np.arange(len(self.indicators) * len(self.windows) + 1)).astype(np.int32)

    def asks_for(self, aggregation: str) -> bool:
        """Whether any feature is of this aggregation."""
        return any(column.aggregation == aggregation for column in self.columns)

    def _block(self, column: Column) -> int:
        return column.slot * len(self.windows) + column.window


def _level_position(spec: FeatureSpec, levels: Levels) -> float:
    return NO_LEVEL if spec.level is None else float(levels[spec.indicator].index(spec.level))


def _check_known(specs: Sequence[FeatureSpec], indicators: Sequence[str]) -> None:
    missing = sorted({spec.indicator for spec in specs} - set(indicators))
    if missing:
        raise DataError(
            "TID424",
            f"features need {', '.join(missing)}, which the store does not hold. Ingest a source that delivers them, or take their "
            "features out of the catalogue; a missing indicator is never filled in.",
        )
