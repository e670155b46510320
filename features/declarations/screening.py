"""The tables of `screening.toml` and `services.toml`: what a project declares beside its catalogue."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Sector, Strict, Wording

PurposeKind = Literal["train", "score", "audit", "test"]


class About(Strict):
    """What the project is and whose data it holds."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,40}$")]
    title: str
    data: Literal["synthetic", "public", "real"]
    """Synthetic never mixes with the others (R-33); person-level output by command exists only where it is not real (R-18)."""
    controller: str
    languages: tuple[Literal["nb", "nn", "en"], ...] = ("nb", "nn", "en")


class Purpose(Strict):
    """Why data may be processed, on what basis and how long. Training, scoring and auditing are separate (R-02)."""

    kind: PurposeKind
    legal_basis: str
    controller: str
    valid_from: date
    valid_to: date

    @model_validator(mode="after")
    def _says_why_and_how_long(self) -> Self:
        if not self.legal_basis.strip() or not self.controller.strip():
            raise ValueError("a purpose names its legal basis and its controller (R-02): neither is empty")
        if self.valid_to < self.valid_from:
            raise ValueError(f"`valid_to` {self.valid_to} lies before `valid_from` {self.valid_from}: the purpose is valid on no day")
        return self

    def is_valid(self, on: date) -> bool:
        """Whether the purpose covers this day."""
        return self.valid_from <= on <= self.valid_to


class AsOf(Strict):
    """The as-of date that belongs to an anchor record: a number of days after it, or the next such day of the year."""

    offset_days: int | None = None
    month: int | None = Field(default=None, ge=1, le=12)
    day: int | None = Field(default=None, ge=1, le=31)

    @model_validator(mode="after")
    def _one_rule(self) -> Self:
        if (self.offset_days is None) == (self.month is None) or (self.month is None) != (self.day is None):
            raise ValueError("an as-of rule is either `offset_days` or both `month` and `day`")
        return self


class Stage(Strict):
    """A point in a person's course at which screening makes sense; each stage and outcome has its own model (R-16)."""

    name: Code
    label: Wording
    anchor: Code
    """Indicator whose record puts a person in the cohort, for example being enrolled in a grade."""
    anchor_value: float | None = None
    as_of: AsOf
    min_age: int = Field(default=6, ge=6)
    """No individual proposal under 6, whatever the project says (R-17)."""
    max_age: int = Field(default=24, le=120)
    excluded_by: tuple[Code, ...] = ()
    """Indicators whose record known on the as-of date takes a person out, for example having quit already."""
    outcomes: tuple[Code, ...] = Field(min_length=1)


class Outcome(Strict):
    """What the screening wants to prevent, read from stored status codes; the codes are never collapsed before storage."""

    name: Code
    label: Wording
    indicator: Code
    """Label indicator whose record holds the status code; it counts when `happened_on` lies after the as-of date."""
    positive: tuple[int, ...] = Field(min_length=1)
    negative: tuple[int, ...] = Field(min_length=1)
    excluded: tuple[int, ...] = ()
    """Codes left out of training: censored, or a planned success of another kind."""
    horizon_days: int = Field(gt=0)
    """Records later than this after the as-of date do not count."""
    of_100: Wording
    """Sentence with ``{n}`` and ``{rest}`` for natural frequencies, by band and stage, never per person."""

    @model_validator(mode="after")
    def _codes_apart(self) -> Self:
        codes = [*self.positive, *self.negative, *self.excluded]
        if len(codes) != len(set(codes)):
            raise ValueError(f"outcome {self.name}: a status code stands in two lists")
        return self


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
    min_positives: int = Field(default=50, ge=1)
    boosted: dict[str, float | int | str | bool] = Field(default_factory=dict)
    """LightGBM parameters beside the house's own; the objective is not one of them."""
    rules: dict[Code, str] = Field(default_factory=dict)
    """Rung of practitioners' rules: name -> ``feature >= number`` (or <=, >, <); a point each."""

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


class Municipality(Strict):
    """A municipality that works cases here."""

    number: Annotated[str, Field(pattern=r"^\d{4}$")]
    name: str
    capacity: int = Field(ge=0)
    """Cases that can be opened from one screening."""


class Retention(Strict):
    """How long things live (R-25)."""

    unreviewed_days: int = Field(default=60, ge=1)
    closed_days: int = Field(default=183, ge=1)
    reproposal_months: int = Field(default=6, ge=0)


class Screening(Strict):
    """`screening.toml`."""

    project: About
    purpose: tuple[Purpose, ...] = Field(min_length=1)
    stage: tuple[Stage, ...] = Field(min_length=1)
    outcome: tuple[Outcome, ...] = Field(min_length=1)
    split: Split = Split()
    diagnostic_split: tuple[DiagnosticSplit, ...] = ()
    reference: tuple[Reference, ...] = ()
    training: Training = Training()
    bands: Bands = Bands(worth_a_look=0.2, should_be_assessed=0.4)
    municipality_indicator: Code | None = None
    """Context indicator with the municipality of residence; without it nothing can be screened, only trained."""
    municipality: tuple[Municipality, ...] = ()
    groups: dict[str, Code] = Field(default_factory=dict)
    """Name of a fairness group -> audit indicator."""
    retention: Retention = Retention()


class Service(Strict):
    """Who helps with what here and how to reach them."""

    code: Code
    name: Wording
    sectors: tuple[Sector, ...]
    municipality: tuple[str, ...] = ()
    """Municipality numbers; empty means all."""
    answers: str
    """Role that answers, never a private person's name."""
    phone: str | None = None
    email: str | None = None
    helps_with: Wording


class Services(Strict):
    """`services.toml`."""

    service: tuple[Service, ...] = ()
