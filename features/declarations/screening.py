"""The tables of `screening.toml` and `services.toml`: what a project declares beside its catalogue."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from features.declarations.catalogue import Code, Sector, Strict, Wording
from features.declarations.tuning import Tuning

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


YOUNGEST_SCREENED = 10
"""Nobody younger gets a model of their own: what is known of small children says too little (domain 1.10, 2.6)."""


class Stage(Strict):
    """A point in a person's course at which screening makes sense; each stage and outcome has its own model (R-16)."""

    name: Code
    label: Wording
    anchor: Code
    """Indicator whose record puts a person in the cohort, for example being enrolled in a grade."""
    anchor_value: float | None = None
    turning: int | None = Field(default=None, ge=YOUNGEST_SCREENED, le=120)
    """Age at the end of the year of assessment. The as-of date then lies in the year of turning it, whenever the anchor was recorded: so
    is somebody assessed whom no yearly record shows, by a place of residence known by then."""
    as_of: AsOf
    min_age: int = YOUNGEST_SCREENED
    """No individual proposal under 6 (R-17), and no individual model under 10, whatever the project says."""
    max_age: int = Field(default=24, le=120)
    excluded_by: tuple[Code, ...] = ()
    """Indicators whose record known on the as-of date takes a person out, for example having quit already."""
    outcomes: tuple[Code, ...] = Field(min_length=1)
    horizon_days: int | None = Field(default=None, gt=0)
    """In place of the outcomes' own, where the stage lies so much earlier that theirs would end before anything is known."""

    @model_validator(mode="after")
    def _old_enough(self) -> Self:
        if self.min_age < YOUNGEST_SCREENED:
            raise ValueError(
                f"`min_age` is {self.min_age}, and nobody under {YOUNGEST_SCREENED} gets a model of their own (R-17): so early it would be "
                "wrong about most of those it names. For the youngest there are figures by area: `tidlig planning-figures`"
            )
        if self.turning is not None and self.as_of.month is None:
            raise ValueError("a stage with `turning` gives its as-of date as `month` and `day` of that year")
        return self


class ReferenceDates(Strict):
    """Days on which a register says where everybody stands, and on how many of them an outcome is read.

    Two consecutive dates of the two that follow is lasting; one of one is a point in time; three of five, in a row or not, is long.
    """

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=31)
    look_at: int = Field(ge=1, le=10)
    """How many such days after the as-of date are looked at. All have to be published before the outcome is known."""
    needed: int = Field(ge=1, le=10)
    """On how many of them the status has to be one of `positive`."""
    consecutive: bool = True
    """Whether those have to follow one another."""
    published_within_days: int = Field(gt=0)
    """So long after the last day looked at everybody's status is out: until then an outcome may still come."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.needed > self.look_at:
            raise ValueError(f"`needed` is {self.needed} of {self.look_at} dates looked at: nobody can have the outcome")
        if (self.month, self.day) == (2, 29) or self.day > monthrange(2023, self.month)[1]:
            raise ValueError(f"there is no {self.day}.{self.month}. every year")
        return self


class Sensitivity(Strict):
    """The same outcome with some codes read otherwise; reported beside it, never registered."""

    name: Code
    positive: tuple[int, ...] = ()
    """Codes that count as the outcome here, wherever they stand otherwise; the same for the next two."""
    negative: tuple[int, ...] = ()
    excluded: tuple[int, ...] = ()


class Outcome(Strict):
    """What the screening wants to prevent, read from stored status codes; the codes are never collapsed before storage.

    Two forms. Without `reference` the last record within the horizon holds the status; with it the status on so many yearly dates does.
    """

    name: Code
    label: Wording
    indicator: Code
    """Label indicator whose record holds the status code; it counts when `happened_on` lies after the as-of date."""
    positive: tuple[int, ...] = Field(min_length=1)
    negative: tuple[int, ...] = Field(min_length=1)
    excluded: tuple[int, ...] = ()
    """Codes left out of training: censored, or a planned success of another kind."""
    unknown: tuple[int, ...] = ()
    """Codes by which the register says that it knows nothing of the person. They count as `positive` for who has a record of one of
    `contact` within `contact_days` before the status, and are left out for everybody else: probably gone, unreported."""
    contact: tuple[Code, ...] = ()
    contact_days: int = Field(default=365, gt=0)
    reference: ReferenceDates | None = None
    dated_by: Code | None = None
    """Indicator whose first record between as-of date and status says when what the status counts began; used for lead times alone."""
    sensitivity: tuple[Sensitivity, ...] = ()
    horizon_days: int = Field(gt=0)
    """Records later than this after the as-of date do not count; a stage may say otherwise."""
    of_100: Wording
    """Sentence with ``{n}`` and ``{rest}`` for natural frequencies, by band and stage, never per person."""

    @property
    def codes(self) -> tuple[int, ...]:
        """Every status code that the outcome knows."""
        return (*self.positive, *self.negative, *self.excluded, *self.unknown)

    def under(self, sensitivity: Sensitivity) -> Self:
        """Return the same outcome with the codes of a sensitivity analysis read its way.

        >>> words = Wording(nb="x", nn="x", en="x")
        >>> outcome = Outcome(name="done", label=words, indicator="status", positive=(4, 6), negative=(1,), horizon_days=9, of_100=words)
        >>> other = outcome.under(Sensitivity(name="without_4", excluded=(4,)))
        >>> other.positive, other.excluded
        ((6,), (4,))
        """
        moved = {*sensitivity.positive, *sensitivity.negative, *sensitivity.excluded}

        def after(codes: tuple[int, ...], joined: tuple[int, ...]) -> tuple[int, ...]:
            return (*(code for code in codes if code not in moved), *joined)

        lists = {
            "positive": after(self.positive, sensitivity.positive),
            "negative": after(self.negative, sensitivity.negative),
            "excluded": after(self.excluded, sensitivity.excluded),
            "unknown": after(self.unknown, ()),
        }
        return self.model_copy(update=lists)

    @model_validator(mode="after")
    def _codes_apart(self) -> Self:
        if len(self.codes) != len(set(self.codes)):
            raise ValueError(f"outcome {self.name}: a status code stands in two lists")
        if self.contact and not self.unknown:
            raise ValueError(f"outcome {self.name}: `contact` says whom an `unknown` status is counted for, and no code is unknown")
        return self

    @model_validator(mode="after")
    def _sensitivities_fit(self) -> Self:
        for one in self.sensitivity:
            moved = (*one.positive, *one.negative, *one.excluded)
            stray = sorted(set(moved) - set(self.codes))
            if stray or len(moved) != len(set(moved)) or not moved:
                raise ValueError(
                    f"outcome {self.name}: sensitivity {one.name} moves codes of the outcome, each to one list"
                    + (f"; {', '.join(map(str, stray))} are none of them" if stray else "")
                )
            other = self.under(one)
            if not other.positive or not other.negative:
                raise ValueError(f"outcome {self.name}: sensitivity {one.name} leaves nobody with the outcome, or nobody without it")
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


WayOfWorking = Literal["specialised_services", "one_door", "cross_service_team", "family_coordinator"]
"""How a municipality's services work together; after the ways that Norwegian pilots tried (domain 4.1)."""


