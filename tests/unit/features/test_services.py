"""Who answers for a local service is said in three languages, approved like every other word."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.project import load_project
from features.errors import ProjectError
from tests.support.projects import tiny_project

ANSWERS = 'answers = { nb = "Teamleder", nn = "Teamleiar", en = "Team leader" }'


def project_with(root: Path, answers: str, *, data: str = "synthetic") -> Path:
    tiny_project(root)
    for name, old, new in (("services.toml", ANSWERS, answers), ("screening.toml", 'data = "synthetic"', f'data = "{data}"')):
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    return root


def test_who_answers_is_said_in_three_languages(tmp_path: Path) -> None:
    (service,) = load_project(project_with(tmp_path / "p", ANSWERS)).services.service

    assert (service.answers.nb, service.answers.nn, service.answers.en) == ("Teamleder", "Teamleiar", "Team leader")


@pytest.mark.parametrize("answers", ['answers = "Teamleder"', 'answers = { nb = "Teamleder", en = "Team leader" }'])
def test_one_language_is_not_taken_for_all(tmp_path: Path, answers: str) -> None:
    with pytest.raises(ProjectError, match="answers") as caught:
        load_project(project_with(tmp_path / "p", answers))
    assert caught.value.code == "TID103"


@pytest.mark.requirement("R-19")
def test_a_draft_of_it_keeps_a_real_project_from_being_read(tmp_path: Path) -> None:
    draft = ANSWERS.replace('"Team leader" }', '"Team leader", draft = true }')

    with pytest.raises(ProjectError) as caught:
        load_project(project_with(tmp_path / "p", draft, data="real"))

    assert caught.value.code == "TID123"
    assert "has approved the wording of service school_team." in str(caught.value)
