"""Temporal splits: learn from earlier periods whose labels were known, test on later ones.

A split is honest when it could have been made on the day the first tested person was assessed. Two things break that quietly: a label
that nobody knew yet, and a period of which only the early outcomes were known (people who quit are known before people who stay).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.declarations.learning import DiagnosticSplit
from features.declarations.learning import Split as DeclaredSplit
from features.errors import DataError
from features.records import Mask
from training.splits.periods import LabelledRows, periods_present

MATURED_SHARE = 0.95
"""A period is used for learning when at least this share of its labels was known: below it, the known ones are a selection by outcome."""


@dataclass(frozen=True)
class Split:
    """Which rows teach and which rows test.

    Attributes
    ----------
    train, test
        Boolean masks over the rows, shape (n_rows,).
    unseen
        Test rows of people who have no training row at all, shape (n_rows,).
    first_test_as_of
        Earliest as-of date of the test; every training label was known on or before it (not so in a diagnostic split).
    dropped_unknown
        Rows of matured training periods left out because their own label was not known yet.
    immature_periods
        Training periods left out whole, because too few of their labels were known.
    out_of_season
        Test rows left out because they were assessed with an earlier intake: someone who starts in March stands between two.
    registrable
        False for a diagnostic split: what it makes can never be registered.
    """

    train: Mask
    test: Mask
    unseen: Mask
    names: NDArray[np.str_]
    train_periods: tuple[str, ...]
    test_periods: tuple[str, ...]
    first_test_as_of: date
    dropped_unknown: int
    immature_periods: tuple[str, ...]
    out_of_season: int = 0
    registrable: bool = True

    @property
    def n_seen(self) -> int:
        """Test rows of people who also have a training row."""
        return int(self.test.sum() - self.unseen.sum())


NOTHING_PENDING: NDArray[np.str_] = np.empty(0, dtype=np.str_)


def temporal_split(rows: LabelledRows, declared: DeclaredSplit, *, pending: NDArray[np.str_] = NOTHING_PENDING) -> Split:
    """Divide rows into training and test, forward in time.

    A row may teach when its label was known on the day the *first* test row was assessed. Easy to get wrong: being earlier is not
    enough. People who quit in November are known in November, people who stay are known in June; a period with only its quitters known
    teaches that everybody quits. So a period teaches as a whole or not at all (`MATURED_SHARE`), and a test period that the project does
    not name is the last one that has matured.

    Parameters
    ----------
    pending
        Periods of people whose outcome may still come; without them an unfinished period would look finished.

    Raises
    ------
    DataError
        TID441 nothing to test, TID442 nothing to learn from, TID443 a training period is not before the test.

    Examples
    --------
    Three autumns, assessed on 1 October; results are known on 15 June, those of 2014 not before the test of October 2015:

    >>> day = lambda text: int(np.datetime64(text, "D").astype(int))
    >>> rows = LabelledRows(
    ...     as_of=np.array([day("2013-10-01"), day("2014-10-01"), day("2014-10-01"), day("2015-10-01")], dtype=np.int32),
    ...     known_on=np.array([day("2014-06-15"), day("2015-06-15"), day("2015-12-01"), day("2016-06-15")], dtype=np.int32),
    ...     group=np.array([1, 2, 3, 1], dtype=np.int32),
    ...     period=np.array(["2013", "2014", "2014", "2015"]),
    ... )
    >>> split = temporal_split(rows, DeclaredSplit(period="year"))
    >>> split.train_periods, split.immature_periods, split.test_periods
    (('2013',), ('2014',), ('2015',))
    >>> split.train.tolist(), split.test.tolist()
    ([True, False, False, False], [False, False, False, True])
    >>> split.n_seen  # the person tested in 2015 was also there in 2013
    1

    A label that spans two years leaves a gap. Assessed at the end of each year, and known when the status of the second November that
    follows is published in June: between the last year that teaches and the one that is tested lie two that nobody knew about yet.

    >>> years = range(2017, 2022)
    >>> rows = LabelledRows(
    ...     as_of=np.array([day(f"{year}-12-31") for year in years], dtype=np.int32),
    ...     known_on=np.array([day(f"{year + 3}-06-10") for year in years], dtype=np.int32),
    ...     group=np.arange(5, dtype=np.int32),
    ...     period=np.array([str(year) for year in years]),
    ... )
    >>> split = temporal_split(rows, DeclaredSplit(period="year"))
    >>> split.train_periods, split.immature_periods, split.test_periods
    (('2017', '2018'), ('2019', '2020'), ('2021',))
    >>> str(split.first_test_as_of)  # that of 2018, known on 10 June 2021, is the last that teaches
    '2021-12-31'
    """
    names = rows.period
    train_names, test_names = _periods(names, declared, pending)
    test = np.isin(names, test_names)
    if not test.any():
        raise DataError(
            "TID441", f"no row with a known outcome lies in the test periods {_listed(test_names)}. Name later ones in [split]."
        )
    candidates = np.isin(names, train_names)
    test, out_of_season = _in_season(rows, test, candidates)
    first = int(rows.as_of[test].min())
    _check_forward(rows, candidates, first, train_names)
    train, immature = _known_rows(rows, names, candidates, by=first)
    if not train.any():
        raise DataError(
            "TID442",
            f"no training row has an outcome that was known by {_date(first)}, the first as-of date of the test "
            f"({int(candidates.sum())} rows lie in {_listed(train_names)}). Test on later periods or train on earlier ones. "
            "Where everybody is one cohort there is no such split: a [[diagnostic_split]] with `folds` shows what can be learned, and "
            "is never registered.",
        )
    left_out = candidates & ~train & ~np.isin(names, immature)
    return _split(rows, names, train, test, dropped=int(left_out.sum()), immature=immature, out_of_season=out_of_season)


def diagnostic_split(rows: LabelledRows, declared: DiagnosticSplit) -> Split:
    """Divide rows as a published analysis did, time order or not; the result can never be registered.

    Raises
    ------
    DataError
        TID441 nothing to test, TID442 nothing to learn from.
    """
    names = rows.period
    train, test = np.isin(names, declared.train), np.isin(names, declared.test)
    for code, mask, periods in (("TID441", test, declared.test), ("TID442", train, declared.train)):
        if not mask.any():
            raise DataError(code, f"diagnostic_split {declared.name}: no row with a known outcome lies in {_listed(periods)}.")
    return _split(rows, names, train, test, dropped=0, immature=(), registrable=False)


def person_folds(rows: LabelledRows, declared: DiagnosticSplit, *, seed: int) -> tuple[Split, ...]:
    """Divide people, with all their rows, into folds of nearly equal size, one to test and the others to learn from; never registrable.

    Raises
    ------
    DataError
        TID441 when there are fewer people than folds.

    Examples
    --------
    >>> day = np.zeros(4, dtype=np.int32)
    >>> rows = LabelledRows(as_of=day, known_on=day, group=np.array([1, 1, 2, 3], dtype=np.int32), period=np.array(["2001"] * 4))
    >>> declared = DiagnosticSplit(name="people", stage="start", outcome="gone", folds=3)
    >>> sorted(rows.group[split.test].tolist() for split in person_folds(rows, declared, seed=1))
    [[1, 1], [2], [3]]
    """
    people, person = np.unique(rows.group, return_inverse=True)
    n_folds = declared.folds or 0
    if len(people) < n_folds:
        raise DataError(
            "TID441", f"diagnostic_split {declared.name}: {len(people)} people with a known outcome are too few for {n_folds} folds."
        )
    fold = np.empty(len(people), dtype=np.intp)
    fold[np.random.default_rng(seed).permutation(len(people))] = np.arange(len(people)) % n_folds
    tests = [fold[person] == number for number in range(n_folds)]
    return tuple(_split(rows, rows.period, ~test, test, dropped=0, immature=(), registrable=False) for test in tests)


def check_registrable(split: Split) -> None:
    """Refuse to register what a diagnostic split made.

    Raises
    ------
    DataError
        TID444.
    """
    if not split.registrable:
        raise DataError(
            "TID444",
            "a diagnostic split may train on later periods than it tests, so its model can never be registered. "
            "Use the project's [split] for a model that is to serve.",
        )


def check_honest(rows: LabelledRows, split: Split) -> None:
    """Check a split against its promise, whoever made it.

    Raises
    ------
    DataError
        TID443 when a training row is not before every test row, TID445 when a training label became known after the first test as-of date.
    """
    first = int(rows.as_of[split.test].min())
    _check_forward(rows, split.train, first, split.train_periods)
    late = int((rows.known_on[split.train] > first).sum())
    if late:
        raise DataError(
            "TID445", f"{late} training labels became known after {_date(first)}, the first as-of date of the test. Leave those rows out."
        )


def _periods(names: NDArray[np.str_], declared: DeclaredSplit, pending: NDArray[np.str_]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    present = periods_present(names)
    matured = tuple(name for name in present if (names == name).sum() >= MATURED_SHARE * ((names == name).sum() + (pending == name).sum()))
    test = declared.test or matured[-1:]
    train = declared.train or tuple(name for name in present if not test or name < min(test))
    return train, test


def _in_season(rows: LabelledRows, test: Mask, candidates: Mask) -> tuple[Mask, int]:
    """Leave out a handful of test rows that were assessed no later than the last training rows.

    One person who starts out of season would otherwise draw the first day of the whole test back by a year. More than a handful says that
    the periods themselves are not in order, which is refused.
    """
    if not candidates.any():
        return test, 0
    early = test & (rows.as_of <= int(rows.as_of[candidates].max()))
    if early.sum() > (1 - MATURED_SHARE) * test.sum():
        return test, 0
    return test & ~early, int(early.sum())


def _known_rows(rows: LabelledRows, names: NDArray[np.str_], candidates: Mask, *, by: int) -> tuple[Mask, tuple[str, ...]]:
    known = candidates & (rows.known_on <= by)
    immature = tuple(
        period
        for period in periods_present(names[candidates])
        if known[names == period].sum() < MATURED_SHARE * candidates[names == period].sum()
    )
    return known & ~np.isin(names, immature), immature


def _check_forward(rows: LabelledRows, train: Mask, first_test: int, periods: tuple[str, ...]) -> None:
    if train.any() and int(rows.as_of[train].max()) >= first_test:
        raise DataError(
            "TID443",
            f"training periods {_listed(periods)} reach {_date(int(rows.as_of[train].max()))}, but the test begins on {_date(first_test)}. "
            "Training comes before the test; a split the other way is a [[diagnostic_split]].",
        )


def _split(
    rows: LabelledRows,
    names: NDArray[np.str_],
    train: Mask,
    test: Mask,
    *,
    dropped: int,
    immature: tuple[str, ...],
    out_of_season: int = 0,
    registrable: bool = True,
) -> Split:
    return Split(
        train=train,
        test=test,
        unseen=test & ~np.isin(rows.group, rows.group[train]),
        names=names,
        train_periods=periods_present(names[train]),
        test_periods=periods_present(names[test]),
        first_test_as_of=_date(int(rows.as_of[test].min())),
        dropped_unknown=dropped,
        immature_periods=immature,
        out_of_season=out_of_season,
        registrable=registrable,
    )


def _date(days: int) -> date:
    return date.fromisoformat(str(np.datetime64(days, "D")))


def _listed(periods: tuple[str, ...]) -> str:
    return ", ".join(periods) if periods else "(none)"
