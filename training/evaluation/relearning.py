"""The chosen rung learnt anew from other rows or another reading of the outcome: for comparison, never for use."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from models.resampling import drawn_people
from models.rungs.ladder import get_rung
from models.rungs.logistic import LogisticRung
from models.rungs.rung import Rung
from training.fitting.candidates import Candidate, columns_of
from training.table import TrainingTable

MOST_TAUGHT = 30_000
"""Rows that a comparison learns from at most, people drawn with the seed: more of them change a difference by little."""


@dataclass(frozen=True)
class Relearnt:
    """A rung of the chosen kind, with the chosen one's settings and columns."""

    rung: Rung
    names: tuple[str, ...]

    def log_odds(self, table: TrainingTable, rows: Mask) -> NDArray[np.float64]:
        """Score rows, not calibrated, shape (rows.sum(),)."""
        return self.rung.log_odds(table.columns(self.names, rows))


def learn_anew(chosen: Candidate, table: TrainingTable, rows: Mask, *, seed: int, keeps_penalty: bool = True) -> Relearnt | None:
    """Learn the chosen rung from these rows, at most `MOST_TAUGHT` of them; None where they all have the same outcome.

    Parameters
    ----------
    keeps_penalty
        Whether a line keeps the chosen one's penalty. Looking for it is most of what a line costs, and nearly as many rows would choose
        the same; far fewer would not.
    """
    taught = rows.copy()
    taught[rows] = drawn_people(table.rows.group[rows], most_rows=MOST_TAUGHT, seed=seed)
    label = table.label[taught]
    if not ((label == 1).any() and (label == 0).any()):
        return None
    rung = get_rung(chosen.name)
    names = columns_of(rung, table, chosen.settings)
    settings = chosen.settings
    if keeps_penalty and isinstance(chosen.rung, LogisticRung):
        settings = replace(settings, strength=chosen.rung.strength)
    return Relearnt(rung.fit(table.columns(names, taught), label, feature_names=names, settings=settings), names)
