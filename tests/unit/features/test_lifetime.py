"""Planted lifetime values are found; honest processes are not."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.lifetime import ENOUGH_PEOPLE, Sign, enough_people, find_lifetime_values

N, YEARS = 300, np.arange(2000, 2012)


def records(**columns: np.ndarray) -> pa.Table:  # type: ignore[type-arg]
    """Person-year records, one column an indicator: shape (people, years), NaN or empty where there is none."""
    tables = []
    for code, values in columns.items():
        people, years = np.indices(values.shape)
        text = np.array([str(value) for value in values.ravel()], dtype=object)
        kept = ~np.isin(text, ["nan", ""])
        days = [date(int(YEARS[place]), 12, 31) for place in years.ravel()[kept]]
        tables.append(
            pa.table(
                {
                    "id": pa.array(people.ravel()[kept], pa.uint64()),
                    "code": [code] * int(kept.sum()),
                    "value": pa.array(text[kept].tolist(), pa.string()),
                    "day": pa.array(days, pa.date32()),
                }
            )
        )
    return pa.concat_tables(tables)


def signs(**columns: np.ndarray) -> dict[str, Sign]:  # type: ignore[type-arg]
    return {found.indicator: found.sign for found in find_lifetime_values(records(**columns))}


@pytest.fixture
def degree_year() -> np.ndarray:  # type: ignore[type-arg]
    """The year of each person's degree, 0 for a third who never get one."""
    rng = np.random.default_rng(4)
    return np.where(rng.random(N) < 1 / 3, 0, rng.integers(2003, 2012, N))


def test_a_constant_that_differs_between_people_is_a_lifetime_value(degree_year: np.ndarray) -> None:  # type: ignore[type-arg]
    has = (degree_year > 0)[:, None]
    year = np.where(has, degree_year[:, None], np.nan) + np.zeros(len(YEARS))
    highest = np.repeat(np.where(has, "BA", "none"), len(YEARS), axis=1)
    found = find_lifetime_values(records(year=year, highest=highest))
    assert {one.indicator: one.sign for one in found} == {"year": Sign.SAME, "highest": Sign.SAME}
    assert {one.indicator: one.tells_dates for one in found} == {"year": True, "highest": False}


def test_years_to_a_moment_still_to_come_are_found_and_an_age_is_not(degree_year: np.ndarray) -> None:  # type: ignore[type-arg]
    has = (degree_year > 0)[:, None]
    since = np.where(has, YEARS - degree_year[:, None], np.nan)
    left = np.where(has, degree_year[:, None] - YEARS, np.nan)
    age = YEARS - np.random.default_rng(1).integers(1985, 1990, N)[:, None]
    assert signs(since=since, left=left, age=age.astype(float)) == {"since": Sign.COUNTDOWN, "left": Sign.COUNTDOWN}


def test_a_nought_that_promises_a_one_is_found_and_a_mark_that_may_stay_nought_is_not(degree_year: np.ndarray) -> None:  # type: ignore[type-arg]
    has = (degree_year > 0)[:, None]
    done = (degree_year[:, None] <= YEARS).astype(float)
    assert signs(promised=np.where(has, done, np.nan), honest=np.where(has, done, 0.0)) == {"promised": Sign.PROMISE}


def test_being_filled_in_for_some_people_throughout_is_found(degree_year: np.ndarray) -> None:  # type: ignore[type-arg]
    has = (degree_year > 0)[:, None]
    everybody = np.random.default_rng(2).integers(0, 5, (N, len(YEARS))).astype(float)
    filled = np.where(has, 0.0, np.nan) + np.zeros(len(YEARS))
    from_then_on = np.where(has & (degree_year[:, None] <= YEARS), 1.0, np.nan)
    assert signs(filled=filled, from_then_on=from_then_on, everybody=everybody) == {"filled": Sign.PRESENCE}


def test_too_few_people_or_too_short_a_time_gives_no_verdict() -> None:
    constant = np.repeat(np.arange(ENOUGH_PEOPLE - 1) % 2, 12).reshape(-1, 12).astype(float)
    assert not enough_people(records(constant=constant))
    assert signs(constant=constant) == {}
    one_date = np.where(np.arange(12) == 0, np.arange(N)[:, None] % 2, np.nan)
    assert not enough_people(records(one_date=one_date))
    assert signs(one_date=one_date) == {}


def test_one_value_for_everybody_tells_nothing_of_anybody() -> None:
    assert signs(flag=np.ones((N, len(YEARS)))) == {}


@given(
    seed=st.integers(0, 10_000),
    moves=st.floats(0.01, 0.5),
    missing=st.floats(0.0, 0.6),
    n_levels=st.integers(2, 6),
)
@settings(max_examples=25, deadline=None)
def test_a_state_that_people_move_between_is_never_taken_for_one(seed: int, moves: float, missing: float, n_levels: int) -> None:
    """Slow states, counts, onsets and marks that come and go, with cells missing by chance, beside a planted constant."""
    rng = np.random.default_rng(seed)
    state = np.empty((N, len(YEARS)))
    state[:, 0] = rng.integers(0, n_levels, N)
    for year in range(1, len(YEARS)):
        state[:, year] = np.where(rng.random(N) < moves, rng.integers(0, n_levels, N), state[:, year - 1])
    count = rng.poisson(2, state.shape).astype(float)
    onset = (rng.integers(0, 30, N)[:, None] <= np.arange(len(YEARS))).astype(float)
    planted = np.repeat(rng.integers(0, n_levels, N)[:, None], len(YEARS), axis=1).astype(float)
    gone = rng.random(state.shape) < missing
    columns = {name: np.where(gone, np.nan, values) for name, values in {"count": count, "onset": onset, "planted": planted}.items()}
    assert signs(state=np.where(gone, np.nan, state), **columns) == {"planted": Sign.SAME}
