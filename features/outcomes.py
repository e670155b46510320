"""What became of the persons of a cohort: the one definition for training's labels and for outcomes that mature later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import Cohort
from features.declarations.project import Project
from features.declarations.screening import Outcome
from features.engine.kernel import Rows
from features.engine.parts import PartedStore
from features.errors import DataError
from features.records import PERSONS_PER_PART, Records, dates_of, day_number, day_numbers
from features.small_cells import shown_count


def label_rows(project: Project, store: PartedStore, cohort: Cohort, outcome: Outcome, *, known_by: date) -> pd.DataFrame:
    """Read the outcome of every row of a cohort, as far as it is known.

    Parameters
    ----------
    known_by
        Only what was known on this day, in the version of that day.

    Returns
    -------
    pandas.DataFrame
        Aligned with `cohort.frame`: status (Int16, <NA> where unknown), label (float64: 1.0 with the outcome, 0.0 without, NaN where
        unknown or excluded) and known_on (`datetime.date`, NaT where unknown): the day that version of the status became known.

    Raises
    ------
    DataError
        TID424 when the label indicator is not in the store, TID427 when a status is in none of the outcome's lists.

    Notes
    -----
    The status is that of the last record by (happened_on, known_on) with ``as_of < happened_on <= as_of + horizon_days``. A person without
    one is unknown, never a 0.
    """
    _check_readable(store, outcome)
    rows = Rows(cohort.frame["person"].to_numpy(dtype=np.int32), day_numbers(cohort.frame["as_of"]))
    status = np.full(len(rows), np.nan, dtype=np.float64)
    known_on = np.zeros(len(rows), dtype=np.int32)
    for first_row, part_rows, labels in _label_records(store, outcome, rows, day_number(known_by)):
        row, record = _last_in_horizon(part_rows, labels, outcome.horizon_days)
        status[first_row + row] = labels.value[record]
        known_on[first_row + row] = labels.known_on[record]
    _check_declared(project, outcome, status)
    return _as_frame(cohort, outcome, status, known_on)


def _check_readable(store: PartedStore, outcome: Outcome) -> None:
    if outcome.indicator not in store.indicators:
        raise DataError(
            "TID424",
            f"outcome {outcome.name} is read from {outcome.indicator}, which the {store.purpose} store does not hold. Switch its sector on "
            "with its legal basis, or take the outcome out of the stage.",
        )


def _label_records(store: PartedStore, outcome: Outcome, rows: Rows, known_by: int) -> Iterator[tuple[int, Rows, Records]]:
    """Yield, part by part, the number of the first row, the rows, and the label records as they were known."""
    for part in np.unique(rows.person // PERSONS_PER_PART).tolist():
        start, stop = part * PERSONS_PER_PART, (part + 1) * PERSONS_PER_PART
        records = store.read_part(part, indicators=[outcome.indicator])
        yield int(np.searchsorted(rows.person, start)), rows.between(start, stop), records.take(records.visible_on(known_by))


def _last_in_horizon(rows: Rows, labels: Records, horizon_days: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows that have a status, and the record that holds it; records stand in order, so the last that fits is it."""
    starts, stops = np.searchsorted(labels.person, rows.person), np.searchsorted(labels.person, rows.person, side="right")
    n_records = stops - starts
    row = np.repeat(np.arange(len(rows)), n_records)
    record = np.arange(len(row)) - np.repeat(np.cumsum(n_records) - n_records, n_records) + np.repeat(starts, n_records)
    days_later = labels.happened_on[record] - rows.as_of[row]
    fits = (days_later > 0) & (days_later <= horizon_days) & ~np.isnan(labels.value[record])
    row, record = row[fits], record[fits]
    is_last = np.append(row[1:] != row[:-1], True)[: len(row)]
    return row[is_last], record[is_last]


def _check_declared(project: Project, outcome: Outcome, status: NDArray[np.float64]) -> None:
    declared = (*outcome.positive, *outcome.negative, *outcome.excluded)
    n_stray = int((~np.isnan(status) & ~np.isin(status, declared)).sum())
    if n_stray:
        raise DataError(
            "TID427",
            f"{shown_count(n_stray)} persons have a status of {outcome.indicator} that outcome {outcome.name} has in no list (declared are "
            f"{', '.join(map(str, sorted(declared)))}). Put every status code into `positive`, `negative` or `excluded` in "
            f"{project.root / 'screening.toml'}; none is guessed.",
        )


def _as_frame(cohort: Cohort, outcome: Outcome, status: NDArray[np.float64], known_on: NDArray[np.int32]) -> pd.DataFrame:
    label = np.select([np.isin(status, outcome.positive), np.isin(status, outcome.negative)], [1.0, 0.0], default=np.nan)
    unknown = np.isnan(status)
    codes = pd.array(np.where(unknown, 0, status).astype(np.int16), dtype="Int16")
    codes[unknown] = pd.NA
    days = dates_of(known_on)
    days[unknown] = pd.NaT
    return pd.DataFrame({"status": codes, "label": label, "known_on": pd.Series(days, dtype=object).to_numpy()}, index=cohort.frame.index)
