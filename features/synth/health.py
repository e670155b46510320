"""Health contacts, coarse: yearly counts and flags, never a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import Background, Bools, Floats, draw_liability
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.school_year import autumn_of, day_of

YEARLY = Lag(25, 15.0, late_share=0.02, late_days=90)
AGES = np.arange(1, 24)


@dataclass(frozen=True)
class Health:
    """What the outcome depends on, and the records."""

    distress: Floats
    """Standardised tendency to seek help for the mind; mood and strain drive it."""
    in_camhs: Bools
    """In contact with child and adolescent mental health care at 13 to 15."""
    events: list[Events]


def draw_health(people: Background, rng: np.random.Generator) -> Health:
    """Draw contacts with the general practitioner, the school nurse and mental health care, year by year."""
    distress = draw_liability(people, rng, mood=-0.70, strain=0.32)
    ends = np.array([day_of(people.birth_year + int(age), 12, 31) for age in AGES])
    here = ends[None, :] > people.arrived_on[:, None]
    camhs = np.zeros((people.n_people, len(AGES)), dtype=bool)
    psych = np.zeros_like(camhs)
    for column, age in enumerate(AGES):
        now = distress.wobble(rng, stable=0.9)
        for is_boy, sex in ((True, "boy"), (False, "girl")):
            rate = rates.step(rates.CAMHS_IN_YEAR[sex], int(age))
            if rate and age < 19:
                camhs[:, column] |= now.exceeds(rate) & (people.boy == is_boy)
        psych_rate = rates.step(rates.GP_PSYCH_IN_YEAR, int(age))
        if psych_rate:
            psych[:, column] = distress.wobble(rng, stable=0.85).exceeds(psych_rate)
    gp_rate = np.array([rates.step(rates.GP_PER_YEAR, int(age)) for age in AGES])[None, :]
    gp = rng.poisson(gp_rate * np.exp(0.35 * distress.value - 0.06)[:, None])
    events = [
        make_events("hlt_gp_contacts", (gp > 0) & here, value=gp, happened_on=ends, lag=YEARLY, rng=rng),
        make_events("hlt_gp_psych", psych & here, value=1, happened_on=ends, lag=YEARLY, rng=rng),
        make_events("hlt_bup_active", camhs & here, value=1, happened_on=ends, lag=YEARLY, rng=rng),
        _school_nurse(people, distress.value, rng),
    ]
    return Health(distress.standard, np.asarray(camhs[:, 12:15].any(axis=1)), events)


def _school_nurse(people: Background, distress: Floats, rng: np.random.Generator) -> Events:
    parts = []
    for grade in range(5, 12):
        autumn = autumn_of(people.birth_year, grade)
        ends = np.array([day_of(autumn, 12, 20), day_of(autumn + 1, 6, 15)])
        count = rng.poisson(rates.SCHOOL_NURSE_PER_TERM * np.exp(0.4 * distress - 0.08)[:, None], (people.n_people, 2))
        mask = (count > 0) & (ends[None, :] > people.arrived_on[:, None])
        parts.append(make_events("hlt_school_nurse_contacts", mask, value=count, happened_on=ends, lag=Lag(2, 8.0), rng=rng))
    return concatenate(parts)
