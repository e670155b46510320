"""The whole plan, checked before any compute is spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from features.declarations.catalogue import Use
from features.declarations.expectations import FILE, read_expectations
from features.declarations.project import Project
from features.errors import ModelError, ProjectError
from features.findings import Evidence, Finding
from models.bundle import model_name
from models.promotion.signers import signers_finding
from models.rungs.boosted import RESERVED
from models.rungs.rules import Rule
from training.outcome_problems import outcome_problems
from training.planning.figures import planning_problems
from training.splits.periods import is_period


@dataclass(frozen=True)
class PlannedModel:
    """One model to be: each stage and outcome has its own (R-16)."""

    project_id: str
    stage: str
    outcome: str

    @property
    def name(self) -> str:
        """Name in the registry and under ``var/models``.

        >>> PlannedModel("oulad", "day_28", "withdrawn").name
        'oulad-withdrawn-day_28'
        """
        return model_name(self.project_id, self.outcome, self.stage)


@dataclass(frozen=True)
class Plan:
    """What will be trained, and what the checks said."""

    models: tuple[PlannedModel, ...]
    findings: tuple[Finding, ...]


def build_plan(project: Project, *, stages: Sequence[str] = (), outcomes: Sequence[str] = (), now: datetime) -> Plan:
    """Plan one model for each stage and outcome asked for; all of them when none is named.

    Raises
    ------
    PurposeError
        TID201, TID202: no purpose of kind `train` covers today.
    ProjectError
        TID111 an unknown stage or outcome, TID112 a check of the plan failed.
    """
    project.check_purpose("train", on=now.date())
    findings = plan_findings(project, now=now)
    failed = [finding for finding in findings if finding.is_failed]
    if failed:
        reasons = "; ".join(f"{finding.code} {finding.title}: {finding.evidence.get('problem')}" for finding in failed)
        raise ProjectError("TID112", f"{project.root / 'screening.toml'}: the plan does not hold. {reasons}.")
    return Plan(_planned(project, tuple(stages), tuple(outcomes)), findings)


def plan_findings(project: Project, *, now: datetime) -> tuple[Finding, ...]:
    """Check everything about a training that can be known without reading data; `tidlig check` shows the same findings."""
    return (
        _finding("P-01", "Predictors with features", _predictor_problems(project)),
        _finding("P-02", "Well-formed split, training before test", _split_problems(project)),
        _finding("P-03", "References name a stage and outcome that exist", _reference_problems(project)),
        _finding("P-04", "Rules name features that exist", _rule_problems(project)),
        _finding("P-05", "No LightGBM parameter that is the house's own", _boosted_problems(project)),
        expectations_finding(project),
        _finding("P-07", "Outcomes read indicators that exist, on days within their horizon", outcome_problems(project)),
        _finding("P-08", "Planning figures name features, stages and outcomes that exist", planning_problems(project)),
        signers_finding(project, on=now.date()),
        _finding("P-10", "Places to compare with are indicators that exist", _place_problems(project)),
    )


def expectations_finding(project: Project) -> Finding:
    """P-06: can every model be asked about the pictures that people who know the work have declared?"""
    title = "Expected behaviour is declared in pictures that fit the project"
    try:
        expectations = read_expectations(project)
    except ProjectError as error:
        return Finding("P-06", title, "FAILED", {"problem": error.message, "error": error.code})
    if not expectations.picture:
        return Finding("P-06", title, "NOT_APPLICABLE", {"reason": f"the project has no {FILE} with pictures: gate G-15 can't be asked"})
    models = [(stage.name, outcome) for stage in project.screening.stage for outcome in stage.outcomes]
    n_pairs = {f"{outcome} at {stage}": len(expectations.pairs(stage, outcome)) for stage, outcome in models}
    evidence: dict[str, Evidence] = {
        "n_pictures": len(expectations.picture),
        "n_drafts": sum(picture.is_draft for picture in expectations.picture),
        "models_without_pairs": ", ".join(name for name, n in n_pairs.items() if not n),
        "n_pairs": sum(n_pairs.values()),
    }
    return Finding("P-06", title, "PASSED", evidence)


def _planned(project: Project, stages: tuple[str, ...], outcomes: tuple[str, ...]) -> tuple[PlannedModel, ...]:
    _check_known("stage", stages, tuple(project.stages))
    _check_known("outcome", outcomes, tuple(project.outcomes))
    planned = tuple(
        PlannedModel(project.id, stage.name, outcome)
        for stage in project.screening.stage
        if not stages or stage.name in stages
        for outcome in stage.outcomes
        if not outcomes or outcome in outcomes
    )
    if not planned:
        raise ProjectError(
            "TID111", f"no stage of {', '.join(stages)} declares an outcome of {', '.join(outcomes)}. See `outcomes` in [[stage]]."
        )
    return planned


def _check_known(what: str, asked: tuple[str, ...], known: tuple[str, ...]) -> None:
    unknown = [name for name in asked if name not in known]
    if unknown:
        raise ProjectError("TID111", f"unknown {what} {', '.join(unknown)}. The project declares {', '.join(known)}.")


def _finding(code: str, title: str, problems: Iterator[str]) -> Finding:
    found = tuple(problems)
    evidence: dict[str, str | int] = {"n_problems": len(found)}
    if found:
        evidence["problem"] = "; ".join(found)
    return Finding(code, title, "FAILED" if found else "PASSED", evidence)


def _predictor_problems(project: Project) -> Iterator[str]:
    if not project.catalogue.feature_specs():
        yield "no indicator that is on has use = 'predictor' and features"


def _split_problems(project: Project) -> Iterator[str]:
    split = project.screening.split
    yield from (
        f"{name!r} is not a {split.period} such as {'2013-02' if split.period == 'month' else '2013'}"
        for name in (*split.train, *split.test)
        if not is_period(name, kind=split.period)
    )
    yield from (f"{name} is both training and test" for name in sorted({*split.train} & {*split.test}))
    if split.train and split.test and max(split.train) > min(split.test):
        yield f"training period {max(split.train)} lies after test period {min(split.test)}"


def _reference_problems(project: Project) -> Iterator[str]:
    for reference in project.screening.reference:
        stage = project.stages.get(reference.stage)
        if stage is None or reference.outcome not in stage.outcomes:
            yield f"reference of {reference.stage} and {reference.outcome} has no such stage and outcome"


def _rule_problems(project: Project) -> Iterator[str]:
    known = {spec.name for spec in project.catalogue.feature_specs(Use.PREDICTOR, Use.CONTEXT)}
    for name, text in project.screening.training.rules.items():
        try:
            rule = Rule.parse(name, text)
        except ModelError as error:
            yield error.message
            continue
        if rule.feature not in known:
            yield f"rule {name}: no feature {rule.feature!r}"


def _place_problems(project: Project) -> Iterator[str]:
    for code in project.screening.training.places:
        if code not in project.catalogue.indicators:
            yield f"`places` in [training] names {code}, which is not declared or whose sector is off"


def _boosted_problems(project: Project) -> Iterator[str]:
    for name in project.screening.training.boosted:
        if name in RESERVED:
            yield f"[training.boosted] sets {name}"
