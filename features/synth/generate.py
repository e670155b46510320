"""From a number of people and a seed to birth cohorts of records: bit for bit the same for the same arguments."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np
from numpy.random import SeedSequence

from features.errors import DataError
from features.synth import rates
from features.synth.attendance import UpperAbsence, draw_attendance, primary_absence, secondary_absence
from features.synth.audit import audit_records
from features.synth.background import Background, draw_background
from features.synth.career import Career, OutsideEffects, draw_career
from features.synth.child_welfare import Welfare, draw_welfare
from features.synth.completion import FAR, LEFT, Effects, Grade10, UpperSecondary, draw_upper_secondary, enrol_upper, upper_records
from features.synth.consents import Consents, draw_consents
from features.synth.events import Events, Spells, concatenate
from features.synth.family import Economy, Residence, draw_residence, household_economy, is_separated_by, parents_records, residence_records
from features.synth.health import Health, draw_health
from features.synth.households import GAPS, FamilyTree, Households, draw_households
from features.synth.integration import integration_records
from features.synth.liability import Bools, Floats, Ints
from features.synth.places import Places, places_with
from features.synth.plants import PLANTS, Ground, apply_plants, planted_effects
from features.synth.registers import SPELL_FILES, SPELL_LAG_DAYS
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
from features.synth.work_records import status_records, work_records, work_spells

FIRST_BIRTH_YEAR = 1988
"""So early, because a status takes six years: to test on grade 10 of 2020, only labels known by then may teach, those of 2004 to 2013."""
MOST_PEOPLE = 9_999_999


@dataclass(frozen=True)
class Settings:
    """What a population is made from.

    Raises
    ------
    DataError
        TID460 when there are too few or too many people, TID461 when a plant has no such name, TID462 when the share of the invented
        municipalities is none, TID463 when the last day lies before anybody is born or in the far future.
    """

    people: int
    until: date
    """Nothing that became known later is written."""
    plants: frozenset[str] = frozenset()
    local_share: float = 0.5
    """Share of the people who live in the four invented municipalities."""
    effects: Effects = field(default_factory=Effects)
    outside_effects: OutsideEffects = field(default_factory=OutsideEffects)

    def __post_init__(self) -> None:
        if not 1_000 <= self.people <= MOST_PEOPLE:
            raise DataError(
                "TID460", f"{self.people} people: expected 1,000 to {MOST_PEOPLE:,}. Fewer leave cohorts that nothing can be learnt from."
            )
        unknown = sorted(self.plants - set(PLANTS))
        if unknown:
            raise DataError("TID461", f"unknown plant {', '.join(unknown)}: expected one of {', '.join(sorted(PLANTS))}.")
        if not 0 <= self.local_share < 1:
            raise DataError("TID462", f"a local share of {self.local_share}: expected 0 or more and less than 1, such as 0.5.")
        if not FIRST_BIRTH_YEAR < self.until.year <= 2100:
            raise DataError("TID463", f"until {self.until}: expected a day from {FIRST_BIRTH_YEAR + 1} to 2100.")

    @property
    def last_day(self) -> int:
        """`until` in days since 1970-01-01."""
        return self.until.toordinal() - EPOCH

    @property
    def birth_years(self) -> range:
        """Birth years of the population."""
        return range(FIRST_BIRTH_YEAR, self.until.year + 1)


@dataclass(frozen=True)
class Truth:
    """What no register knows. For tests and for teaching, never for intake."""

    probability: Floats
    """True probability of not completing, given grade 10; NaN for who never sat in grade 10 here."""
    status: Ints
    drivers: Grade10
    general: Bools
    career: Career


@dataclass(frozen=True)
class Cohort:
    """One birth year: people, records by indicator, tests and household economy by date, and the truth."""

    first_number: int
    """Position of the first person in the whole population."""
    people: Background
    graded_address: Ints
    """Position in `ADDRESS_GRADES`."""
    events: dict[str, Events]
    spells: dict[str, Spells]
    tests: list[NationalTest]
    economy: list[Economy]
    consents: Consents
    truth: Truth
    left_on: Ints
    """When each left Norway; far in the future for who stays."""


ADDRESS_GRADES = ("ugradert", "klientadresse", "fortrolig", "strengtFortrolig")


@dataclass(frozen=True)
class Population:
    """How the population is laid out before anybody is drawn: sizes, families and random streams, all from the settings and one seed."""

    settings: Settings
    tree: FamilyTree
    places: Places
    seed: SeedSequence
    part: int = 0
    """Number of the part of a large population that this is; families never reach into another."""

    def cohort(self, year: int, first_number: int) -> Cohort:
        """Make one birth year; it does not depend on which others are made, or when."""
        rng = self._stream(0, year)
        people = draw_background(year, self.tree.ranks(year), [self._households(year - gap) for gap in GAPS], self.settings.last_day, rng)
        people = replace(people, home=replace(people.home, household=people.home.household + self.part * MOST_IN_A_PART))
        return generate_cohort(people, first_number, self.places, self.settings, rng, plant_rng=self._stream(2, year))

    def _households(self, founded: int) -> Households:
        n, n_children = self.tree.n_founded(founded)
        return draw_households(founded, n, n_children, places=self.places, until=self.settings.last_day, rng=self._stream(1, founded))

    def _stream(self, what: int, year: int) -> np.random.Generator:
        part = (self.part,) if self.part else ()
        return np.random.default_rng(SeedSequence(self.seed.entropy, spawn_key=(*self.seed.spawn_key, what, year, *part)))


MOST_IN_A_PART = 400_000
"""A larger population is made in parts of at most so many, so that memory holds a birth year of one part, whatever the whole."""


def generate_cohorts(settings: Settings, seed: SeedSequence) -> Iterator[Cohort]:
    """Yield one birth year after the other, part after part; each has its own stream, so that none depends on how the others are made."""
    n_parts = -(-settings.people // MOST_IN_A_PART)
    bounds = np.linspace(0, settings.people, n_parts + 1).astype(int)
    places = places_with(settings.local_share)
    trees = [FamilyTree(cohort_sizes(settings, people=int(size))) for size in np.diff(bounds)]
    parts = [Population(settings, tree, places, seed, number) for number, tree in enumerate(trees)]
    first = 0
    for year in settings.birth_years:
        for part in parts:
            yield part.cohort(year, first)
            first += part.tree.sizes[year]


def cohort_sizes(settings: Settings, *, people: int | None = None) -> dict[int, int]:
    """Spread people, all of them by default, over birth years as Norway's births and later arrivals do; the sizes add up.

    >>> sizes = cohort_sizes(Settings(20_000, date(2026, 11, 1)))
    >>> sum(sizes.values()), sizes[1988] > sizes[2024]
    (20000, True)
    """
    until, years = settings.until, settings.birth_years
    last = max(rates.BIRTHS)
    born = np.array([rates.BIRTHS[min(year, last)] for year in years])
    born[-1] *= until.timetuple().tm_yday / 365
    came = np.array([rates.CAME_BY_24 * min(1.0, (until.year - year) / 24) for year in years])
    bounds = np.rint(
        (people or settings.people) * np.concatenate([[0.0], (born * (1 + came)).cumsum()]) / (born * (1 + came)).sum()
    ).astype(int)
    return dict(zip(years, np.diff(bounds).tolist(), strict=True))


def generate_cohort(
    people: Background, first_number: int, places: Places, settings: Settings, rng: np.random.Generator, *, plant_rng: np.random.Generator
) -> Cohort:
    """Make what happens to one birth year, cause before effect."""
    residence = draw_residence(people, places, rng)
    welfare = draw_welfare(people, rng)
    health = draw_health(people, rng)
    attendance = draw_attendance(people, rng)
    schooling = draw_schooling(people, welfare.ever_by(16), attendance.grade_10_days, rng)
    drivers = Grade10(
        level=schooling.level,
        has_points=schooling.has_points,
        absent_days=attendance.grade_10_days,
        ever_welfare=welfare.ever_by(16),
        separated=is_separated_by(people, 15),
        supported=np.asarray(schooling.supported[:, 8:11].any(axis=1)),
        n_moves=residence.n_moves(6, 15),
        no_basis=schooling.no_basis,
        in_camhs=health.in_camhs,
        distress=health.distress,
        place_effect=places.effect[residence.place_at(15)],
    )
    upper = draw_upper_secondary(people, drivers, rng, effects=planted_effects(settings.plants, settings.effects))
    primary = enrolled_in_primary(people, until=settings.last_day)
    schooled = primary[:, 10]
    enrolled = enrol_upper(people, upper, primary, until=settings.last_day)
    career = draw_career(people, drivers, upper, health, schooled, rng, effects=settings.outside_effects)
    unrest = upper.shock
    events = [
        *_home_records(people, residence, welfare, health, rng),
        enrolment(people, enrolled, rng),
        *primary_absence(people, attendance, enrolled, rng),
        *secondary_absence(people, attendance, UpperAbsence(unrest), enrolled, upper.quit_on, rng),
        *marks(people, schooling, enrolled, upper.quit_on, unrest, rng),
        points(people, schooling, enrolled, rng),
        *support(people, schooling, enrolled, rng),
        *school_life(people, enrolled, residence.moved, rng),
        *kindergarten(people, rng),
        *upper_records(people, upper, primary, rng),
        *status_records(people, career, rng),
        *work_records(people, career, rng),
        *integration_records(people, rng),
        *audit_records(people, residence, enrolled, welfare, health, rng),
    ]  # fmt: skip
    spells = [*welfare.spells, *work_spells(people, career, rng)]
    records = apply_plants(settings.plants, _grouped(events), Ground(people, upper, schooled), plant_rng)
    left_on = np.where(upper.status == LEFT, np.minimum(upper.quit_on, career.drifted_on), career.drifted_on)
    left_on = np.where(schooled | (career.drifted_on < FAR), left_on, FAR).astype(np.int32)
    return Cohort(
        first_number,
        people,
        _draw_address_grades(people, settings, rng),
        {name: visible_events(found, people, settings.last_day, left_on) for name, found in records.items()},
        _visible_spells(spells, people, settings.last_day, left_on),
        national_tests(people, enrolled, schooling.supported, rng),
        household_economy(people),
        draw_consents(people, settings.last_day, left_on, rng),
        _truth(upper, drivers, schooled, career),
        left_on,
    )


def _home_records(people: Background, residence: Residence, welfare: Welfare, health: Health, rng: np.random.Generator) -> list[Events]:
    return [*residence_records(people, residence, rng), *parents_records(people, rng), *welfare.events, *health.events]


def _truth(upper: UpperSecondary, drivers: Grade10, schooled: Bools, career: Career) -> Truth:
    return Truth(np.where(schooled, upper.probability, np.nan), upper.status, drivers, upper.general, career)


def _grouped(events: list[Events]) -> dict[str, Events]:
    grouped: dict[str, list[Events]] = {}
    for batch in events:
        grouped.setdefault(batch.indicator, []).append(batch)
    return {indicator: concatenate(parts) for indicator, parts in grouped.items()}


AFTER_LEAVING = frozenset({"edu_vgo_status", "nav_status8"})
"""Statistics go on counting who is no longer here."""


def visible_events(events: Events, people: Background, last_day: int, left_on: Ints) -> Events:
    """Drop what is not known by the last day, has not happened by then, or happened while the person was not here."""
    here = (events.happened_on >= people.arrived_on[events.person]) & (events.happened_on <= last_day)
    if events.indicator not in AFTER_LEAVING:
        here &= events.happened_on < left_on[events.person]
    return events.where(here & (events.known_on <= last_day))


def _visible_spells(spells: list[Spells], people: Background, last_day: int, left_on: Ints) -> dict[str, Spells]:
    """Keep what is known of spells; where only whole periods are told, a spell that is not over is not known yet."""
    told = {}
    for batch in spells:
        seen = batch.seen_on(last_day, lag_days=SPELL_LAG_DAYS, arrived_on=people.arrived_on, left_on=left_on)
        told[batch.indicator] = seen.ended() if batch.indicator in _WHOLE_PERIODS else seen
    return told


_WHOLE_PERIODS = frozenset(file.indicator for file in SPELL_FILES if file.temporality == "ACCUMULATED")


def _draw_address_grades(people: Background, settings: Settings, rng: np.random.Generator) -> Ints:
    """A graded address covers all children of a household; a grown-up is graded alone."""
    child = people.born_on + 18 * 365.25 > settings.last_day
    graded = np.where(child, people.home.protected, rng.random(people.n_people) < rates.PROTECTED_ADULTS)
    return np.where(graded, rng.choice([1, 2, 3], people.n_people, p=[0.4, 0.4, 0.2]), 0).astype(np.int32)