class Municipality(Strict):
    """A municipality that works cases here."""

    number: Annotated[str, Field(pattern=r"^\d{4}$")]
    name: str
    capacity: int = Field(ge=0)
    """Cases that can be proposed in one `review.capacity_period`, all screenings together."""
    works_as: WayOfWorking | None = None
    """Shown beside the services of a case; changes nothing else."""
    in_words: Wording | None = None
    """The same in a sentence: where somebody who wonders turns first here."""


class Retention(Strict):
    """How long things live (R-25)."""

    unreviewed_days: int = Field(default=60, ge=1)
    closed_days: int = Field(default=183, ge=1)
    reproposal_months: int = Field(default=6, ge=0)
    """Within so many months of a proposal only a band that rose brings the person back, and after them new evidence alone."""
    scored_days: int = Field(default=365, ge=31)
    """So long after its outcome can be known at the latest, or after the screening where that is later, what a screening said of everybody
    lives on under the audit purpose; until then it is needed to see whether the model was right."""


class StateDeadline(Strict):
    """A deadline of a review's state that differs from the service's own."""

    amount: int = Field(ge=1)
    unit: Literal["days", "working_days"]


class Review(Strict):
    """How cases are reviewed here (R-17, R-20, R-23)."""

    quality_share: float = Field(default=0.05, ge=0.05, le=1)
    """Share of cases, drawn at random, that a second reader looks at whatever they are about; upward only."""
    study_mode: bool = False
    """Whether some cases are decided without the model's proposal, to measure what seeing it does to decisions."""
    study_share: float = Field(default=0.05, gt=0, le=0.5)
    capacity_period: Literal["month", "quarter", "year"] = "month"
    """The calendar period that a municipality's capacity holds for, by the day of proposal (UTC), however many as-of dates fall in it."""
    planning_period: Literal["quarter", "year"] = "quarter"
    """The calendar period that planners' figures are told by; where few are proposed, a quarter hides nearly all of them (R-09)."""
    stopping_signals: tuple[Annotated[str, Field(pattern=r"^S-\d\d$")], ...] = ("S-01", "S-02", "S-04", "S-05", "S-06")
    """Signals of the monthly report that, when they fail so that the report says *suspend*, suspend the model by themselves (R-30)."""
    second_reader_under: int = Field(default=12, ge=12, le=25)
    """A second reader looks before a conversation with anybody younger; upward only."""
    consent_age: int = Field(default=16, ge=13, le=18)
    """From this age a young person consents themselves; below it a guardian does. Fields of law differ: 13, 15, 16 or 18."""
    child_heard_from: int = Field(default=7, ge=0, le=7)
    """From this age a child has to be given the chance to be heard, and before that too where the child can form views."""
    deadlines: dict[str, StateDeadline] = Field(default_factory=dict)
    """State, under its name in the reference of case states, and how long a case may stay there."""


class PlannedOutcome(Strict):
    """An outcome that is expected for children by area, and the stage whose older cohorts tell how often it comes."""

    outcome: Code
    stage: Code


class Planning(Strict):
    """Figures by area about children who are too young for a model of their own (R-17); never about one of them."""

    bands: tuple[tuple[int, int], ...] = ((0, 2), (3, 5), (6, 9))
    """Completed years, first and last, both included; none reaches the age from which there are models."""
    indicators: tuple[str, ...] = ()
    """Features by name, ``nav_low_income_hh.last@ever``: the share of children with more than 0, of those of whom it is known."""
    outcomes: tuple[PlannedOutcome, ...] = Field(min_length=1)
    cohorts: int = Field(default=5, ge=1)
    """So many of the latest cohorts whose outcomes are known tell the areas' rates."""
    county_digits: int = Field(default=2, ge=1, le=3)
    """Digits of a municipality's number that name its county."""

    @model_validator(mode="after")
    def _young_and_apart(self) -> Self:
        if any(last < first or first < 0 or last >= YOUNGEST_SCREENED for first, last in self.bands) or not self.bands:
            raise ValueError(f"[planning] `bands` are pairs of first and last age from 0 to {YOUNGEST_SCREENED - 1}")
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
    planning: Planning | None = None


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
