"""The card takes its figures and sentences from the report's sections."""

from __future__ import annotations

import pytest

from tests.support.examined_experiments import planted_examined
from training.assembly import build_card
from training.evaluation.calibration import calibration_detail
from training.evaluation.decision_curve import decision_curve
from training.evaluation.learning_curve import learning_curve
from training.evaluation.targeting import targeting
from training.evaluation.uncertainty import uncertainty
from training.gates.groups import AssessedRows, group_gates, within_capacity


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
