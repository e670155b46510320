"""From 16 to 29: at school, at work, in a measure, or outside; every planted effect on being outside stands here.

On 16 November of each year a person is outside when a hidden tendency lies above that age's threshold. The tendency is a sum over what the
years before 20 leave behind (`OutsideEffects`) and a disturbance that lasts for years: its chain starts anew at 19, when school is over for
most. Of being outside at 20 and at 21 the sum gives the true probability to whoever does not know where somebody stands at 19: an
honest ceiling for what the years at school say. Who stands outside at 19 is likelier to stand there at 20, and a model that sees it does
better.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from features.synth import rates
from features.synth.background import Background
from features.synth.completion import LEFT, NOT_COMPLETED, STILL_ENROLLED, Grade10, UpperSecondary
from features.synth.health import Health
from features.synth.liability import Bools, Floats, Ints
from features.synth.school_year import EPOCH_YEAR_DAYS, day_of

FIRST_AGE, LAST_AGE = 16, 29
SCHOOL_IS_OVER = 19
"""In November of the year of turning this age most have left upper secondary."""
AGES = np.arange(FIRST_AGE, LAST_AGE + 1)
"""Years of turning this age."""
EMPLOYED, CONSCRIPT, MEASURE, EDUCATION = 808, 824, 3208, 4008
UNEMPLOYED, ALLOWANCE, PENSION, ASSISTANCE, OTHER, UNKNOWN = 2408, 4848, 4864, 5608, 6408, 7208
"""Codes of Statistics Norway's status on the reference date, first four digits (S for the groups, to be verified with the bureau)."""
NOBODY = 0
"""Dead, or emigrated as reported."""
OUTSIDE = (UNEMPLOYED, ALLOWANCE, PENSION, ASSISTANCE, OTHER, UNKNOWN)


@dataclass(frozen=True)
class OutsideEffects:
    """Planted weights on the tendency to be outside, in standard deviations of its disturbance."""

    per_point: float = -0.016
    """A lower-secondary point above 42."""
    dropped: float = 0.6
    """Quit upper secondary or never started (M: three to four times the share outside)."""
    ever_welfare: float = 0.19
    separated: float = 0.04
    supported: float = 0.06
    in_camhs: float = 0.1
    distress: float = 0.045
    immigrant: float = 0.06
    newcomer: float = 0.22
    """Came after 16: no grade 10 here."""
    limited: float = 0.62
    """Will be granted a disability pension by 29; a good third of them are outside on a given date, the others work or study beside it."""
    strained: float = 0.36
    """Will receive work assessment allowance for some years."""


@dataclass(frozen=True)
class Career:
    """Where a cohort's people are on 16 November, and what led there; matrices of shape (n_people, 14), ages 16 to 29."""

    status: NDArray[np.int16]
    probability: Floats
    """True probability of being outside at 20 and at 21, given what the years before 20 leave behind, though not the status at 19."""
    pension_age: Ints
    """Age at which a disability pension is granted, 99 for none."""
    allowance: Bools
    drifted_on: Ints
    """Day of leaving Norway without reporting it, far in the future for all others."""

    @property
    def is_outside(self) -> Bools:
        """Whether outside work, education and measures on each reference date."""
        return np.isin(self.status, OUTSIDE)


def draw_career(
    people: Background,
    drivers: Grade10,
    upper: UpperSecondary,
    health: Health,
    schooled: Bools,
    rng: np.random.Generator,
    *,
    effects: OutsideEffects,
) -> Career:
    """Draw the status of every reference date.

    Parameters
    ----------
    schooled
        Who sat in grade 10 here.
    """
    n = people.n_people
    limits = health.limits
    limited = limits.exceeds(rates.PENSION_BY_AGE[-1])
    strained = limits.exceeds(rates.PENSION_BY_AGE[-1] + rates.ALLOWANCE_EVER) & ~limited
    cuts = np.array([limits.cut(rate) for rate in rates.PENSION_BY_AGE])
    granted = limits.value[:, None] > cuts[None, :]
    pension_age = np.where(limited, 18 + granted.argmax(axis=1), 99).astype(np.int32)
    allowance = _allowance(pension_age, strained, rng)
    dropped_at = _dropped_at(people, upper, schooled)
    mean = outside_mean(people, drivers, schooled, dropped_at <= 19, limited, strained, effects)
    disturbance = _disturbance(n, rng)
    outside = mean[:, None] + disturbance > np.array(rates.OUTSIDE_CUT)[None, :]
    out_of_school = (dropped_at[:, None] <= AGES[None, :]) | ~schooled[:, None] | (AGES >= 19)[None, :]
    outside &= out_of_school
    drifted_on = _drift_away(people, rng)
    gone = drifted_on[:, None] < reference_days(people.birth_year)[None, :]
    status = np.where(
        outside | gone, _outside_status(pension_age, allowance, gone, rng), _inside_status(people, upper, schooled, dropped_at, rng)
    )
    status[(upper.status == LEFT)[:, None] & (upper.quit_on[:, None] < reference_days(people.birth_year)[None, :])] = NOBODY
    return Career(status.astype(np.int16), both_outside(mean), pension_age, allowance, drifted_on)


def outside_mean(
    people: Background, drivers: Grade10, schooled: Bools, dropped: Bools, limited: Bools, strained: Bools, effects: OutsideEffects
) -> Floats:
    """What the years before 20 leave behind, shape (n_people,)."""
    here = (
        effects.per_point * (drivers.level - 42.0)
        + effects.dropped * dropped
        + effects.ever_welfare * drivers.ever_welfare
        + effects.separated * drivers.separated
        + effects.supported * drivers.supported
        + effects.in_camhs * drivers.in_camhs
        + effects.distress * drivers.distress
        + effects.immigrant * (people.immigration == 1)
    )
    health = effects.limited * limited + effects.strained * strained
    return np.asarray(np.where(schooled, here, effects.newcomer) + health)


