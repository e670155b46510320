"""Households: what brothers and sisters share.

A household is made in the year its first child is born; a second child follows three years later, a third after six (M: real gaps vary).
Where the family lives, when it came to Norway, whether the parents live together and what the household earns is settled here once, in
calendar time, so that siblings agree about it although they stand in different birth cohorts. Every founding year has its own random
stream, and is drawn again by each birth cohort that needs it: no cohort has to wait for another.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from features.synth import rates
from features.synth.liability import Bools, Floats, Ints, mix_liability
from features.synth.places import Places
from features.synth.school_year import day_of

GAPS = (0, 3, 6)
"""Years from the first child to the first, second and third."""
YEARS = 25 + GAPS[-1]
"""Calendar years that a household is followed, from the first child's birth to the last one's 24th year."""
NEVER = 2_000_000
FAMILY_SHARE = {"strain": 0.5, "ability": 0.4, "drive": 0.25, "mood": 0.2}
"""Variance of a latent trait that siblings share (D: sibling correlations of dropout near .4)."""


@dataclass(frozen=True)
class Households:
    """Households founded in one year; arrays of the same length, matrices by calendar year since then."""

    founded: int
    settled: Ints
    """0 others, 1 families that came to Norway, 2 families of immigrants who were here before."""
    arrived_on: Ints
    """Day of coming to Norway; before every birth for those who did not."""
    education: Ints
    """Parents' highest, position in `rates.EDUCATION`."""
    latents: dict[str, Floats]
    """The part of each trait that siblings share, standard normal."""
    separated_on: Ints
    """`NEVER` for parents who stay together; before every birth for those who never lived together."""
    place: Ints
    """Position in the places at the start of each year, shape (n, YEARS + 1)."""
    moved_on: Ints
    """Day of a move between municipalities in that year, `NEVER` for none, shape (n, YEARS)."""
    low_income: Bools
    assistance: Floats
    """Months of social assistance in the year."""
    parents_in_work: Ints
    protected: Bools
    """Whether the family's address is graded."""

    def __len__(self) -> int:
        return len(self.settled)


def draw_households(
    founded: int, n: int, n_children: tuple[int, int], *, places: Places, until: int, rng: np.random.Generator
) -> Households:
    """Draw households founded in a year.

    Parameters
    ----------
    n_children
        How many of them, counted from the front, have a second and a third child.
    """
    settled, arrived_on = _origin(founded, n, until, rng)
    education = _draw_rows(rates.EDUCATION_GIVEN_IMMIGRATION, settled, rng)
    latents = {name: rng.standard_normal(n) for name in FAMILY_SHARE}
    place, moved_on = _residence(founded, arrived_on, latents["strain"], places, rng)
    low_income, assistance, in_work = _economy(settled, education, latents["strain"], rng)
    return Households(
        founded,
        settled,
        arrived_on,
        education,
        latents,
        _separated_on(founded, latents["strain"], n_children, rng),
        place,
        moved_on,
        low_income,
        assistance,
        in_work,
        rng.random(n) < rates.PROTECTED_CHILDREN,
    )


