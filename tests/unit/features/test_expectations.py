"""Pictures are read strictly, fit the catalogue, and come out as a model's features."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from features.declarations.expectations import Expectations, Pair, read_expectations
from features.declarations.project import load_project
from features.errors import ProjectError
from tests.support.projects import tiny_project

EXAMPLES = Path(__file__).parents[3] / "examples"
LABEL = 'label = { nb = "Bilde", nn = "Bilete", en = "Picture" }'


def picture(name: str, *lines: str) -> str:
    return "\n".join(["[[picture]]", f'name = "{name}"', LABEL, *lines, ""])


def read(tmp_path: Path, *pictures: str) -> Expectations:
    root = tiny_project(tmp_path)
    (root / "expectations.toml").write_text("\n".join(pictures), encoding="utf-8")
    return read_expectations(load_project(root))


def test_a_project_without_the_file_expects_nothing(tmp_path: Path) -> None:
    assert read_expectations(load_project(tiny_project(tmp_path))) == Expectations()


def test_a_picture_takes_what_another_says_and_changes_its_own(tmp_path: Path) -> None:
    expectations = read(
        tmp_path,
        picture("away", "[picture.values]", '"edu_absence_days.sum@365d" = 30', '"edu_grade_mean.last" = 3.5'),
        picture("away_unmarked", 'like = "away"', 'missing = ["edu_grade_mean"]', 'graver_than = ["away"]'),
    )
    catalogue = load_project(tiny_root(tmp_path)).catalogue
    assert expectations.values_of("away", catalogue) == {"edu_absence_days.sum@365d": 30.0, "edu_grade_mean.last@ever": 3.5}
    unmarked = expectations.values_of("away_unmarked", catalogue)
    assert unmarked.pop("edu_absence_days.sum@365d") == 30.0
    assert set(unmarked) == {"edu_grade_mean.last@ever", "edu_grade_mean.mean@730d"}
    assert all(math.isnan(value) for value in unmarked.values())
    assert expectations.pairs("grade_10", "not_completed") == (Pair("away_unmarked", "away"),)


def tiny_root(tmp_path: Path) -> Path:
    return next(path.parent for path in tmp_path.rglob("screening.toml"))


def test_a_level_is_one_and_the_others_of_its_category_are_none() -> None:
    norway = load_project(EXAMPLES / "norway")
    drawn = Expectations.model_validate(
        {"picture": [{"name": "yrkes", "label": {"nb": "a", "nn": "a", "en": "a"}, "values": {"edu_programme.last": "yrkesfag"}}]}
    )
    assert drawn.values_of("yrkes", norway.catalogue) == {
        "edu_programme.last@ever=studieforberedende": 0.0,
        "edu_programme.last@ever=yrkesfag": 1.0,
    }


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['stages = ["grade_9"]'], "no stage grade_9"),
        (['outcomes = ["neet"]'], "no outcome neet"),
        (['values = { "edu_absence.sum@365d" = 1 }'], "edu_absence is no indicator of the catalogue"),
        (['values = { "edu_absence_days.sum@5d" = 1 }'], "edu_absence_days has no feature sum@5d; it has sum@365d"),
        (['values = { "edu_absence_days" = 1 }'], "has no feature (none named)"),
        (['values = { "edu_completion.last" = 1 }'], "edu_completion is no predictor"),
        (['values = { "edu_grade_mean.last" = "missing" }'], "is a number; for nothing known, name it in `missing`"),
        (['values = { "nav_low_income_hh.last" = 3 }'], "can't have this value: expected 0 or 1"),
        (['missing = ["aud_sex"]'], "aud_sex is no predictor"),
    ],
)
def test_what_does_not_fit_the_project_is_named(tmp_path: Path, lines: list[str], told: str) -> None:
    with pytest.raises(ProjectError, match="TID125") as refused:
        read(tmp_path, picture("one", *lines))
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("pictures", "told"),
    [
        ([picture("one", "graver = 1")], "picture.one.graver: not a known key"),
        ([picture("one"), picture("one")], "the picture one is declared twice"),
        ([picture("one", 'graver_than = ["two"]')], "names two, which is no picture"),
        ([picture("one", 'graver_than = ["two"]'), picture("two", 'graver_than = ["one"]')], "graver than itself"),
        ([picture("one", 'like = "one"')], "like itself"),
    ],
)
def test_pictures_that_contradict_themselves_are_refused(tmp_path: Path, pictures: list[str], told: str) -> None:
    with pytest.raises(ProjectError, match="TID103") as refused:
        read(tmp_path, *pictures)
    assert told in str(refused.value)


def test_two_pictures_of_different_stages_are_no_pair() -> None:
    norway = load_project(EXAMPLES / "norway")
    apart = {"label": {"nb": "a", "nn": "a", "en": "a"}}
    drawn = Expectations.model_validate(
        {
            "picture": [
                {"name": "early", "stages": ["grade_10"], **apart},
                {"name": "late", "stages": ["vg1"], "graver_than": ["early"], **apart},
            ]
        }
    )
    from features.declarations.expectations import find_problems

    assert list(find_problems(drawn, norway)) == ["late: shares no stage and outcome with early, which it is to be graver than"]


def test_drafts_are_refused_with_real_peoples_data(tmp_path: Path) -> None:
    from dataclasses import replace

    root = tiny_project(tmp_path)
    (root / "expectations.toml").write_text(picture("one").replace("}", ", draft = true }", 1), encoding="utf-8")
    project = load_project(root)
    assert read_expectations(project).picture[0].is_draft
    about = project.screening.project.model_copy(update={"data": "real"})
    real = replace(project, screening=project.screening.model_copy(update={"project": about}))
    with pytest.raises(ProjectError, match="TID126"):
        read_expectations(real)


@pytest.mark.parametrize("name", ["norway", "oulad", "nlsy97"])
def test_the_examples_declare_pictures_in_three_languages_and_pairs(name: str) -> None:
    project = load_project(EXAMPLES / name)
    expectations = read_expectations(project)
    assert sum(len(expectations.pairs(stage.name, stage.outcomes[0])) for stage in project.screening.stage) >= 3
    assert all(picture.is_draft for picture in expectations.picture), "no domain person has looked at the examples"


def test_what_is_switched_off_is_left_out_of_a_picture(tmp_path: Path) -> None:
    from features.declarations.catalogue import Catalogue, SectorFile

    norway = load_project(EXAMPLES / "norway")
    schools_only = Catalogue(
        tuple(
            sector if sector.sector == "education" else SectorFile.model_validate({**sector.model_dump(mode="json"), "enabled": False})
            for sector in norway.catalogue.sectors
        )
    )
    drawn = read_expectations(norway).values_of("mye_paa_en_gang", schools_only)
    assert {name.partition("_")[0] for name in drawn} == {"edu"}
