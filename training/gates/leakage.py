"""Leakage gates that look behind the columns: does the skill come from time, are people told apart, was a column written at the end?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.findings import Evidence, Finding
from features.lifetime import SIGNS, LifetimeValue
from features.small_cells import shown_count
from models.resampling import resample

Vector: TypeAlias = NDArray[np.float64]

NO_SKILL = 0.55
"""AUC below which there is no skill that shuffling could take away."""
LEAST_LOST = 0.25
"""Share of the skill above chance that shuffling has to take away: in honest models more than half of it goes."""
LEAST_CHANGED = 0.05
"""Share of cells that have to differ on another day before a picture can be said to be another one."""
TWIN_AGREEMENT = 0.9
"""Share of what sets a person apart from most that two rows have in common when they are twins."""
TELLING_VALUES = 8
"""Values unlike most people's that a row needs before another row with the same ones is remarkable."""
ENOUGH_TWINS = 20
OUTCOME_MARGIN = 0.05
"""By how much twins may agree on the outcome more often than their probabilities say."""
TWIN_ROWS = 400
"""Rows for which a twin is looked for, evenly spread over the test."""
COMPARED_ROWS = 20_000
_RESAMPLES = 200


def time_gate(label: Vector, score: Vector, shuffled: Vector, *, changed_share: float, person: NDArray[np.int32], seed: int) -> Finding:
    """G-12: does the model lose skill when each person's picture is taken on a random earlier day of their recorded life?

    Parameters
    ----------
    label
        Outcome 0/1, shape (n_rows,).
    score, shuffled
        The model's score on the as-of date, and on the random earlier day, shape (n_rows,).
    changed_share
        Share of the model's cells that differ between the two.

    Notes
    -----
    People stay and time is shuffled within them, so that what is left of the skill is what was on record about them all along. An honest
    model of something that comes about in time has to lose; one whose columns were filled in at the end, and dated to the beginning, loses
    nothing. It fails where the whole 95 % interval of the loss in AUC, drawn by person, lies below a quarter of the skill above chance.
    Where the model has no skill, where next to nothing about people changes in time, or where the interval holds both no loss and a large
    one, the question has no answer.
    """
    title = "Shuffling time takes skill away"
    figures = resample(label, {"as_of": score, "shuffled": shuffled}, groups=person, share=0.5, seed=seed, n_resamples=_RESAMPLES)
    loss, auc = figures.gain("as_of", "shuffled", "auc"), figures.interval("as_of", "auc")
    if not np.isfinite([loss.low, auc.low]).all() or auc.low < NO_SKILL:
        return Finding(
            "G-12", title, "NOT_APPLICABLE", {"reason": f"the model's AUC is not clearly above {NO_SKILL} on the rows looked at"}
        )
    if changed_share < LEAST_CHANGED:
        reason = "next to nothing on record about people changes between their first record and the as-of date"
        return Finding("G-12", title, "NOT_APPLICABLE", {"reason": reason, "changed_share": round(changed_share, 4)})
    evidence: dict[str, Evidence] = {
        "auc": round(auc.estimate, 4),
        "auc_shuffled": round(figures.estimates["shuffled"]["auc"], 4),
        "loss": round(loss.estimate, 4),
        "loss_low": round(loss.low, 4),
        "loss_high": round(loss.high, 4),
        "changed_share": round(changed_share, 4),
        "n_rows": len(label),
    }
    if loss.high < LEAST_LOST * (auc.estimate - 0.5):
        return Finding("G-12", title, "FAILED", evidence)
    if loss.low <= 0:
        return Finding("G-12", title, "NOT_APPLICABLE", {**evidence, "reason": "too few outcomes to tell whether skill is lost"})
    return Finding("G-12", title, "PASSED", evidence)


@dataclass(frozen=True, eq=False)
class TwinRows:
    """Rows among which twins are looked for.

    Attributes
    ----------
    matrix
        Features, shape (n_rows, n_features).
    person
        Rows with the same number are declared to be one person, shape (n_rows,).
    """

    matrix: NDArray[np.float32]
    label: Vector
    person: NDArray[np.int32]

    def take(self, rows: NDArray[np.intp]) -> TwinRows:
        """Some of the rows."""
        return TwinRows(self.matrix[rows], self.label[rows], self.person[rows])


