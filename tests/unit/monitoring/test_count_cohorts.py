"""How many months' worth of different people some screenings have."""

from datetime import date

import numpy as np

from models.bands import Band
from monitoring.performance.periods import Period, count_cohorts


def screening(as_of: date, people: range) -> Period:
    n = len(people)
    return Period(
        as_of=as_of,
        version="1",
        threshold=0.4,
        subject=np.array([f"{number:032x}" for number in people]),
        label=np.full(n, np.nan),
        proposed=np.zeros(n, dtype=bool),
        probability=np.full(n, 0.1),
        band=np.full(n, next(iter(Band)).value),
    )


def test_a_school_year_told_every_month_is_one_cohort_and_the_next_another():
    year = [screening(date(2025, month, 1), range(50)) for month in (1, 2, 3)]
    months = {"2025-01", "2025-02", "2025-03"}
    assert count_cohorts(year, months=months) == 1
    assert count_cohorts([*year, screening(date(2025, 9, 1), range(50, 100))], months={*months, "2025-09"}) == 2


def test_a_few_who_came_and_went_change_nothing():
    moved = [screening(date(2025, 1, 1), range(50)), screening(date(2025, 2, 1), range(4, 54))]
    assert count_cohorts(moved, months={"2025-01", "2025-02"}) == 1


def test_months_of_whom_nobody_is_known_any_more_may_be_the_same_people():
    told = [screening(date(2024, 6, 1), range(50)), screening(date(2025, 6, 1), range(50, 100))]
    assert count_cohorts(told, months={"2024-06", "2025-06"}) == 2
    assert count_cohorts(told, months={"2023-06", "2024-06", "2025-06"}) == 1
    assert count_cohorts(told, months={"2025-06"}) == 1
    assert count_cohorts([], months=set()) == 1


def test_two_versions_of_one_month_are_one_month():
    both = [screening(date(2025, 6, 1), range(50)), screening(date(2025, 6, 2), range(50))]
    assert count_cohorts([*both, screening(date(2024, 6, 1), range(50, 100))], months={"2024-06", "2025-06"}) == 2
