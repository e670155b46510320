"""Health contacts, coarse: yearly counts and flags, never a diagnosis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.synth import rates
from features.synth.background import Background, draw_liability
from features.synth.events import Column, Events, Lag, concatenate, make_events
from features.synth.households import NEVER
from features.synth.liability import Bools, Floats, Ints, Liability
from features.synth.school_year import autumn_of, day_of

YEARLY = Lag(25, 15.0, late_share=0.02, late_days=90)
AGES = np.arange(0, 25)


@dataclass(frozen=True)
class Health:
    """What the outcomes depend on, and the records."""

    distress: Floats
    """Standardised tendency to seek help for the mind; mood and strain drive it."""
    in_camhs: Bools
    """In contact with child and adolescent mental health care at 13 to 15."""
    limits: Liability
    """Tendency to be kept from work by health, from 18."""
    first_used_on: Ints
    """Last day of the first year in contact with care for the mind, far in the future for none."""
    events: list[Events]


def draw_health(people: Background, rng: np.random.Generator) -> Health:
    """Draw contacts with health services and lasting conditions, year by year."""
    distress = draw_liability(people, rng, mood=-0.70, strain=0.32)
    limits = draw_liability(people, rng, mood=-0.45, ability=-0.42, drive=-0.30, strain=0.20)
    ends = np.array([day_of(people.birth_year + int(age), 12, 31) for age in AGES])
    camhs, psych = _mental_health(people, distress, rng)
    gp_rate = np.array([rates.step(rates.GP_PER_YEAR, int(age)) for age in AGES])[None, :]
    gp = rng.poisson(gp_rate * np.exp(0.35 * distress.value - 0.061)[:, None])

    def yearly(indicator: str, mask: Bools, value: Column = 1.0) -> Events:
        return make_events(indicator, mask, value=value, happened_on=ends, lag=YEARLY, rng=rng)

    adult = (AGES >= 18)[None, :] & camhs
    events = [
        yearly("hlt_gp_contacts", gp > 0, gp),
        yearly("hlt_gp_psych", psych),
        yearly("hlt_bup_active", camhs & (AGES < 18)[None, :]),
        yearly("hlt_adult_mh", adult),
        _referral(people, camhs, rng),
        _school_nurse(people, distress.value, rng),
        *_missed(people, rng),
        *_lasting(people, limits, rng),
    ]
    used = camhs | psych
    first_used_on = np.where(used.any(axis=1), ends[used.argmax(axis=1)], NEVER).astype(np.int32)
    return Health(distress.standard, np.asarray(camhs[:, 13:16].any(axis=1)), limits, first_used_on, events)


def _mental_health(people: Background, distress: Liability, rng: np.random.Generator) -> tuple[Bools, Bools]:
    """Contact with specialist care, and with the general practitioner about the mind; shape (n, 25)."""
    camhs = np.zeros((people.n_people, len(AGES)), dtype=bool)
    psych = np.zeros_like(camhs)
    for age in AGES.tolist():
        now = distress.wobble(rng, stable=0.9)
        for is_boy, sex in ((True, "boy"), (False, "girl")):
            rate = rates.step(rates.CAMHS_IN_YEAR[sex], age)
            if rate:
                camhs[:, age] |= (people.boy == is_boy) & now.exceeds(rate)
        psych_rate = rates.step(rates.GP_PSYCH_IN_YEAR, age)
        if psych_rate:
            psych[:, age] = distress.wobble(rng, stable=0.85).exceeds(psych_rate)
    return camhs, psych


def _referral(people: Background, camhs: Bools, rng: np.random.Generator) -> Events:
    """Three of four first years in specialist care for children begin with a referral on record."""
    child = camhs & (AGES < 18)[None, :]
    first = child & (child.cumsum(axis=1) == 1) & (rng.random(child.shape) < 0.75)
    on = np.array([day_of(people.birth_year + int(age), 1, 5) for age in AGES])[None, :] + rng.integers(0, 250, child.shape)
    on = np.maximum(on, people.born_on[:, None] + 30)
    return make_events("hlt_bup_referral", first, value=1, happened_on=on, lag=Lag(3, 10.0, 0.03, 60), rng=rng)


def _school_nurse(people: Background, distress: Floats, rng: np.random.Generator) -> Events:
    parts = []
    for grade in range(5, 12):
        autumn = autumn_of(people.birth_year, grade)
        ends = np.array([day_of(autumn, 12, 20), day_of(autumn + 1, 6, 15)])
        count = rng.poisson(rates.SCHOOL_NURSE_PER_TERM * np.exp(0.4 * distress - 0.08)[:, None], (people.n_people, 2))
        parts.append(
            make_events("hlt_school_nurse_contacts", count > 0, value=count, happened_on=ends, lag=Lag(2, 8.0), rng=rng)
        )  # fmt: skip
    return concatenate(parts)


def _missed(people: Background, rng: np.random.Generator) -> list[Events]:
    """Appointments not kept: child-health checks from 0 to 4, the county's dentist from 3 to 18."""
    unrest = np.exp(0.5 * people.latents["strain"] - 0.125)[:, None]
    missed = []
    for indicator, ages, rate in (("hlt_checkups_missed", np.arange(5), 0.06), ("hlt_dental_missed", np.arange(3, 19), 0.09)):
        count = rng.poisson(rate * unrest, (people.n_people, len(ages)))
        on = np.array([day_of(people.birth_year + int(age), 12, 20) for age in ages])
        missed.append(make_events(indicator, count > 0, value=count, happened_on=on, lag=Lag(5, 12.0), rng=rng))
    return missed


def _lasting(people: Background, limits: Liability, rng: np.random.Generator) -> list[Events]:
    """Conditions that stay: recorded once, from when they are found."""
    n = people.n_people
    chronic = (limits.value + 0.8 * rng.standard_normal(n) > 1.9) | (rng.random(n) < 0.04)
    benefit = limits.exceeds(0.03) & (rng.random(n) < 0.8)

    def once(indicator: str, mask: Bools, first: int, last: int) -> Events:
        on: NDArray[np.int64] = people.born_on + rng.integers(first * 365, last * 365, n)
        as_child = mask & (people.age_at_arrival() < 18)
        return make_events(indicator, as_child, value=1, happened_on=np.maximum(on, people.arrived_on + 60), lag=YEARLY, rng=rng)

    return [
        once("hlt_chronic", chronic, 1, 18),
        once("nav_benefit_child", benefit, 2, 12),
    ]
