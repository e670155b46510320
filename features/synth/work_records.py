"""What registers of work and welfare say of the years from 16 to 24."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.synth.background import Background
from features.synth.career import AGES, CONSCRIPT, EMPLOYED, MEASURE, NOBODY, UNEMPLOYED, UNKNOWN, Career, reference_days
from features.synth.events import STILL, Events, Lag, Spells, make_events, make_spells
from features.synth.liability import Bools
from features.synth.school_year import day_of

NAV = Lag(1, 4.0, late_share=0.02, late_days=60)
UNTIL_24 = AGES <= 24
GUARANTEE_FROM = day_of(2023, 7, 1)
"""The youth guarantee began (M)."""


def status_records(people: Background, career: Career, rng: np.random.Generator) -> list[Events]:
    """Statistics Norway's status on each 16 November: published the summer after, never a predictor."""
    on = reference_days(people.birth_year)
    published = Lag(205, 8.0, late_share=0.0)
    here = (on[None, :] > people.arrived_on[:, None]) & UNTIL_24[None, :]
    return [
        make_events(
            "nav_status8", here & (career.status != NOBODY), value=career.status.astype(np.int32), happened_on=on, lag=published, rng=rng
        )
    ]


def work_spells(people: Background, career: Career, rng: np.random.Generator) -> list[Spells]:
    """Registered job search, measures, and benefits for health; a person's spells of one kind never overlap."""
    n, on = people.n_people, reference_days(people.birth_year)
    young = UNTIL_24[None, :]
    new_year = on - 319
    seeks = (career.status == UNEMPLOYED) | (rng.random((n, len(AGES))) < np.where(career.is_outside, 0.22, 0.05))
    seeks &= young & (AGES >= 18)[None, :]
    from_day = rng.integers(0, 250, seeks.shape)
    length = np.where(career.status == UNEMPLOYED, 320 - from_day + rng.integers(2, 40, seeks.shape), rng.integers(14, 110, seeks.shape))
    in_measure = (career.status == MEASURE) & young
    return [
        make_spells("nav_registered_unemployed", seeks, start=new_year + from_day, stop=new_year + from_day + length).by_month(),
        make_spells(
            "nav_measures", in_measure, start=on - rng.integers(10, 150, seeks.shape), stop=on + rng.integers(5, 45, seeks.shape)
        ).by_month(),
        _runs("nav_aap", career.allowance & young, on, rng),
        _pension(people, career, rng),
    ]


def _runs(indicator: str, state: Bools, on: NDArray[np.int32], rng: np.random.Generator, *, last_stop: int = STILL) -> Spells:
    """Turn consecutive years in a state into one spell, from some day before the first date to some day after the last."""
    padded = np.pad(state, ((0, 0), (1, 1)))
    person, first = np.nonzero(padded[:, 1:-1] & ~padded[:, :-2])
    _, last = np.nonzero(padded[:, 1:-1] & ~padded[:, 2:])
    start = on[first] - rng.integers(0, 250, len(first))
    stop = np.where(last == UNTIL_24.sum() - 1, last_stop, on[last] + rng.integers(1, 45, len(last)))
    ones = np.ones(len(person), dtype=np.float32)
    return Spells(indicator, person.astype(np.int32), ones, start.astype(np.int32), stop.astype(np.int32))


def _pension(people: Background, career: Career, rng: np.random.Generator) -> Spells:
    granted = career.pension_age <= 24
    start = people.born_on + career.pension_age * 365 + rng.integers(10, 300, people.n_people)
    return make_spells("nav_disability", granted, start=start, stop=STILL, value=100)


def work_records(people: Background, career: Career, rng: np.random.Generator) -> list[Events]:
    """Jobs by month, own social assistance by year, conscription, and plans under the youth guarantee."""
    shape = career.status.shape
    on = reference_days(people.birth_year)
    adult = UNTIL_24[None, :] & (AGES >= 18)[None, :] & (career.status != NOBODY)
    helped = adult & (rng.random(shape) < np.where(career.is_outside, 0.26, 0.025))
    months = rng.integers(1, 12, shape)
    planned = adult & career.is_outside & (career.status != UNKNOWN) & (on >= GUARANTEE_FROM)[None, :] & (rng.random(shape) < 0.6)
    jobs = _runs("nav_employment", (career.status == EMPLOYED) & UNTIL_24[None, :], on, rng, last_stop=int(on[UNTIL_24][-1]) + 45)
    return [
        jobs.by_month().as_events(Lag(8, 6.0), rng),
        make_events("nav_social_assist_own", helped, value=months, happened_on=on + 45, lag=Lag(20, 15.0), rng=rng),
        make_events("mil_service", (career.status == CONSCRIPT) & UNTIL_24[None, :], value=1, happened_on=on - 60, lag=NAV, rng=rng),
        make_events("nav_youth_guarantee", planned, value=1, happened_on=on - rng.integers(0, 60, shape), lag=NAV, rng=rng),
    ]
