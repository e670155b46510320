"""The tables of `screening.toml`: what a project declares beside its catalogue."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Strict
from features.declarations.citizens import Citizens
from features.declarations.learning import Bands, DiagnosticSplit, Reference, Split, Training
from features.declarations.outcomes import Outcome
from features.declarations.reviewing import Municipality, Retention, Review
from features.declarations.stages import YOUNGEST_SCREENED, Stage
from features.declarations.watching import Monitoring

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


OLDEST_PLANNED = 24
"""Last age of those whom the cooperation is for."""


class PlannedOutcome(Strict):
    """An outcome that is expected for children by area, and the stage whose older cohorts tell how often it comes."""

    outcome: Code
    stage: Code
    until_age: int | None = Field(default=None, ge=0, le=OLDEST_PLANNED)
    """Last age for which it is still to come: no band that reaches beyond it is told an expected number. None is the stage's `min_age`."""


class Planning(Strict):
    """Figures by area about everybody of an age, 0 to 24; never about one of them. For children under ten there is nothing else (R-17)."""

    bands: tuple[tuple[int, int], ...] = ((0, 2), (3, 5), (6, 9), (10, 12), (13, 15), (16, 18), (19, 24))
    """Completed years, first and last, both included; none holds both ages of which there are models and ages of which there is none."""
    indicators: tuple[str, ...] = ()
    """Features by name, ``nav_low_income_hh.last@ever``: the share of children with more than 0, of those of whom it is known."""
    outcomes: tuple[PlannedOutcome, ...] = Field(min_length=1)
    cohorts: int = Field(default=5, ge=1)
    """So many of the latest cohorts whose outcomes are known tell the areas' rates."""
    county_digits: int = Field(default=2, ge=1, le=3)
    """Digits of a municipality's number that name its county."""

    @model_validator(mode="after")
    def _in_range_and_apart(self) -> Self:
        if any(last < first or first < 0 or last > OLDEST_PLANNED for first, last in self.bands) or not self.bands:
            raise ValueError(f"[planning] `bands` are pairs of first and last age from 0 to {OLDEST_PLANNED}")
        if any(first < YOUNGEST_SCREENED <= last for first, last in self.bands):
            raise ValueError(
                f"[planning] a band of `bands` ends before {YOUNGEST_SCREENED} or begins there: of younger children these figures are "
                "all there is (R-17), which the pages say of their bands"
            )
        if any(later[0] <= earlier[1] for earlier, later in zip(self.bands, self.bands[1:], strict=False)):
            raise ValueError("[planning] `bands` follow one another without overlap: a child is in one of them")
        return self


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
    review: Review = Review()
    monitoring: Monitoring = Monitoring()
    planning: Planning | None = None
    citizens: Citizens = Citizens()
