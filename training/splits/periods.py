"""Periods: how the as-of dates of a history are grouped into the steps that a split moves along."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from features.records import Days

PeriodKind = Literal["month", "year"]

_PATTERNS: dict[str, str] = {"month": r"^\d{4}-(0[1-9]|1[0-2])$", "year": r"^\d{4}$"}


@dataclass(frozen=True)
class LabelledRows:
    """When each row with a known label was assessed, when its label became known, and whose row it is.

    Attributes
    ----------
    as_of, known_on
        Days since 1970-01-01, shape (n_rows,). `known_on` is when the *label* became known, never a feature.
    group
        Rows with the same number belong to one human being, shape (n_rows,).
    period
        Name of the period that each row belongs to, shape (n_rows,). It follows the anchor (the intake), not the as-of date: one intake
        has one name at every stage.
    """

    as_of: Days
    known_on: Days
    group: NDArray[np.int32]
    period: NDArray[np.str_]

    def __len__(self) -> int:
        return len(self.as_of)


def is_period(text: str, *, kind: PeriodKind) -> bool:
    """Whether a name from screening.toml is well formed.

    >>> is_period("2013-02", kind="month"), is_period("2013B", kind="month")
    (True, False)
    """
    return re.match(_PATTERNS[kind], text) is not None


def periods_present(names: NDArray[np.str_]) -> tuple[str, ...]:
    """Return the periods that have rows, in order of time."""
    return tuple(str(name) for name in np.unique(names))
