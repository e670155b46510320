"""Fifth rung: gradient boosted trees that may only move the way the catalogue declares.

Levels are encoded before they reach the trees; there are no categorical splits, which keeps explanations exact. LightGBM brings
scikit-learn with it, half of what starting the service would take, so it is imported where trees are grown or read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from models.rungs.boosting import RESERVED, lightgbm_parameters, useful_threads
from models.rungs.rung import FitSettings, Matrix, Vector, check_outcomes, check_trainable, read_json, write_json
from models.trees.explainer import TreeExplainer

if TYPE_CHECKING:
    import lightgbm

    from models.rungs.streamed import Blocks

__all__ = ["RESERVED", "BoostedRung"]


@dataclass(frozen=True, eq=False)
class BoostedRung:
    """A LightGBM model, kept as its text.

    Notes
    -----
    Trees send a missing value the way that training found best. A feature that was never missing
    in training has no such way, and LightGBM would read NaN as 0, which for a mark or an age is an extreme; here it counts as the
    feature's training median instead.
    """

    feature_names: tuple[str, ...]
    model_text: str
    median_if_never_missing: Vector
    """Training median of each feature that was never missing in training, NaN for the others, shape (n_features,)."""
    num_threads: int = 1
    name: ClassVar[str] = "boosted"

    @classmethod
    def fit(cls, matrix: Matrix, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Grow the number of trees that `settings.boosted` says; the caller decides it, on earlier periods.

        Raises
        ------
        DataError
            TID401 when there is only one class.
        ModelError
            TID508 when a parameter is refused (`models.rungs.boosting.check_boosted`).
        """
        import lightgbm

        from models.rungs.streamed import medians_if_complete

        check_trainable(matrix, label, feature_names)
        parameters = lightgbm_parameters(feature_names, settings)
        parameters["num_threads"] = useful_threads(matrix.size, at_most=settings.num_threads)
        n_rounds = int(parameters.pop("num_boost_round"))
        data = lightgbm.Dataset(matrix, label, feature_name=_plain_names(len(feature_names)), params=parameters, free_raw_data=True)
        return cls(feature_names, _grow(data, parameters, n_rounds), medians_if_complete(matrix), settings.num_threads)

    @classmethod
    def fit_blocks(cls, blocks: Blocks, label: Vector, *, feature_names: tuple[str, ...], settings: FitSettings) -> Self:
        """Fit on rows that need not be in memory at once: the same model, to the last bit, as `fit` of the same rows.

        Raises
        ------
        DataError, ModelError
            As `fit`.
        """
        from models.rungs.streamed import build_binned

        check_outcomes(label, n_rows=sum(blocks.sizes))
        parameters = lightgbm_parameters(feature_names, settings)
        parameters["num_threads"] = useful_threads(len(label) * len(feature_names), at_most=settings.num_threads)
        n_rounds = int(parameters.pop("num_boost_round"))
        data, medians = build_binned(blocks, label, parameters, feature_name=_plain_names(len(feature_names)))
        return cls(feature_names, _grow(data, parameters, n_rounds), medians, settings.num_threads)

    @cached_property
    def booster(self) -> lightgbm.Booster:
        """The model, read from its text, so that a fresh and a loaded rung score bit for bit alike."""
        import lightgbm

        return lightgbm.Booster(model_str=self.model_text)

    @cached_property
    def base_log_odds(self) -> float:
        """Mean log-odds over the training rows, as the trees' covers weigh them."""
        return self.explainer.base

    def log_odds(self, matrix: Matrix) -> Vector:
        """Sum of the trees."""
        return np.asarray(self.booster.predict(self._prepared(matrix), raw_score=True, num_threads=self._threads(matrix)), dtype=np.float64)

    def staged_log_odds(self, matrix: Matrix, counts: Sequence[int]) -> Vector:
        """Sum of the first trees alone, for each of these ascending counts, shape (n_counts, n_rows)."""
        prepared, booster = self._prepared(matrix), self.booster
        first = (0, *counts[:-1])
        steps = [
            booster.predict(prepared, raw_score=True, start_iteration=start, num_iteration=stop - start, num_threads=self._threads(matrix))
            for start, stop in zip(first, counts, strict=True)
        ]
        return np.asarray(np.cumsum(steps, axis=0), dtype=np.float64)

    @cached_property
    def explainer(self) -> TreeExplainer:
        """Tables of the trees, built when reasons are first asked for; they do not change with what is asked (decision 23)."""
        return TreeExplainer.build(self.model_text)

    def contributions(self, matrix: Matrix) -> Vector:
        """Path-dependent TreeSHAP (Lundberg et al. 2020), the same bits on any number of threads and beside any other row."""
        return self.explainer.contributions(matrix, fill=self.median_if_never_missing, workers=self.num_threads)

    def _threads(self, matrix: Matrix) -> int:
        return useful_threads(matrix.size, at_most=self.num_threads)

    def _prepared(self, matrix: Matrix) -> Matrix:
        complete = np.flatnonzero(~np.isnan(self.median_if_never_missing))
        gaps = np.isnan(matrix[:, complete])
        if not gaps.any():
            return matrix if matrix.flags.c_contiguous else matrix.copy()
        filled = np.array(matrix, dtype=np.float64)
        filled[:, complete] = np.where(gaps, self.median_if_never_missing[complete], filled[:, complete])
        return filled

    def save(self, folder: Path) -> None:
        """Write `model.txt`, LightGBM's own text, and `boosted.json`."""
        (folder / "model.txt").write_text(self.model_text, encoding="utf-8", newline="\n")
        medians = [None if np.isnan(m) else float(m) for m in self.median_if_never_missing]
        write_json(folder / "boosted.json", {"feature_names": self.feature_names, "median_if_never_missing": medians})

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        content = read_json(folder / "boosted.json")
        medians = np.array([np.nan if m is None else m for m in content["median_if_never_missing"]], dtype=np.float64)
        return cls(tuple(content["feature_names"]), (folder / "model.txt").read_text(encoding="utf-8"), medians)


def _grow(data: lightgbm.Dataset, parameters: dict[str, Any], n_rounds: int) -> str:
    import lightgbm

    return _without_ranges(_without_threads(lightgbm.train(parameters, data, num_boost_round=n_rounds).model_to_string()))


def _without_threads(text: str) -> str:
    """Take out the number of threads, the one thing in the text that depends on the machine and not on the model."""
    return re.sub(r"\[num_threads: \d+\]", "[num_threads: 0]", text)


def _without_ranges(text: str) -> str:
    """Take out each feature's smallest and largest training value: nothing reads them, and each is one person's (R-09)."""
    return re.sub(r"^feature_infos=.*$", lambda found: re.sub(r"\[[^]]*\]", "none", found.group()), text, flags=re.MULTILINE)


def _plain_names(n_features: int) -> list[str]:
    """Names without the signs that LightGBM's text can't hold; ours are in boosted.json, in the same order."""
    return [f"f{j}" for j in range(n_features)]
