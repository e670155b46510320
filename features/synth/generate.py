"""From a number of people and a seed to birth cohorts of events: bit for bit the same for the same arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from features.errors import DataError
from features.synth import places, rates
from features.synth.attendance import UpperAbsence, draw_attendance, primary_absence, secondary_absence
from features.synth.background import Background, Bools, Floats, Ints, draw_background
from features.synth.child_welfare import draw_welfare
from features.synth.completion import Effects, Grade10, UpperSecondary, draw_upper_secondary, enrol_upper, upper_records
from features.synth.consents import Consents, draw_consents
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.health import draw_health
from features.synth.household import Parents, draw_parents, draw_residence
from features.synth.school import (
    NationalTest,
    draw_schooling,
    enrolled_in_primary,
    enrolment,
    kindergarten,
    marks,
    national_tests,
    points,
    school_life,
    support,
)
from features.synth.school_year import EPOCH

PLANTS = frozenset({"drift_absence_2026"})
"""What can be planted by name, for tests and the demo."""
FIRST_BIRTH_YEAR, LAST_BIRTH_YEAR = 1988, 2021
"""So early, because a status takes six years: to test on grade 10 of 2020, only labels known by then may teach, those of 2004 to 2013."""
YOUNG_FROM, YOUNG_WEIGHT = 2011, 0.4
"""Children who have not reached the end of grade 10 teach nothing yet: smaller cohorts."""
MOST_PEOPLE = 9_999_999


@dataclass(frozen=True)
class Settings:
    """What a population is made from.

    Raises
    ------
    DataError
        TID460 when there are too few or too many people, TID461 when a plant has no such name.
    """

    people: int
    until: date
    """Nothing that became known later is written."""
    plants: frozenset[str] = frozenset()
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        if not 1_000 <= self.people <= MOST_PEOPLE:
            raise DataError(
                "TID460", f"{self.people} people: expected 1,000 to {MOST_PEOPLE:,}. Fewer leave cohorts that nothing can be learnt from."
            )
        unknown = sorted(self.plants - PLANTS)
        if unknown:
            raise DataError("TID461", f"unknown plant {', '.join(unknown)}: expected one of {', '.join(sorted(PLANTS))}.")

    @property
    def last_day(self) -> int:
        """`until` in days since 1970-01-01."""
        return self.until.toordinal() - EPOCH


@dataclass(frozen=True)
class Truth:
    """What no register knows. For tests and for teaching, never for intake."""

    probability: Floats
    """True probability of not completing, given grade 10; NaN for who never sat in grade 10 here."""
    status: Ints
    drivers: Grade10
    general: Bools


@dataclass(frozen=True)
class Cohort:
    """One birth year: people, events by indicator, tests and household economy by date, and the truth."""

    first_number: int
    """Position of the first person in the whole population."""
    people: Background
    graded_address: Ints
    """Position in `ADDRESS_GRADES`."""
    events: dict[str, Events]
    tests: list[NationalTest]
    parents: Parents
    truth: Truth
    consents: Consents


ADDRESS_GRADES = ("ugradert", "klientadresse", "fortrolig", "strengtFortrolig")


def generate_cohorts(settings: Settings, rng: np.random.Generator) -> Iterator[Cohort]:
    """Yield one birth year after the other; each has its own stream, so that none depends on how the others are made."""
    years = range(FIRST_BIRTH_YEAR, min(LAST_BIRTH_YEAR, settings.until.year - 1) + 1)
    sizes = cohort_sizes(settings.people, years)
    first = 0
    for year, size, stream in zip(years, sizes, rng.spawn(len(years)), strict=True):
        yield generate_cohort(size, year, first, settings, stream)
        first += size


def cohort_sizes(people: int, years: range) -> list[int]:
    """Spread the people over birth years; the sizes add up to `people`.

    >>> sum(cohort_sizes(20_000, range(1988, 2022)))
    20000
    """
    weight = np.array([YOUNG_WEIGHT if year >= YOUNG_FROM else 1.0 for year in years])
    bounds = np.rint(people * np.concatenate([[0.0], weight.cumsum()]) / weight.sum()).astype(int)
    return [int(size) for size in np.diff(bounds)]


def generate_cohort(size: int, birth_year: int, first_number: int, settings: Settings, rng: np.random.Generator) -> Cohort:
    """Make one birth year, cause before effect."""
    people = draw_background(size, birth_year, settings.last_day, rng)
    residence = draw_residence(people, rng)
    parents = draw_parents(people, rng)
    welfare = draw_welfare(people, rng)
    health = draw_health(people, rng)
    attendance = draw_attendance(people, rng)
    schooling = draw_schooling(people, welfare.ever_by(16), attendance.grade_10_days, rng)
    drivers = Grade10(
        level=schooling.level,
        has_points=schooling.has_points,
        absent_days=attendance.grade_10_days,
        ever_welfare=welfare.ever_by(16),
        separated=parents.is_separated_by(15),
        supported=np.asarray(schooling.supported[:, 8:11].any(axis=1)),
        n_moves=residence.n_moves(6, 15),
        no_basis=schooling.no_basis,
        in_camhs=health.in_camhs,
        distress=health.distress,
        place_effect=places.EFFECT[residence.place_at(15)],
    )
    upper = draw_upper_secondary(people, drivers, rng, effects=settings.effects)
    primary = enrolled_in_primary(people, until=settings.last_day)
    enrolled = enrol_upper(people, upper, primary, until=settings.last_day)
    unrest = upper.shock
    events = [
        *residence.events, *parents.events, *welfare.events, *health.events,
        enrolment(people, enrolled, rng),
        *primary_absence(people, attendance, enrolled, rng),
        *secondary_absence(people, attendance, UpperAbsence(unrest), enrolled, upper.quit_on, rng, plants=settings.plants),
        *marks(people, schooling, enrolled, upper.quit_on, unrest, rng),
        points(people, schooling, enrolled, rng),
        *support(people, schooling, enrolled, rng),
        *school_life(people, enrolled, residence.moved, rng),
        *kindergarten(people, rng),
        *upper_records(people, upper, primary, rng),
        *_fixed_attributes(people, rng),
    ]  # fmt: skip
    tests = national_tests(people, enrolled, schooling.supported, rng)
    return Cohort(
        first_number,
        people,
        _draw_address_grades(size, rng),
        _visible(events, people, settings.last_day),
        tests,
        parents,
        _truth(upper, drivers, primary),
        draw_consents(people, settings.last_day, rng),
    )


def _truth(upper: UpperSecondary, drivers: Grade10, enrolled: Bools) -> Truth:
    return Truth(np.where(enrolled[:, 10], upper.probability, np.nan), upper.status, drivers, upper.general)


def _visible(events: list[Events], people: Background, last_day: int) -> dict[str, Events]:
    """Group by indicator; drop what is not known by the last day, has not happened by then, or happened before the person was here."""
    grouped: dict[str, list[Events]] = {}
    for batch in events:
        seen = (batch.known_on <= last_day) & (batch.happened_on <= last_day) & (batch.happened_on >= people.arrived_on[batch.person])
        grouped.setdefault(batch.indicator, []).append(batch.where(seen))
    return {indicator: concatenate(parts) for indicator, parts in grouped.items()}


def _fixed_attributes(people: Background, rng: np.random.Generator) -> list[Events]:
    """Audit attributes that do not change; values are positions in the lists of `rates`."""
    everyone = np.ones(people.n_people, dtype=bool)
    columns: dict[str, NDArray[np.int32] | NDArray[np.bool_]] = {
        "aud_sex": ~people.boy,
        "int_category": people.immigration,
        "aud_parents_education": people.education,
    }
    return [
        make_events(name, everyone, value=column, happened_on=people.arrived_on, lag=Lag(5, 20.0), rng=rng)
        for name, column in columns.items()
    ]


def _draw_address_grades(size: int, rng: np.random.Generator) -> Ints:
    protected = rng.random(size) < rates.PROTECTED_ADDRESS
    return np.where(protected, rng.choice([1, 2, 3], size, p=[0.4, 0.4, 0.2]), 0).astype(np.int32)
