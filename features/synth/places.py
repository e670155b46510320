"""Where invented people live: the 357 municipalities of 2024 by number, and four invented ones that work cases.

The four stand for four ways to organise cooperation: skills for complex tasks, one door in, a cross-disciplinary team, and leisure with
family support; their numbers lie outside the official ones. A real number is a place of residence and nothing more: how many invented
people live there follows the county's size and a few large towns, what living there does to completing follows its county, and neither
says anything about it.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Place:
    """An invented municipality that works cases."""

    number: int
    name: str
    centrality: int
    """1 most central to 6 least."""
    weight: float
    """Share of the people who live in the invented municipalities."""
    effect: float
    """Log-odds of completing: what living here adds or takes, all else equal (M)."""


LOCAL = (
    Place(9001, "Tindevik", 2, 0.40, 0.05),
    Place(9002, "Holmøyvær", 6, 0.16, -0.30),
    Place(9003, "Elvemark", 4, 0.24, -0.10),
    Place(9004, "Furusund", 5, 0.20, 0.15),
)


@dataclass(frozen=True)
class County:
    """What is invented about a county's municipalities, beside its size."""

    thousands: float
    """Inhabitants, 2024 (M)."""
    effect: float
    """Log-odds of completing: counties differed by 61 to 80 % for the cohort of 2012 (S); half of that is left here, the rest goes
    through parents' education and marks (M)."""


COUNTIES = {
    "03": County(717, 0.04), "11": County(499, 0.10), "15": County(269, 0.14), "18": County(243, -0.18), "31": County(312, -0.08),
    "32": County(740, 0.14), "33": County(269, 0.0), "34": County(376, -0.02), "39": County(256, -0.02), "40": County(177, -0.04),
    "42": County(319, 0.05), "46": County(651, 0.10), "50": County(483, 0.02), "55": County(170, -0.14), "56": County(75, -0.32),
}  # fmt: skip

TOWNS = {
    301: 717, 4601: 291, 5001: 214, 1103: 149, 3201: 130, 4204: 116, 3301: 104, 3203: 99, 3205: 92, 3107: 85, 1108: 83, 5501: 78, 3907: 66,
    3207: 62, 3105: 60, 3905: 59, 1508: 58, 4003: 56, 1804: 53, 3103: 52, 3222: 49, 3909: 48, 4203: 46, 3209: 43, 1149: 43, 4626: 39,
    1106: 38, 4001: 37, 3411: 35, 3403: 33, 3101: 32, 1506: 32, 3305: 32, 3407: 31, 4627: 30, 4631: 30, 3303: 29, 3901: 28, 3405: 28,
    1833: 26, 5503: 25, 5035: 25, 5006: 24, 4202: 25, 1505: 24, 5601: 22,
}  # fmt: skip
"""Inhabitants of larger municipalities in thousands, 2024 (M). The rest of a county falls off evenly over its other municipalities."""


@dataclass(frozen=True)
class Places:
    """All places, the invented ones first; arrays of the same length."""

    numbers: NDArray[np.int32]
    centrality: NDArray[np.int32]
    effect: NDArray[np.float64]
    share: NDArray[np.float64]
    """Share of the population, adds up to 1."""

    def draw(self, n: int, rng: np.random.Generator) -> NDArray[np.int32]:
        """Draw positions of n places, by their share."""
        return np.searchsorted(self.share.cumsum()[:-1], rng.random(n), side="right").astype(np.int32)


def places_with(local_share: float) -> Places:
    """Put a share of the people into the four invented municipalities, the rest over the real numbers.

    >>> everywhere = places_with(0.5)
    >>> len(everywhere.numbers), round(float(everywhere.share[:4].sum()), 6), round(float(everywhere.share.sum()), 6)
    (361, 0.5, 1.0)
    """
    numbers, thousands, county = _official()
    weight = np.array([place.weight for place in LOCAL])
    return Places(
        np.concatenate([[place.number for place in LOCAL], numbers]).astype(np.int32),
        np.concatenate([[place.centrality for place in LOCAL], _centrality(thousands, county)]).astype(np.int32),
        np.concatenate([[place.effect for place in LOCAL], [COUNTIES[code].effect for code in county]]),
        np.concatenate([local_share * weight / weight.sum(), (1 - local_share) * thousands / thousands.sum()]),
    )


@cache
def _official() -> tuple[NDArray[np.int32], NDArray[np.float64], tuple[str, ...]]:
    text = (files("features.synth") / "tables" / "kommuner_2024.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    numbers = np.array([int(row["kommunenummer"]) for row in rows], dtype=np.int32)
    counties = tuple(row["fylkesnummer"] for row in rows)
    thousands = np.array([float(TOWNS.get(int(number), 0)) for number in numbers])
    for code, county in COUNTIES.items():
        small = np.flatnonzero((np.array(counties) == code) & (thousands == 0))
        fall = 0.94 ** np.arange(len(small))
        thousands[small] = (county.thousands - thousands[np.array(counties) == code].sum()) * fall / fall.sum()
    return numbers, thousands, counties


def _centrality(thousands: NDArray[np.float64], county: tuple[str, ...]) -> NDArray[np.int32]:
    """Invent an index from size alone, but for the capital and its surroundings (M)."""
    by_size = np.digitize(-thousands, [-100.0, -40.0, -18.0, -8.0, -4.0]) + 1
    near = np.array([code in ("03", "32") for code in county])
    return np.where(near, np.minimum(by_size, np.where(thousands > 60, 1, 2)), np.maximum(by_size, 2)).astype(np.int32)
