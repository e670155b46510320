"""How far off a group's probabilities are, and how often it is proposed in vain beside others: figures with intervals, drawn by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from features.records import Mask
from models.intervals import Interval, percentile_interval
from models.resampling import person_weights

Vector = NDArray[np.float64]

CALIBRATION_BOUND = 0.05
FPR_RATIO = (0.8, 1.25)


@dataclass(frozen=True)
class AssessedRows:
    """Test rows as the group gates see them.

    Attributes
    ----------
    label, probability
        Outcome 0/1 and calibrated probability, shape (n_rows,).
    flagged
        Rows within capacity, shape (n_rows,).
    person
        Rows with the same number are one person, shape (n_rows,).
    """

    label: Vector
    probability: Vector
    flagged: Mask
    person: NDArray[np.int32]


@dataclass(frozen=True)
class Compared:
    """Rows of a group, and of those it is compared with, shape (n_rows,) each."""

    group: Mask
    others: Mask


@dataclass(frozen=True)
class Judged:
    """A figure with its interval, and how likely one as far outside the bounds is where the truth lies on the bound, both ends."""

    interval: Interval
    chance: float

    @property
    def is_known(self) -> bool:
        """Whether the data can say."""
        return bool(np.isfinite([self.interval.low, self.interval.high]).all())

    def mirrored(self) -> Judged:
        """Give a ratio seen from the other side."""
        with np.errstate(divide="ignore"):
            ends = np.divide(1.0, [self.interval.estimate, self.interval.high, self.interval.low])
        return Judged(Interval(*ends.tolist()), self.chance)


def within_capacity(probability: Vector, *, share: float) -> Mask:
    """Rows whose probability is among the top `share`; rows tied at the cut are all in.

    >>> within_capacity(np.array([0.9, 0.1, 0.5, 0.2]), share=0.25).tolist()
    [True, False, False, False]
    """
    room = max(1, round(share * len(probability)))
    return np.asarray(probability >= np.sort(probability)[::-1][room - 1])


def judge(rows: AssessedRows, compared: Sequence[Compared], seed: int, n_resamples: int) -> list[tuple[Judged, Judged]]:
    """Calibration difference and false-positive ratio of each comparison, all on the same resampled people."""
    if not compared:
        return []
    columns = np.concatenate([_sums(rows, one) for one in compared], axis=1)
    (estimate,) = _rates(columns.sum(axis=0, keepdims=True))
    weights = person_weights(rows.person, seed=seed, n_resamples=n_resamples)
    draws = np.concatenate([_rates(block @ columns) for block in weights])
    return [(_difference(estimate[g], draws[:, g]), _ratio(estimate[g], draws[:, g])) for g in range(len(compared))]


def _sums(rows: AssessedRows, compared: Compared) -> Vector:
    """Columns whose weighted sums give both figures of one comparison, shape (n_rows, 6)."""
    inside, outside, negative = compared.group.astype(np.float64), compared.others.astype(np.float64), 1.0 - rows.label
    vain = rows.flagged * negative
    residual = rows.probability - rows.label
    return np.stack([inside * residual, inside, inside * vain, inside * negative, outside * vain, outside * negative], axis=1)


def _rates(sums: Vector) -> Vector:
    """Calibration difference, false-positive rate of the group and of the others, shape (n_draws, n_comparisons, 3)."""
    s = sums.reshape(len(sums), -1, 6)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([s[..., 0] / s[..., 1], s[..., 2] / s[..., 3], s[..., 4] / s[..., 5]], axis=-1)


def _difference(estimate: Vector, draws: Vector) -> Judged:
    beyond = (_beyond(sign * estimate[0] - CALIBRATION_BOUND, sign * draws[:, 0] - CALIBRATION_BOUND) for sign in (1.0, -1.0))
    return Judged(percentile_interval(float(estimate[0]), draws[:, 0]), _chance(max(beyond)))


def _ratio(estimate: Vector, draws: Vector) -> Judged:
    """Rates are compared with the bound's multiple of the others' rate, since a ratio of few false proposals is far from normal."""
    low, high = FPR_RATIO
    (own, others), (own_draws, others_draws) = (values[..., 1:].T for values in (estimate, draws))
    above = _beyond(own - high * others, own_draws - high * others_draws)
    below = _beyond(low * others - own, low * others_draws - own_draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        ratios = np.divide(own_draws, others_draws)
        interval = percentile_interval(float(np.divide(own, others)), np.where(np.isfinite(ratios), ratios, np.nan))
    return Judged(interval, _chance(max(above, below)))


def _beyond(estimate: float, draws: Vector) -> float:
    """How many standard errors beyond a bound; NaN where hardly any resample gives the figure, whose interval is not known either."""
    known = draws[np.isfinite(draws)]
    if len(known) < 2:
        return float("nan")
    spread = float(np.std(known, ddof=1))
    return estimate / spread if spread > 0 else float(np.copysign(np.inf, estimate))


def _chance(errors: float) -> float:
    return float(min(1.0, 2 * norm.sf(errors)))
