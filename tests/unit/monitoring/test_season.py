from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.drift.changes import measure_drift
from monitoring.drift.season import choose_reference, describe_reference, in_season

OCTOBER = date(2026, 10, 1)
NEVER_LEARNT = date(2000, 1, 1)


def months(first: int, last: int, *, n_people: int) -> np.ndarray:
    """Every month's first, from one year to another, each with so many people."""
    days = [date(year, month, 1) for year in range(first, last + 1) for month in range(1, 13)]
    return np.repeat(np.array(days, dtype=object), n_people)


def test_autumn_is_compared_with_autumn():
    as_of = months(2023, 2026, n_people=100)
    chosen = choose_reference(as_of, before=OCTOBER, learnt_by=OCTOBER, season_days=(45,))
    assert (chosen.seasonal, chosen.learnt) == (True, True)
    assert {day.month for day in as_of[chosen.rows]} == {9, 10, 11}
    assert {day.year for day in as_of[chosen.rows]} == {2023, 2024, 2025}


def test_the_narrowest_season_with_enough_people_is_taken():
    as_of = months(2023, 2026, n_people=100)
    narrow = choose_reference(as_of, before=OCTOBER, learnt_by=OCTOBER)
    assert (narrow.season_days, {day.month for day in as_of[narrow.rows]}) == (15, {10})
    wide = choose_reference(as_of, before=OCTOBER, learnt_by=OCTOBER, fewest=500)
    assert (wide.season_days, {day.month for day in as_of[wide.rows]}) == (45, {9, 10, 11})


def test_last_month_is_not_an_earlier_year():
    as_of = np.array([date(2026, 9, 1), date(2025, 10, 1), date(2026, 10, 1)], dtype=object)
    assert in_season(as_of, OCTOBER, season_days=45).tolist() == [False, True, False]


@pytest.mark.parametrize("years", range(1, 30))
def test_the_same_day_of_any_year_is_the_same_season_also_across_new_year(years):
    day = date(2026, 1, 2)
    near = [date(2026 - years, 1, 2), date(2026 - years, 1, 2) - timedelta(days=14), date(2026 - years, 1, 2) + timedelta(days=14)]
    far = [date(2026 - years, 1, 2) - timedelta(days=17), date(2026 - years, 1, 2) + timedelta(days=17)]
    assert in_season(np.array([*near, *far], dtype=object), day, season_days=14).tolist() == [True, True, True, False, False]


def test_what_the_model_learnt_from_comes_first_then_the_season_then_what_it_learnt_in_other_seasons():
    as_of = months(2023, 2026, n_people=30)
    learnt = choose_reference(as_of, before=OCTOBER, learnt_by=date(2025, 12, 31))
    assert (learnt.seasonal, learnt.learnt, len(learnt.rows)) == (True, True, 270)
    season = choose_reference(as_of, before=OCTOBER, learnt_by=date(2024, 12, 31))
    assert (season.seasonal, season.learnt, len(season.rows)) == (True, False, 270)
    other = choose_reference(as_of, before=OCTOBER, learnt_by=date(2023, 12, 31), fewest=300)
    assert (other.seasonal, other.learnt, len(other.rows)) == (False, True, 360)
    none = choose_reference(as_of, before=date(2023, 5, 1), learnt_by=NEVER_LEARNT)
    assert (none.seasonal, none.learnt, len(none.rows)) == (False, False, 120)


def test_few_rows_that_are_all_of_the_season_are_seasonal():
    as_of = np.repeat(np.array([date(2024, 6, 15), date(2025, 6, 15)], dtype=object), 30)
    chosen = choose_reference(as_of, before=date(2026, 6, 15), learnt_by=date(2024, 12, 31))
    assert (chosen.seasonal, chosen.learnt, len(chosen.rows)) == (True, False, 60)


def test_nothing_earlier_is_no_reference_and_no_season():
    chosen = choose_reference(np.array([OCTOBER], dtype=object), before=OCTOBER, learnt_by=OCTOBER)
    assert (len(chosen.rows), chosen.seasonal, chosen.learnt) == (0, False, False)


@pytest.mark.requirement("R-09")
def test_dates_of_few_people_are_not_named():
    as_of = np.repeat(np.array([date(2024, 10, 1), date(2025, 10, 1), date(2025, 10, 2)], dtype=object), [150, 60, 4])
    keys = pd.DataFrame({"person": np.arange(len(as_of)), "as_of": as_of})
    chosen = choose_reference(as_of, before=OCTOBER, learnt_by=OCTOBER)
    facts = describe_reference(chosen, keys, used=chosen.rows)
    assert (facts.as_of, facts.has_other_dates, facts.n_people) == ((date(2024, 10, 1), date(2025, 10, 1)), True, 214)
    few = describe_reference(chosen, keys, used=chosen.rows[:3])
    assert (few.as_of, few.n_people) == ((), None)


@pytest.mark.requirement("R-30")
def test_absence_that_grows_through_every_school_year_is_drift_against_all_months_and_none_against_the_season():
    random = np.random.default_rng(7)
    as_of = months(2022, 2025, n_people=60)

    def absence(days: np.ndarray) -> np.ndarray:
        months_in_school = np.array([(day.month - 8) % 12 for day in days])
        return random.gamma(2 + months_in_school, 1.5).reshape(-1, 1).astype(np.float32)

    rows, now = absence(as_of), absence(np.repeat(np.array([OCTOBER], dtype=object), 300))
    chosen = choose_reference(as_of, before=OCTOBER, learnt_by=OCTOBER)
    names, sectors = ["edu_absence.sum@365d"], {"edu_absence.sum@365d": "education"}
    assert chosen.seasonal
    assert not measure_drift(rows[chosen.rows], now, names, sectors=sectors).has_drifted
    assert measure_drift(rows, now, names, sectors=sectors).has_drifted
