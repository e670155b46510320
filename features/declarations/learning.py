"""What a model learns from and is held to: splits, published references, settings, bands."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Strict
from features.declarations.tuning import Tuning


class Split(Strict):
    """Temporal split: train on earlier periods, test on later ones; every training label known before the first test as-of date."""

    period: Literal["month", "year"] = "year"
    """Rows are grouped by the month (``2013-02``) or year (``2019``) of the anchor record: one intake, one name at all stages."""
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    """Empty: the last matured period is the test, all before it train."""


class DiagnosticSplit(Strict):
    """A split that shows something but may train on later periods than it tests. What it makes can never be registered.

    Either periods (`train` and `test`), or `folds` of persons where everybody is one cohort and no split is forward in time.
    """

    name: Code
    stage: Code
    outcome: Code
    train: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    folds: int | None = Field(default=None, ge=2, le=20)
    """Every row is scored by a model that saw none of its person's rows; the figures are of all rows together."""
    excluded_codes: tuple[int, ...] = ()
    """Status codes left out on top of the outcome's own."""
    features: tuple[str, ...] = ()
    """Names of the features it uses, benchmark-only ones too; empty means all predictors."""
    with_benchmark: bool = False
    """Whether all benchmark-only features stand beside all predictors, where `features` names none."""
    boosted: dict[str, float | int | str | bool] | None = None
    """LightGBM parameters in place of `[training.boosted]`."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_period = bool(self.train) and bool(self.test)
        if by_period == (self.folds is not None) or bool(self.train) != bool(self.test):
            raise ValueError(f"diagnostic_split {self.name}: give both `train` and `test`, or `folds`")
        return self


class Reference(Strict):
    """Published or earlier figures that a report puts beside ours."""

    stage: Code
    outcome: Code
    source: str
    figures: dict[str, float]
    """Metric name -> value, names as in `models.metrics`."""


class Training(Strict):
    """How the ladder is trained."""

    seed: int = 20_240_824
    capacity_share: float = Field(default=0.15, gt=0, lt=1)
    """Share of a cohort that can be reviewed; precision and recall are read there."""
    rows: Literal["sample", "all"] = "sample"
    """`all`: the boosted rung learns from everybody, read from disk part by part; every other rung and every figure from the sample."""
    max_rows: int = Field(default=200_000, ge=1_000)
    """Rows of the sample at most: people drawn with the seed, all rows of each. A cohort that is smaller is taken whole."""
    min_positives: int = Field(default=50, ge=1)
    boosted: dict[str, float | int | str | bool] = Field(default_factory=dict)
    """LightGBM parameters beside the house's own; the objective is not one of them."""
    rules: dict[Code, str] = Field(default_factory=dict)
    """Rung of practitioners' rules: name -> ``feature >= number`` (or <=, >, <); a point each."""
    tuning: Tuning = Tuning()
    places: tuple[Code, ...] = ()
    """Indicators, audit ones too, whose value is a person's place beside the municipality (a school's number): training says whether
    visiting the places with the highest rates would reach as many. No place is named in what it says."""

    @model_validator(mode="after")
    def _no_objective(self) -> Self:
        if "objective" in self.boosted:
            raise ValueError("[training.boosted] may not set `objective`: probabilities need the binary one")
        return self


class Bands(Strict):
    """Two cut-offs on the calibrated probability make three bands; set by capacity and harm (R-31)."""

    worth_a_look: float = Field(gt=0, lt=1)
    should_be_assessed: float = Field(gt=0, lt=1)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.worth_a_look >= self.should_be_assessed:
            raise ValueError("`worth_a_look` is below `should_be_assessed`")
        return self
