"""Three bands instead of a number, and how often the outcome comes in each.

A reviewer sees a band and a natural frequency, never a probability or a rank (R-18). The frequency is fixed per band and stage from people
the model was not fitted on, so that it can't be a percentage in disguise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from features.declarations.catalogue import Wording
from features.declarations.learning import Bands
from features.small_cells import SMALLEST_CELL

Vector: TypeAlias = NDArray[np.float64]

MIN_PEOPLE = 20
"""A frequency "of 100" from fewer people than this would pretend to know."""
ROUNDING_HIDES = 1_000
"""From this many people on, a whole number of 100 fits ten different counts."""


class Band(StrEnum):
    """What the model proposes; not a decision."""

    NO_FOLLOW_UP_NOW = "no_follow_up_now"
    WORTH_A_LOOK = "worth_a_look"
    SHOULD_BE_ASSESSED = "should_be_assessed"


WORDING: dict[Band, Wording] = {
    Band.NO_FOLLOW_UP_NOW: Wording(nb="Ikke grunn til oppfølging nå", nn="Ikkje grunn til oppfølging no", en="No reason to follow up now"),
    Band.WORTH_A_LOOK: Wording(nb="Kan være verdt å se nærmere på", nn="Kan vere verdt å sjå nærare på", en="May be worth a closer look"),
    Band.SHOULD_BE_ASSESSED: Wording(
        nb="Bør vurderes av koordinator", nn="Bør vurderast av koordinator", en="Should be assessed by the coordinator"
    ),
}
"""Wording of domain.md 4.4."""


def band_of(probability: float, bands: Bands) -> Band:
    """Give the band of one calibrated probability; a cut-off belongs to the band above it.

    Examples
    --------
    >>> band_of(0.4, Bands(worth_a_look=0.2, should_be_assessed=0.4)).value
    'should_be_assessed'
    """
    if probability >= bands.should_be_assessed:
        return Band.SHOULD_BE_ASSESSED
    return Band.WORTH_A_LOOK if probability >= bands.worth_a_look else Band.NO_FOLLOW_UP_NOW


def bands_of(probability: Vector, bands: Bands) -> NDArray[np.str_]:
    """Give the band of each calibrated probability, as its value, shape (n_rows,)."""
    values = np.array([band.value for band in Band])
    return np.asarray(values[np.searchsorted([bands.worth_a_look, bands.should_be_assessed], probability, side="right")])


@dataclass(frozen=True)
class BandFrequency:
    """How often the outcome came among people in one band; about the band, never about one of them."""

    n_of_100: int | None
    """Of 100 people in this band, how many reached the *outcome* (did not complete, say); None where it may not be told."""
    n_people: int
    low: int | None
    """Bounds of the 95 % interval, of 100."""
    high: int | None


def fit_frequencies(label: Vector, probability: Vector, bands: Bands) -> dict[Band, BandFrequency]:
    """Learn the natural frequency of each band from people the model was not fitted on.

    Notes
    -----
    Intervals are Jeffreys': beta quantiles, which hold for few people too (Brown, Cai and DasGupta 2001).
    """
    found = bands_of(probability, bands)
    return {band: _frequency(label[found == band.value]) for band in Band}


def frequency_text(sentence: Wording, frequency: BandFrequency, *, language: str) -> str | None:
    """Fill an outcome's ``of_100`` sentence: ``{n}`` people without the outcome, ``{rest}`` with it; None with too few people to say.

    Notes
    -----
    The sentence of domain.md 4.4 counts those who complete first, so ``{n}`` is the brighter number.
    """
    if frequency.n_of_100 is None:
        return None
    return str(getattr(sentence, language)).format(n=100 - frequency.n_of_100, rest=frequency.n_of_100)


def can_tell(n_people: int, n_outcomes: float) -> bool:
    """Say whether a band's frequency may be told: enough people, and no group under five that the rounded figure would give away (R-09)."""
    if n_people < MIN_PEOPLE:
        return False
    return n_people >= ROUNDING_HIDES or min(n_outcomes, n_people - n_outcomes) >= SMALLEST_CELL


def _frequency(label: Vector) -> BandFrequency:
    n, ones = len(label), float(label.sum())
    if not can_tell(n, ones):
        return BandFrequency(None, n if n >= SMALLEST_CELL else 0, None, None)
    low, high = betaincinv(ones + 0.5, n - ones + 0.5, [0.025, 0.975])
    return BandFrequency(round(100 * ones / n), n, int(np.floor(100 * low)), int(np.ceil(100 * high)))
