"""A screening project: one folder that a deployer writes and an auditor reads.

``screening.toml`` (purposes, stages, outcomes, split, capacity, bands, groups, retention), ``indicators/<sector>.toml``
(the catalogue) and ``services.toml`` (who helps with what here). What they do not know they refuse.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from string import Template
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from features.catalogue import Catalogue, Code, Sector, SectorFile, Strict, Use, Wording
from features.errors import ProjectError, PurposeError

TableT = TypeVar("TableT", bound=Strict)
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
    """A split that shows something but may train on later periods than it tests. What it makes can never be registered."""

    name: Code
    stage: Code
    outcome: Code
    train: tuple[str, ...] = Field(min_length=1)
    test: tuple[str, ...] = Field(min_length=1)
    excluded_codes: tuple[int, ...] = ()
    """Status codes left out on top of the outcome's own."""
    features: tuple[str, ...] = ()
    """Names of the features it uses, benchmark-only ones too; empty means all predictors."""
    boosted: dict[str, float | int | str | bool] | None = None
    """LightGBM parameters in place of `[training.boosted]`."""


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


@dataclass(frozen=True)
class Project:
    """A validated project folder.

    `root` is the folder, `var` below it holds every runtime artefact. Nothing here reads data.
    """

    root: Path
    screening: Screening
    catalogue: Catalogue
    services: Services

    @property
    def var(self) -> Path:
        """Runtime artefacts; never part of a package, never committed."""
        return self.root / "var"

    @property
    def id(self) -> str:
        """The project's id, also the prefix of its registered models."""
        return self.screening.project.id

    @property
    def is_synthetic(self) -> bool:
        """Whether every person here is invented (R-33)."""
        return self.screening.project.data == "synthetic"

    @cached_property
    def stages(self) -> dict[str, Stage]:
        """Stages by name."""
        return {stage.name: stage for stage in self.screening.stage}

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        """Outcomes by name."""
        return {outcome.name: outcome for outcome in self.screening.outcome}

    @cached_property
    def contract_hash(self) -> str:
        """SHA-256 over the catalogue, stages and outcomes: what a model was trained under. A model of another contract is refused."""
        digest = hashlib.sha256()
        for part in (*self.catalogue.sectors, *self.screening.stage, *self.screening.outcome):
            digest.update(part.model_dump_json().encode())
        return digest.hexdigest()

    def find_purpose(self, kind: PurposeKind, *, on: date) -> Purpose | None:
        """The declared purpose of this kind that covers this day, if any."""
        return next((p for p in self.screening.purpose if p.kind == kind and p.is_valid(on)), None)

    def check_purpose(self, kind: PurposeKind, *, on: date) -> Purpose:
        """Return the purpose that covers this day; a run without one does not start (R-02).

        Raises
        ------
        PurposeError
            TID201 when no purpose of this kind is declared, TID202 when none is valid on this day.
        """
        purpose = self.find_purpose(kind, on=on)
        if purpose is not None:
            return purpose
        declared = [p for p in self.screening.purpose if p.kind == kind]
        where = self.root / "screening.toml"
        if not declared:
            raise PurposeError("TID201", f"no purpose of kind {kind!r} in {where}. Declare one with its legal basis and dates.")
        runs = ", ".join(f"{p.valid_from} to {p.valid_to}" for p in declared)
        what = (
            "Renew it first" if on > max(p.valid_to for p in declared) else "Choose a day within them, or declare the purpose for that day"
        )
        raise PurposeError("TID202", f"no purpose of kind {kind!r} in {where} is valid on {on}; declared: {runs}. {what}.")


