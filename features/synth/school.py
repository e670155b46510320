"""School: enrolment, marks, national tests, points, support."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import Background, draw_liability
from features.synth.events import Events, Lag, concatenate, make_events, with_corrections
from features.synth.liability import Bools, Floats, Ints, Liability
from features.synth.school_year import autumn_of, day_of

SCHOOL = Lag(2, 6.0, late_share=0.02, late_days=50)
CASE_FILE = Lag(3, 12.0, late_share=0.03, late_days=90)
SUBJECT_OFFSET = np.array([0.10, -0.25, 0.15])
"""Norwegian, mathematics, English: how marks lie around the person's level."""
GRADES = 14
"""Columns of an enrolment mask: grades 0 (unused) to 13."""


@dataclass(frozen=True)
class Schooling:
    """What lower school leaves behind."""

    level: Floats
    """Lower-secondary points that the person's work amounts to, whether or not they are given out."""
    has_points: Bools
    supported: Bools
    """Special education by grade, shape (n_people, 12): columns 1 to 11."""
    no_basis: Bools
    """Without grading basis in some subject of grade 10."""


def enrolled_in_primary(people: Background, *, until: int) -> Bools:
    """Who sits in which grade 1 to 10: everyone who lives here when the school year ends; no grade that starts after `until`."""
    first = np.array([day_of(autumn_of(people.birth_year, grade), 8, 15) for grade in range(GRADES)])
    last = np.array([day_of(autumn_of(people.birth_year, grade) + 1, 6, 19) for grade in range(GRADES)])
    enrolled = (people.arrived_on[:, None] < last[None, :]) & (first[None, :] <= until)
    enrolled[:, 0] = False
    enrolled[:, 11:] = False
    return np.asarray(enrolled)


def draw_schooling(people: Background, welfare: Bools, absence: Floats, rng: np.random.Generator) -> Schooling:
    """Draw the level of school work, support and what is missing at the end."""
    work = (
        0.63 * people.latents["ability"] + 0.47 * people.latents["drive"] - 0.26 * people.latents["strain"] + 0.10 * people.latents["mood"]
    )
    work += np.sqrt(1 - 0.63**2 - 0.47**2 - 0.26**2 - 0.10**2) * rng.standard_normal(people.n_people)
    mean = rates.POINTS_MEAN[people.education] + rates.POINTS_IMMIGRANT * (people.immigration == 1)
    sex = rates.POINTS_GIRLS_AHEAD * np.where(people.boy, -rates.BOY_SHARE + 0.03, rates.BOY_SHARE)
    level = np.clip(mean + sex + rates.POINTS_SPREAD * work, 8.0, 60.0)
    need = draw_liability(people, rng, ability=-0.72, drive=-0.30, strain=0.20, boy=rates.SUPPORT_BOY_ODDS, education=0.2)
    missing = draw_liability(people, rng, ability=-0.40, drive=-0.35, strain=0.31, mood=-0.2, immigration=(0, 0.5, 0))
    no_basis = _no_basis_chance(people, absence) > rng.random(people.n_people)
    return Schooling(np.round(level, 1), ~missing.exceeds(rates.POINTS_MISSING), _supported(need, rng), no_basis)


def _supported(need: Liability, rng: np.random.Generator) -> Bools:
    supported = np.zeros((len(need.value), 12), dtype=bool)
    for grade, rate in enumerate(rates.SUPPORT_BY_GRADE, start=1):
        supported[:, grade] = need.wobble(rng, stable=0.95).exceeds(rate)
    return supported


def _no_basis_chance(people: Background, absence: Floats) -> Floats:
    return np.asarray(0.0115 * np.exp(np.minimum(absence, 60) / 24 - 0.35 * people.latents["drive"] - 0.06))