def _origin(founded: int, n: int, until: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Families arrive at any time while their first child is under 24; none after the last day."""
    arrived = min(1.0, max(0.0, (until - day_of(founded, 7, 1)) / (24 * 365.25)))
    coming = rates.ARRIVING_FAMILIES * arrived
    shares = np.array([1 - coming - rates.SETTLED_FAMILIES, coming, rates.SETTLED_FAMILIES])
    settled = np.searchsorted(shares.cumsum()[:-1], rng.random(n), side="right").astype(np.int32)
    last = min(day_of(founded + 24, 1, 1), until)
    arrived_on = rng.integers(day_of(founded, 1, 1), max(last, day_of(founded, 1, 2)), n)
    return settled, np.where(settled == 1, arrived_on, -NEVER).astype(np.int32)


def _residence(founded: int, arrived_on: Ints, strain: Floats, places: Places, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Draw homes and moves; strain makes moves likelier, settling makes a family's first years in Norway restless."""
    n, years = len(arrived_on), np.arange(YEARS)
    start = np.array([day_of(founded + int(t), 1, 1) for t in years])
    rate = np.where(years < 6, rates.MOVE_YOUNG_FAMILY, rates.MOVE_FAMILY)[None, :] * np.exp(0.45 * strain - 0.10)[:, None]
    since = start[None, :] - arrived_on[:, None]
    settling = (arrived_on > -NEVER)[:, None] & (since >= 0) & (since < rates.SETTLING_YEARS * 365)
    moved = rng.random((n, YEARS)) < rate + np.where(settling, rates.SETTLEMENT_MOVE, 0.0)
    day = start[None, :] + rng.integers(0, 365, (n, YEARS))
    return walk(places.draw(n, rng), moved, places, rng), np.where(moved, day, NEVER).astype(np.int32)


def walk(first: Ints, moved: Bools, places: Places, rng: np.random.Generator) -> Ints:
    """Follow moves to new places: positions before each column and after the last, shape (n, columns + 1)."""
    n, columns = moved.shape
    place = np.empty((n, columns + 1), dtype=np.int32)
    place[:, 0] = first
    place[:, 1:][moved] = places.draw(int(moved.sum()), rng)
    latest = np.where(np.hstack([np.ones((n, 1), dtype=bool), moved]), np.arange(columns + 1), 0)
    return np.take_along_axis(place, np.maximum.accumulate(latest, axis=1), axis=1)


def _separated_on(founded: int, strain: Floats, n_children: tuple[int, int], rng: np.random.Generator) -> Ints:
    """Separations are counted from the last child's birth: who separates later had the children before."""
    n = len(strain)
    value = 0.62 * strain + np.sqrt(1 - 0.62**2) * rng.standard_normal(n)
    at, shares = zip(*rates.SEPARATED_BY_YEAR, strict=True)
    cuts = ndtri(1 - np.interp(np.arange(at[-1] + 1), at, shares))
    apart = value[:, None] > cuts[None, :]
    year = np.where(apart.any(axis=1), apart.argmax(axis=1), -1)
    position = np.arange(n)
    last_child = np.where(position < n_children[1], GAPS[2], np.where(position < n_children[0], GAPS[1], GAPS[0]))
    day = day_of(founded, 7, 1) + ((year + last_child - 1) * 365.25).astype(np.int32) + rng.integers(0, 365, n)
    return np.select([year < 0, year == 0], [NEVER, -NEVER], day).astype(np.int32)


def _economy(settled: Ints, education: Ints, strain: Floats, rng: np.random.Generator) -> tuple[Bools, Floats, Ints]:
    cell = (np.zeros(len(settled), dtype=int), settled, education)
    poverty = mix_liability({"strain": 0.58}, {"strain": strain}, rng, cell=cell, education=0.45, immigration=(0.0, 0.88, 0.88))
    shape = (len(settled), YEARS)
    low = np.empty(shape, dtype=bool)
    months = np.zeros(shape)
    working = np.empty(shape, dtype=np.int32)
    cut_low, cut_help = poverty.cut(rates.LOW_INCOME_ALL), poverty.cut(rates.SOCIAL_ASSISTANCE)
    cut_one, cut_both = poverty.cut(0.24), poverty.cut(0.06)
    for year in range(YEARS):
        low[:, year] = poverty.wobble(rng, stable=0.94).value > cut_low
        now = poverty.wobble(rng, stable=0.85).value
        helped = now > cut_help
        months[helped, year] = rng.integers(1, 25, int(helped.sum())) / 2
        working[:, year] = 2 - (now > cut_one).astype(int) - (now > cut_both)
    return low, months, working


def _draw_rows(shares: NDArray[np.float64], row: Ints, rng: np.random.Generator) -> Ints:
    return np.asarray((rng.random(len(row))[:, None] > shares.cumsum(axis=1)[row][:, :-1]).sum(axis=1), dtype=np.int32)


def children_by_rank(size: int) -> tuple[int, int, int]:
    """Split a birth cohort into first, second and third children.

    >>> children_by_rank(1_000)
    (450, 370, 180)
    """
    first, second = int(np.rint(size * rates.BIRTH_RANK[0])), int(np.rint(size * rates.BIRTH_RANK[1]))
    return first, second, size - first - second


@dataclass(frozen=True)
class FamilyTree:
    """How many households each year founds, and which of them have how many children, from the cohorts' sizes alone."""

    sizes: dict[int, int]
    """Size of each birth cohort, by birth year."""

    def ranks(self, year: int) -> tuple[int, int, int]:
        """Children of a birth year by rank."""
        return children_by_rank(self.sizes.get(year, 0))

    def n_founded(self, year: int) -> tuple[int, tuple[int, int]]:
        """Households founded in a year, and how many of them have a second and a third child."""
        first, second, third = (self.ranks(year + gap)[rank] for rank, gap in enumerate(GAPS))
        return max(first, second, third), (second, third)
