"""Upper secondary and its end: every planted effect on completion stands here.

The log-odds of completing are a sum over what grade 10 leaves behind (`Effects`). What happens later is one logistic draw, `shock`: a
person completes when log-odds + shock > 0. The shock also drives absence and quitting in Vg1, so that Vg1 shows part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from features.synth import rates
from features.synth.background import Background
from features.synth.events import Column, Events, Lag, make_events
from features.synth.liability import Bools, Floats, Ints
from features.synth.school_year import autumn_of, day_of

NORMAL_TIME, LATER, BASIC_COMPETENCE, STILL_ENROLLED, HIGHER_EDUCATION, NOT_COMPLETED, LEFT, NEVER_STARTED = 1, 2, 3, 4, 5, 6, 8, 9
POSITIVE = (STILL_ENROLLED, NOT_COMPLETED, NEVER_STARTED)
EXCLUDED = (BASIC_COMPETENCE, LEFT)
PROGRAMMES = ("studieforberedende", "yrkesfag")
VIGO = Lag(1, 4.0, late_share=0.01, late_days=30)


@dataclass(frozen=True)
class Effects:
    """Planted log-odds of completing, all else equal."""

    base: float = 3.14
    per_point: float = 0.121
    """A lower-secondary point above 42, up to 46 (D: .11-.13 conditional)."""
    per_point_above_46: float = 0.073
    """The best have little left to gain: 97 % with 50 points and more (D)."""
    per_absent_day: float = -0.028
    """A day of absence in grade 10, up to 40: five days are an odds ratio of 1.15 (M: 1.15-1.25)."""
    ever_welfare: float = -1.203
    """Child-welfare measures before 16, at 36 points (M says an odds ratio of 1.7-2.3; that half of them complete needs more)."""
    welfare_per_point: float = -0.061
    """Points help less after such measures (D: 50 % of all and 33 % of those with at most 34 points complete)."""
    education: tuple[float, ...] = (-1.157, -0.364, 0.0, 0.216, -0.73)
    """Parents' education beyond what goes through school (M)."""
    immigrant: float = -0.335
    norwegian_born: float = 0.415
    """They do better than their marks say (D)."""
    boy: float = -0.299
    vocational: float = -0.449
    """Odds ratio 1.5, Tromsø cohort (S)."""
    separated: float = -0.15
    supported: float = -0.26
    per_move: float = -0.11
    no_basis: float = -0.35
    no_points: float = -0.35
    in_camhs: float = -0.25
    distress: float = -0.05


@dataclass(frozen=True)
class Grade10:
    """What is true of a person at the end of grade 10: the drivers."""

    level: Floats
    has_points: Bools
    absent_days: Floats
    ever_welfare: Bools
    separated: Bools
    supported: Bools
    n_moves: Ints
    no_basis: Bools
    in_camhs: Bools
    distress: Floats
    place_effect: Floats


@dataclass(frozen=True)
class UpperSecondary:
    """Programme, course and end of upper secondary, with the truth."""

    general: Bools
    started: Bools
    probability: Floats
    """True probability of the label being 1, given everything true at the end of grade 10 and that the person is not left out."""
    shock: Floats
    """Standard normal; above zero, later events made completing harder."""
    status: Ints
    quit_on: Ints
    """Day of quitting or of leaving the country; far in the future for those who did neither."""


FAR = 2_000_000


def completion_log_odds(people: Background, drivers: Grade10, general: Bools, effects: Effects) -> Floats:
    """Log-odds of completing within five or six years, shape (n_people,)."""
    return np.asarray(
        effects.base
        + effects.per_point * (np.minimum(drivers.level, 46.0) - 42.0)
        + effects.per_point_above_46 * np.maximum(drivers.level - 46.0, 0.0)
        + effects.per_absent_day * (np.minimum(drivers.absent_days, 40.0) - 10.0)
        + (effects.ever_welfare + effects.welfare_per_point * np.clip(drivers.level - 36.0, -10.0, 14.0)) * drivers.ever_welfare
        + np.array(effects.education)[people.education]
        + np.array([0.0, effects.immigrant, effects.norwegian_born])[people.immigration]
        + effects.boy * people.boy
        + effects.vocational * ~general
        + effects.separated * drivers.separated
        + effects.supported * drivers.supported
        + effects.per_move * np.minimum(drivers.n_moves, 4)
        + effects.no_basis * drivers.no_basis
        + effects.no_points * ~drivers.has_points
        + effects.in_camhs * drivers.in_camhs
        + effects.distress * drivers.distress
        + drivers.place_effect
    )


def draw_upper_secondary(people: Background, drivers: Grade10, rng: np.random.Generator, *, effects: Effects) -> UpperSecondary:
    """Draw programme, start, completion and status code."""
    general = rng.random(people.n_people) < _general_chance(people, drivers)
    log_odds = completion_log_odds(people, drivers, general, effects)
    start_chance = expit(4.0 + 0.35 * (log_odds - 1.6))
    started = rng.random(people.n_people) < start_chance
    uniform = rng.random(people.n_people)
    completed = uniform < expit(log_odds)
    basic_chance = np.where(drivers.supported, 0.26, 0.035)
    status = _status(started, completed, rng.random(people.n_people) < basic_chance, general, rng)
    probability = _label_probability(expit(log_odds), start_chance, basic_chance)
    shock = ndtri(np.clip(uniform, 1e-9, 1 - 1e-9))
    quit_on = _quit_on(people, status, started, shock, rng)
    return UpperSecondary(general, started, probability, shock, status, quit_on)


