"""From a model and a date to the persons it could propose, and from those to the few that are proposed.

A score puts nobody anywhere by itself: within what the services can look at, the highest go first, and who is followed up already, has
objected, was looked at lately or is under six is not proposed at all.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declarations.project import Project
from features.declarations.stages import Stage
from features.engine.table import FeatureTable
from models.bands import Band
from models.bundle import Bundle, Scores
from models.deployment import Champion
from models.rungs.rung import Matrix
from serving.scoring.capacity import Capacity

YOUNGEST = 6
"""Nobody younger is proposed, whatever the project says (R-17)."""


@dataclass(frozen=True, eq=False)
class ScoredCohort:
    """A stage's cohort with one model's scores; rows in one order throughout."""

    stage: Stage
    outcome: str
    champion: Champion
    bundle: Bundle
    frame: pd.DataFrame
    table: FeatureTable
    """The cohort's features, on disk: of a whole country only the rows of those proposed are read."""
    scores: Scores

    def picture(self, row: int) -> Matrix:
        """Read the model's columns of one row, shape (1, n_features)."""
        return self.table.matrix(self.bundle.feature_names, rows=np.array([row], dtype=np.int64))

    @property
    def in_band(self) -> NDArray[np.bool_]:
        """Rows that the model would have somebody look at."""
        found: NDArray[np.bool_] = self.scores.band != Band.NO_FOLLOW_UP_NOW.value
        return found


@dataclass(frozen=True)
class Candidate:
    """A row that may be proposed."""

    scored: ScoredCohort
    row: int
    subject_id: str
    municipality: str
    is_shielded: bool
    needs_second_reader: bool
    log_odds: float

    @property
    def order(self) -> tuple[float, str]:
        """Highest first; ties by a hash of the subject id, so that they fall the same way each time and mean nothing."""
        return (-self.log_odds, self.place)

    @property
    def place(self) -> str:
        """A place among others that says nothing about the person: a hash of the subject id."""
        return hashlib.sha256(self.subject_id.encode()).hexdigest()


def find_candidates(
    project: Project, scored: ScoredCohort, *, already_followed: NDArray[np.int32], barred: frozenset[str]
) -> list[Candidate]:
    """List the rows of a scored cohort that may be proposed.

    Parameters
    ----------
    already_followed
        Person codes with a suppressor in force.
    barred
        Subject ids with an open case, an objection or an erased key.
    """
    second_reader_under = project.screening.review.second_reader_under
    frame = scored.frame
    numbers = [m.number for m in project.screening.municipality]
    may = scored.in_band & frame["municipality"].isin(numbers).to_numpy() & ~frame["person"].isin(already_followed).to_numpy()
    may &= ~frame["subject_id"].isin(list(barred)).to_numpy() & ~(frame["age_years"] < YOUNGEST).to_numpy()
    return [_candidate(scored, int(row), second_reader_under=second_reader_under) for row in np.flatnonzero(may)]


def choose(candidates: Iterable[Candidate], *, capacity: Capacity) -> list[Candidate]:
    """Choose within capacity: a municipality's highest, each person once. Shielded persons take nobody's place and leave no gap (R-08).

    Given back in no order of score: cases are written and logged in this order, and a log that numbered them by score would be a ranking
    (R-18).
    """
    left = {False: Counter(capacity.by_municipality), True: Counter(capacity.shielded_by_municipality)}
    together = {False: sum(capacity.by_municipality.values()), True: capacity.shielded}
    chosen: dict[str, Candidate] = {}
    for candidate in sorted(candidates, key=lambda c: c.order):
        kind = candidate.is_shielded
        if candidate.subject_id not in chosen and together[kind] > 0 and left[kind][candidate.municipality] > 0:
            left[kind][candidate.municipality] -= 1
            together[kind] -= 1
            chosen[candidate.subject_id] = candidate
    return sorted(chosen.values(), key=lambda c: c.place)


def _candidate(scored: ScoredCohort, row: int, *, second_reader_under: int) -> Candidate:
    person = scored.frame.iloc[row]
    shielded = bool(person["shielded"])
    return Candidate(
        scored=scored,
        row=row,
        subject_id=str(person["subject_id"]),
        municipality=str(person["municipality"]),
        is_shielded=shielded,
        needs_second_reader=shielded or bool(person["age_years"] < second_reader_under),
        log_odds=float(scored.scores.log_odds[row]),
    )
