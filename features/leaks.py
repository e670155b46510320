"""Signs, found in the data, that a feature knows what nobody could have known.

L-01 asks every feature whether it alone tells the outcome; L-02 whether an outcome's own indicator makes features; L-03 builds some rows
again from a store in which nothing was learned after the as-of date, and compares. L-04 asks the sources themselves, before anything is
loaded, whether a column tells of a person's later years.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.declarations.catalogue import Use
from features.declarations.project import Project
from features.declarations.specs import FeatureSpec
from features.engine.kernel import Rows, feature_matrix
from features.engine.parts import PartedStore
from features.engine.plan import Levels
from features.engine.table import FeatureTable, Positions
from features.errors import DataError, IntakeError
from features.findings import Evidence, Finding
from features.intake.sampling import sample_records
from features.intake.sources import SourceUnit
from features.lifetime import SIGNS, LifetimeValue, enough_people, find_lifetime_values
from features.progress import Progress, Step
from features.records import IN_FORCE, PERSONS_PER_PART, Records, day_numbers

SUSPICIOUS_AUC = 0.95
"""No honest single indicator comes near this, months or years ahead."""
ENOUGH = 50
"""Rows with and without the outcome that L-01 needs."""
MOST_ROWS = 50_000
"""Rows that L-01 looks at, evenly spread; more would not change a verdict."""
REBUILT_ROWS = 300


def single_feature_finding(table: FeatureTable, label: NDArray[np.float64]) -> Finding:
    """L-01: does any feature alone, or that it is missing, separate the outcome almost perfectly?"""
    title = "No feature alone tells the outcome"
    known = np.flatnonzero(~np.isnan(label))
    known = known[:: max(1, len(known) // MOST_ROWS)]
    with_outcome = label[known] == 1
    smaller = int(min(with_outcome.sum(), (~with_outcome).sum()))
    if smaller < ENOUGH:
        return Finding("L-01", title, "NOT_APPLICABLE", {"reason": f"fewer than {ENOUGH} rows with or without the outcome"})
    separation = {name: _separation(values, with_outcome) for name, values in _columns(table, known)}
    suspects = sorted((name for name, auc in separation.items() if auc > SUSPICIOUS_AUC), key=lambda name: -separation[name])
    strongest = max(separation, key=lambda name: separation[name])
    evidence: dict[str, Evidence] = {
        "limit": SUSPICIOUS_AUC,
        "strongest": strongest,
        "auc": round(separation[strongest], 4),
        "features": ", ".join(suspects),
    }
    return Finding("L-01", title, "FAILED" if suspects else "PASSED", evidence)


def label_finding(project: Project, names: Sequence[str]) -> Finding:
    """L-02: does any feature come from an indicator that holds an outcome?"""
    labels = {outcome.indicator for outcome in project.screening.outcome}
    labels |= {indicator.code for indicator in project.catalogue.declared.values() if indicator.use is Use.LABEL}
    suspects = [name for name in names if name.split(".", 1)[0] in labels]
    evidence: dict[str, Evidence] = {"n_labels": len(labels), "features": ", ".join(suspects)}
    return Finding("L-02", "No feature comes from an outcome", "FAILED" if suspects else "PASSED", evidence)


def rebuilt_finding(
    store: PartedStore, table: FeatureTable, specs: Sequence[FeatureSpec], *, levels: Levels, n_rows: int = REBUILT_ROWS
) -> Finding:
    """L-03: do some rows come out the same from a store that has forgotten everything learned after their date?"""
    title = "Records learned after the as-of date change nothing"
    if store.content_hash != table.facts.store_hash:
        return Finding("L-03", title, "NOT_APPLICABLE", {"reason": "the store has changed since the table was built"})
    chosen = np.unique(np.linspace(0, table.n_rows - 1, num=min(n_rows, table.n_rows)).astype(np.int64))
    names = [spec.name for spec in specs]
    built = table.matrix(names, rows=chosen)
    differs = np.zeros(len(names), dtype=np.bool_)
    for rows, rebuilt in _rebuilt(store, table.keys.iloc[chosen], specs, levels):
        differs |= ~((built[rows] == rebuilt) | (np.isnan(built[rows]) & np.isnan(rebuilt))).all(axis=0)
    suspects = [name for name, differ in zip(names, differs, strict=True) if differ]
    evidence: dict[str, Evidence] = {"rows_checked": len(chosen), "features_checked": len(names), "features": ", ".join(suspects)}
    return Finding("L-03", title, "FAILED" if suspects else "PASSED", evidence)


def shuffled_features(
    store: PartedStore, table: FeatureTable, rows: NDArray[np.intp], specs: Sequence[FeatureSpec], *, levels: Levels, seed: int
) -> NDArray[np.float32]:
    """Build some rows again as of a random earlier day of the same person's recorded life: the person stays, the time is shuffled.

    Parameters
    ----------
    rows
        Positions in the table, increasing, shape (n_rows,).

    Returns
    -------
    ndarray
        Shape (n_rows, n_specs). The day lies evenly between the person's first record becoming known and the row's own as-of date.
    """
    keys = table.keys.iloc[rows]
    person, as_of = keys["person"].to_numpy(), day_numbers(keys["as_of"])
    drawn = np.random.default_rng(seed).random(len(rows))
    codes = sorted({spec.indicator for spec in specs})
    matrix = np.full((len(rows), len(specs)), np.nan, dtype=np.float32)
    for part in np.unique(person // PERSONS_PER_PART).tolist():
        records = store.read_part(part, indicators=codes)
        records = records.take(np.isin(records.person, person))
        here = np.flatnonzero(person // PERSONS_PER_PART == part)
        first = pd.Series(records.known_on).groupby(records.person).min().reindex(person[here]).to_numpy(dtype=np.float64)
        first = np.minimum(np.where(np.isnan(first), as_of[here], first), as_of[here])
        earlier = (first + np.floor(drawn[here] * (as_of[here] - first))).astype(np.int32)
        moments, which = np.unique(np.stack([person[here], earlier]), axis=1, return_inverse=True)
        then = Rows(np.ascontiguousarray(moments[0]), np.ascontiguousarray(moments[1]))
        matrix[here] = feature_matrix(records, then, specs, indicators=store.indicators, levels=levels)[which.ravel()]
    return matrix


LIFETIME_PERSONS = 2_000
"""People whose records G-14 looks at; a lifetime value follows its pattern in all of them."""


def lifetime_values_in(store: PartedStore, codes: Sequence[str], *, n_persons: int = LIFETIME_PERSONS) -> list[LifetimeValue] | None:
    """Find lifetime values among the records that a table is built from; None where too few people have records a year apart.

    The same question as L-04 asks of the files, asked of what the store made of them: spells too, and whatever was added since.
    """
    asked = [code for code in codes if code in store.indicators]
    records = _records_of_some(store, asked, n_persons)
    if not asked or not enough_people(records):
        return None
    return find_lifetime_values(records)


def lifetime_findings(project: Project, units: Sequence[SourceUnit], *, progress: Progress) -> Iterator[Finding]:
    """L-04: does any predictor of a source with dated rows tell of the years after its row?

    Reads the files as far as a sample needs, one finding a source. What is no predictor, or declared ``fixed = true``, is not asked.
    """
    for unit in units:
        codes = _asked_codes(project, unit)
        if unit.source.layout in ("events", "snapshots") and unit.purposes and codes:
            with progress.step(f"Looking for lifetime values in {unit.name}") as step:
                finding = _lifetime_finding(unit, codes, step)
            if finding is not None:
                yield finding


def check_no_lifetime_values(found: Sequence[LifetimeValue], unit: SourceUnit) -> None:
    """Refuse a source whose columns were written at the end of a life.

    Raises
    ------
    DataError
        TID447, naming every such column and how it gives itself away.
    """
    if not found:
        return
    told = "; ".join(f"{name} ({SIGNS[one.sign]})" for name, one in _by_column(found, unit))
    raise DataError(
        "TID447",
        f"{unit.name} (source {unit.source.name}) has values that describe later years than their own row: {told}. Used as a predictor "
        "each is a leak (R-14). Leave it out, or read it only from the date on which it came true; if it can't change by nature (year of "
        "birth), say so with `fixed = true` on the indicator.",
    )


def _asked_codes(project: Project, unit: SourceUnit) -> tuple[str, ...]:
    """Predictors that the source may give; for snapshots only those it does give."""
    given = set(unit.source.columns.values()) if unit.source.layout == "snapshots" else set(unit.indicators)
    given = {unit.source.indicator} if unit.source.indicator is not None and unit.source.layout == "events" else given
    return tuple(i.code for i in project.catalogue.with_use(Use.PREDICTOR) if i.code in given and not i.fixed)


def _lifetime_finding(unit: SourceUnit, codes: Sequence[str], step: Step) -> Finding | None:
    """Ask one source; None where it gives no predictor at all."""
    title = f"No predictor of source {unit.source.name} tells of later years"
    try:
        records = sample_records(unit, codes, step=step)
        if not len(records):
            return None
        if not enough_people(records):
            return Finding("L-04", title, "NOT_APPLICABLE", {"reason": "too few people have rows on dates a year apart"})
        found = find_lifetime_values(records)
        check_no_lifetime_values(found, unit)
    except DataError as error:
        names = ", ".join(name for name, _ in _by_column(found, unit))
        return Finding("L-04", title, "FAILED", {"columns": names, "problem": error.message, "error": error.code})
    except IntakeError as error:
        return Finding("L-04", title, "FAILED", {"problem": error.message, "error": error.code})
    # No count of what was read: people with a protected address are among it, and the ingest's own counts leave them out.
    return Finding("L-04", title, "PASSED", {"n_predictors_declared": len(codes)})


def _by_column(found: Sequence[LifetimeValue], unit: SourceUnit) -> list[tuple[str, LifetimeValue]]:
    """Name each by the column of the file it stands in, where it has one of its own."""
    column = {code: name for name, code in unit.source.columns.items()} if unit.source.layout == "snapshots" else {}
    return [(column.get(one.indicator, one.indicator), one) for one in found]


def forget_later(records: Records, day: int) -> Records:
    """Return records as a store would have held them on this day: nothing learned later, no later correction either."""
    then = records.take(np.less_equal(records.known_on, day))
    return replace(then, known_to=np.where(then.known_to > day, IN_FORCE, then.known_to).astype(np.int32))


def _records_of_some(store: PartedStore, codes: Sequence[str], n_persons: int) -> pa.Table:
    """Records of the people with the lowest numbers, as `find_lifetime_values` takes them; a spell's open end is no value."""
    taken, found = 0, []
    for part in range(-(-store.n_persons // PERSONS_PER_PART)):
        if taken >= n_persons:
            break
        records = store.read_part(part, indicators=codes)
        persons = np.unique(records.person)[: n_persons - taken]
        taken += len(persons)
        found.append(records.take(np.isin(records.person, persons) & ~np.isnan(records.value)))
    names = np.array(store.indicators, dtype=object)
    return pa.table(
        {
            "id": np.concatenate([np.empty(0, dtype=np.int32), *(one.person for one in found)]),
            "code": pa.array([name for one in found for name in names[one.indicator]], pa.string()),
            "value": pa.array([f"{value:g}" for one in found for value in one.value.tolist()], pa.string()),
            "day": pa.array(np.concatenate([np.empty(0, dtype=np.int32), *(one.happened_on for one in found)]), pa.int32()).cast(
                pa.date32()
            ),
        }
    )


def _rebuilt(
    store: PartedStore, keys: pd.DataFrame, specs: Sequence[FeatureSpec], levels: Levels
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """Yield positions among the keys, and their features from a forgetful store, by part and date."""
    person, as_of = keys["person"].to_numpy(), day_numbers(keys["as_of"])
    codes = sorted({spec.indicator for spec in specs})
    for part in np.unique(person // PERSONS_PER_PART).tolist():
        records = store.read_part(part, indicators=codes)
        records = records.take(np.isin(records.person, person))
        for day in np.unique(as_of[person // PERSONS_PER_PART == part]).tolist():
            rows = np.flatnonzero((person // PERSONS_PER_PART == part) & (as_of == day))
            then = forget_later(records, day)
            yield rows, feature_matrix(then, Rows(person[rows], as_of[rows]), specs, indicators=store.indicators, levels=levels)


def _columns(table: FeatureTable, rows: Positions, *, at_once: int = 32) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """Yield the features of these rows one by one, reading some at once so that a wide table need not fit in memory."""
    for start in range(0, len(table.names), at_once):
        names = table.names[start : start + at_once]
        yield from zip(names, table.matrix(names, rows=rows).T, strict=True)


def _separation(values: NDArray[np.float32], with_outcome: NDArray[np.bool_]) -> float:
    """AUC either way of a feature's values where it has any, or of its being missing, whichever says more; 0.5 says nothing."""
    missing = np.isnan(values)
    by_absence = _auc(missing.astype(np.float32), with_outcome)
    present, outcome = values[~missing], with_outcome[~missing]
    enough = min(outcome.sum(), (~outcome).sum()) >= ENOUGH
    return max(by_absence, _auc(present, outcome)) if enough else by_absence


def _auc(values: NDArray[np.float32], with_outcome: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, ties counted half, turned so that it is at least 0.5 (Mann and Whitney 1947).

    >>> _auc(np.array([3, 2, 2, 1], dtype=np.float32), np.array([True, True, False, False]))
    0.875
    """
    _, level, n_of_level = np.unique(values, return_inverse=True, return_counts=True)
    rank = np.cumsum(n_of_level) - (n_of_level - 1) / 2
    n_with = int(with_outcome.sum())
    n_without = len(values) - n_with
    auc = (float(rank[level[with_outcome]].sum()) - n_with * (n_with + 1) / 2) / (n_with * n_without)
    return max(auc, 1 - auc)
