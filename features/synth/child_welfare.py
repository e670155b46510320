"""Child welfare: notifications, investigations, measures, placements, aftercare; and the municipality's own open follow-up logs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import Background, draw_liability
from features.synth.events import Events, Lag, Spells, concatenate, make_events, make_spells
from features.synth.households import NEVER
from features.synth.liability import Bools, Floats, Ints
from features.synth.school_year import day_of

CASE_SYSTEM = Lag(1, 6.0, late_share=0.03, late_days=60)
ONSET_WEIGHT = np.array([2.2] * 6 + [2.6] * 7 + [3.6] * 3)
"""By age 0 to 15: more begin in the lower-secondary years (M)."""
AGES = np.arange(18)


@dataclass(frozen=True)
class Welfare:
    """Child-welfare history of a cohort."""

    onset_age: Ints
    """Year of age of the first measure, 99 for none."""
    in_care: Bools
    """Whether the measure is a care order."""
    first_used_on: Ints
    """Day of the first measure, far in the future for none."""
    events: list[Events]
    spells: list[Spells]

    def ever_by(self, age: int) -> Bools:
        """Whether a measure began before this birthday."""
        return np.asarray(self.onset_age < age)


def draw_welfare(people: Background, rng: np.random.Generator) -> Welfare:
    """Draw child-welfare histories; strain drives them, parents' education and immigration a little."""
    n = people.n_people
    liability = draw_liability(people, rng, strain=0.66, ability=-0.14, drive=-0.18, mood=-0.12, education=0.35, immigration=(0, 0.1, 0.1))
    early = rng.choice(16, n, p=ONSET_WEIGHT / ONSET_WEIGHT.sum())
    onset = np.where(liability.exceeds(rates.WELFARE_EVER), early, 99)
    onset = np.where((onset == 99) & liability.exceeds(rates.WELFARE_EVER + 0.012), rng.integers(16, 18, n), onset).astype(np.int32)
    onset = np.maximum(onset, np.where(onset < 99, people.age_at_arrival().astype(int) + (people.immigration == 1), 0))
    onset = np.where(onset > 17, 99, onset).astype(np.int32)
    years = np.minimum(rng.geometric(1 / rates.WELFARE_MEAN_YEARS, n), 18 - np.minimum(onset, 17)).astype(np.int32)
    care = (onset < 99) & (rng.random(n) < rates.WELFARE_CARE_GIVEN_EVER)
    start = (people.born_on + onset * 365.25 + rng.integers(20, 345, n)).astype(np.int32)
    year = np.arange(18)
    in_force = (onset < 99)[:, None] & (year < years[:, None])
    decided = start[:, None] + 365 * year
    last = year == years[:, None] - 1
    until = decided + np.where(last, rng.integers(120, 364, n)[:, None], 364)
    events = [
        _placements(onset, years, start, care, rng),
        *_notifications(people, onset, years, start, liability.standard, rng),
        _aftercare(people, care, rng),
        *_open_logs(people, liability.standard, rng),
    ]
    spells = [
        make_spells("cws_support_measure", in_force & ~care[:, None], start=decided, stop=until),
        make_spells("cws_care_measure", in_force & care[:, None], start=decided, stop=until),
    ]
    return Welfare(onset, care, np.where(onset < 99, start, NEVER).astype(np.int32), events, spells)


def _placements(onset: Ints, years: Ints, start: Ints, care: Bools, rng: np.random.Generator) -> Events:
    slots = AGES[None, :]
    placed = (care & (onset < 99))[:, None] & (slots < np.minimum(years, rng.poisson(1.7, len(onset)) + 1)[:, None])
    return make_events("cws_placements_n", placed, value=1, happened_on=start[:, None] + 14 + 365 * slots, lag=CASE_SYSTEM, rng=rng)


def _notifications(
    people: Background,
    onset: Ints,
    years: Ints,
    start: Ints,
    tendency: Floats,
    rng: np.random.Generator,
) -> list[Events]:
    """Notifications, and the investigations that half of them start."""
    in_measure = (AGES[None, :] >= onset[:, None]) & (AGES[None, :] < (onset + years)[:, None])
    rate = np.where(in_measure, 0.22, rates.NOTIFIED_WITHOUT_MEASURE * np.exp(0.75 * tendency - 0.28)[:, None])
    rate = rate * np.where(AGES < 3, 0.66, 1.0)
    day = people.born_on[:, None] + (AGES * 365.25).astype(np.int32)[None, :] + rng.integers(0, 365, rate.shape)
    own = rng.random(rate.shape) < rate
    before = start - rng.integers(30, 120, people.n_people)
    looked_into = own & (rng.random(rate.shape) < 0.5)
    notified = [
        make_events("cws_notification", own, value=1, happened_on=day, lag=CASE_SYSTEM, rng=rng),
        make_events("cws_notification", onset < 99, value=1, happened_on=before, lag=CASE_SYSTEM, rng=rng),
    ]
    investigated = [
        make_events("cws_investigation", looked_into, value=1, happened_on=day + 6, lag=CASE_SYSTEM, rng=rng),
        make_events("cws_investigation", onset < 99, value=1, happened_on=before + 6, lag=CASE_SYSTEM, rng=rng),
    ]
    return [concatenate(notified), concatenate(investigated)]


def _aftercare(people: Background, care: Bools, rng: np.random.Generator) -> Events:
    years = np.arange(18, 23)
    granted = care[:, None] & (rng.random((people.n_people, 1)) < 0.6) & (rng.random((people.n_people, 5)) < 0.75)
    on = np.array([day_of(people.birth_year + int(age), 9, 1) for age in years])
    after = on[None, :] > people.born_on[:, None] + 18 * 365.25
    return make_events("cws_aftercare", granted & after, value=1, happened_on=on, lag=CASE_SYSTEM, rng=rng)


def _open_logs(people: Background, tendency: Floats, rng: np.random.Generator) -> list[Events]:
    """Draw follow-up logs at level 1 to 3 that open at 12 to 17; closing one is a later record of the same log with level 0."""
    n = people.n_people
    opened = tendency + rng.standard_normal(n) > 2.6
    day = people.born_on + rng.integers(12 * 365, 18 * 365, n)
    opened &= day > people.arrived_on
    closed_after = rng.integers(200, 900, n)
    level = rng.choice([1, 2, 3], n, p=[0.5, 0.35, 0.15])
    log = np.arange(n)
    quick = Lag(0, 3.0, late_share=0.0)
    return [
        concatenate(
            [
                make_events("fam_bti_level", opened, value=level, happened_on=day, lag=quick, rng=rng, record=log),
                make_events("fam_bti_level", opened, value=0, happened_on=day + closed_after, lag=quick, rng=rng, record=log),
            ]
        )
    ]
