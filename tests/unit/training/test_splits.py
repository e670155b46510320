"""Temporal splits: what was known, when, and what a split refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from features.declarations.learning import DiagnosticSplit
from features.declarations.learning import Split as DeclaredSplit
from features.errors import DataError
from training.splits.folds import FoldKind, choose_folds, forward_folds
from training.splits.periods import LabelledRows
from training.splits.temporal import check_honest, check_registrable, diagnostic_split, person_folds, temporal_split


def days(*texts: str) -> np.ndarray:
    return np.array(texts, dtype="datetime64[D]").astype(np.int32)


def yearly(*rows: tuple[str, str, int]) -> LabelledRows:
    """Rows as (as_of, label known on, person)."""
    return LabelledRows(
        as_of=days(*(row[0] for row in rows)),
        known_on=days(*(row[1] for row in rows)),
        group=np.array([row[2] for row in rows], dtype=np.int32),
        period=np.array([row[0][:4] for row in rows]),
    )


def oulad_like(n: int = 40) -> tuple[LabelledRows, np.ndarray]:
    """Four presentations with n people each; results known about eight months later."""
    as_of = ("2013-01-31", "2013-09-30", "2014-01-31", "2014-09-30")
    known = ("2013-09-30", "2014-06-25", "2014-09-30", "2015-06-25")
    period = np.repeat(["2013-02", "2013-10", "2014-02", "2014-10"], n)
    rows = LabelledRows(np.repeat(days(*as_of), n), np.repeat(days(*known), n), np.arange(4 * n, dtype=np.int32), period)
    return rows, np.tile([0.0, 1.0], 2 * n)


@pytest.mark.requirement("R-14")
def test_a_period_of_which_only_quitters_are_known_does_not_teach() -> None:
    quitters = [("2014-10-01", "2014-11-01", person) for person in range(3)]
    stayers = [("2014-10-01", "2016-06-15", person) for person in range(3, 6)]
    rows = yearly(("2013-10-01", "2014-06-15", 10), *quitters, *stayers, ("2015-10-01", "2016-06-15", 11))
    split = temporal_split(rows, DeclaredSplit())
    assert split.train_periods == ("2013",)
    assert split.immature_periods == ("2014",)
    assert split.dropped_unknown == 0


def test_somebody_who_starts_out_of_season_does_not_draw_the_test_back_a_year() -> None:
    earlier = [("2013-06-30", "2014-06-15", person) for person in range(40)]
    later = [("2015-06-30", "2016-06-15", person) for person in range(40, 80)]
    rows = yearly(*earlier, *later, ("2013-06-30", "2014-06-15", 80))
    rows = replace(rows, period=np.array(["2013"] * 40 + ["2015"] * 41))  # the last one began between the two intakes
    split = temporal_split(rows, DeclaredSplit())
    assert (int(split.train.sum()), int(split.test.sum()), split.out_of_season) == (40, 40, 1)
    check_honest(rows, split)


@pytest.mark.requirement("R-14")
def test_a_late_label_in_a_matured_period_is_left_out_and_counted() -> None:
    known = [("2013-10-01", "2014-06-15", person) for person in range(39)]
    rows = yearly(*known, ("2013-10-01", "2016-01-01", 39), ("2015-10-01", "2016-06-15", 40))
    split = temporal_split(rows, DeclaredSplit())
    assert (int(split.train.sum()), split.dropped_unknown) == (39, 1)
    check_honest(rows, split)


def test_people_seen_in_training_are_counted_and_the_unseen_marked() -> None:
    rows = yearly(("2013-10-01", "2014-06-15", 1), ("2015-10-01", "2016-06-15", 1), ("2015-10-01", "2016-06-15", 2))
    split = temporal_split(rows, DeclaredSplit())
    assert split.n_seen == 1
    assert split.unseen.tolist() == [False, False, True]
    assert split.first_test_as_of == date(2015, 10, 1)


@pytest.mark.requirement("R-14")
def test_a_period_whose_outcomes_are_still_coming_is_no_test() -> None:
    """General programmes are counted after five years, vocational ones after six: in between only half of a year is known."""
    rows = yearly(("2013-10-01", "2014-06-15", 1), ("2015-10-01", "2016-06-15", 2), ("2016-10-01", "2017-06-15", 3))
    assert temporal_split(rows, DeclaredSplit()).test_periods == ("2016",)
    assert temporal_split(rows, DeclaredSplit(), pending=np.array(["2016"])).test_periods == ("2015",)


def test_a_named_split_keeps_to_its_periods() -> None:
    rows, _ = oulad_like(2)
    split = temporal_split(rows, DeclaredSplit(period="month", train=("2013-02", "2013-10"), test=("2014-10",)))
    assert split.train_periods == ("2013-02", "2013-10")
    assert not split.train[split.names == "2014-02"].any()


@pytest.mark.parametrize(
    ("declared", "code"),
    [
        (DeclaredSplit(test=("2030",)), "TID441"),
        (DeclaredSplit(train=("2013",), test=("2013",)), "TID443"),
        (DeclaredSplit(train=("2015",), test=("2013",)), "TID443"),
        (DeclaredSplit(train=("2014",), test=("2015",)), "TID442"),
    ],
)
def test_a_split_that_cannot_be_honest_is_refused(declared: DeclaredSplit, code: str) -> None:
    rows = yearly(("2013-10-01", "2014-06-15", 1), ("2014-10-01", "2015-12-15", 2), ("2015-10-01", "2016-06-15", 3))
    with pytest.raises(DataError) as refused:
        temporal_split(rows, declared)
    assert refused.value.code == code


@pytest.mark.requirement("R-14")
def test_a_diagnostic_split_may_go_backwards_and_is_never_registrable() -> None:
    rows, _ = oulad_like(2)
    declared = DiagnosticSplit(name="published", stage="day_14", outcome="fail", train=("2013-10", "2014-10"), test=("2013-02", "2014-02"))
    split = diagnostic_split(rows, declared)
    assert not split.registrable
    with pytest.raises(DataError, match="never be registered"):
        check_registrable(split)
    with pytest.raises(DataError, match="TID443"):
        check_honest(rows, split)


def test_folds_hold_the_label_rule_too() -> None:
    rows, _ = oulad_like()
    split = temporal_split(rows, DeclaredSplit(period="month"))
    for fold in forward_folds(rows, split):
        assert rows.known_on[fold.fit].max() <= rows.as_of[fold.predict].min()
        assert not (fold.fit & fold.predict).any()


def test_a_model_of_a_quarter_of_the_people_calibrates_nobody() -> None:
    """Of four overlapping presentations only the first could have predicted the others; the calibrator then comes from rolling folds."""
    rows, label = oulad_like()
    split = temporal_split(rows, DeclaredSplit(period="month"))
    assert [fold.period for fold in forward_folds(rows, split)] == ["2013-10", "2014-02"]
    folds = choose_folds(rows, label, split, min_positives=20)
    assert folds.kind is FoldKind.ROLLING
    assert [fold.period for fold in folds.folds] == ["2014-02"]
    assert set(split.names[folds.folds[0].fit]) == {"2013-02", "2013-10"}


def test_forward_folds_come_first_where_labels_are_quick() -> None:
    quick = [(f"{year}-10-01", f"{year + 1}-06-15", year * 100 + person) for year in range(2005, 2010) for person in range(40)]
    rows = yearly(*quick, ("2015-10-01", "2016-06-15", 1))
    folds = choose_folds(rows, np.r_[np.tile([0.0, 1.0], 100), 1.0], temporal_split(rows, DeclaredSplit()), min_positives=10)
    assert folds.kind is FoldKind.FORWARD
    assert [fold.period for fold in folds.folds] == ["2008", "2009"]


def test_folds_say_when_labels_took_too_long() -> None:
    slow = [(f"{year}-10-01", f"{year + 6}-06-15", year * 100 + person) for year in range(2005, 2009) for person in range(40)]
    rows = yearly(*slow, ("2015-10-01", "2021-06-15", 1))
    label = np.r_[np.tile([0.0, 1.0], 80), 1.0]
    split = temporal_split(rows, DeclaredSplit())
    folds = choose_folds(rows, label, split, min_positives=10)
    assert folds.kind is FoldKind.ROLLING
    assert [fold.period for fold in folds.folds] == ["2007", "2008"]
    assert set(split.names[folds.folds[1].fit]) == {"2005", "2006", "2007"}


def test_one_training_period_is_crossed_by_person() -> None:
    rows = yearly(*[("2013-10-01", "2014-06-15", person // 2) for person in range(80)], ("2015-10-01", "2016-06-15", 99))
    folds = choose_folds(rows, np.tile([0.0, 1.0], 41)[:81], temporal_split(rows, DeclaredSplit()), min_positives=10)
    assert folds.kind is FoldKind.CROSSED
    for fold in folds.folds:
        assert not set(rows.group[fold.fit]) & set(rows.group[fold.predict])
    assert np.sum([fold.predict for fold in folds.folds], axis=0)[:80].tolist() == [1] * 80


def test_folds_of_persons_keep_people_whole_test_everybody_once_and_are_never_registrable() -> None:
    rows = yearly(*(("2013-02-01", "2013-07-01", person) for person in (1, 1, 2, 3, 4, 5, 5, 5, 6, 7)))
    declared = DiagnosticSplit(name="people", stage="day_14", outcome="fail", folds=3)
    splits = person_folds(rows, declared, seed=5)
    assert (sum(split.test.astype(int) for split in splits) == 1).all()
    for split in splits:
        assert (split.train != split.test).all()
        assert not set(rows.group[split.train]) & set(rows.group[split.test])
        with pytest.raises(DataError, match="TID444"):
            check_registrable(split)
    sizes = [len(set(rows.group[split.test])) for split in splits]
    assert max(sizes) - min(sizes) <= 1
    again = person_folds(rows, declared, seed=5)
    assert all((one.test == other.test).all() for one, other in zip(splits, again, strict=True))
    with pytest.raises(DataError, match="TID441"):
        person_folds(rows, declared.model_copy(update={"folds": 8}), seed=5)


@pytest.mark.parametrize("told", [{}, {"train": ("2013-02",)}, {"train": ("2013-02",), "test": ("2014-02",), "folds": 5}])
def test_a_diagnostic_split_is_by_periods_or_by_persons(told: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="give both `train` and `test`, or `folds`"):
        DiagnosticSplit.model_validate({"name": "people", "stage": "day_14", "outcome": "fail", **told})