def _general_chance(people: Background, drivers: Grade10) -> Floats:
    return np.asarray(expit(0.42 + 0.135 * (drivers.level - 42.3) - 0.10 * people.boy - 0.6 * drivers.supported))


def _label_probability(completes: Floats, starts: Floats, basic: Floats) -> Floats:
    """P(label = 1 | not left out): never started, or started and ended without completing and without a planned basic competence."""
    positive = (1 - starts) + starts * (1 - completes) * (1 - basic)
    return np.asarray(positive / (positive + starts * completes))


def _status(started: Bools, completed: Bools, basic: Bools, general: Bools, rng: np.random.Generator) -> Ints:
    n = len(started)
    on_time = rng.random(n) < np.where(general, 0.90, 0.74)
    done = np.where(rng.random(n) < 0.008, HIGHER_EDUCATION, np.where(on_time, NORMAL_TIME, LATER))
    not_done = np.where(basic, BASIC_COMPETENCE, np.where(rng.random(n) < 0.18, STILL_ENROLLED, NOT_COMPLETED))
    status = np.where(started, np.where(completed, done, not_done), NEVER_STARTED)
    return np.where(rng.random(n) < rates.LEFT_THE_COUNTRY, LEFT, status).astype(np.int32)


def _quit_on(people: Background, status: Ints, started: Bools, shock: Floats, rng: np.random.Generator) -> Ints:
    """Two thirds of those who do not complete quit on record, the sooner the harder the later events."""
    n = len(status)
    quits = started & np.isin(status, (STILL_ENROLLED, NOT_COMPLETED)) & (rng.random(n) < rates.QUIT_ON_RECORD)
    year = np.clip(np.floor(rng.exponential(1.35, n) - 0.35 * shock + 0.2), 0, 3).astype(int)
    start = day_of(autumn_of(people.birth_year, 11), 9, 20)
    return np.where(quits | (status == LEFT), start + 365 * year + rng.integers(0, 265, n), FAR).astype(np.int32)


def enrol_upper(people: Background, upper: UpperSecondary, enrolled: Bools, *, until: int) -> Bools:
    """Fill grades 11 to 13 of the enrolment mask: those who started and have not quit by 1 October."""
    filled = enrolled.copy()
    for grade in (11, 12, 13):
        first_october = day_of(autumn_of(people.birth_year, grade), 10, 1)
        filled[:, grade] = enrolled[:, 10] & upper.started & (upper.quit_on > first_october) & (first_october <= until)
    return filled


def upper_records(people: Background, upper: UpperSecondary, enrolled: Bools, rng: np.random.Generator) -> list[Events]:
    """Programme, rank of the choice, quitting and switching, registration with the follow-up service, and the final status."""
    n = people.n_people
    here = enrolled[:, 10]
    starts = here & upper.started
    autumn = autumn_of(people.birth_year, 11)
    rank = np.minimum(1 + rng.poisson(np.where(upper.shock > 0, 0.30, 0.18)), 6)
    switched = starts & (rng.random(n) < 0.045) & (upper.quit_on == FAR)
    switch_on = day_of(autumn, 9, 1) + rng.integers(0, 600, n)
    quit_ = starts & (upper.quit_on < FAR) & (upper.status != LEFT)
    adrift = quit_ | (here & (upper.status == NEVER_STARTED))
    adrift_on = np.where(quit_, upper.quit_on, day_of(autumn, 10, 1)) + rng.integers(10, 90, n)
    years = np.where(upper.general, 5, 6)
    ended = np.where(upper.status == NEVER_STARTED, day_of(autumn + 2, 10, 15), _days_after(autumn, years))
    return [
        make_events(
            "edu_programme",
            starts,
            value=~upper.general,
            happened_on=day_of(autumn, 8, 20),
            lag=Lag(30, 8.0),
            rng=rng,
            names=PROGRAMMES,
        ),
        make_events("edu_choice_rank", starts, value=rank, happened_on=day_of(autumn, 7, 10), lag=VIGO, rng=rng),
        make_events("edu_status_change", quit_, value=1, happened_on=upper.quit_on, lag=VIGO, rng=rng),
        make_events("edu_status_change", switched, value=1, happened_on=switch_on, lag=VIGO, rng=rng),
        *_follow_up(adrift, adrift_on, day_of(people.birth_year + 24, 12, 31), rng),
        make_events("edu_vgo_status", here, value=upper.status, happened_on=ended, lag=Lag(1, 4.0, late_share=0.0), rng=rng),
    ]


def _follow_up(adrift: Bools, adrift_on: Column, last_day: int, rng: np.random.Generator) -> list[Events]:
    """Registration with the county's follow-up service, and its end, at the latest at 24; half are still there a year on (S)."""
    n = len(adrift)
    registered = adrift & (rng.random(n) < rates.FOLLOWED_UP)
    ended_on = np.minimum(adrift_on + 30 + rng.exponential(rates.FOLLOW_UP_DAYS, n).astype(np.int32), last_day)
    quick = Lag(1, 10.0)
    return [
        make_events("ot_registered", registered, value=1, happened_on=adrift_on, lag=quick, rng=rng),
        make_events("ot_registered", registered, value=0, happened_on=ended_on, lag=quick, rng=rng),
    ]


def _days_after(autumn: int, years: NDArray[np.int64]) -> NDArray[np.int64]:
    """Day on which Statistics Norway closes the count, 25 September after this many school years."""
    return np.where(years == 5, day_of(autumn + 5, 9, 25), day_of(autumn + 6, 9, 25))
