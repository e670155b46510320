"""Family, residence and household economy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from features.synth import places, rates
from features.synth.background import Background, Bools, Floats, Ints, Liability, draw_liability
from features.synth.events import Events, Lag, concatenate, make_events
from features.synth.school_year import day_of

REGISTER = Lag(2, 9.0, late_share=0.02, late_days=90)
"""The population register: days, and a few moves reported months later."""
AGES = 25


@dataclass(frozen=True)
class Residence:
    """Where a cohort lives, by year of age."""

    place: Ints
    """Position in `places.PLACES`, shape (n_people, AGES): at the start of that year of age."""
    moved: Bools
    """Whether a move between municipalities falls in that year of age, shape (n_people, AGES)."""
    events: list[Events]

    def place_at(self, age: int) -> Ints:
        """Position in `places.PLACES` at an age."""
        return self.place[:, age]

    def n_moves(self, first_age: int, last_age: int) -> Ints:
        """Moves from the first to the last year of age, both included."""
        return np.asarray(self.moved[:, first_age : last_age + 1].sum(axis=1), dtype=np.int32)


def draw_residence(people: Background, rng: np.random.Generator) -> Residence:
    """Draw home municipalities and moves; strain makes moves likelier, settling makes an immigrant's first years restless."""
    shape = (people.n_people, AGES)
    age_at_arrival = (people.arrived_on - people.born_on) / 365.25
    years_here = np.arange(AGES)[None, :] - age_at_arrival[:, None]
    rate = np.array([rates.step(rates.MOVE_RATE, age) for age in range(AGES)])[None, :]
    rate = rate * np.exp(0.45 * people.latents["strain"] - 0.10)[:, None]
    settling = (people.immigration == 1)[:, None] & (years_here < 5)
    moved = (rng.random(shape) < rate + np.where(settling, rates.SETTLEMENT_MOVE, 0.0)) & (years_here >= 0)
    place = _walk(people.n_people, moved, rng)
    day = people.born_on[:, None] + (365.25 * np.arange(AGES)[None, :]).astype(np.int32) + rng.integers(0, 365, shape)
    events = [
        *_residence_events(people, place, moved, day, rng),
        make_events("fam_moves", moved, value=1, happened_on=day, lag=REGISTER, rng=rng),
        make_events("int_settlement_moves", moved & settling, value=1, happened_on=day, lag=Lag(10, 30.0, 0.05), rng=rng),
    ]
    return Residence(place, moved, events)


def _walk(n_people: int, moved: Bools, rng: np.random.Generator) -> Ints:
    place = np.empty((n_people, AGES + 1), dtype=np.int32)
    place[:, 0] = rng.choice(len(places.PLACES), n_people, p=places.WEIGHTS)
    for age in range(AGES):
        away = rng.choice(len(places.PLACES), n_people, p=places.WEIGHTS)
        place[:, age + 1] = np.where(moved[:, age], away, place[:, age])
    return place


def _residence_events(people: Background, place: Ints, moved: Bools, day: Ints, rng: np.random.Generator) -> list[Events]:
    everyone = np.ones(people.n_people, dtype=bool)
    arrival = np.argmin(people.arrived_on[:, None] > people.born_on[:, None] + 365.25 * np.arange(1, AGES + 1)[None, :], axis=1)
    first = place[np.arange(people.n_people), arrival]
    return [
        concatenate(
            [
                make_events(name, everyone, value=values[first], happened_on=people.arrived_on, lag=REGISTER, rng=rng),
                make_events(name, moved, value=values[place[:, 1:]], happened_on=day, lag=REGISTER, rng=rng),
            ]
        )
        for name, values in (("fam_municipality", places.NUMBERS), ("aud_centrality", places.CENTRALITY))
    ]


@dataclass(frozen=True)
class Parents:
    """Whether both parents live together, and the household's economy."""

    separated_age: Ints
    """Year of age of the separation, 99 for none."""
    poverty: Liability
    events: list[Events]
    economy: list[tuple[int, Floats, Floats, Floats]]
    """By income year: low income (0/1), months of social assistance, parents in work; one value a person."""

    def is_separated_by(self, age: int) -> Bools:
        """Whether the parents no longer live together at this age."""
        return np.asarray(self.separated_age <= age)


def draw_parents(people: Background, rng: np.random.Generator) -> Parents:
    """Draw separations and the economy of the household, year by year."""
    separation = draw_liability(people, rng, strain=0.50)
    poverty = draw_liability(people, rng, strain=0.42, education=0.45, immigration=(0.0, 0.86, 0.86))
    separated_age = _separated_age(separation)
    day = people.born_on + (separated_age * 365.25).astype(np.int32) + rng.integers(0, 365, people.n_people)
    together = people.arrived_on + 0 * separated_age
    at_start = separated_age == 0
    everyone = np.ones(people.n_people, dtype=bool)
    events = concatenate(
        [
            make_events("fam_both_parents", everyone, value=~at_start, happened_on=together, lag=REGISTER, rng=rng),
            make_events("fam_both_parents", (separated_age < 18) & ~at_start & (day > people.arrived_on), value=0,
                        happened_on=day, lag=REGISTER, rng=rng),
        ]
    )  # fmt: skip
    return Parents(separated_age, poverty, [events], _economy(people, poverty, rng))


def _separated_age(separation: Liability) -> Ints:
    ages, shares = zip(*rates.SEPARATED_BY_AGE, strict=True)
    by_age = np.interp(np.arange(18), ages, shares)
    cuts = np.array([separation.cut(share) for share in by_age])
    apart = separation.value[:, None] > cuts[None, :]
    return np.where(apart.any(axis=1), apart.argmax(axis=1), 99).astype(np.int32)


def _economy(people: Background, poverty: Liability, rng: np.random.Generator) -> list[tuple[int, Floats, Floats, Floats]]:
    rows = []
    for age in range(8, 18):
        low = poverty.wobble(rng, stable=0.94).value > poverty.cut(LOW_INCOME_ALL)
        now = poverty.wobble(rng, stable=0.85)
        months = np.where(now.exceeds(rates.SOCIAL_ASSISTANCE), rng.integers(1, 25, people.n_people) / 2, 0.0)
        out_of_work = now.exceeds(0.24).astype(float) + now.exceeds(0.06)
        rows.append((people.birth_year + age, low.astype(float), months, 2 - out_of_work))
    return rows


LOW_INCOME_ALL = float(rates.IMMIGRATION_SHARE @ rates.LOW_INCOME)


def economy_known_on(income_year: int) -> int:
    """Day on which an income year's household figures become known, two years later."""
    return day_of(income_year + 2, 2, 10)
