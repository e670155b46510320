"""Who the invented people are: what they are born with, and the latent traits nobody records."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from features.synth import rates
from features.synth.school_year import day_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

LATENTS = ("strain", "ability", "drive", "mood")


@dataclass(frozen=True)
class Background:
    """One birth year's people, as arrays of the same length."""

    birth_year: int
    born_on: Ints
    arrived_on: Ints
    """Birth, or an immigrant's arrival: no register here knows the person before it."""
    boy: Bools
    immigration: Ints
    """Position in `rates.IMMIGRATION`."""
    education: Ints
    """Parents' highest, position in `rates.EDUCATION`."""
    latents: dict[str, Floats]
    """Four independent standard normal traits; high `drive`, `ability` and `mood` help, high `strain` does not."""

    @property
    def n_people(self) -> int:
        """How many people."""
        return len(self.born_on)


@dataclass(frozen=True)
class Liability:
    """A hidden tendency: the higher, the sooner something happens.

    Threshold it with `cut` and the population's share is met whatever the loadings are, without looking at the sample.
    """

    value: Floats
    offset: Floats
    """Each person's mean: what sex, immigration category and parents' education make of it."""
    offsets: Floats
    """The same by cell of the population, shape (2, 3, 5)."""

    @property
    def standard(self) -> Floats:
        """The value with the population's mean 0 and standard deviation 1."""
        mean = (CELL_SHARE * self.offsets).sum()
        spread = np.sqrt(1 + (CELL_SHARE * (self.offsets - mean) ** 2).sum())
        return np.asarray((self.value - mean) / spread)

    def wobble(self, rng: np.random.Generator, *, stable: float) -> Liability:
        """Return the tendency at one time: a stable part of this weight, the rest drawn anew; the distribution stays."""
        noise = np.sqrt(1 - stable**2) * rng.standard_normal(len(self.value))
        return Liability(self.offset + stable * (self.value - self.offset) + noise, self.offset, self.offsets)

    def cut(self, rate: float) -> float:
        """Threshold that the given share of the population exceeds.

        Raises
        ------
        ValueError
            When the rate is not between 0 and 1.
        """
        if not 0 < rate < 1:
            raise ValueError(f"a rate lies between 0 and 1, not {rate}")
        low, high = -8.0, 8.0
        for _ in range(50):
            middle = (low + high) / 2
            low, high = (middle, high) if self._share_above(middle) > rate else (low, middle)
        return middle

    def exceeds(self, rate: float) -> Bools:
        """Whom it happens to, at this population rate."""
        return np.asarray(self.value > self.cut(rate))

    def _share_above(self, threshold: float) -> float:
        return float((CELL_SHARE * ndtr(self.offsets - threshold)).sum())


CELL_SHARE = (
    np.array([1 - rates.BOY_SHARE, rates.BOY_SHARE])[:, None, None]
    * rates.IMMIGRATION_SHARE[None, :, None]
    * rates.EDUCATION_GIVEN_IMMIGRATION[None, :, :]
)
"""Population share by (girl/boy, immigration, education)."""


def draw_background(n_people: int, birth_year: int, until: int, rng: np.random.Generator) -> Background:
    """Draw one birth year's people; nobody is born or arrives after `until`."""
    last_day = min(day_of(birth_year, 12, 31), until)
    born_on = rng.integers(day_of(birth_year, 1, 1), last_day + 1, n_people, dtype=np.int32)
    age_days = np.minimum(until - born_on, int(15 * 365.25))
    shares = _shares_at(birth_year, until)
    immigration = rng.choice(3, n_people, p=shares).astype(np.int32)
    arrived_on = np.where(immigration == 1, born_on + (rng.random(n_people) * age_days).astype(np.int32), born_on)
    return Background(
        birth_year,
        born_on,
        arrived_on.astype(np.int32),
        rng.random(n_people) < rates.BOY_SHARE,
        immigration,
        _draw_rows(rates.EDUCATION_GIVEN_IMMIGRATION, immigration, rng),
        {name: rng.standard_normal(n_people) for name in LATENTS},
    )


def draw_liability(
    people: Background,
    rng: np.random.Generator,
    *,
    education: float = 0.0,
    boy: float = 0.0,
    immigration: tuple[float, float, float] = (0.0, 0.0, 0.0),
    **loadings: float,
) -> Liability:
    """Mix latent traits with own noise to unit variance, and shift the mean by sex, immigration and parents' education."""
    noise_share = 1.0 - sum(weight**2 for weight in loadings.values())
    if noise_share <= 0:
        raise ValueError("squared loadings add up to less than 1: the rest is noise")
    value = np.sqrt(noise_share) * rng.standard_normal(people.n_people)
    for name, weight in loadings.items():
        value += weight * people.latents[name]
    offsets = np.array([0.0, boy])[:, None, None] + np.array(immigration)[None, :, None] + education * rates.EDUCATION_STRAIN[None, None, :]
    offset = offsets[people.boy.astype(int), people.immigration, people.education]
    return Liability(value + offset, offset, offsets)


def _shares_at(birth_year: int, until: int) -> Floats:
    """Immigrants arrive over 15 years, so that younger cohorts hold fewer of them."""
    arrived = min(1.0, max(0.0, (until - day_of(birth_year, 7, 1)) / (15 * 365.25)))
    immigrants = rates.IMMIGRATION_SHARE[1] * arrived
    rest = rates.IMMIGRATION_SHARE[[0, 2]] * (1 - immigrants) / (1 - rates.IMMIGRATION_SHARE[1])
    return np.array([rest[0], immigrants, rest[1]])


def _draw_rows(shares: Floats, row: Ints, rng: np.random.Generator) -> Ints:
    return np.asarray((rng.random(len(row))[:, None] > shares.cumsum(axis=1)[row][:, :-1]).sum(axis=1), dtype=np.int32)
