"""Who the invented people are: what they are born with and into, and the latent traits nobody records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.synth import rates
from features.synth.households import FAMILY_SHARE, GAPS, Households
from features.synth.liability import Bools, Floats, Ints, Liability, mix_liability
from features.synth.school_year import day_of

AGES = 25
"""Calendar years that a person is followed, from birth to the year of turning 24."""


@dataclass(frozen=True)
class Home:
    """What a person's household gives, by calendar year from the person's birth: shape (n_people, AGES)."""

    household: Ints
    """Number of the household within its founding year."""
    founded: Ints
    separated_on: Ints
    place: Ints
    """Position in the places at the start of each year, shape (n_people, AGES + 1)."""
    moved_on: Ints
    low_income: Bools
    assistance: Floats
    parents_in_work: Ints
    protected: Bools


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
    home: Home

    @property
    def n_people(self) -> int:
        """How many people."""
        return len(self.born_on)

    def age_at_arrival(self) -> Floats:
        """Age in years at arrival in Norway, 0 for those born here."""
        return np.asarray((self.arrived_on - self.born_on) / 365.25)


def draw_background(
    birth_year: int, children: Sequence[int], households: Sequence[Households], until: int, rng: np.random.Generator
) -> Background:
    """Draw one birth year's people; nobody is born after `until`.

    Parameters
    ----------
    children
        How many are the first, second and third child of their household.
    households
        Founded in the birth year, three years before and six years before.
    """
    n = sum(children)
    last_day = min(day_of(birth_year, 12, 31), until)
    born_on = rng.integers(day_of(birth_year, 1, 1), last_day + 1, n, dtype=np.int32)

    def of(pick: str) -> NDArray[np.int32]:
        return np.concatenate([getattr(h, pick)[:count] for h, count in zip(households, children, strict=True)])

    home = _home(children, households)
    arrival = of("arrived_on")
    arrived_on = np.maximum(born_on, arrival).astype(np.int32)
    settled = of("settled")
    immigration = np.select([arrived_on > born_on, settled > 0], [1, 2], 0).astype(np.int32)
    latents = {}
    for name, shared in FAMILY_SHARE.items():
        family = np.concatenate([h.latents[name][:count] for h, count in zip(households, children, strict=True)])
        latents[name] = np.sqrt(shared) * family + np.sqrt(1 - shared) * rng.standard_normal(n)
    return Background(birth_year, born_on, arrived_on, rng.random(n) < rates.BOY_SHARE, immigration, of("education"), latents, home)


def _home(children: Sequence[int], households: Sequence[Households]) -> Home:
    def years(name: str, width: int) -> NDArray[np.int32]:
        return np.concatenate(
            [getattr(h, name)[:count, gap : gap + width] for h, count, gap in zip(households, children, GAPS, strict=True)]
        )

    def plain(name: str) -> NDArray[np.int32]:
        return np.concatenate([getattr(h, name)[:count] for h, count in zip(households, children, strict=True)])

    return Home(
        np.concatenate([np.arange(count) for count in children]).astype(np.int32),
        np.concatenate([np.full(count, h.founded) for h, count in zip(households, children, strict=True)]).astype(np.int32),
        plain("separated_on"),
        years("place", AGES + 1),
        years("moved_on", AGES),
        years("low_income", AGES).astype(bool),
        years("assistance", AGES).astype(np.float64),
        years("parents_in_work", AGES),
        plain("protected").astype(bool),
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
    """Mix a person's latent traits into a tendency; see `liability.mix_liability`."""
    cell = (people.boy.astype(int), people.immigration, people.education)
    return mix_liability(loadings, people.latents, rng, cell=cell, education=education, boy=boy, immigration=immigration)