def both_outside(mean: Floats) -> Floats:
    """P(outside at 20 and at 21 | mean): the disturbance at 20 integrated over.

    >>> low, high = both_outside(np.array([0.0, 1.0]))
    >>> bool(0 < low < high < 1)
    True
    """
    means, both = _both_table()
    return np.asarray(np.interp(mean, means, both))


@cache
def _both_table() -> tuple[Floats, Floats]:
    at_20, at_21 = (rates.OUTSIDE_CUT[age - FIRST_AGE] for age in (20, 21))
    means, first = np.linspace(-4.0, 8.0, 481), np.linspace(-6.0, 6.0, 1_201)
    weight = np.exp(-(first**2) / 2)
    later = ndtr((means[:, None] - at_21 + rates.OUTSIDE_LASTS * first[None, :]) / np.sqrt(1 - rates.OUTSIDE_LASTS**2))
    return means, np.where(means[:, None] + first[None, :] > at_20, later, 0.0) @ weight / weight.sum()


def _dropped_at(people: Background, upper: UpperSecondary, schooled: Bools) -> Ints:
    """Year of turning this age at whose reference date the person has left upper secondary for good, 99 for never."""
    quit_year = 1970 + ((upper.quit_on + 45) / EPOCH_YEAR_DAYS).astype(np.int32)
    quits = schooled & upper.started & np.isin(upper.status, (STILL_ENROLLED, NOT_COMPLETED)) & (upper.quit_on < day_of(2200, 1, 1))
    return np.select([quits, schooled & ~upper.started], [np.maximum(quit_year - people.birth_year, 16), 16], 99).astype(np.int32)


def _disturbance(n: int, rng: np.random.Generator) -> Floats:
    """Chain from year to year, begun anew when school is over."""
    chain = rng.standard_normal((n, len(AGES)))
    for column, age in enumerate(AGES.tolist()):
        if column and age != SCHOOL_IS_OVER:
            chain[:, column] = rates.OUTSIDE_LASTS * chain[:, column - 1] + np.sqrt(1 - rates.OUTSIDE_LASTS**2) * chain[:, column]
    return chain


def _allowance(pension_age: Ints, strained: Bools, rng: np.random.Generator) -> Bools:
    """Work assessment allowance: in the three years before a pension, or for some years in between."""
    n = len(pension_age)
    start = rng.integers(18, 28, n)
    some_years = strained[:, None] & (start[:, None] <= AGES) & ((start + rng.integers(1, 6, n))[:, None] > AGES)
    before = (pension_age[:, None] > AGES) & (pension_age[:, None] - 3 <= AGES) & (AGES >= 18)[None, :]
    return np.asarray(some_years | before)


def _drift_away(people: Background, rng: np.random.Generator) -> Ints:
    """Some leave without reporting it: registers go on counting them, with no status known."""
    leaves = rng.random(people.n_people) < np.where(people.immigration == 1, 4.0, 0.75) * rates.LEFT_UNREPORTED
    return np.where(leaves, people.born_on + rng.integers(19 * 365, 26 * 365, people.n_people), 2_000_000).astype(np.int32)


def reference_days(birth_year: int) -> Ints:
    """16 November of the years of turning 16 to 29."""
    return np.array([day_of(birth_year + int(age), 11, 16) for age in AGES], dtype=np.int32)


def _outside_status(pension_age: Ints, allowance: Bools, gone: Bools, rng: np.random.Generator) -> NDArray[np.int64]:
    """Status of somebody outside: a benefit where one is paid, else mostly unknown."""
    drawn = rng.random(gone.shape)
    codes, shares = zip(*rates.OUTSIDE_MIX, strict=True)
    rest = np.array(codes)[np.searchsorted(np.cumsum(shares)[:-1], drawn, side="right")]
    return np.select([gone, AGES[None, :] >= pension_age[:, None], allowance], [UNKNOWN, PENSION, ALLOWANCE], rest)


def _inside_status(
    people: Background, upper: UpperSecondary, schooled: Bools, dropped_at: Ints, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Status of somebody inside: education, conscription, a measure or a job."""
    n = people.n_people
    general = upper.general & schooled
    studies = rng.random(n) < np.where(general, 0.74, 0.22)
    starts = 19 + rng.choice(3, n, p=[0.5, 0.3, 0.2]) + ~general
    ends = starts + rng.choice([2, 3, 5], n, p=[0.2, 0.42, 0.38])
    dropped = dropped_at[:, None] <= AGES[None, :]
    at_school = schooled[:, None] & (AGES <= 18)[None, :] & ~dropped
    late_school = schooled[:, None] & (AGES == 19)[None, :] & ~dropped & ~general[:, None] & (rng.random((n, 1)) < 0.55)
    newly_here = ~schooled[:, None] & (AGES <= 21)[None, :] & (rng.random((n, 1)) < 0.5)
    student = studies[:, None] & (starts[:, None] <= AGES) & (ends[:, None] > AGES) & ~dropped
    serves = (rng.random(n) < np.where(people.boy, 0.17, 0.08)) & schooled & (people.immigration != 1)
    soldier = serves[:, None] & ((19 + (rng.random(n) < 0.3))[:, None] == AGES) & ~late_school
    measure = (rng.random((n, len(AGES))) < np.where(dropped, 0.14, 0.02)) & (AGES >= 18)[None, :]
    return np.select(
        [at_school | late_school | newly_here, soldier, student, measure], [EDUCATION, CONSCRIPT, EDUCATION, MEASURE], EMPLOYED
    )
