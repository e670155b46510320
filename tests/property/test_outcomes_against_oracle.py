"""Outcomes against a plain oracle: one row at a time, one record at a time, as the declaration reads."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features.cohort import Cohort
from features.declarations.outcomes import Outcome, ReferenceDates
from features.declarations.project import Project, load_project
from features.outcomes import label_rows
from tests.support.memory_store import Told, store_of

NORWAY = Path(__file__).parents[2] / "examples" / "norway"
STATUS, JOB, QUIT = "nav_status8", "nav_employment", "edu_status_change"
OUTSIDE, INSIDE, GONE, UNKNOWN = 2408, 808, 6432, 7208
KNOWN_BY = date(2023, 7, 1)


@cache
def norway() -> Project:
    return load_project(NORWAY)


@dataclass(frozen=True)
class Found:
    """What became of one row."""

    label: float | None
    known_on: date | None
    happened_on: date | None


def oracle(told: list[Told], person: int, as_of: date, outcome: Outcome, *, known_by: date) -> Found:
    """Say what became of one person: every rule in a line or two."""
    own = [one for one in told if one[0] == person and max(one[3], one[4]) <= known_by and (len(one) == 5 or one[5] > known_by)]
    limit = as_of + timedelta(days=outcome.horizon_days)
    statuses = [one for one in own if one[1] == outcome.indicator and not np.isnan(one[2]) and as_of < one[3] <= limit]
    latest = sorted(statuses, key=lambda one: (one[3], one[4]))
    if outcome.reference is None:
        read: list[Told | None] = [*latest[-1:]] or [None]
    else:
        year = as_of.year + ((as_of.month, as_of.day) >= (outcome.reference.month, outcome.reference.day))
        days = [date(year + later, outcome.reference.month, outcome.reference.day) for later in range(outcome.reference.look_at)]
        read = [next((one for one in reversed(latest) if one[3] == day), None) for day in days]
    if None in read:
        return Found(None, None, None)
    found = [one for one in read if one is not None]
    known_on = max(one[4] for one in found)
    counts = [_counts(one, own, outcome) for one in found]
    if None in counts:
        return Found(None, known_on, None)
    first = _first_of_run(counts, outcome.reference)
    if first is None:
        return Found(0.0, known_on, None)
    began = [one[3] for one in own if one[1] == outcome.dated_by and as_of < one[3] <= found[-1][3]]
    return Found(1.0, known_on, min(began) if began else found[first][3])


def _counts(status: Told, own: list[Told], outcome: Outcome) -> bool | None:
    if status[2] in outcome.unknown:
        since = status[3] - timedelta(days=outcome.contact_days)
        return True if any(one[1] in outcome.contact and since < one[3] <= status[3] for one in own) else None
    return None if status[2] in outcome.excluded else status[2] in outcome.positive


def _first_of_run(counts: list[bool | None], reference: ReferenceDates | None) -> int | None:
    if reference is None:
        return 0 if counts[0] else None
    if not reference.consecutive:
        return counts.index(True) if counts.count(True) >= reference.needed else None
    runs = (start for start in range(len(counts) - reference.needed + 1) if all(counts[start : start + reference.needed]))
    return next(runs, None)


def outcome_with(reference: ReferenceDates | None, *, dated: bool) -> Outcome:
    base = norway().outcomes["utenfor_vedvarende"].model_dump()
    codes = {"positive": (OUTSIDE,), "negative": (INSIDE,), "excluded": (GONE,), "unknown": (UNKNOWN,), "sensitivity": ()}
    contact = {"contact": (JOB,), "contact_days": 365, "dated_by": QUIT if dated else None}
    return Outcome.model_validate(base | codes | contact | {"reference": reference, "horizon_days": 800})


NOVEMBER = date(2021, 11, 16)
DAYS = st.one_of(
    st.sampled_from([NOVEMBER + timedelta(days=shift) for shift in (-366, -365, -364, -1, 0, 1, 364, 365, 366, 730)]),
    st.dates(date(2019, 11, 1), date(2023, 12, 31)),
)
AS_OF = [date(2020, 11, 15), date(2020, 11, 16), date(2020, 12, 31), date(2021, 11, 16)]
CODES = st.sampled_from([OUTSIDE, OUTSIDE, INSIDE, UNKNOWN, GONE, float("nan")])


@st.composite
def records(draw: st.DrawFn) -> list[Told]:
    told: list[Told] = []
    for person in range(3):
        for _ in range(draw(st.integers(0, 7))):
            day = draw(DAYS)
            known = day + timedelta(days=draw(st.sampled_from([-3, 0, 1, 215, 400])))
            record: Told = (person, STATUS, float(draw(CODES)), day, known)
            if draw(st.booleans()):  # corrected some time after it was known
                corrected = known + timedelta(days=draw(st.integers(1, 500)))
                told.append((*record[:5], corrected))
                record = (person, STATUS, float(draw(CODES)), day, corrected)
            told.append(record)
        for indicator in (JOB, QUIT):
            told += [(person, indicator, 1.0, day, day) for day in draw(st.lists(DAYS, max_size=2))]
    # Two records of one day and one time of knowing stand in no order: the register has one.
    return list({(one[0], one[1], one[3], one[4]): one for one in told}.values())


REFERENCES = st.sampled_from(
    [
        None,
        ReferenceDates(month=11, day=16, look_at=1, needed=1, published_within_days=230),
        ReferenceDates(month=11, day=16, look_at=2, needed=2, published_within_days=230),
        ReferenceDates(month=11, day=16, look_at=3, needed=2, published_within_days=230),
        ReferenceDates(month=11, day=16, look_at=3, needed=2, consecutive=False, published_within_days=230),
    ]
)


@pytest.mark.requirement("R-14")
@settings(max_examples=300, deadline=None)
@given(
    told=records(),
    reference=REFERENCES,
    dated=st.booleans(),
    as_of=st.lists(
        st.sampled_from([date(2020, 11, 15), date(2020, 11, 16), date(2020, 12, 31), date(2021, 11, 16)]), min_size=1, unique=True
    ),
)
def test_labels_are_those_of_the_oracle(told: list[Told], reference: ReferenceDates | None, dated: bool, as_of: list[date]) -> None:
    outcome = outcome_with(reference, dated=dated)
    frame = pd.DataFrame([(person, day) for person in range(3) for day in sorted(as_of)], columns=["person", "as_of"])
    store = store_of(told, indicators=[JOB, STATUS, QUIT], n_persons=3)
    labels = label_rows(norway(), store, Cohort("any", frame), outcome, known_by=KNOWN_BY)
    for row, (person, day) in enumerate(zip(frame["person"], frame["as_of"], strict=True)):
        expected = oracle(told, person, day, outcome, known_by=KNOWN_BY)
        found = labels.iloc[row]
        assert (None if pd.isna(found["label"]) else found["label"]) == expected.label
        assert (None if found["known_on"] is pd.NaT else found["known_on"]) == expected.known_on
        assert (None if found["happened_on"] is pd.NaT else found["happened_on"]) == expected.happened_on
