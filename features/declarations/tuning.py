"""What a project declares about the size of a training: how many rows it learns from, and how long settings of the trees are looked for."""

from __future__ import annotations

from typing import Annotated, Self, TypeAlias

from pydantic import Field, model_validator

from features.declarations.catalogue import Strict
from features.small_cells import SMALLEST_CELL

Whole: TypeAlias = tuple[Annotated[int, Field(ge=1)], Annotated[int, Field(ge=1)]]
Real: TypeAlias = tuple[Annotated[float, Field(gt=0)], Annotated[float, Field(gt=0)]]


class Tuning(Strict):
    """How settings of the boosted rung are looked for, inside the training years alone; each range is `[lowest, highest]`.

    Off by default: the house's settings carry forward in time well, and looking costs as many fits as there are trials, twice over. What
    `[training.boosted]` names is not looked for. The number of trees is found in every trial.

    Examples
    --------
    >>> Tuning(trials=40, num_leaves=(4, 15)).num_leaves
    (4, 15)
    """

    trials: int = Field(default=0, ge=0, le=1000)
    """Settings tried, the house's own first; 0 leaves them as they are."""
    num_leaves: Whole = (4, 31)
    min_data_in_leaf: Whole = (10, 200)
    learning_rate: Real = (0.02, 0.15)
    lambda_l2: Real = (0.1, 100.0)
    feature_fraction: Real = (0.3, 1.0)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        for name in ("num_leaves", "min_data_in_leaf", "learning_rate", "lambda_l2", "feature_fraction"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"[training.tuning] {name} goes from {low} down to {high}: the lowest comes first")
        if self.num_leaves[0] < 2:
            raise ValueError("[training.tuning] num_leaves begins below 2: a tree of one leaf says nothing")
        if self.min_data_in_leaf[0] < SMALLEST_CELL:
            raise ValueError(
                f"[training.tuning] min_data_in_leaf begins below {SMALLEST_CELL}: leaves of so few rows would be about someone (R-09)"
            )
        if self.feature_fraction[1] > 1:
            raise ValueError("[training.tuning] feature_fraction goes above 1: it is a share of the features")
        return self
