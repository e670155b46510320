"""Twenty invented municipalities; their numbers lie outside the official ones.

Four of them work cases in the demo. They stand for four ways to organise cooperation: skills for complex tasks, one door in, a
cross-disciplinary team, and leisure with family support.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Place:
    """An invented municipality."""

    number: int
    name: str
    centrality: int
    """1 most central to 6 least."""
    weight: float
    """Share of the population before scaling."""
    effect: float
    """Log-odds of completing: what living here adds or takes, all else equal (M)."""


PLACES = (
    Place(9001, "Tindevik", 2, 10.0, 0.05),
    Place(9002, "Holmøyvær", 6, 4.0, -0.30),
    Place(9003, "Elvemark", 4, 6.0, -0.10),
    Place(9004, "Furusund", 5, 5.0, 0.15),
    Place(9005, "Bergskog", 1, 14.0, 0.12),
    Place(9006, "Nordheia", 6, 2.0, -0.25),
    Place(9007, "Sørholt", 3, 7.0, 0.0),
    Place(9008, "Vestbekk", 2, 9.0, 0.10),
    Place(9009, "Østmyr", 3, 7.0, -0.15),
    Place(9010, "Klokkedal", 5, 3.0, 0.05),
    Place(9011, "Rognlia", 4, 4.0, 0.0),
    Place(9012, "Steinsvåg", 4, 4.0, 0.08),
    Place(9013, "Kvitnes", 6, 1.5, -0.20),
    Place(9014, "Lerkemo", 5, 2.5, 0.0),
    Place(9015, "Ulvehaug", 3, 5.0, -0.05),
    Place(9016, "Seljebygd", 5, 2.0, 0.20),
    Place(9017, "Bjørkeli", 2, 6.0, 0.05),
    Place(9018, "Tangstrand", 4, 3.0, -0.10),
    Place(9019, "Myrland", 5, 2.0, 0.0),
    Place(9020, "Heggmark", 1, 3.0, -0.05),
)

NUMBERS = np.array([place.number for place in PLACES], dtype=np.int32)
CENTRALITY = np.array([place.centrality for place in PLACES], dtype=np.int32)
EFFECT = np.array([place.effect for place in PLACES])
WEIGHTS = np.array([place.weight for place in PLACES]) / sum(place.weight for place in PLACES)