def enrolment(people: Background, enrolled: Bools, rng: np.random.Generator) -> Events:
    """One record a school year: in which grade, from 15 August, known on 1 October."""
    autumns = np.array([day_of(autumn_of(people.birth_year, grade), 8, 15) for grade in range(GRADES)])
    starts = np.maximum(autumns[None, :], people.arrived_on[:, None])
    lag = Lag(47, 0.0, late_share=0.004, late_days=30)
    return make_events("edu_grade", enrolled, value=np.arange(GRADES), happened_on=starts, lag=lag, rng=rng)


def marks(
    people: Background, schooling: Schooling, enrolled: Bools, left_on: Ints, unrest: Floats, rng: np.random.Generator
) -> list[Events]:
    """Term marks in three core subjects from grade 8, and subjects without a basis for a mark."""
    person = 0.35 * rng.standard_normal((people.n_people, 3)) + SUBJECT_OFFSET[None, :]
    slope = rates.MARKS_CHANGE * rng.standard_normal(people.n_people)
    given, without = [], []
    for grade in range(8, 12):
        for term, (month, day) in enumerate(((1, 15), (6, 16))):
            autumn = autumn_of(people.birth_year, grade)
            on = day_of(autumn + 1, month, day)
            terms_left = 2 * (10 - grade) + (1 - term)
            level = schooling.level / 10 - slope * terms_left - (0.08 * unrest if grade > 10 else 0.0)
            mark = np.clip(np.rint(level[:, None] + person + 0.4 * rng.standard_normal(person.shape)), 1, 6)
            here = enrolled[:, grade] & (people.arrived_on < on - 200) & (left_on > on)
            lacking = here & (schooling.no_basis if grade == 10 else rng.random(people.n_people) < 0.016)
            lost = (rng.random(mark.shape) < 0.015) | (lacking[:, None] & (rng.random(mark.shape) < 0.5))
            record = (autumn * 100 + grade * 2 + term) * 10 + np.arange(3)
            given.append(
                make_events("edu_grades_core", here[:, None] & ~lost, value=mark, happened_on=on, lag=SCHOOL, rng=rng, record=record)
            )
            count = 1 + rng.poisson(0.8, people.n_people)
            code = (autumn * 100 + grade * 2 + term) * 10
            without.append(make_events("edu_iv_count", lacking, value=count, happened_on=on, lag=SCHOOL, rng=rng, record=code))
    return [with_corrections(concatenate(given), rng, share=0.008, error=1, least=1, most=6), concatenate(without)]


def points(people: Background, schooling: Schooling, enrolled: Bools, rng: np.random.Generator) -> Events:
    """Lower-secondary points, once; a few come after the summer."""
    mask = enrolled[:, 10] & schooling.has_points
    on = day_of(autumn_of(people.birth_year, 10) + 1, 6, 15)
    return make_events("edu_gsp", mask, value=schooling.level, happened_on=on, lag=Lag(3, 3.0, 0.015, 60), rng=rng)


@dataclass(frozen=True)
class NationalTest:
    """Scale points of one autumn's tests; NaN where the pupil was exempt or away."""

    happened_on: int
    known_on: Ints
    present: Bools
    scores: Floats
    """Reading, mathematics, English, shape (n_people, 3)."""


def national_tests(people: Background, enrolled: Bools, supported: Bools, rng: np.random.Generator) -> list[NationalTest]:
    """Reading, mathematics and English in grades 5 and 8, on a scale with mean 50 and standard deviation 10."""
    base = 0.48 * people.latents["ability"] + 0.22 * people.latents["drive"] - 0.12 * people.latents["strain"]
    base -= 0.42 * (rates.EDUCATION_STRAIN[people.education] - 0.06)
    sex = np.array([0.10, -0.12, 0.0])[None, :] * np.where(people.boy, -1.0, 1.0)[:, None]
    language = np.array([0.28, 0.18, -0.05])[None, :] * (people.immigration == 1)[:, None]
    tests = []
    for grade in (5, 8):
        noise = 0.81 * rng.standard_normal((people.n_people, 3))
        scores = np.clip(np.rint(50 + np.array(rates.TEST_SHIFT) + 10 * (base[:, None] + sex - language + noise)), 20, 80)
        away = (rng.random(scores.shape) < 0.03) | (supported[:, grade][:, None] & (rng.random(scores.shape) < 0.25))
        on = day_of(autumn_of(people.birth_year, grade), 11, 10)
        known = on + Lag(14, 8.0, 0.01, 60).draw(people.n_people, rng)
        here = enrolled[:, grade] & (people.arrived_on < on) & ~away.all(axis=1)
        tests.append(NationalTest(on, known.astype(np.int32), here, np.where(away, np.nan, scores)))
    return tests


