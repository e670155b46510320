"""Child welfare: notifications, support measures, care orders, placements; and the municipality's own open follow-up logs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import Background, Bools, Ints, draw_liability
from features.synth.events import Events, Lag, concatenate, make_events

CASE_SYSTEM = Lag(1, 6.0, late_share=0.03, late_days=60)
ONSET_WEIGHT = np.array([2.2] * 6 + [2.6] * 7 + [3.6] * 3)
"""By age 0 to 15: more begin in the lower-secondary years (M)."""


@dataclass(frozen=True)
class Welfare:
    """Child-welfare history of a cohort."""

    onset_age: Ints
    """Year of age of the first measure, 99 for none."""
    years: Ints
    """Years with a measure."""
    events: list[Events]

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
    onset = np.maximum(onset, np.where(onset < 99, (people.arrived_on - people.born_on) // 365 + (people.immigration == 1), 0))
    onset = np.where(onset > 17, 99, onset).astype(np.int32)
    years = np.minimum(rng.geometric(1 / rates.WELFARE_MEAN_YEARS, n), 18 - np.minimum(onset, 17)).astype(np.int32)
    care = (onset < 99) & (rng.random(n) < rates.WELFARE_CARE_GIVEN_EVER)
    start = (people.born_on + onset * 365.25 + rng.integers(20, 345, n)).astype(np.int32)
    events = [
        *_measures(onset, years, start, care, rng),
        _notifications(people, onset, years, start, liability.standard, rng),
        *_open_logs(people, liability.standard, rng),
    ]
    return Welfare(onset, years, events)


def _measures(onset: Ints, years: Ints, start: Ints, care: Bools, rng: np.random.Generator) -> list[Events]:
    slots = np.arange(18)[None, :]
    in_force = (onset < 99)[:, None] & (slots < years[:, None])
    decided = start[:, None] + 365 * slots
    placed = care[:, None] & (slots < rng.poisson(1.7, len(onset))[:, None] + 1) & in_force
    return [
        make_events("cws_support_measure", in_force & ~care[:, None], value=1, happened_on=decided, lag=CASE_SYSTEM, rng=rng),
        make_events("cws_care_measure", in_force & care[:, None], value=1, happened_on=decided, lag=CASE_SYSTEM, rng=rng),
        make_events("cws_placements_n", placed, value=1, happened_on=decided + 14, lag=CASE_SYSTEM, rng=rng),
    ]


def _notifications(
    people: Background,
    onset: Ints,
    years: Ints,
    start: Ints,
    tendency: np.ndarray[tuple[int], np.dtype[np.float64]],
    rng: np.random.Generator,
) -> Events:
    ages = np.arange(18)[None, :]
    in_measure = (ages >= onset[:, None]) & (ages < (onset + years)[:, None])
    rate = np.where(in_measure, 0.22, 0.041 * np.exp(0.75 * tendency - 0.28)[:, None])
    rate = rate * np.where(ages < 3, 0.66, 1.0)
    day = people.born_on[:, None] + (ages * 365.25).astype(np.int32) + rng.integers(0, 365, rate.shape)
    own = (rng.random(rate.shape) < rate) & (day >= people.arrived_on[:, None])
    before = start - rng.integers(30, 120, people.n_people)
    first = (onset < 99) & (before >= people.arrived_on)
    return concatenate(
        [
            make_events("cws_notification", own, value=1, happened_on=day, lag=CASE_SYSTEM, rng=rng),
            make_events("cws_notification", first, value=1, happened_on=before, lag=CASE_SYSTEM, rng=rng),
        ]
    )


def _open_logs(people: Background, tendency: np.ndarray[tuple[int], np.dtype[np.float64]], rng: np.random.Generator) -> list[Events]:
    """Draw follow-up logs at level 1 to 3 that open at 12 to 17; closing one is a later record of the same log with level 0."""
    n = people.n_people
    opened = tendency + rng.standard_normal(n) > 2.6
    age_days = rng.integers(12 * 365, 18 * 365, n)
    day = people.born_on + age_days
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
