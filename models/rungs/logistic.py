"""Fourth rung: a line. Simple enough to be read off a sheet of paper, and often good enough (R-15)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL
from models.metrics import log_loss
from models.rungs.ranks import Ranks, fit_ranks, load_ranks, ranked
from models.rungs.rung import FitSettings, Matrix, Vector, check_trainable, read_json, write_json

STRENGTHS = (0.001, 0.003, 0.01, 0.1, 1.0, 10.0)
"""Inverse penalties tried, weakest belief in the data first."""
_FOLDS = 3
_ROWS_FOR_CHOICE = 6_000
"""Rows that the penalty is chosen on: its losses differ by more than their noise long before that, and all rows cost minutes."""


@dataclass(frozen=True, eq=False)
class LogisticRung:
    """L2-penalised logistic regression on standardised ranks.

    Notes
    -----
    A feature enters by its rank among the training rows. Counts and amounts have long tails: on their values, a line is drawn by a few
    people and stretched to absurd scores for the next one (decision 15). A missing value counts as the training median, and that it
    is missing has a coefficient of its own; both go to the feature's one contribution, coefficient times deviation from the training mean.
    A declared direction holds: among columns that say nearly the
    same, a line likes to turn one against its neighbour, and a reason that points the wrong way convinces nobody. What is missing may weigh
    anything where no direction is declared; where one is, never less than the mildest known value: nobody's risk falls because a school did
    not write it down (decision 26).
    """

    feature_names: tuple[str, ...]
    base_log_odds: float
    ranks: tuple[Ranks, ...]
    mean: Vector
    """Mean ranks of the training rows."""
    coefficient: Vector
    """Log-odds from the lowest rank to the highest."""
    missing_share: Vector
    missing_coefficient: Vector
    """Log-odds for being missing; 0 where fewer than five rows, or all but fewer than five, were missing in training."""
    strength: float
    """Inverse penalty chosen by cross-validation."""
    name: ClassVar[str] = "logistic"

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Learn coefficients; unless the settings say it, the penalty is chosen by three-fold cross-validation on at most 6,000 rows.

        Raises
        ------
        DataError
            TID401 when there is only one class.
        """
        check_trainable(matrix, label, feature_names)
        ranks = fit_ranks(matrix)
        signs = np.array([settings.directions.get(name, 0) for name in feature_names])
        missing_share, tells = _missing(matrix)
        # A gap in a feature with a direction is learnt as the mildest place, from where being missing may only raise.
        to_mild = np.where(tells, _to_mildest(ranks, signs), 0.0)
        places = ranked(ranks, matrix) + np.isnan(matrix) * to_mild
        mean, spread = _moments(places)
        # Two columns a feature: its standardised rank, and whether it is missing. What does not vary is 0 and gets no coefficient.
        design = np.hstack([(places - mean) / spread, tells * (np.isnan(matrix) - missing_share)])
        varies: NDArray[np.bool_] = np.asarray(design.any(axis=0))
        strength = settings.strength or _choose_strength(design[:, varies], label, settings.seed)
        intercept, coefficient = _fit_directed(strength, design, label, np.concatenate([signs, np.abs(signs)]), varies)
        by_value, by_missing = np.split(coefficient, 2)
        by_value = by_value / spread
        # Told from the median again, where a gap stands when the rung is used.
        by_missing, mean = by_missing + by_value * to_mild, mean - missing_share * to_mild
        return cls(feature_names, intercept, ranks, mean, by_value, missing_share, by_missing, strength)

    def log_odds(self, matrix: Matrix) -> Vector:
        """Base plus the contributions."""
        return np.asarray(self.base_log_odds + self.contributions(matrix).sum(axis=1))

    def contributions(self, matrix: Matrix) -> Vector:
        """Coefficient times deviation from the training mean, the missing part included."""
        by_value = self.coefficient * (ranked(self.ranks, matrix) - self.mean)
        return np.asarray(by_value + self.missing_coefficient * (np.isnan(matrix) - self.missing_share))

    def save(self, folder: Path) -> None:
        """Write `logistic.json`."""
        write_json(
            folder / "logistic.json",
            {
                "feature_names": self.feature_names,
                "base_log_odds": self.base_log_odds,
                "strength": self.strength,
                "ranks": [one.to_json() for one in self.ranks],
                **{name: getattr(self, name).tolist() for name in _VECTORS},
            },
        )

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `logistic.json`."""
        content = read_json(folder / "logistic.json")
        vectors = {name: np.array(content[name], dtype=np.float64) for name in _VECTORS}
        return cls(
            feature_names=tuple(content["feature_names"]),
            base_log_odds=float(content["base_log_odds"]),
            strength=float(content["strength"]),
            ranks=load_ranks(content["ranks"]),
            **vectors,
        )


_VECTORS = ("mean", "coefficient", "missing_share", "missing_coefficient")


def _moments(places: Vector) -> tuple[Vector, Vector]:
    """Means and deviations; infinite deviation for a constant, which can come out as rounding noise."""
    mean, spread = places.mean(axis=0), places.std(axis=0)
    return mean, np.where(spread > 1e-9 * np.maximum(1.0, np.abs(mean)), spread, np.inf)


def _to_mildest(ranks: tuple[Ranks, ...], signs: NDArray[np.int_]) -> Vector:
    """From the median, where a gap stands, to the mildest place of each feature with a direction; 0 for the others."""
    median = np.array([float(one.of(np.array([np.nan]))[0]) for one in ranks])
    mildest = np.array([one.place[0] if sign > 0 else one.place[-1] for one, sign in zip(ranks, signs, strict=True)])
    return np.asarray(np.where(signs == 0, 0.0, mildest - median))


def _missing(matrix: Matrix) -> tuple[Vector, NDArray[np.bool_]]:
    """Share missing of each column, and whether being missing can be learnt from: a handful would be about someone (R-09)."""
    n_missing = np.isnan(matrix).sum(axis=0)
    tells = (n_missing >= SMALLEST_CELL) & (len(matrix) - n_missing >= SMALLEST_CELL)
    return np.where(tells, n_missing / len(matrix), 0.0), tells


def _fit_line(strength: float, design: Vector, label: Vector, *, tolerance: float = 1e-8) -> Any:
    from sklearn.exceptions import ConvergenceWarning  # here, since a service that answers fits nothing
    from sklearn.linear_model import LogisticRegression

    # Newton's steps: far fewer columns than rows, and correlated ones, on which L-BFGS needs thousands of steps.
    model = LogisticRegression(C=strength, solver="newton-cholesky", tol=tolerance, max_iter=200)
    with warnings.catch_warnings():
        # Where rounding stops the line search, the solver goes on with L-BFGS by itself.
        warnings.filterwarnings("ignore", message="Line search of Newton solver", category=ConvergenceWarning)
        return model.fit(design, label)


def _fit_directed(strength: float, design: Vector, label: Vector, signs: NDArray[np.int_], free: NDArray[np.bool_]) -> tuple[float, Vector]:
    """Fit with every coefficient on its declared side of 0; return intercept and coefficients.

    An active-set search: what points the wrong way is held at 0; what the loss would then pull the right way is let go again. The problem
    is convex, so where nothing changes any more is its minimum (Karush-Kuhn-Tucker). Choosing the penalty leaves directions out.
    """
    held = np.zeros(design.shape[1], dtype=bool)
    for _ in range(_MOST_ROUNDS):
        used = free & ~held
        if not used.any():
            return float(np.log(label.mean() / (1 - label.mean()))), np.zeros(design.shape[1])
        model = _fit_line(strength, design[:, used], label)
        coefficient = np.zeros(design.shape[1])
        coefficient[used] = model.coef_[0]
        wrong = used & (signs * coefficient < 0)
        pull = (label - model.predict_proba(design[:, used])[:, 1]) @ design  # minus the loss's gradient at a coefficient of 0
        wanted = held & (signs * pull > _PULL)
        if not wrong.any() and not wanted.any():
            break
        held = (held | wrong) & ~wanted
    coefficient[signs * coefficient < 0] = 0.0
    return float(model.intercept_[0]), coefficient


_MOST_ROUNDS = 20
"""Far more than it takes; were the set still to change then, what points the wrong way is left out all the same."""
_PULL = 1e-3


def _choose_strength(design: Vector, label: Vector, seed: int) -> float:
    """Inverse penalty with the lowest cross-validated log loss; the strongest where too few of a class, or no column, can tell."""
    from sklearn.model_selection import StratifiedKFold

    kept = np.sort(np.random.default_rng(seed).permutation(len(label))[:_ROWS_FOR_CHOICE])
    design, label = design[kept], label[kept]
    n_folds = min(_FOLDS, int(label.sum()), int((1 - label).sum()))
    if n_folds < 2 or not design.shape[1]:
        return STRENGTHS[0]
    folds = list(StratifiedKFold(n_folds, shuffle=True, random_state=seed).split(design, label))
    losses = [_cross_validated_loss(strength, design, label, folds) for strength in STRENGTHS]
    return STRENGTHS[int(np.argmin(losses))]


def _cross_validated_loss(strength: float, design: Vector, label: Vector, folds: list[tuple[Any, Any]]) -> float:
    losses = []
    for train, test in folds:
        model = _fit_line(strength, design[train], label[train], tolerance=1e-4)
        losses.append(log_loss(label[test], model.predict_proba(design[test])[:, 1]))
    return float(np.mean(losses))
