"""What moves the model: measured over people, told in hundredths, and in the card as the report has it."""

from __future__ import annotations

import pytest

from models.card import ModelCard
from tests.support.examined_experiments import planted_examined
from training.assembly import build_card
from training.card_sections import card_curves
from training.evaluation.capacity import capacity_plan
from training.evaluation.decision_curve import decision_curve
from training.evaluation.importance import importance
from training.evaluation.reliability import reliability
from training.gates.asked import ask_gates


@pytest.mark.requirement("R-19")
@pytest.mark.requirement("R-34")
def test_a_card_has_the_curves_of_its_report(tmp_path_factory: pytest.TempPathFactory) -> None:
    examined = planted_examined(tmp_path_factory.mktemp("examined"))
    measured = {"reliability": reliability, "decision_curve": decision_curve, "capacity_plan": capacity_plan, "importance": importance}
    sections = {name: measure(examined) for name, measure in measured.items()}
    card = build_card(examined, ask_gates(examined), sections)
    curves = card.curves

    assert sum(mover.of_100 for mover in curves.indicators) == pytest.approx(100, abs=len(curves.indicators))
    assert curves.n_explained == sections["importance"]["n_rows"]
    assert [(one.n_people, one.came.estimate) for one in curves.reliability] == [
        (one["n_people"], one["observed_rate"]["estimate"]) for one in sections["reliability"]["bins"]
    ]
    assert [one.share for one in curves.capacity.told] == [  # type: ignore[union-attr]
        one["share"] for one in sections["capacity_plan"]["points"] if one["recall"] is not None
    ]
    assert {one.threshold for one in curves.benefit} == {one["threshold"] for one in sections["decision_curve"]["points"]}
    assert ModelCard.from_json(card.to_json()).curves == curves
    assert "## What moves the model" in card.to_markdown()


def test_a_report_of_an_earlier_version_gives_no_curves() -> None:
    assert card_curves({}) == ModelCard("t", "p", "o", "s", is_synthetic=True, data={}).curves
