"""Whether more people would help: nested shares, the same later people, and a plain sentence."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from models import metrics
from models.intervals import Interval
from tests.support.examined_experiments import planted_examined
from training.evaluation.examined import Examined
from training.evaluation.learning_curve import SHARES, _taught, finding, learning_curve


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return planted_examined(tmp_path_factory.mktemp("examined"))


def test_every_share_lies_inside_the_next_and_holds_people_whole(examined: Examined) -> None:
    table, taught = examined.experiment.table, _taught(examined)
    for smaller, larger in itertools.pairwise(SHARES):
        assert not (taught[smaller] & ~taught[larger]).any()
        assert taught[smaller].sum() == pytest.approx(taught[larger].sum() / 2, rel=0.02)
    assert (taught[1.0] == examined.experiment.split.train).all()
    for group in np.unique(table.rows.group[taught[0.125]])[:50]:
        own = (table.rows.group == group) & examined.experiment.split.train
        assert taught[0.125][own].all()


def test_learnt_from_everybody_it_is_the_chosen_rung_again(examined: Examined) -> None:
    section = learning_curve(examined)
    last = section["points"][-1]
    experiment = examined.experiment
    assert last["auc"]["estimate"] == pytest.approx(experiment.resamples.estimates[experiment.chosen.name]["auc"], abs=1e-9)
    assert last["log_loss"]["estimate"] == pytest.approx(metrics.log_loss(experiment.test_label, experiment.chosen.probability), abs=1e-9)
    assert [point["share"] for point in section["points"]] == list(SHARES)
    gain = section["points"][-1]["auc"]["estimate"] - section["points"][-2]["auc"]["estimate"]
    assert section["last_doubling"]["auc"]["estimate"] == pytest.approx(gain)
    drop = section["points"][-2]["log_loss"]["estimate"] - section["points"][-1]["log_loss"]["estimate"]
    assert section["last_doubling"]["log_loss"]["estimate"] == pytest.approx(drop)


def test_it_is_the_same_twice(examined: Examined) -> None:
    assert learning_curve(examined) == learning_curve(examined)


@pytest.mark.parametrize(
    ("gain", "said"),
    [
        (Interval(0.001, -0.002, 0.004), "hardly help"),
        (Interval(0.004, 0.001, 0.007), "hardly help"),
        (Interval(0.02, 0.01, 0.03), "probably help"),
        (Interval(0.01, -0.01, 0.03), "can't say"),
        (Interval(0.01, float("nan"), float("nan")), "can't say"),
    ],
)
def test_the_sentence_follows_the_interval(gain: Interval, said: str) -> None:
    told = finding(gain, 1_000, measured="logistic")
    assert said in told
    assert "logistic" in told


def test_where_rules_were_chosen_a_rung_that_learns_is_measured_and_named(examined: Examined) -> None:
    """Of rules half and all of the people give the same model: that more would hardly help could not be told from it."""
    experiment = examined.experiment
    section = learning_curve(replace(examined, experiment=replace(experiment, selection=replace(experiment.selection, chosen="rules"))))
    best = max(("logistic", "boosted"), key=lambda name: metrics.auc(experiment.test_label, experiment.candidates[name].probability))
    assert (section["rung"], section["chosen"]) == (best, "rules")
    assert f"{best}, the best rung that learns from people (rules was chosen)" in section["finding"]
    areas = [point["auc"]["estimate"] for point in section["points"]]
    assert len(set(areas)) == len(areas)
    assert areas[-1] == pytest.approx(experiment.resamples.estimates[best]["auc"], abs=1e-9)
