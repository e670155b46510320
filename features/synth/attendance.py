"""Absence: lognormal by year, spread over the months, corrected now and then, and missing for some school years."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import Background, draw_liability
from features.synth.events import Events, Lag, concatenate, make_events, with_corrections
from features.synth.liability import Bools, Floats, Ints, Liability
from features.synth.school_year import MONTHS, autumn_of, month_end

SCHOOL_SYSTEM = Lag(1, 3.0, late_share=0.02, late_days=40)
STABLE = 0.70
"""How much of a year's absence is the person's, and how much the year's."""
UPPER_STABLE, UPPER_LATER = 0.66, 0.22
"""In upper secondary: weight of the person's tendency, and of what grade 10 did not show."""
MONTH_WEIGHT = np.array([0.8, 0.95, 1.1, 0.9, 1.1, 1.05, 1.1, 0.95, 1.05, 0.9])
UNREPORTED = 0.02
"""Person-years whose absence never reaches the school system (M): a zero there is not a zero."""


@dataclass(frozen=True)
class Attendance:
    """Absence of a cohort."""

    tendency: Liability
    grade_10_days: Floats
    """True days of absence in grade 10, as the diploma counts them; the records may miss or misstate some."""
    slope: Floats
    """Within a year: above zero, absence grows towards summer."""


def draw_attendance(people: Background, rng: np.random.Generator) -> Attendance:
    """Draw each person's tendency and the true absence of grade 10."""
    tendency = draw_liability(people, rng, strain=0.38, drive=-0.42, mood=-0.36, education=0.18)
    slope = 0.07 * (0.5 * people.latents["strain"] - 0.5 * people.latents["drive"] + 0.7 * rng.standard_normal(people.n_people))
    days = _days(tendency, rates.ABSENCE_DAYS_MEDIAN[9], rates.ABSENCE_DAYS_SIGMA, rng)
    return Attendance(tendency, days, slope)


def _days(tendency: Liability, median: float, sigma: float, rng: np.random.Generator) -> Floats:
    year = tendency.wobble(rng, stable=STABLE).standard
    return np.asarray(np.minimum(np.rint(median * np.exp(sigma * year)), 150.0))


def primary_absence(people: Background, attendance: Attendance, enrolled: Bools, rng: np.random.Generator) -> list[Events]:
    """Report whole days for grades 1 to 7, twice a year."""
    parts = []
    for grade in range(1, 8):
        autumn = autumn_of(people.birth_year, grade)
        total = _days(attendance.tendency, rates.ABSENCE_DAYS_MEDIAN[grade - 1], rates.ABSENCE_DAYS_SIGMA, rng)
        halves = np.empty((people.n_people, 2))
        halves[:, 0] = rng.binomial(total.astype(int), 0.48)
        halves[:, 1] = total - halves[:, 0]
        ends = np.array([month_end(autumn, 1), month_end(autumn, 6)])
        mask = (halves > 0) & _reported(enrolled[:, grade], rng)[:, None] & (ends[None, :] > people.arrived_on[:, None])
        record = np.array([autumn * 100 + 13, autumn * 100 + 14])
        parts.append(make_events("edu_absence_days", mask, value=halves, happened_on=ends, lag=SCHOOL_SYSTEM, rng=rng, record=record))
    return [with_corrections(concatenate(parts), rng, share=0.01, error=2)]


@dataclass(frozen=True)
class UpperAbsence:
    """What absence in upper secondary depends on beside the person's tendency."""

    disengagement: Floats
    """Standard normal; what grade 10 did not show."""


def secondary_absence(
    people: Background,
    attendance: Attendance,
    upper: UpperAbsence,
    enrolled: Bools,
    left_on: Ints,
    rng: np.random.Generator,
) -> list[Events]:
    """Report days and hours month by month for grades 8 to 13, until the person leaves school."""
    days: list[Events] = []
    hours: list[Events] = []
    for grade in range(8, 14):
        total_days, total_hours = _year_totals(attendance, upper, grade, rng)
        autumn = autumn_of(people.birth_year, grade)
        present = _reported(enrolled[:, grade], rng)
        for name, total, into in (("edu_absence_days", total_days, days), ("edu_absence_hours", total_hours, hours)):
            into.append(_monthly(name, people, total, attendance.slope, autumn, present, left_on, rng))
    return [with_corrections(concatenate(parts), rng, share=0.012, error=3) for parts in (days, hours)]


def _reported(enrolled: Bools, rng: np.random.Generator) -> Bools:
    return np.asarray(enrolled & (rng.random(len(enrolled)) >= UNREPORTED))


def _year_totals(attendance: Attendance, upper: UpperAbsence, grade: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    tendency = attendance.tendency
    if grade <= 10:
        median = rates.ABSENCE_DAYS_MEDIAN[grade - 1]
        days = attendance.grade_10_days if grade == 10 else _days(tendency, median, rates.ABSENCE_DAYS_SIGMA, rng)
        return days, _days(tendency, rates.ABSENCE_HOURS_MEDIAN, rates.ABSENCE_HOURS_SIGMA, rng)
    mixed = Liability(UPPER_STABLE * tendency.standard + UPPER_LATER * upper.disengagement, np.zeros(1), np.zeros((2, 3, 5)))
    days = _lognormal(mixed.value, rates.UPPER_DAYS_MEDIAN, rates.UPPER_DAYS_SIGMA, rng)
    return days, _lognormal(mixed.value, rates.UPPER_HOURS_MEDIAN, rates.UPPER_HOURS_SIGMA, rng)


def _lognormal(part: Floats, median: float, sigma: float, rng: np.random.Generator) -> Floats:
    """Fill the part that is explained up to unit variance and exponentiate."""
    rest = np.sqrt(1 - UPPER_STABLE**2 - UPPER_LATER**2) * rng.standard_normal(len(part))
    return np.asarray(np.minimum(np.rint(median * np.exp(sigma * (part + rest))), 400.0))


def _monthly(
    name: str,
    people: Background,
    total: Floats,
    slope: Floats,
    autumn: int,
    present: Bools,
    left_on: Ints,
    rng: np.random.Generator,
) -> Events:
    rows = np.flatnonzero(present & (total > 0))
    weight = MONTH_WEIGHT[None, :] * np.exp(slope[rows, None] * np.arange(-5, 5)[None, :])
    counts = rng.multinomial(total[rows].astype(int), weight / weight.sum(axis=1, keepdims=True))
    ends = np.array([month_end(autumn, month) for month in MONTHS])
    mask = (counts > 0) & (ends[None, :] > people.arrived_on[rows, None]) & (ends[None, :] <= left_on[rows, None])
    record = np.array([(autumn + (month < 8)) * 100 + month for month in MONTHS])
    events = make_events(name, mask, value=counts, happened_on=ends, lag=SCHOOL_SYSTEM, rng=rng, record=record)
    return Events(name, rows[events.person].astype(np.int32), events.value, events.happened_on, events.known_on, events.record)
