"""With real people's data nothing is a draft: not a word they would be met with, not a direction a model is held to (R-19)."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.approval import approval_finding
from features.declarations.project import load_project
from features.errors import ProjectError
from tests.support.projects import tiny_project

EXAMPLES = Path(__file__).parents[3] / "examples"

DRAFTS = {
    "the label of edu_absence_days": ("indicators/education.toml", 'en = "Full-day absence" }', 'en = "Full-day absence", draft = true }'),
    "the meaning of edu_quit": (
        "indicators/education.toml",
        'code = "edu_quit"',
        'code = "edu_quit"\nmeaning = { nb = "x", nn = "x", en = "x", draft = true }',
    ),
    "the words for the levels of aud_sex": (
        "indicators/audit.toml",
        'levels = ["girl", "boy"]',
        'levels = ["girl", "boy"]\nlevel_labels.boy = { nb = "x", nn = "x", en = "x", draft = true }\n'
        'level_labels.girl = { nb = "x", nn = "x", en = "x" }',
    ),
    "the direction of edu_grade_mean": (
        "indicators/education.toml",
        'direction = "lowers"',
        'direction = "lowers"\ndirection_draft = true',
    ),
    "the label of stage grade_10": ("screening.toml", 'en = "Grade 10" }', 'en = "Grade 10", draft = true }'),
    "the label of outcome not_completed": ("screening.toml", 'en = "Not completed" }', 'en = "Not completed", draft = true }'),
    "`of_100` of outcome not_completed": ("screening.toml", "[outcome.of_100]", "[outcome.of_100]\ndraft = true"),
    "the wording of service school_team": ("services.toml", 'en = "Absence" }', 'en = "Absence", draft = true }'),
}


def project_with(root: Path, draft: str, data: str) -> Path:
    tiny_project(root)
    file, old, new = DRAFTS[draft]
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    screening = root / "screening.toml"
    screening.write_text(screening.read_text(encoding="utf-8").replace('data = "synthetic"', f'data = "{data}"'), encoding="utf-8")
    return root


@pytest.mark.requirement("R-19")
@pytest.mark.parametrize("draft", DRAFTS)
def test_a_draft_keeps_a_real_project_from_being_read_and_is_named(tmp_path: Path, draft: str) -> None:
    with pytest.raises(ProjectError) as caught:
        load_project(project_with(tmp_path / "p", draft, "real"))
    assert caught.value.code == "TID123"
    assert f"has approved {draft}." in str(caught.value)


@pytest.mark.parametrize("data", ["synthetic", "public"])
def test_invented_and_public_data_may_be_tried_with_drafts(tmp_path: Path, data: str) -> None:
    assert load_project(project_with(tmp_path / "p", "the direction of edu_grade_mean", data)).id == "tiny"


def test_the_check_counts_what_is_still_to_be_approved(tmp_path: Path) -> None:
    plain = load_project(tiny_project(tmp_path / "plain"))
    drafted = load_project(project_with(tmp_path / "drafted", "the direction of edu_grade_mean", "public"))
    found = [approval_finding(p.screening, p.catalogue, p.services) for p in (plain, drafted)]
    assert [(f.verdict, f.evidence["n_drafts"]) for f in found] == [("PASSED", 0), ("NOT_APPLICABLE", 1)]


def test_the_demo_as_it_stands_can_not_be_made_real(tmp_path: Path) -> None:
    import shutil

    root = tmp_path / "p"
    shutil.copytree(EXAMPLES / "norway", root, ignore=shutil.ignore_patterns("var", "data"))
    screening = root / "screening.toml"
    screening.write_text(screening.read_text(encoding="utf-8").replace('data = "synthetic"', 'data = "real"'), encoding="utf-8")
    with pytest.raises(ProjectError, match=r"TID123.* and \d{2,3} more\."):
        load_project(root)
