"""The test rows that sections measure: all of them, or those of a seeded draw of people where there are very many."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from features.small_cells import SMALLEST_CELL
from models.resampling import drawn_people, person_weights
from training.evaluation.examined import Examined

Vector = NDArray[np.float64]

_NEARLY = 1e-6
"""Sums of shares are not exact."""
MOST_ROWS = 50_000
"""Beyond this intervals are narrow enough, and two hundred resamples of a national cohort would only cost."""


@dataclass(frozen=True)
class MeasuredRows:
    """Test rows as sections see them; none of it leaves memory but as aggregates.

    Attributes
    ----------
    label
        Outcome 0/1, shape (n_rows,).
    probabilities
        Rung -> calibrated probability, shape (n_rows,).
    chosen
        Name of the rung that would serve.
    person
        Rows with the same number are one person, shape (n_rows,).
    groups
        Audit attribute -> value per row, empty text where unknown.
    within
        Which of all test rows these are, shape (n_test,).
    """

    label: Vector
    probabilities: Mapping[str, Vector]
    chosen: str
    person: NDArray[np.int32]
    groups: Mapping[str, NDArray[np.str_]]
    within: Mask
    seed: int

    @classmethod
    def of(cls, examined: Examined, *, most_rows: int = MOST_ROWS) -> MeasuredRows:
        """Take the test rows of an experiment."""
        experiment = examined.experiment
        kept = drawn_people(experiment.test_person, most_rows=most_rows, seed=examined.seed)
        return cls(
            label=experiment.test_label[kept],
            probabilities={name: candidate.probability[kept] for name, candidate in experiment.candidates.items()},
            chosen=experiment.selection.chosen,
            person=experiment.test_person[kept],
            groups={name: values[kept] for name, values in (examined.groups or {}).items()},
            within=kept,
            seed=examined.seed,
        )

    @property
    def probability(self) -> Vector:
        """Probability of the rung that would serve."""
        return self.probabilities[self.chosen]

    def weights(self, n_resamples: int, rows: Mask | None = None) -> Iterator[Vector]:
        """Yield row weights of resampled people, shape (up to 64, n_rows), of some rows only where a mask is given."""
        person = self.person if rows is None else self.person[rows]
        return person_weights(person, seed=self.seed, n_resamples=n_resamples)

    def about(self) -> dict[str, int | bool]:
        """Say what was measured, for the head of a section."""
        return {"n_rows": len(self.label), "is_sample": bool(not self.within.all())}


def can_tell(*counts: float) -> bool:
    """Say whether a figure may be told that these counts of people stand behind: none of them is one to four (R-09).

    Of tied people a count is an expectation, and a part of a person is one too.

    >>> can_tell(0, 12, 5.0), can_tell(3, 40)
    (True, False)
    """
    return not any(_NEARLY < count < SMALLEST_CELL - _NEARLY for count in counts)
