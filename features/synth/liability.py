"""A hidden tendency, and the threshold above which something happens to a known share of the population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from features.synth import rates

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Bools = NDArray[np.bool_]

CELL_SHARE = (
    np.array([1 - rates.BOY_SHARE, rates.BOY_SHARE])[:, None, None]
    * rates.IMMIGRATION_SHARE[None, :, None]
    * rates.EDUCATION_GIVEN_IMMIGRATION[None, :, :]
)
"""Population share by (girl/boy, immigration, education)."""


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
        return _cut(self.offsets.tobytes(), rate)

    def exceeds(self, rate: float) -> Bools:
        """Whom it happens to, at this population rate."""
        return np.asarray(self.value > self.cut(rate))


@lru_cache(maxsize=4_096)
def _cut(offsets: bytes, rate: float) -> float:
    by_cell = np.frombuffer(offsets).reshape(CELL_SHARE.shape)
    return float(brentq(lambda threshold: (CELL_SHARE * ndtr(by_cell - threshold)).sum() - rate, -9.0, 9.0, xtol=1e-12))


def mix_liability(
    loadings: Mapping[str, float],
    latents: Mapping[str, Floats],
    rng: np.random.Generator,
    *,
    cell: tuple[NDArray[np.int_], Ints, Ints],
    education: float = 0.0,
    boy: float = 0.0,
    immigration: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> Liability:
    """Mix latent traits with own noise to unit variance, and shift the mean by `cell`: sex, immigration and parents' education.

    Raises
    ------
    ValueError
        When the loadings leave no room for noise.
    """
    noise_share = 1.0 - sum(weight**2 for weight in loadings.values())
    if noise_share <= 0:
        raise ValueError("squared loadings add up to less than 1: the rest is noise")
    value = np.sqrt(noise_share) * rng.standard_normal(len(cell[0]))
    for name, weight in loadings.items():
        value += weight * latents[name]
    offsets = np.array([0.0, boy])[:, None, None] + np.array(immigration)[None, :, None] + education * rates.EDUCATION_STRAIN[None, None, :]
    offset = offsets[cell]
    return Liability(value + offset, offset, offsets)
