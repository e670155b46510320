"""A capacity plan: figures are the metrics', a smooth ranking gives domain.md's table, and a year is read off it."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from features.declarations.project import load_project
from features.errors import DataError
from models import metrics
from tests.support.examined_experiments import planted_examined
from training.capacity_commands import app
from training.evaluation.capacity import binormal_recall, capacity_plan
from training.evaluation.examined import Examined
from training.evaluation.planning import plan_year
from training.report import report_path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planned")


@pytest.fixture(scope="module")
def examined(folder: Path) -> Examined:
    return planted_examined(folder)


@pytest.mark.requirement("R-31")
@pytest.mark.parametrize(
    ("prevalence", "auc", "found"),
    [(0.19, 0.75, (7, 16, 27, 45)), (0.19, 0.80, (8, 18, 32, 52)), (0.08, 0.75, (10, 20, 33, 51)), (0.08, 0.80, (13, 25, 40, 59))],
)
def test_a_smooth_ranking_gives_the_table_that_people_must_see(prevalence: float, auc: float, found: tuple[int, ...]) -> None:
    recall = binormal_recall(auc, prevalence, np.array([0.02, 0.05, 0.10, 0.20]))
    assert np.abs(100 * recall - found).max() <= 1.0


@pytest.mark.requirement("R-31")
def test_every_capacity_has_what_it_finds_with_an_interval(tmp_path: Path) -> None:
    examined = planted_examined(tmp_path, 2_000)  # of fewer people, a tenth more capacity is a few of them
    section = capacity_plan(examined)
    label, probability = examined.experiment.test_label, examined.experiment.chosen.probability
    point = next(one for one in section["points"] if one["share"] == 0.2)
    assert point["recall"]["estimate"] == pytest.approx(metrics.recall_at_share(label, probability, share=0.2))
    assert point["precision"]["estimate"] == pytest.approx(metrics.precision_at_share(label, probability, share=0.2))
    assert point["recall"]["low"] < point["recall"]["estimate"] < point["recall"]["high"]
    measured = [one for one in section["points"] if one["recall_gain"]["more_capacity"] is not None]
    share = measured[-1]["share"]
    more = metrics.recall_at_share(label, probability, share=1.1 * share) - metrics.recall_at_share(label, probability, share=share)
    assert measured[-1]["recall_gain"]["more_capacity"]["estimate"] == pytest.approx(more)
    assert section["next_rung"] == "boosted"
    assert 0 < point["recall_gain"]["better_ranking_smooth"]["estimate"] < 0.03


@pytest.mark.requirement("R-09")
def test_a_capacity_that_finds_one_to_four_people_is_not_told(examined: Examined) -> None:
    points = capacity_plan(examined)["points"]
    # Six people are visited at one per cent of 600.
    assert (points[0]["precision"], points[0]["recall"]) == (None, None)
    n, with_outcome = 600, examined.experiment.test_label.sum()
    told = [(one["share"], one["recall"]["estimate"] * with_outcome) for one in points if one["recall"] is not None]
    for (share, found), (next_share, next_found) in itertools.pairwise(told):
        more_found, more_in_vain = next_found - found, (next_share - share) * n - (next_found - found)
        assert more_found < 0.5 or more_found > 4.99
        assert more_in_vain < 0.5 or more_in_vain > 4.99
    assert len(told) > 10


@pytest.mark.requirement("R-31")
def test_a_year_adds_up(examined: Examined) -> None:
    section = capacity_plan(examined)
    planned = plan_year(section, reviews_a_month=20, people_a_year=1_200)
    assert planned.share == pytest.approx(0.2)
    assert planned.found.estimate + planned.in_vain.estimate == pytest.approx(planned.reviews_a_year)
    with_outcome = 1_200 * examined.experiment.test_label.mean()
    assert planned.found.estimate + planned.missed.estimate == pytest.approx(with_outcome)
    assert planned.missed.low == pytest.approx(with_outcome - planned.found.high)
    assert planned.gains["more_capacity_smooth"].estimate > planned.gains["better_ranking_smooth"].estimate > 0


def test_reviews_beyond_what_can_be_told_are_refused_with_the_range(examined: Examined) -> None:
    section = capacity_plan(examined)
    with pytest.raises(DataError, match="TID452"):
        plan_year(section, reviews_a_month=60, people_a_year=600)
    with pytest.raises(DataError, match=r"TID452.*reviews a month: choose"):
        plan_year(section, reviews_a_month=0.1, people_a_year=600)


@pytest.mark.requirement("R-31")
def test_the_command_reads_the_newest_report(examined: Examined, folder: Path) -> None:
    name = examined.planned.name
    path = report_path(load_project(folder), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    told_of = {"model": name, "version": "3", "run_id": "abc", "synthetic": True}
    path.write_text(json.dumps({**told_of, "sections": {"capacity_plan": capacity_plan(examined)}}))
    arguments = ["--project", str(folder), "--model", name, "--reviews", "10"]
    told = CliRunner().invoke(app, [*arguments, "--json"], catch_exceptions=False)
    answer = json.loads(told.stdout)
    assert (answer["version"], answer["run"]) == ("3", "abc")
    assert (answer["reviews_a_year"], answer["people_a_year"], answer["share_reviewed"]) == (120, 600, 0.2)
    assert answer["found"]["low"] <= answer["found"]["estimate"] <= answer["found"]["high"]
    printed = CliRunner().invoke(app, arguments, catch_exceptions=False).stdout
    assert "with the outcome, not reviewed" in printed
    assert "an AUC higher by 0.01" in printed


def test_a_model_without_a_report_or_a_report_without_a_plan_is_refused(examined: Examined, folder: Path) -> None:
    for name, content, code in (("no-such-model", None, "TID450"), ("older-model", {"sections": {}}, "TID451")):
        if content is not None:
            report_path(load_project(folder), name).parent.mkdir(parents=True, exist_ok=True)
            report_path(load_project(folder), name).write_text(json.dumps(content))
        with pytest.raises(DataError, match=code):
            CliRunner().invoke(app, ["--project", str(folder), "--model", name, "--reviews", "10"], catch_exceptions=False)
