"""The card takes its figures and sentences from the report's sections."""

from __future__ import annotations

import pytest

from models import calibration_draws
from models.card import CALIBRATION_WORDS, RAISED_BY_NOISE
from tests.support.examined_experiments import planted_examined, skewed
from training.assembly import build_card
from training.evaluation.calibration import calibration_detail
from training.evaluation.decision_curve import decision_curve
from training.evaluation.learning_curve import learning_curve
from training.evaluation.targeting import targeting
from training.evaluation.uncertainty import uncertainty
from training.gates.asked import ask_gates
from training.gates.group_figures import AssessedRows, within_capacity
from training.gates.groups import group_gates


@pytest.mark.requirement("R-11")
@pytest.mark.requirement("R-34")
def test_groups_have_their_ratio_and_every_question_its_sentence(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = planted_examined(tmp_path_factory.mktemp("examined"))
    measured = {
        "calibration_detail": calibration_detail,
        "targeting": targeting,
        "decision_curve": decision_curve,
        "learning_curve": learning_curve,
        "uncertainty": uncertainty,
    }
    sections = {name: measure(examined) for name, measure in measured.items()}
    experiment = examined.experiment
    flagged = within_capacity(experiment.chosen.probability, share=0.15)
    rows = AssessedRows(experiment.test_label, experiment.chosen.probability, flagged, experiment.test_person)
    card = build_card(examined, group_gates(rows, examined.groups or {}, seed=1, n_resamples=50), sections)
    girls = next(row for row in card.groups if row.group == "sex = girl")
    assert girls.observed_expected is not None
    assert girls.observed_expected.low < girls.observed_expected.estimate < girls.observed_expected.high
    assert next(row for row in card.groups if row.group == "rare = rare").observed_expected is None
    assert {"calibration_intercept", "calibration_index", "brier_reliability", "calibration_slope"} <= card.calibration.keys()
    assert set(card.findings) == {"targeting", "decision_curve", "learning_curve", "uncertainty"}
    text = card.to_markdown()
    assert "of 100 wide on average" in text
    assert sections["targeting"]["finding"] in text
    assert "The noise of the test rows can explain the difference" in text
    held = sections["uncertainty"]
    assert f"for {held['observed_inside_told']:.0%} of them the rate that came lies within the interval as it is told" in text
    assert f"for {held['observed_inside']:.0%} within the narrower one" in text


@pytest.mark.requirement("R-12")
def test_a_failed_comparison_stands_with_its_group(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = skewed(planted_examined(tmp_path_factory.mktemp("examined")))
    gates = ask_gates(examined)
    (failed,) = (gate for gate in gates if gate.code == "G-06" and gate.is_failed and not {"is_summary", "mirrors"} & gate.evidence.keys())
    card = build_card(examined, gates, {})
    row = next(row for row in card.groups if row.group == f"sex = {failed.evidence['group']}")
    assert f"G-06 FAILED: proposed in vain {failed.evidence['estimate']:.3f}" in row.remark


@pytest.mark.requirement("R-31")
def test_found_and_missed_have_intervals_and_those_of_the_ladder_at_capacity(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = planted_examined(tmp_path_factory.mktemp("examined"))
    card = build_card(examined, (), {})
    assert [span.share for span in card.capacity_spans] == [row.share for row in card.capacity]
    for row, span in zip(card.capacity, card.capacity_spans, strict=True):
        assert row.precision == pytest.approx(span.precision.estimate)
        assert span.recall.low < row.recall < span.recall.high
    at_capacity = next(span for span in card.capacity_spans if span.share == examined.capacity_share)
    chosen = examined.experiment.selection.chosen
    assert at_capacity.precision == examined.experiment.resamples.interval(chosen, "precision_at_capacity")


def test_noise_is_explained_where_it_is_taken_away() -> None:
    assert RAISED_BY_NOISE == calibration_draws.RAISED_BY_NOISE
    assert set(CALIBRATION_WORDS) == set(calibration_draws.CALIBRATION_FIGURES)
