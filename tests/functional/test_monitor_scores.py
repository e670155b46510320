"""`tidlig monitor-scores`: the same report for a model that another product serves."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from features.errors import DataError, ProjectError, PurposeError, ScreeningError
from monitoring.commands.monitor import app
from monitoring.wording import words

DOCS = Path(__file__).parents[2] / "docs" / "monitoring.md"
N_PEOPLE = 4_000


def declaration() -> str:
    """Give the declaration that the documentation shows."""
    found = re.search(r"```toml\n(# about\.toml\n.*?)```", DOCS.read_text(encoding="utf-8"), re.S)
    assert found is not None
    return found[1]


def people(*, seed: int, shift: float = 0.0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    risk = random.beta(2, 5, N_PEOPLE)
    sex = random.choice(np.array(["girl", "boy"], dtype=object), N_PEOPLE)
    return pd.DataFrame(
        {
            "pupil": [f"pupil-{number}" for number in range(N_PEOPLE)],
            "risk": risk,
            "contacted": risk > np.where(sex == "boy", 0.35, 0.45),
            "left_school": np.where(random.uniform(size=N_PEOPLE) < 0.8, random.uniform(size=N_PEOPLE) < risk, np.nan),
            "sex": sex,
            "municipality_number": random.choice(["9901", "9902"], N_PEOPLE),
            "absence_days": random.poisson(8 + shift, N_PEOPLE).astype(float),
            "mean_mark": random.normal(4, 1, N_PEOPLE),
        }
    )


def run(folder: Path, scores: pd.DataFrame, reference: pd.DataFrame | None = None, about: str | None = None) -> Result:
    folder.mkdir(exist_ok=True)
    (folder / "about.toml").write_text(declaration() if about is None else about, encoding="utf-8")
    scores.to_parquet(folder / "scores.parquet")
    arguments = ["monitor-scores", str(folder / "scores.parquet"), "--about", str(folder / "about.toml"), "--to", str(folder / "report")]
    if reference is not None:
        reference.to_parquet(folder / "reference.parquet")
        arguments += ["--reference", str(folder / "reference.parquet")]
    return CliRunner().invoke(app, arguments)


def content_of(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report" / "report.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.requirement("R-11")
def test_figures_are_those_of_the_rows_and_what_changed_is_named(tmp_path: Path):
    scores = people(seed=1, shift=2.0)
    result = run(tmp_path, scores, people(seed=2))
    assert result.exit_code == 0, result.output
    content = content_of(tmp_path)

    (table,) = (one for one in content["fairness"] if one["attribute"] == "sex")
    known = scores[scores["left_school"].notna()]
    for group in ("girl", "boy"):
        (row,) = (one for one in table["groups"] if one["group"] == group)
        without = known[(known["sex"] == group) & (known["left_school"] == 0)]
        assert row["rates"]["fpr"]["point"] == pytest.approx(without["contacted"].mean(), abs=1e-9)
        assert row["n_people"] == (scores["sex"] == group).sum()
    drifted = {one["name"] for one in content["drift"]["features"] if one["has_drifted"]}
    assert drifted == {"absence_days"}
    verdicts = {signal["code"]: signal["verdict"] for signal in content["signals"]}
    assert (verdicts["S-01"], verdicts["S-04"], verdicts["S-06"], verdicts["S-07"]) == ("FAILED", "PASSED", "FAILED", "NOT_APPLICABLE")
    assert content["drift"]["places"]["n_asked"] == 2


@pytest.mark.requirement("R-09")
def test_nobody_is_in_the_report_and_small_groups_are_withheld(tmp_path: Path):
    scores = people(seed=1)
    scores.loc[:2, "sex"] = "not stated"
    run(tmp_path, scores)
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "report").iterdir()}
    assert set(written) == {"report.html", "report-en.html", "report.json"}
    assert not any("pupil-" in text for text in written.values())
    links = set(re.findall(r'href="([^"#]+)"', written["report.html"]))
    assert links == {"report-en.html"}
    (table,) = (one for one in content_of(tmp_path)["fairness"] if one["attribute"] == "sex")
    (few,) = (one for one in table["groups"] if one["group"] == "not stated")
    assert few["n_people"] is None
    assert words("en")["too_small"] in written["report-en.html"]


def test_without_a_reference_nothing_is_said_of_drift(tmp_path: Path):
    run(tmp_path, people(seed=1))
    verdicts = {signal["code"]: signal["verdict"] for signal in content_of(tmp_path)["signals"]}
    assert [verdicts[code] for code in ("S-01", "S-02", "S-03")] == ["NOT_APPLICABLE"] * 3


def test_doing_it_again_gives_the_same_figures(tmp_path: Path):
    contents = []
    for name in ("first", "second"):
        run(tmp_path / name, people(seed=1), people(seed=2))
        contents.append(content_of(tmp_path / name))
    for content in contents:
        assert content.pop("made_at")
    assert contents[0] == contents[1]


def _changed(column: str, value: object) -> pd.DataFrame:
    scores = people(seed=1)
    scores[column] = value
    return scores


@pytest.mark.parametrize(
    ("scores", "code", "names"),
    [
        (lambda: people(seed=1).drop(columns="risk"), "TID475", "risk"),
        (lambda: people(seed=1).iloc[:0], "TID475", "no rows"),
        (lambda: _changed("risk", 1.2), "TID476", "risk"),
        (lambda: _changed("risk", "high"), "TID476", "risk"),
        (lambda: _changed("contacted", 3), "TID476", "contacted"),
        (lambda: _changed("left_school", 2.0), "TID476", "left_school"),
        (lambda: _changed("absence_days", np.inf), "TID476", "absence_days"),
        (lambda: _changed("sex", [f"group {n}" for n in range(N_PEOPLE)]), "TID476", "sex"),
        (lambda: _changed("sex", "01010750160"), "TID477", "sex"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_written(tmp_path: Path, scores: Any, code: str, names: str):
    error = run(tmp_path, scores()).exception
    assert isinstance(error, DataError)
    assert (error.code, names in str(error)) == (code, True)
    assert "01010750160" not in str(error)
    assert not (tmp_path / "report").exists()


@pytest.mark.parametrize(
    ("old", "new", "kind", "code"),
    [
        ('probability = "risk"', 'probability = "risk"\ncolour = "red"', ProjectError, "TID478"),
        ('proposed = "contacted"', "", ProjectError, "TID478"),
        ('proposed = "contacted"', 'proposed = "risk"', ProjectError, "TID478"),
        ("[model]", "[model", ProjectError, "TID478"),
        ("valid_to = 2035-12-31", "valid_to = 2020-12-31", PurposeError, "TID479"),
    ],
)
def test_a_declaration_that_does_not_hold_is_refused(tmp_path: Path, old: str, new: str, kind: type[ScreeningError], code: str):
    assert declaration().count(old) == 1
    error = run(tmp_path, people(seed=1), about=declaration().replace(old, new)).exception
    assert isinstance(error, kind)
    assert error.code == code


def test_a_file_that_is_no_parquet_is_refused(tmp_path: Path):
    run(tmp_path, people(seed=1))
    (tmp_path / "scores.parquet").write_text("risk;contacted", encoding="utf-8")
    arguments = [
        "monitor-scores",
        str(tmp_path / "scores.parquet"),
        "--about",
        str(tmp_path / "about.toml"),
        "--to",
        str(tmp_path / "other"),
    ]
    error = CliRunner().invoke(app, arguments).exception
    assert isinstance(error, DataError)
    assert error.code == "TID475"
