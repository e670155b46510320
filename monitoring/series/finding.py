"""The breaks of every monthly series in a published table: a file goes in, and what was found in each series comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from features.errors import DataError
from features.progress import Progress
from features.published import read_published
from features.published_tables import LAYOUTS, PublishedLayout
from monitoring.series.breaks import SHORTEST, Break, find_breaks

MEASURE = "measure"
"""Column that tells the figures of a table with several apart."""


@dataclass(frozen=True)
class SeriesBreaks:
    """One series and what was found in it.

    Parameters
    ----------
    series
        Column -> value, of the columns that tell the series apart.
    verdict
        ``not asked``: a month has no figure, or none above 0. ``too short``: fewer months than a break needs on both its sides.
    """

    series: Mapping[str, str]
    first_month: date
    last_month: date
    n_months: int
    verdict: Literal["breaks", "no break", "too short", "not asked"]
    breaks: tuple[Break, ...]


def layout_of(name: str | None, *, month: str | None, value: str | None, by: Sequence[str], decimal: str) -> PublishedLayout:
    """Choose how a table is written: one that is known by name, or what the columns' names say.

    Raises
    ------
    DataError
        TID471 when there is no such layout, it has no months, or nothing says where the months and figures stand.
    """
    if name is None:
        if month is None or value is None:
            raise DataError("TID471", "name the columns of the months and of the figures (--month-column, --value-column), or a --layout.")
        return PublishedLayout(keys=(*by, month), values=(value,), dates=(month,), decimal=decimal)
    if name not in LAYOUTS or not LAYOUTS[name].dates or not LAYOUTS[name].values:
        known = [known for known, layout in LAYOUTS.items() if layout.dates and layout.values]
        raise DataError("TID471", f"no table with dates is known as {name}. Known are {', '.join(known)}; or name the columns.")
    return LAYOUTS[name]


def find_series_breaks(
    path: Path,
    layout: PublishedLayout,
    *,
    only: Mapping[str, str],
    seed: int,
    level: float,
    progress: Progress,
) -> tuple[SeriesBreaks, ...]:
    """Find the breaks of each series of a published table.

    Parameters
    ----------
    only
        Column -> value: only rows that have it.
    level
        Chance of finding any break in one series that has none.

    Raises
    ------
    IntakeError
        As `features.published.read_published`.
    DataError
        TID471 when a column or value asked for is not there, TID472 when the months of a series are not one after another, TID474 when
        the column of the months holds no dates.
    """
    series = list(_series(path, _kept(_read(path, layout), only, path), layout))
    with progress.step("Look for breaks", total=len(series)) as step:
        found = []
        for keys, months, values in series:
            found.append(_one_series(keys, months, values, path, seed=seed, level=level))
            step.advance()
    return tuple(found)


def _read(path: Path, layout: PublishedLayout) -> pd.DataFrame:
    try:
        return read_published(path, layout)
    except ValueError as error:  # pandas' own, of a text that is no date
        raise DataError(
            "TID474", f"{path.name}: the column {layout.dates[0]} holds something that is no date. Expected 2026-06-01."
        ) from error


def _kept(table: pd.DataFrame, only: Mapping[str, str], path: Path) -> pd.DataFrame:
    for column, wanted in only.items():
        columns = [name for name in table.columns if name not in ("value", "missing", "note")]
        if column not in columns:
            raise DataError("TID471", f"{path.name} is not told apart by {column}. Expected one of {', '.join(columns)}.")
        kept = table[table[column].astype(str) == wanted]
        if kept.empty:
            values = ", ".join(sorted(table[column].astype(str).unique())[:20])
            raise DataError("TID471", f"{path.name} has no row left with {column} = {wanted}. There are {values}.")
        table = kept
    return table


def _series(path: Path, table: pd.DataFrame, layout: PublishedLayout) -> Iterator[tuple[dict[str, str], pd.Series, pd.Series]]:
    """Give each series' keys, months and figures in order of time; keys that are the same in all rows tell nothing apart."""
    month = layout.dates[0]
    named = [name for name in (*layout.keys, MEASURE) if name != month and name in table.columns]
    keys = [name for name in named if table[name].nunique() > 1] or named
    for values, rows in table.groupby(keys, sort=True, dropna=False) if keys else [((), table)]:
        ordered = rows.sort_values(month)
        if ordered[month].duplicated().any():
            raise DataError("TID472", f"{path.name} has a month twice in one series. Name the columns that tell series apart (--by).")
        yield dict(zip(keys, map(str, values), strict=True)), ordered[month], ordered["value"]


def _one_series(keys: Mapping[str, str], months: pd.Series, values: pd.Series, path: Path, *, seed: int, level: float) -> SeriesBreaks:
    days = [date(day.year, day.month, 1) for day in months]
    figures = values.to_numpy(dtype=np.float64)
    about = (dict(keys), days[0], days[-1], len(days))
    if not (np.isfinite(figures) & (figures > 0)).all():
        return SeriesBreaks(*about, "not asked", ())
    if len(days) <= 2 * SHORTEST:
        return SeriesBreaks(*about, "too short", ())
    try:
        breaks = find_breaks(days, figures, seed=seed, level=level)
    except ValueError as error:
        raise DataError(
            "TID472", f"{path.name}: the series {', '.join(keys.values()) or '(all)'} has no figure for each month: {error}."
        ) from error
    return SeriesBreaks(*about, "breaks" if breaks else "no break", breaks)
