"""What became of the persons of a cohort: the one definition for training's labels and for outcomes that mature later."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort import Cohort
from features.declarations.outcomes import Outcome, ReferenceDates
from features.declarations.project import Project
from features.engine.kernel import Rows
from features.engine.parts import PartedStore
from features.errors import DataError
from features.records import Days, Mask, dates_of, day_number, day_numbers
from features.small_cells import shown_count
from features.statuses import Statuses, read_statuses, reference_days


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
        unknown or excluded), known_on (`datetime.date`, NaT where unknown): the day that version of the status became known, and
        happened_on (NaT without the outcome): when it came about. With reference dates also status_1 to status_k, the code of each.

    Raises
    ------
    DataError
        TID424 when the label indicator is not in the store, TID427 when a status is in none of the outcome's lists.

    Notes
    -----
    Without reference dates the status is that of the last record by (happened_on, known_on) with ``as_of < happened_on <= as_of +
    horizon_days``. A person without one is unknown, never a 0.

    With them there is a status for each of the days that follow the as-of date, and the label needs every one of them: who is in education
    on the first and has left the country by the second has not been found to be inside. It is known when the last of them is, also for
    people whose first status settles it; otherwise those without the outcome would be known a year before those with it, and a period
    would teach that all is well. status is that of the last day, happened_on the first of the days that make the outcome.

    A status in `unknown` counts as the outcome for who has a record of `contact` shortly before, and is left out for all others.
    """
    _check_readable(store, outcome)
    outcome = outcome_at(project, cohort.stage, outcome)
    rows = Rows(cohort.frame["person"].to_numpy(dtype=np.int32), day_numbers(cohort.frame["as_of"]))
    statuses = read_statuses(store, outcome, rows, known_by=day_number(known_by))
    _check_declared(project, outcome, statuses.code)
    return _as_frame(cohort, outcome, statuses)


def outcome_at(project: Project, stage: str, outcome: Outcome) -> Outcome:
    """Return an outcome with the horizon of a stage that has its own."""
    declared = project.stages.get(stage)
    if declared is None or declared.horizon_days is None:
        return outcome
    return outcome.model_copy(update={"horizon_days": declared.horizon_days})


def may_still_come(outcome: Outcome, as_of: Days, *, known_by: date) -> Mask:
    """Whether the outcome of a row without a status may still become known after a day, shape (n_rows,).

    The outcome is the stage's, as `outcome_at` gives it.

    >>> from features.declarations.catalogue import Wording
    >>> words = Wording(nb="x", nn="x", en="x")
    >>> november = ReferenceDates(month=11, day=16, look_at=2, needed=2, published_within_days=230)
    >>> status = {"name": "outside", "label": words, "indicator": "status", "positive": (2,), "negative": (1,), "of_100": words}
    >>> outcome = Outcome(**status, horizon_days=700, reference=november)
    >>> ends = day_numbers(pd.Series([date(2022, 12, 31), date(2023, 12, 31)]))
    >>> may_still_come(outcome, ends, known_by=date(2025, 12, 1)).tolist()  # the status of November 2025 is published in summer 2026
    [False, True]
    """
    if outcome.reference is None:
        return np.greater(as_of + outcome.horizon_days, day_number(known_by))
    last = reference_days(as_of, outcome.reference)[:, -1]
    return np.greater(last + outcome.reference.published_within_days, day_number(known_by))


def _check_readable(store: PartedStore, outcome: Outcome) -> None:
    if outcome.indicator not in store.indicators:
        raise DataError(
            "TID424",
            f"outcome {outcome.name} is read from {outcome.indicator}, which the {store.purpose} store does not hold. Switch its sector on "
            "with its legal basis, or take the outcome out of the stage.",
        )


def _check_declared(project: Project, outcome: Outcome, status: NDArray[np.float64]) -> None:
    n_stray = int((~np.isnan(status) & ~np.isin(status, outcome.codes)).any(axis=1).sum())
    if n_stray:
        raise DataError(
            "TID427",
            f"{shown_count(n_stray)} persons have a status of {outcome.indicator} that outcome {outcome.name} has in no list (declared are "
            f"{', '.join(map(str, sorted(outcome.codes)))}). Put every status code into `positive`, `negative`, `excluded` or `unknown` in "
            f"{project.root / 'screening.toml'}; none is guessed.",
        )


def _as_frame(cohort: Cohort, outcome: Outcome, statuses: Statuses) -> pd.DataFrame:
    label, first = _labels(_read_codes(outcome, statuses), outcome.reference)
    missing = np.asarray(np.isnan(statuses.code).any(axis=1))
    found_on = statuses.happened_on[np.arange(len(first)), first]
    found_on = np.where(statuses.began_on > 0, statuses.began_on, found_on).astype(np.int32)
    columns = {
        "status": _codes(statuses.code[:, -1], missing),
        "label": label,
        "known_on": _days(statuses.known_on.max(axis=1), missing),
        "happened_on": _days(found_on, np.not_equal(label, 1.0)),
    }
    if outcome.reference is not None:
        columns |= {f"status_{column + 1}": _codes(code, np.isnan(code)) for column, code in enumerate(statuses.code.T)}
    return pd.DataFrame(columns, index=cohort.frame.index)


def _read_codes(outcome: Outcome, statuses: Statuses) -> NDArray[np.float64]:
    """Read each status: 1.0 where it counts as the outcome, 0.0 against it, NaN where there is none or it is left out."""
    is_counted_unknown = np.isin(statuses.code, outcome.unknown) & statuses.has_contact
    is_positive = np.isin(statuses.code, outcome.positive) | is_counted_unknown
    return np.select([is_positive, np.isin(statuses.code, outcome.negative)], [1.0, 0.0], default=np.nan)


def _labels(counts: NDArray[np.float64], reference: ReferenceDates | None) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Label of each row, and the first day of those that make the outcome (the first day of all where there is none)."""
    is_positive = np.equal(counts, 1.0)
    if reference is None:
        return counts[:, 0], np.zeros(len(counts), dtype=np.intp)
    if reference.consecutive:
        run = np.asarray(np.lib.stride_tricks.sliding_window_view(is_positive, reference.needed, axis=1).all(axis=2))
        has_outcome, first = run.any(axis=1), run.argmax(axis=1)
    else:
        has_outcome, first = is_positive.sum(axis=1) >= reference.needed, is_positive.argmax(axis=1)
    return np.where(np.isnan(counts).any(axis=1), np.nan, has_outcome.astype(np.float64)), first


def _codes(code: NDArray[np.float64], missing: Mask) -> pd.api.extensions.ExtensionArray:
    codes = pd.array(np.where(missing, 0, np.nan_to_num(code)).astype(np.int16), dtype="Int16")
    codes[missing] = pd.NA
    return codes


def _days(days: Days, missing: Mask) -> NDArray[np.object_]:
    dates = dates_of(days)
    dates[missing] = pd.NaT
    return pd.Series(dates, dtype=object).to_numpy()