def identity_gate(test: TwinRows, probability: Vector, train: TwinRows) -> Finding:
    """G-13: is somebody in the test also in training, under another id?

    Parameters
    ----------
    probability
        The model's probability of each test row.

    Notes
    -----
    A twin of a test row is a training row of another id that shares nine tenths of the values by which the row differs from most people,
    of which there have to be eight. Twins by chance have the outcome as often as the test row's probability says; one person under two ids
    has one outcome. It fails with 20 twins or more whose outcomes agree at least .05 more often than that, the lower end of the 95 %
    interval taken. Rows that are alike because little is known of anybody pass by the second half of the question.
    """
    title = "Nobody is in training and test under two ids"
    rows = np.unique(np.linspace(0, len(test.label) - 1, min(TWIN_ROWS, len(test.label))).astype(np.intp))
    train = train.take(np.unique(np.linspace(0, len(train.label) - 1, min(COMPARED_ROWS, len(train.label))).astype(np.intp)))
    usual = _usual_values(train.matrix)
    found = [(row, twin) for row in rows.tolist() for twin in [_find_twin(test, row, train, usual)] if twin is not None]
    asked = sum(int(_is_telling(test.matrix[row], usual).sum() >= TELLING_VALUES) for row in rows.tolist())
    evidence: dict[str, Evidence] = {"n_rows": asked, "n_twins": shown_count(len(found))}
    if not asked:
        return Finding("G-13", title, "NOT_APPLICABLE", {"reason": f"no row has {TELLING_VALUES} values unlike most people's"})
    if len(found) < ENOUGH_TWINS:
        return Finding("G-13", title, "PASSED", evidence)
    low, excess = _excess_agreement(test, probability, train, found)
    evidence |= {"excess_agreement": round(excess, 4), "excess_agreement_low": round(low, 4), "limit": OUTCOME_MARGIN}
    return Finding("G-13", title, "FAILED" if low > OUTCOME_MARGIN else "PASSED", evidence)


def lifetime_gate(found: Sequence[LifetimeValue] | None, *, n_indicators: int) -> Finding:
    """G-14: does any indicator of the model hold the same for a person early and late, although it came about with time?

    Parameters
    ----------
    found
        From `features.leaks.lifetime_values_in`; None where too few people have records a year apart.
    """
    title = "No indicator of the model was written at the end of a life"
    if found is None:
        return Finding("G-14", title, "NOT_APPLICABLE", {"reason": "too few people have records of the model's indicators a year apart"})
    told = "; ".join(f"{one.indicator} ({SIGNS[one.sign]})" for one in found)
    evidence: dict[str, Evidence] = {"n_indicators": n_indicators, "n_found": len(found), "indicators": told}
    return Finding("G-14", title, "FAILED" if found else "PASSED", evidence)


def _usual_values(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """Commonest known value of each column, NaN where nothing is known."""
    usual = np.full(matrix.shape[1], np.nan, dtype=np.float32)
    for place, column in enumerate(matrix.T):
        value, count = np.unique(column[~np.isnan(column)], return_counts=True)
        if len(value):
            usual[place] = value[np.argmax(count)]
    return usual


def _is_telling(row: NDArray[np.float32], usual: NDArray[np.float32]) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(row) & (row != usual))


def _find_twin(test: TwinRows, row: int, train: TwinRows, usual: NDArray[np.float32]) -> int | None:
    """Row of training of another id that is most alike, where it is alike enough."""
    telling = np.flatnonzero(_is_telling(test.matrix[row], usual))
    if len(telling) < TELLING_VALUES:
        return None
    alike = (train.matrix[:, telling] == test.matrix[row, telling]).mean(axis=1)
    alike[train.person == test.person[row]] = 0.0
    nearest = int(np.argmax(alike))
    return nearest if alike[nearest] >= TWIN_AGREEMENT else None


def _excess_agreement(test: TwinRows, probability: Vector, train: TwinRows, found: Sequence[tuple[int, int]]) -> tuple[float, float]:
    """Lower end of the 95 % interval, and mean, of agreement on the outcome beyond what the probabilities say."""
    row, twin = np.array(found).T
    expected = np.where(train.label[twin] == 1, probability[row], 1 - probability[row])
    excess = (test.label[row] == train.label[twin]) - expected
    error = float(excess.std(ddof=1)) / np.sqrt(len(excess))
    return float(excess.mean() - 1.96 * error), float(excess.mean())
