"""What the population register and the tax authority say of a person's home: residence, moves, parents, economy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import rates
from features.synth.background import AGES, Background
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.households import NEVER, walk
from features.synth.liability import Bools, Floats, Ints
from features.synth.places import Places
from features.synth.school_year import day_of

REGISTER = Lag(2, 9.0, late_share=0.02, late_days=90)
"""The population register: days, and a few moves reported months later."""
OWN_WAY_FROM = 19
"""Year of age from which a person moves alone."""
ECONOMY_AGES = range(6, 18)


@dataclass(frozen=True)
class Residence:
    """Where a cohort lives, by the calendar year of turning 0, 1, … 24."""

    place: Ints
    """Position in the places at the start of the year, shape (n_people, AGES + 1)."""
    moved_on: Ints
    """Day of a move between municipalities in that year, `NEVER` for none, shape (n_people, AGES)."""
    places: Places
    arrived_on: Ints

    def place_at(self, age: int) -> Ints:
        """Position in the places at the end of the year of turning this age."""
        return np.asarray(self.place[:, age + 1])

    def n_moves(self, first_age: int, last_age: int) -> Ints:
        """Moves since arrival, from the year of turning the first to that of the last age, both included."""
        window = slice(first_age, last_age + 1)
        moved = (self.moved_on[:, window] < NEVER) & (self.moved_on[:, window] > self.arrived_on[:, None])
        return np.asarray(moved.sum(axis=1), dtype=np.int32)

    @property
    def moved(self) -> Bools:
        """Whether the year holds a move, shape (n_people, AGES)."""
        return np.asarray(self.moved_on < NEVER)


def draw_residence(people: Background, places: Places, rng: np.random.Generator) -> Residence:
    """Take the household's home until 18, then let the person move alone."""
    own = rng.random((people.n_people, AGES - OWN_WAY_FROM)) < rates.MOVE_ALONE
    start = np.array([day_of(people.birth_year + age, 1, 1) for age in range(OWN_WAY_FROM, AGES)])
    own_day = np.where(own, start[None, :] + rng.integers(0, 365, own.shape), NEVER).astype(np.int32)
    alone = walk(people.home.place[:, OWN_WAY_FROM], own, places, rng)
    return Residence(
        np.hstack([people.home.place[:, :OWN_WAY_FROM], alone]),
        np.hstack([people.home.moved_on[:, :OWN_WAY_FROM], own_day]),
        places,
        people.arrived_on,
    )


def residence_records(people: Background, residence: Residence, rng: np.random.Generator) -> list[Events]:
    """Report homes and moves since birth or arrival."""
    moved = residence.moved & (residence.moved_on > people.arrived_on[:, None])
    day = residence.moved_on
    settling = moved & (people.immigration == 1)[:, None] & (day < people.arrived_on[:, None] + rates.SETTLING_YEARS * 365)
    return [
        *_homes(people, residence, moved, rng),
        make_events("fam_moves", moved, value=1, happened_on=day, lag=REGISTER, rng=rng),
        make_events("int_settlement_moves", settling, value=1, happened_on=day, lag=Lag(10, 30.0, 0.05), rng=rng),
    ]


def _homes(people: Background, residence: Residence, moved: Bools, rng: np.random.Generator) -> list[Events]:
    everyone = np.ones(people.n_people, dtype=bool)
    year_start = np.array([day_of(people.birth_year + age, 1, 1) for age in range(AGES)])
    year = np.searchsorted(year_start, people.arrived_on, side="right") - 1
    row = np.arange(people.n_people)
    first = residence.place[row, year + (residence.moved_on[row, year] <= people.arrived_on)]
    return [
        concatenate(
            [
                make_events(name, everyone, value=values[first], happened_on=people.arrived_on, lag=REGISTER, rng=rng),
                make_events(name, moved, value=values[residence.place[:, 1:]], happened_on=residence.moved_on, lag=REGISTER, rng=rng),
            ]
        )
        for name, values in (
            ("fam_municipality", residence.places.numbers),
            ("aud_municipality", residence.places.numbers),
            ("aud_county", residence.places.numbers // 100),
            ("aud_centrality", residence.places.centrality),
        )
    ]


def parents_records(people: Background, rng: np.random.Generator) -> list[Events]:
    """Report whether both parents live with the person: at the start, and when that ends."""
    apart_on = people.home.separated_on
    everyone = np.ones(people.n_people, dtype=bool)
    ends = (apart_on > people.arrived_on) & (apart_on < people.born_on + 18 * 365)
    first = make_events(
        "fam_both_parents", everyone, value=apart_on > people.arrived_on, happened_on=people.arrived_on, lag=REGISTER, rng=rng
    )
    later = make_events("fam_both_parents", ends, value=0, happened_on=apart_on, lag=REGISTER, rng=rng)
    return [concatenate([first, later])]


def is_separated_by(people: Background, age: int) -> Bools:
    """Whether the parents no longer live together on this birthday."""
    return np.asarray(people.home.separated_on <= people.born_on + age * 365.25)


@dataclass(frozen=True)
class Economy:
    """Household figures of one income year; one value a person."""

    income_year: int
    low_income: Floats
    assistance_months: Floats
    parents_in_work: Floats

    @property
    def happened_on(self) -> int:
        """Last day of the income year."""
        return day_of(self.income_year, 12, 31)

    @property
    def known_on(self) -> int:
        """Day on which the figures become known, two years later."""
        return day_of(self.income_year + 2, 2, 10)


def household_economy(people: Background) -> list[Economy]:
    """Give the household's figures for the years of turning 6 to 17."""
    home = people.home
    return [
        Economy(
            people.birth_year + age,
            home.low_income[:, age].astype(np.float64),
            home.assistance[:, age],
            home.parents_in_work[:, age].astype(np.float64),
        )
        for age in ECONOMY_AGES
    ]
