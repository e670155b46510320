"""Third rung: the rules of thumb that practitioners use already (IKO, ABC), a point each."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from features.errors import DataError, ModelError
from models.rungs.rung import FitSettings, Matrix, Vector, check_trainable, column_index, read_json, write_json

_RULE = re.compile(r"^(?P<feature>[^<>]*[^<>\s])\s+(?P<sign>>=|<=|>|<)\s+(?P<number>[-+]?\d+(\.\d+)?)$")
_COMPARE: dict[str, Callable[[NDArray[np.float64], float], NDArray[np.bool_]]] = {
    ">=": np.greater_equal,
    "<=": np.less_equal,
    ">": np.greater,
    "<": np.less,
}
_PRIOR_ROWS = 10.0
"""Each number of points starts as if ten rows at the overall rate had been seen."""


@dataclass(frozen=True)
class Rule:
    """One rule of thumb: a feature above or below a number."""

    name: str
    feature: str
    sign: str
    number: float

    @classmethod
    def parse(cls, name: str, text: str) -> Self:
        """Read ``feature >= number`` (or ``<=``, ``>``, ``<``), with spaces around the sign.

        Raises
        ------
        ModelError
            TID508 when it reads otherwise.

        Examples
        --------
        >>> Rule.parse("much_absence", "edu_absence_days.sum@365d >= 20").number
        20.0
        """
        match = _RULE.match(text.strip())
        if match is None:
            raise ModelError(
                "TID508", f"rule {name} reads {text!r}, expected `feature >= number` (or <=, >, <) with spaces around the sign."
            )
        return cls(name, match["feature"], match["sign"], float(match["number"]))

    def is_met(self, column: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Say for each value whether the rule is met; a missing value never meets a rule."""
        return np.asarray(_COMPARE[self.sign](column, self.number))


@dataclass(frozen=True, eq=False)
class RulesRung:
    """Log-odds by number of rules met, never falling with more of them.

    Notes
    -----
    The base is a person who meets no rule; what the points add is shared equally among the rules met.
    """

    feature_names: tuple[str, ...]
    rules: tuple[Rule, ...]
    by_points: Vector
    """Log-odds at 0, 1, … points, shape (n_rules + 1,)."""
    name: ClassVar[str] = "rules"

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Learn the rate at every number of points, smoothed and monotone.

        Raises
        ------
        DataError
            TID401 when no rule is declared, a rule's column is missing, or there is only one class.
        ModelError
            TID508 when a rule can't be read.
        """
        check_trainable(matrix, label, feature_names)
        if not settings.rules:
            raise DataError("TID401", "no rules are declared in [training.rules]. Declare the rules in use here, or leave the rung out.")
        rules = tuple(Rule.parse(name, text) for name, text in settings.rules.items())
        for rule in rules:
            column_index(feature_names, rule.feature, needed_by=f"rule {rule.name}")
        points = _met(rules, matrix, feature_names).sum(axis=1)
        return cls(feature_names, rules, _rates_by_points(points, label, len(rules)))

    @property
    def base_log_odds(self) -> float:
        """Log-odds with no rule met."""
        return float(self.by_points[0])

    def log_odds(self, matrix: Matrix) -> Vector:
        """Log-odds at each row's number of points."""
        return np.asarray(self.by_points[_met(self.rules, matrix, self.feature_names).sum(axis=1)])

    def contributions(self, matrix: Matrix) -> Vector:
        """Share what the points add equally among the columns of the rules met."""
        met = _met(self.rules, matrix, self.feature_names)
        points = met.sum(axis=1)
        each = (self.by_points[points] - self.base_log_odds) / np.maximum(points, 1)
        phi = np.zeros(matrix.shape)
        for j, rule in enumerate(self.rules):
            phi[:, self.feature_names.index(rule.feature)] += met[:, j] * each
        return phi

    def save(self, folder: Path) -> None:
        """Write `rules.json`."""
        rules = [{"name": r.name, "feature": r.feature, "sign": r.sign, "number": r.number} for r in self.rules]
        write_json(folder / "rules.json", {"feature_names": self.feature_names, "rules": rules, "by_points": self.by_points.tolist()})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read `rules.json`."""
        content = read_json(folder / "rules.json")
        rules = tuple(Rule(**rule) for rule in content["rules"])
        return cls(tuple(content["feature_names"]), rules, np.array(content["by_points"], dtype=np.float64))


def _met(rules: tuple[Rule, ...], matrix: Matrix, feature_names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Which rules each row meets, shape (n_rows, n_rules)."""
    columns = [matrix[:, feature_names.index(rule.feature)].astype(np.float64) for rule in rules]
    return np.column_stack([rule.is_met(column) for rule, column in zip(rules, columns, strict=True)])


def _rates_by_points(points: NDArray[np.int64], label: Vector, n_rules: int) -> Vector:
    from sklearn.isotonic import isotonic_regression  # here, since a service that answers fits nothing

    rows = np.bincount(points, minlength=n_rules + 1) + _PRIOR_ROWS
    ones = np.bincount(points, weights=label, minlength=n_rules + 1) + _PRIOR_ROWS * label.mean()
    return np.asarray(logit(isotonic_regression(ones / rows, sample_weight=rows)))
