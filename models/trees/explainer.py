"""Path-dependent TreeSHAP of boosted trees: what each feature adds to a row's log-odds, exactly and quickly.

For one leaf only the features on its path matter, and of those only whether the row passes their splits. What a whole subtree adds depends
on a pattern of a few such answers, so it is looked up (`subtrees` says which subtrees, `kernel` how).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.errors import ModelError
from features.threads import in_turn
from models.trees.columns import Columns, Splits, build_columns
from models.trees.flat import Flat, flatten
from models.trees.parse import Forest, parse_forest
from models.trees.program import tree_program
from models.trees.subtrees import cut_forest

Matrix: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Vector: TypeAlias = NDArray[np.float64]

MOST_NUMBERS = 2**15
"""Of a subtree's table. Larger tables are quicker to add up and slower to fill and to read from memory."""
MOST_BYTES = 512 * 2**20
BLOCK_BYTES = 2**22
"""Of values and sums of one block of rows, so that they stay near the processor."""


@dataclass(frozen=True, eq=False)
class Explained:
    """Log-odds of each row, shape (n_rows,), and what each feature adds to them, shape (n_rows, n_features)."""

    log_odds: Vector
    phi: Vector


@dataclass(frozen=True, eq=False)
class TreeExplainer:
    """Explains rows of one model; building it costs some time once, so keep it.

    Notes
    -----
    The game is that of Lundberg et al. (2020), path-dependent: a split on a feature that is not in the coalition goes both ways, as the
    training rows did. Tabling patterns of leaves is Yang (2021, Fast TreeSHAP) and Nadel and Wettenstein (2025, WOODELF); here whole
    subtrees are tabled. Results are those of the shap package within 1e-9, and the same bits whatever the number of threads and whoever
    stands beside a row.
    """

    n_features: int
    base: float
    """Log-odds that contributions are measured from: the mean of the trees over the training rows."""
    used: NDArray[np.int32]
    """Features that some split asks for."""
    columns: Columns
    splits: Splits
    flat: Flat
    numbers: Vector
    """All tables, and the sets of leaves that have none."""
    points: Vector
    """Of integration."""

    @classmethod
    def build(cls, model_text: str, *, most_numbers: int = MOST_NUMBERS, most_bytes: int = MOST_BYTES) -> Self:
        """Read LightGBM's text and fill the tables.

        Parameters
        ----------
        most_bytes
            Memory of the tables. Where they would need more, smaller ones are built and more leaves go without, which is slower.

        Raises
        ------
        ModelError
            TID530 to TID535 as `parse_forest`.
        """
        return cls.of(parse_forest(model_text), most_numbers=most_numbers, most_bytes=most_bytes)

    @classmethod
    def of(cls, forest: Forest, *, most_numbers: int = MOST_NUMBERS, most_bytes: int = MOST_BYTES) -> Self:
        """Fill the tables of a forest."""
        from models.trees.kernel import fill_numbers  # numba is dear to import, and only whoever explains needs it

        columns, splits = build_columns(forest)
        used = np.unique(columns.feature)
        place_of = {feature: place for place, feature in enumerate(used.tolist())}
        cuts = cut_forest(forest, most_numbers=most_numbers, most_bytes=most_bytes)
        programs = [tree_program(tree, cut, place_of) for tree, cut in zip(forest.trees, cuts, strict=True)]
        flat = flatten(programs, [tree.n_splits for tree in forest.trees], n_used=len(used))
        numbers, points = np.zeros(flat.n_numbers), _integration_points(flat.most_terms)
        fill_numbers(flat.tables, flat.tabled, flat.by_sets, flat.by_sets_at, points, numbers)
        return cls(forest.n_features, fsum(tree.mean for tree in forest.trees), used, columns, splits, flat, numbers, points)

    @property
    def table_bytes(self) -> int:
        """Memory of the tables."""
        return self.numbers.nbytes

    def log_odds(self, matrix: Matrix, *, fill: Vector | None = None, workers: int = 1) -> Vector:
        """Sum of the trees, shape (n_rows,): LightGBM's own raw score, bit for bit."""
        return self.explain(matrix, fill=fill, workers=workers).log_odds

    def contributions(self, matrix: Matrix, *, fill: Vector | None = None, workers: int = 1) -> Vector:
        """What each feature adds to the log-odds, shape (n_rows, n_features); a row's sum is its log-odds less `base`."""
        return self.explain(matrix, fill=fill, workers=workers).phi

    def explain(self, matrix: Matrix, *, fill: Vector | None = None, workers: int = 1) -> Explained:
        """Score and explain each row.

        Parameters
        ----------
        matrix
            float32 or float64, shape (n_rows, n_features), NaN where missing.
        fill
            What a missing value of each feature is taken for, NaN where it stays missing; shape (n_features,).
        workers
            Threads; results do not depend on them.

        Raises
        ------
        ModelError
            TID536 when the matrix has other columns.
        """
        if matrix.ndim != 2 or matrix.shape[1] != self.n_features:
            raise ModelError("TID536", f"the matrix is {matrix.shape}, expected (rows, {self.n_features}).")
        filled = np.full(self.n_features, np.nan) if fill is None else fill
        explained = Explained(np.empty(len(matrix)), np.zeros(matrix.shape))
        begins = range(0, len(matrix), self._rows_of_block)
        if len(begins) < 2 or workers < 2:
            for begin in begins:
                self._explain_block(matrix, begin, filled, explained)
        else:
            for _ in in_turn(lambda begin: self._explain_block(matrix, begin, filled, explained), begins, workers=workers):
                pass
        return explained

    @property
    def _rows_of_block(self) -> int:
        bytes_of_row = 8 * (len(self.used) + 1 + len(self.columns.feature)) + self.flat.most_answers
        return max(64, BLOCK_BYTES // bytes_of_row)

    def _explain_block(self, matrix: Matrix, begin: int, fill: Vector, explained: Explained) -> None:
        from models.trees.kernel import add_up, put_values

        end = min(begin + self._rows_of_block, len(matrix))
        values = np.empty((len(self.columns.feature), end - begin))
        answers = np.empty((self.flat.most_answers, end - begin), dtype=np.uint8)
        sums = np.zeros((len(self.used) + 1, end - begin))
        put_values(matrix, begin, fill, self.columns, values)
        flat = self.flat
        leaves = (flat.by_sets, flat.by_sets_at, flat.integrated)
        add_up(values, self.splits, flat.trees, flat.tables, *leaves, self.points, self.numbers, answers, sums)
        explained.phi[begin:end, self.used] = sums[:-1].T
        explained.log_odds[begin:end] = sums[-1]


def _integration_points(n_terms: int) -> Vector:
    """Gauss-Legendre points and weights on (0, 1): n of them integrate polynomials up to degree 2 n - 1 exactly."""
    n_most = max((n_terms + 1) // 2, 1)
    points = np.zeros((2, n_most, n_most))
    for n in range(1, n_most + 1):
        place, weight = np.polynomial.legendre.leggauss(n)
        points[:, n - 1, :n] = (place + 1) / 2, weight / 2
    return points
