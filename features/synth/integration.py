"""Settlement: what the municipality knows of people who came to Norway. Category and length of stay are for audit alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.synth import rates
from features.synth.background import AGES, Background
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.liability import Bools
from features.synth.school_year import day_of

SETTLEMENT = Lag(10, 25.0, late_share=0.05, late_days=90)
TEST_LEVELS = ("under A1", "A1", "A2", "B1", "B2")
PROGRAMME_STATES = ("deltaker", "stanset", "avsluttet", "avbrutt")


def integration_records(people: Background, rng: np.random.Generator) -> list[Events]:
    """Reception class, introduction programme, language tests and tuition, and the audit attributes."""
    n = people.n_people
    came = people.immigration == 1
    age = people.age_at_arrival()
    as_adult = came & (age >= 17.5) & (rng.random(n) < 0.75)
    settled_on = people.arrived_on + rng.integers(30, 150, n)
    programme_on = np.maximum(settled_on + 60, people.born_on + 18 * 366)
    pupil = came & (age >= 6) & (age < 18)
    return [
        make_events("int_intro_class", pupil & (rng.random(n) < 0.6), value=1, happened_on=settled_on, lag=SETTLEMENT, rng=rng),
        make_events("int_parent_intro", came & (age < 18) & (rng.random(n) < 0.45), value=1,
                    happened_on=settled_on, lag=SETTLEMENT, rng=rng),
        make_events("int_arrival_age", came, value=np.floor(age), happened_on=people.arrived_on, lag=SETTLEMENT, rng=rng),
        _residence_years(people, came, rng),
        *_tuition(people, as_adult, programme_on, rng),
        _language_support(people, came, rng),
        _programme(people, as_adult, programme_on, rng),
    ]  # fmt: skip


def _programme(people: Background, as_adult: Bools, start: NDArray[np.int64], rng: np.random.Generator) -> Events:
    """Participation from its start to its end; one in eight is interrupted for a while, one in seven broken off."""
    n = people.n_people
    stop = start + rng.integers(240, 760, n)
    paused = as_adult & (rng.random(n) < 0.12)
    paused_on, back_on = start + 90, start + 90 + rng.integers(20, 120, n)
    told = ((as_adult, start, 0), (paused, paused_on, 1), (paused, back_on, 0), (as_adult, stop, np.where(rng.random(n) < 0.15, 3, 2)))
    return concatenate(
        [
            make_events("int_intro_programme", who, value=state, happened_on=on, lag=SETTLEMENT, rng=rng, names=PROGRAMME_STATES)
            for who, on, state in told
        ]
    )


def _residence_years(people: Background, came: Bools, rng: np.random.Generator) -> Events:
    new_years = np.array([day_of(people.birth_year + age + 1, 1, 1) for age in range(AGES)])
    years = (new_years[None, :] - people.arrived_on[:, None]) // 365
    return make_events("int_residence_years", came[:, None] & (years >= 0), value=years, happened_on=new_years, lag=SETTLEMENT, rng=rng)


def _tuition(people: Background, as_adult: Bools, start: NDArray[np.int64], rng: np.random.Generator) -> list[Events]:
    """Half-years of tuition with hours attended, and a test after one and after two years; ability shows in the level."""
    halves = np.arange(4)
    taught = as_adult[:, None] & (rng.random((people.n_people, 4)) < np.array([0.95, 0.9, 0.6, 0.4]))
    hours = np.rint(rng.gamma(6.0, 40.0, taught.shape))
    tests = np.array([370, 730])
    taken = as_adult[:, None] & (rng.random((people.n_people, 2)) < np.array([0.7, 0.6]))
    level = np.clip(
        np.rint(1.6 + np.array([0.0, 0.8]) + 0.8 * people.latents["ability"][:, None] + 0.6 * rng.standard_normal(taken.shape)), 0, 4
    )
    ends = start[:, None] + 182 * (halves + 1)
    return [
        make_events("int_norwegian_hours", taught, value=hours, happened_on=ends, lag=SETTLEMENT, rng=rng),
        make_events(
            "int_norwegian_test", taken, value=level, happened_on=start[:, None] + tests, lag=SETTLEMENT, rng=rng, names=TEST_LEVELS
        ),
    ]


def _language_support(people: Background, came: Bools, rng: np.random.Generator) -> Events:
    """Special language tuition at school: the first five years here, and the first school years of some born here."""
    grades = np.arange(1, 11)
    autumn = np.array([day_of(people.birth_year + 5 + int(grade), 9, 1) for grade in grades])
    since = (autumn[None, :] - people.arrived_on[:, None]) / 365.25
    new = came[:, None] & (since >= 0) & (since < 5)
    born_here = (people.immigration == 2)[:, None] & (grades <= 4)[None, :]
    given = (new & (rng.random(new.shape) < 0.8)) | (born_here & (rng.random((people.n_people, 1)) < rates.LANGUAGE_SUPPORT_BORN_HERE))
    return make_events("edu_language_support", given, value=1, happened_on=autumn, lag=Lag(5, 15.0), rng=rng)