def load_project(root: Path) -> Project:
    """Read and validate a project folder.

    Raises
    ------
    ProjectError
        TID101 no such folder or file, TID102 not TOML, TID103 a table breaks its contract, TID104 parts do not fit together.
    """
    if not (root / "screening.toml").is_file():
        raise ProjectError("TID101", f"{root / 'screening.toml'} is missing. Make a project with `tidlig init {root} --example norway`.")
    screening = _read(root / "screening.toml", Screening)
    sectors = tuple(_read(path, SectorFile) for path in sorted((root / "indicators").glob("*.toml")))
    if not sectors:
        raise ProjectError("TID101", f"{root / 'indicators'} holds no .toml file: expected one per sector.")
    services = _read(root / "services.toml", Services) if (root / "services.toml").is_file() else Services()
    project = Project(root.resolve(), screening, Catalogue(sectors), services)
    _check_fits(project)
    return project


def source_files(project: Project, files: tuple[str, ...], *, environ: Mapping[str, str]) -> tuple[Path, ...]:
    """Resolve declared files: relative to the project folder, ``${NAME}`` from `environ`.

    Raises
    ------
    ProjectError
        TID105 when a variable is not set.
    """
    try:
        return tuple(project.root / Template(text).substitute(environ) for text in files)
    except KeyError as error:
        raise ProjectError(
            "TID105",
            f"a source of {project.root} names the environment variable {error.args[0]}, which is not set. "
            "Set it to the folder with the data.",
        ) from error


def _read(path: Path, model: type[TableT]) -> TableT:
    document: dict[str, Any] = {}
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return model.model_validate(document)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ProjectError("TID102", f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise ProjectError("TID103", f"{path}: " + "; ".join(_describe(e, document) for e in error.errors(include_url=False))) from error


def _describe(error: Any, document: Mapping[str, Any]) -> str:
    place = ".".join(_place(error["loc"], document)) or "the file"
    if error["type"] == "extra_forbidden":
        return f"{place}: not a known key; remove it or check its spelling"
    return f"{place}: {str(error['msg']).removeprefix('Value error, ')}"


def _place(parts: Iterable[str | int], document: object) -> Iterator[str]:
    """Name what stands at a place; a table of many goes by its own name, or else by its number counted from 1."""
    here = document
    for part in parts:
        here = _inside(here, part)
        own = next((here[key] for key in ("code", "name", "kind", "number") if key in here), None) if isinstance(here, dict) else None
        yield str(part) if isinstance(part, str) else str(own or part + 1)


def _inside(here: object, part: str | int) -> object:
    if isinstance(here, list) and isinstance(part, int) and part < len(here):
        return here[part]
    return here.get(part) if isinstance(here, dict) else None


def _check_fits(project: Project) -> None:
    catalogue, screening = project.catalogue, project.screening
    codes = [i.code for s in catalogue.sectors for i in s.indicator]
    names = [r.name for s in catalogue.sectors for r in s.source]
    problems = [f"indicator {c} is declared twice" for c in sorted({c for c in codes if codes.count(c) > 1})]
    problems += [f"source {n} is declared twice" for n in sorted({n for n in names if names.count(n) > 1})]
    for stage in screening.stage:
        problems += [
            f"stage {stage.name}: unknown indicator {c}" for c in (stage.anchor, *stage.excluded_by) if c not in catalogue.declared
        ]
        problems += [f"stage {stage.name}: unknown outcome {o}" for o in stage.outcomes if o not in project.outcomes]
    for outcome in screening.outcome:
        indicator = catalogue.declared.get(outcome.indicator)
        if indicator is None or indicator.use is not Use.LABEL:
            problems.append(f"outcome {outcome.name}: {outcome.indicator} is not declared with use = 'label'")
    for group, code in screening.groups.items():
        indicator = catalogue.declared.get(code)
        if indicator is None or indicator.use not in (Use.AUDIT, Use.BENCHMARK_ONLY):
            problems.append(f"group {group}: {code} is not declared with use = 'audit'")
    if screening.municipality_indicator is not None and screening.municipality_indicator not in catalogue.declared:
        problems.append(f"municipality_indicator: unknown indicator {screening.municipality_indicator}")
    if problems:
        raise ProjectError("TID104", f"{project.root}: " + "; ".join(problems) + ".")
