"""The printed report: every difference beside its reference, and an honest verdict."""

from __future__ import annotations

from pathlib import Path

import pytest

from features.declarations.project import load_project
from tests.support.projects import tiny_project
from training.report import ladder_table, read_reports, reference_table, write_report


def figure(estimate: float) -> dict[str, float]:
    return {"estimate": estimate, "low": estimate - 0.01, "high": estimate + 0.01}


def report(difference: float, *, chosen: str = "logistic") -> dict[str, object]:
    figures = {name: figure(0.7) for name in ("auc", "average_precision", "precision_at_capacity", "recall_at_capacity")}
    entries = [
        {"protected": protected, "rows": rows, "rung": rung, "figures": figures, "difference": {"auc": difference, "prevalence": -0.1}}
        for protected in ("out", "in")
        for rows in ("all", "unseen")
        for rung in ("logistic", "boosted")
    ]
    return {
        "model": "tiny-quit-day_1",
        "outcome": "quit",
        "stage": "day_1",
        "chosen": chosen,
        "ladder": {"logistic": figures, "boosted": figures},
        "four_rows": entries,
        "reference": {"source": "published", "figures": {"auc": 0.7}},
    }


@pytest.mark.parametrize(("difference", "verdict"), [(0.01, "reached"), (0.0, "reached"), (-0.0004, "reached"), (-0.001, "short")])
def test_a_verdict_is_read_to_three_decimals_and_prevalence_is_no_feat(difference: float, verdict: str) -> None:
    table = reference_table([report(difference)])
    assert table is not None
    assert {row[-1] for row in table[2]} == {verdict}


def test_the_chosen_rung_has_four_rows_and_the_other_two() -> None:
    table = reference_table([report(0.0)])
    assert table is not None
    assert sorted(str(row[1]) for row in table[2]) == ["boosted", "boosted", *["logistic*"] * 4]


def test_a_chosen_rung_without_rows_of_its_own_shows_the_boosted_ones() -> None:
    table = reference_table([report(0.0, chosen="rules")])
    assert table is not None
    assert sorted(str(row[1]) for row in table[2]) == [*["boosted"] * 4, "logistic", "logistic"]


def test_a_run_that_was_not_registered_leaves_the_report_of_the_version_alone(tmp_path: Path) -> None:
    project = load_project(tiny_project(tmp_path))
    write_report(project, {**report(0.0), "version": "1"})
    write_report(project, {**report(0.1), "version": None})
    (read,) = read_reports(project)
    assert read["version"] == "1"


def test_intervals_stand_in_the_ladder() -> None:
    assert ladder_table([report(0.0)])[2][0][2] == "0.700 [0.690, 0.710]"