def support(people: Background, schooling: Schooling, enrolled: Bools, rng: np.random.Generator) -> list[Events]:
    """Special-education decisions with hours a year, and the referrals to the educational-psychological service that precede them."""
    grades = range(1, 12)
    decided = np.array([day_of(autumn_of(people.birth_year, grade), 9, 1) for grade in grades])
    granted = schooling.supported[:, 1:] & enrolled[:, 1:12] & (decided[None, :] > people.arrived_on[:, None])
    hours = np.rint(57 + rng.gamma(2.0, 40.0, granted.shape))
    first = granted & (granted.cumsum(axis=1) == 1)
    referred_for = decided[None, :] - rng.integers(90, 500, granted.shape)
    other = enrolled[:, 1:12] & (rng.random(granted.shape) < 0.006)
    return [
        make_events("edu_special_support", granted, value=hours, happened_on=decided, lag=CASE_FILE, rng=rng),
        concatenate(
            [
                make_events("edu_ppt_referral", first & (referred_for > people.arrived_on[:, None]), value=1,
                            happened_on=referred_for, lag=CASE_FILE, rng=rng),
                make_events("edu_ppt_referral", other, value=1, happened_on=decided + 120, lag=CASE_FILE, rng=rng),
            ]
        ),
    ]  # fmt: skip


def school_life(people: Background, enrolled: Bools, moved: Bools, rng: np.random.Generator) -> list[Events]:
    """Changes of school outside the ordinary ones, and cases about the school environment."""
    grades = range(1, 11)
    start = np.array([day_of(autumn_of(people.birth_year, grade), 8, 20) for grade in grades])
    strain = np.exp(0.4 * people.latents["strain"] - 0.08)[:, None]
    changed = enrolled[:, 1:11] & ((rng.random((people.n_people, 10)) < (rates.SCHOOL_CHANGE - 0.02) * strain) | moved[:, 6:16])
    cases = enrolled[:, 1:11] & (
        rng.random((people.n_people, 10)) < rates.ENVIRONMENT_CASE * np.exp(-0.35 * people.latents["mood"])[:, None]
    )
    day = start[None, :] + rng.integers(0, 290, changed.shape)
    return [
        make_events("edu_school_changes", changed & (day > people.arrived_on[:, None]), value=1, happened_on=day, lag=SCHOOL, rng=rng),
        make_events("edu_env_case", cases & (day + 9 > people.arrived_on[:, None]), value=1, happened_on=day + 9, lag=CASE_FILE, rng=rng),
    ]


def kindergarten(people: Background, rng: np.random.Generator) -> list[Events]:
    """Years in kindergarten, and special educational help at five."""
    born_here = people.arrived_on == people.born_on
    autumn = people.birth_year + np.arange(1, 6)
    start = np.array([day_of(int(year), 8, 15) for year in autumn])
    share = np.array([0.70, 0.88, 0.95, 0.97, 0.975])[None, :] - 0.09 * (people.immigration > 0)[:, None]
    years = (rng.random((people.n_people, 1)) < share) & born_here[:, None]
    help_need = draw_liability(people, rng, ability=-0.55, strain=0.25, boy=0.35)
    helped = help_need.exceeds(rates.KINDERGARTEN_HELP) & years[:, 4]
    return [
        make_events("edu_kindergarten_attendance", years, value=1, happened_on=start, lag=Lag(30, 10.0), rng=rng),
        make_events("edu_sped_help_kindergarten", helped, value=1, happened_on=int(start[4]) + 30, lag=CASE_FILE, rng=rng),
    ]
