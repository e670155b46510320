"""The plan is checked before compute is spent, and every problem is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.declarations.learning import Reference
from features.declarations.learning import Split as DeclaredSplit
from features.declarations.outcomes import ReferenceDates
from features.declarations.project import Project, load_project
from features.declarations.screening import PlannedOutcome, Planning
from features.errors import ProjectError, PurposeError
from tests.support.projects import NOW, tiny_project
from training.plan import build_plan, plan_findings


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return load_project(tiny_project(tmp_path))


def changed(project: Project, **parts: object) -> Project:
    return replace(project, screening=project.screening.model_copy(update=parts))


def with_training(project: Project, **parts: object) -> Project:
    return changed(project, training=project.screening.training.model_copy(update=parts))


def test_every_stage_and_outcome_has_its_own_model(project: Project) -> None:
    plan = build_plan(project, now=NOW)
    assert [model.name for model in plan.models] == ["tiny-not_completed-grade_10"]
    # The tiny project declares no pictures and nobody who signs, and that is told.
    not_asked = {"P-06": "NOT_APPLICABLE", "P-09": "NOT_APPLICABLE"}
    assert {finding.code: finding.verdict for finding in plan.findings if finding.verdict != "PASSED"} == not_asked


@pytest.mark.parametrize(("value", "verdict"), [("sum@365d", "PASSED"), ("sum@5d", "FAILED")])
def test_expected_behaviour_is_held_against_the_catalogue_before_anything_is_computed(project: Project, value: str, verdict: str) -> None:
    picture = f'[[picture]]\nname = "away"\nlabel = {{ nb = "a", nn = "a", en = "a" }}\nvalues = {{ "edu_absence_days.{value}" = 9 }}\n'
    (project.root / "expectations.toml").write_text(picture, encoding="utf-8")
    found = {finding.code: finding for finding in plan_findings(project, now=NOW)}["P-06"]
    assert (found.verdict, "TID125" in str(found.evidence.get("error"))) == (verdict, verdict == "FAILED")
    if verdict == "FAILED":
        with pytest.raises(ProjectError, match="TID112"):
            build_plan(project, now=NOW)


def problem_of(project: Project, code: str) -> str:
    found = {finding.code: finding for finding in plan_findings(project, now=NOW)}[code]
    assert found.verdict == "FAILED"
    return str(found.evidence["problem"])


def test_an_outcome_that_reads_what_nobody_declares_is_named(project: Project) -> None:
    (outcome,) = project.screening.outcome
    other = outcome.model_copy(update={"unknown": (9,), "contact": ("nav_shoes",), "dated_by": "edu_coat"})
    assert problem_of(changed(project, outcome=(other,)), "P-07").count("unknown indicator") == 2


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize(("look_at", "horizon_days", "fits"), [(1, 520, True), (1, 518, False), (2, 885, True), (2, 884, False)])
def test_reference_dates_lie_within_the_horizon(project: Project, look_at: int, horizon_days: int, fits: bool) -> None:
    """From 15 June to 16 November 154 days, and a year more for each later one; with a leap day between one more."""
    (outcome,) = project.screening.outcome
    november = ReferenceDates(month=11, day=16, look_at=look_at + 1, needed=1, published_within_days=9)
    changes = changed(project, outcome=(outcome.model_copy(update={"reference": november, "horizon_days": horizon_days}),))
    found = {finding.code: finding for finding in plan_findings(changes, now=NOW)}["P-07"]
    assert (found.verdict == "PASSED") is fits


def test_planning_figures_of_what_does_not_exist_are_named(project: Project) -> None:
    planned = (PlannedOutcome(outcome="not_completed", stage="grade_9"),)
    problems = problem_of(changed(project, planning=Planning(indicators=("edu_shoes.last@ever",), outcomes=planned)), "P-08")
    assert "edu_shoes" in problems
    assert "grade_9" in problems


@pytest.mark.requirement("R-02")
def test_without_a_valid_purpose_nothing_is_planned(project: Project) -> None:
    with pytest.raises(PurposeError, match="TID202"):
        build_plan(project, now=datetime(2031, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize("asked", [{"stages": ["grade_9"]}, {"outcomes": ["neet"]}])
def test_an_unknown_stage_or_outcome_is_named(project: Project, asked: dict[str, list[str]]) -> None:
    with pytest.raises(ProjectError, match="TID111: unknown"):
        build_plan(project, now=NOW, **asked)


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        (DeclaredSplit(train=("2013B",), test=("2014",)), "'2013B' is not a year"),
        (DeclaredSplit(period="month", test=("2014",)), "'2014' is not a month"),
        (DeclaredSplit(train=("2016",), test=("2014",)), "training period 2016 lies after test period 2014"),
        (DeclaredSplit(train=("2014",), test=("2014",)), "2014 is both training and test"),
    ],
)
def test_a_split_that_cannot_hold_is_refused(project: Project, split: DeclaredSplit, problem: str) -> None:
    with pytest.raises(ProjectError, match="TID112") as refused:
        build_plan(changed(project, split=split), now=NOW)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("training", "problem"),
    [
        ({"rules": {"much": "edu_nothing.last@ever >= 1"}}, "no feature 'edu_nothing.last@ever'"),
        ({"rules": {"much": "a lot of absence"}}, "expected `feature >= number`"),
        ({"boosted": {"seed": 3}}, "sets seed"),
    ],
)
def test_rules_and_parameters_are_checked(project: Project, training: dict[str, object], problem: str) -> None:
    findings = plan_findings(with_training(project, **training), now=NOW)
    assert [problem in str(finding.evidence["problem"]) for finding in findings if finding.is_failed] == [True]


def test_a_reference_of_nothing_is_named(project: Project) -> None:
    reference = Reference(stage="grade_10", outcome="neet", source="nowhere", figures={"auc": 0.7})
    failed = [finding.code for finding in plan_findings(changed(project, reference=(reference,)), now=NOW) if finding.is_failed]
    assert failed == ["P-03"]
