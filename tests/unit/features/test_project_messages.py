"""What a wrong project folder says: the file, the table by its own name, and what was expected."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from features.declarations.project import load_project
from features.errors import ProjectError, PurposeError
from tests.support.projects import tiny_project


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def refusal(root: Path) -> str:
    with pytest.raises(ProjectError) as caught:
        load_project(root)
    return str(caught.value)


def test_an_unknown_key_is_named_with_the_table_it_stands_in(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    change(root / "indicators" / "education.toml", 'code = "edu_grade_mean"', 'code = "edu_grade_mean"\ndirectoin = "raises"')
    message = refusal(root)
    assert message.startswith("TID103")
    assert message.endswith("education.toml: indicator.edu_grade_mean.directoin: not a known key; remove it or check its spelling")


def test_a_table_without_a_name_goes_by_its_number_from_one(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    change(root / "screening.toml", "[[stage]]", '[[stage]]\nlabel = "x"\n\n[[stage]]')
    assert "screening.toml: stage.1.name: Field required" in refusal(root)


def test_an_unknown_key_at_the_top_is_named(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "p")
    change(root / "screening.toml", "[project]", "[budget]\n\n[project]")
    assert "screening.toml: budget: not a known key" in refusal(root)


@pytest.mark.parametrize("window", ["0d", "0y"])
def test_a_window_of_no_days_is_shown_with_what_was_expected(tmp_path: Path, window: str) -> None:
    root = tiny_project(tmp_path / "p")
    change(root / "indicators" / "education.toml", '"last", "mean@2y"', f'"last", "mean@{window}"')
    message = refusal(root)
    for part in ("education.toml: indicator.edu_grade_mean", f"'{window}'", "shorter than one day", "90d"):
        assert part in message


@pytest.mark.requirement("R-02")
@pytest.mark.parametrize(("on", "advice"), [(date(1999, 1, 1), "Choose a day within them"), (date(2099, 1, 1), "Renew it first")])
def test_a_purpose_that_is_not_valid_says_when_it_was(tmp_path: Path, on: date, advice: str) -> None:
    project = load_project(tiny_project(tmp_path / "p"))
    purpose = project.screening.purpose[0]
    with pytest.raises(PurposeError) as caught:
        project.check_purpose(purpose.kind, on=on)
    for part in ("TID202", str(on), f"{purpose.valid_from} to {purpose.valid_to}", advice):
        assert part in str(caught.value)
