"""Which earlier rows is a screening compared with? Those of the same season: autumn with autumn.

Absence grows through a school year, and grades come at its end. Compared with all months, every October looks like a drift. So the
reference is made of rows whose as-of date lies within a few weeks of the same day of an earlier year; where there are too few of them,
what is taken instead is said.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL

SEASON_DAYS = (15, 45)
"""Days on either side of the same day of an earlier year that are the same season: the narrowest of which there are enough rows.

Three months together are spread more than one of them where something grows through the year, which looks like a drift of its own."""

MIN_REFERENCE = 200
"""Fewer rows than this are no reference."""

_DAYS_OF_YEAR = 365.25


@dataclass(frozen=True)
class ReferenceFacts:
    """What a reference is made of, ready to be told.

    Parameters
    ----------
    seasonal
        Of the same season of earlier years; otherwise what comes every year may show as a change.
    learnt
        The model learnt from these rows, or could have: their outcomes were known when it was trained.
    n_people
        None where there are too few to be told.
    as_of
        As-of dates of at least five people, ascending.
    has_other_dates
        Whether there are dates of fewer people beside them.
    season_days
        Days on either side that counted as the same season.
    """

    seasonal: bool
    learnt: bool
    n_people: int | None
    as_of: tuple[date, ...]
    has_other_dates: bool
    season_days: int


@dataclass(frozen=True, eq=False)
class Reference:
    """Rows of a table that a screening is compared with: their places, ascending, and what is so."""

    rows: NDArray[np.int64]
    seasonal: bool
    learnt: bool
    season_days: int


def choose_reference(
    as_of: NDArray[np.object_], *, before: date, learnt_by: date, season_days: Sequence[int] = SEASON_DAYS, fewest: int = MIN_REFERENCE
) -> Reference:
    """Choose the rows that a screening is compared with.

    Parameters
    ----------
    as_of
        Each row's as-of date, shape (n_rows,).
    before
        As-of date of the screening.
    learnt_by
        Last as-of date whose outcomes were known when the model was trained.
    season_days
        Days on either side that are the same season, the narrowest first.
    fewest
        Rows that are enough.

    Returns
    -------
    The first of these that is enough, or else all earlier rows: the season's rows that the model could learn from, any earlier rows of
    the season, rows of other seasons that the model could learn from.

    Examples
    --------
    >>> days = np.array([date(2024, 10, 1), date(2025, 3, 1), date(2025, 10, 15), date(2026, 9, 30)])
    >>> choose_reference(days, before=date(2026, 10, 1), learnt_by=date(2026, 1, 1), fewest=2).rows.tolist()
    [0, 2]
    """
    of_row, dates = pd.factorize(as_of)
    earlier = np.array([day < before for day in dates], dtype=bool)[of_row]
    seasons = [(width, earlier & in_season(dates, before, season_days=width)[of_row]) for width in season_days]
    learnt = earlier & np.array([day <= learnt_by for day in dates], dtype=bool)[of_row]
    widest, season = seasons[-1]
    asked = [(rows & known, width, is_learnt) for known, is_learnt in ((learnt, True), (earlier, False)) for width, rows in seasons]
    for rows, width, is_learnt in asked:
        if rows.sum() >= fewest:
            return Reference(np.flatnonzero(rows), seasonal=True, learnt=is_learnt, season_days=width)
    if learnt.sum() >= fewest:
        return Reference(np.flatnonzero(learnt), seasonal=False, learnt=True, season_days=widest)
    some = bool(earlier.any())
    seasonal, has_learnt = some and bool(season[earlier].all()), some and bool(learnt[earlier].all())
    return Reference(np.flatnonzero(earlier), seasonal, has_learnt, widest)


def in_season(as_of: NDArray[np.object_], day: date, *, season_days: int) -> NDArray[np.bool_]:
    """Say which dates lie within some days of the same day of another year; the day's own year is none.

    >>> in_season(np.array([date(2025, 1, 4), date(2025, 12, 20), date(2024, 7, 1)]), date(2026, 1, 1), season_days=14).tolist()
    [True, False, False]
    """
    apart = np.array([abs((day - one) / timedelta(days=1)) for one in as_of], dtype=np.float64)
    years = np.round(apart / _DAYS_OF_YEAR)
    return np.asarray((years >= 1) & (np.abs(apart - years * _DAYS_OF_YEAR) <= season_days + 0.75))


def describe_reference(reference: Reference, keys: pd.DataFrame, *, used: NDArray[np.int64]) -> ReferenceFacts:
    """Say what a reference is made of: dates of at least five people, and how many people there are.

    Parameters
    ----------
    keys
        `person` and `as_of` of every row of the table.
    used
        Places of the rows that are compared with, of those chosen.
    """
    rows = keys.iloc[used]
    people = rows.groupby("as_of")["person"].nunique()
    n_people = int(rows["person"].nunique())
    return ReferenceFacts(
        seasonal=reference.seasonal,
        learnt=reference.learnt,
        n_people=n_people if n_people >= SMALLEST_CELL else None,
        as_of=tuple(sorted(people.index[people >= SMALLEST_CELL])),
        has_other_dates=bool((people < SMALLEST_CELL).any()),
        season_days=reference.season_days,
    )
