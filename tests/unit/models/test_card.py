"""The card says it all, survives the round trip, and shows nothing of fewer than five."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from features.findings import Finding
from models.card import LIMITS, CapacityRow, CapacitySpan, GroupRow, LadderRow, ModelCard
from models.intervals import Interval
from models.reference import Reference, fit_reference

NAN = float("nan")
CARD = ModelCard(
    title="Not completed, grade 10",
    purpose="To be read before use.",
    outcome="not_completed",
    stage="grade_10",
    is_synthetic=True,
    data={"rows": 1_500, "prevalence": 0.2123},
    ladder=(LadderRow("prevalence", {"auc": Interval(0.5, 0.5, 0.5)}), LadderRow("logistic", {"auc": Interval(0.8, 0.78, 0.82)}, True)),
    choice="Better than rules at capacity.",
    capacity=(CapacityRow(0.15, 0.6, 0.4),),
    calibration={"slope": Interval(1.0, 0.9, NAN)},
    groups=(GroupRow("girls", 700, Interval(1.0, 0.9, 1.1)), GroupRow("tiny | group", None, None, "too few to say")),
    gates=(Finding("G-01", "Enough outcomes", "PASSED", {"n_outcomes": 300}),),
    findings={"targeting": "Scores clearly reach more than areas."},
    remarks=("Made in a test.",),
)


@pytest.mark.requirement("R-34")
def test_the_card_survives_the_round_trip_through_json() -> None:
    again = ModelCard.from_json(json.loads(json.dumps(CARD.to_json(), allow_nan=False)))
    assert again.to_json() == CARD.to_json()
    assert np.isnan(again.calibration["slope"].high)
    assert again.to_markdown() == CARD.to_markdown()


@pytest.mark.requirement("R-15")
@pytest.mark.requirement("R-31")
def test_the_markdown_has_the_ladder_the_miss_table_and_the_limits() -> None:
    text = CARD.to_markdown()
    assert "| **logistic** (chosen) | 0.800 [0.780, 0.820] |" in text
    assert "| 15% | 60% | 40% | 40% | 60% |" in text
    assert "| girls | 700 | 1.000 [0.900, 1.100] |" in text
    assert "too few" in text
    assert "* Scores clearly reach more than areas." in text
    assert "Synthetic data" in text
    assert all(limit in text for limit in LIMITS)
    assert "Reasons are not causes" in text


def test_found_and_missed_have_the_intervals_of_their_share() -> None:
    card = replace(CARD, capacity_spans=(CapacitySpan(0.15, Interval(0.6, 0.5, 0.7), Interval(0.4, 0.25, 0.5)),))
    again = ModelCard.from_json(json.loads(json.dumps(card.to_json(), allow_nan=False)))
    assert again.capacity_spans == card.capacity_spans
    assert "| 15% | 60% [50%, 70%] | 40% [30%, 50%] | 40% [25%, 50%] | 60% [50%, 75%] |" in again.to_markdown()


def test_a_card_of_an_older_bundle_is_read_without_spans() -> None:
    older = {name: value for name, value in CARD.to_json().items() if name != "capacity_spans"}
    assert ModelCard.from_json(json.loads(json.dumps(older))).capacity_spans == ()


def test_the_card_says_where_the_one_for_readers_is_and_what_noise_does() -> None:
    assert "paper `model-card`" in CARD.to_markdown()
    noisy = replace(CARD, calibration={"brier": Interval(0.1, 0.09, 0.11), "brier_reliability": Interval(0.006, 0.0, 0.006)})
    assert "| brier_reliability | 0.006 [0.000, 0.006] | what recalibrating could save" in noisy.to_markdown()
    assert "Chance alone raises brier_reliability, never lowers" in noisy.to_markdown()
    assert "Chance alone" not in CARD.to_markdown()


def test_a_bare_card_leaves_out_what_it_does_not_have() -> None:
    text = ModelCard("T", "P", "o", "s", False, {}).to_markdown()
    assert "Synthetic" not in text
    assert "## The ladder" not in text
    assert "## Limits" in text


@pytest.mark.requirement("R-09")
def test_typical_values_come_from_five_people_or_more() -> None:
    matrix = np.full((100, 4), np.nan)
    matrix[:, 3] = np.arange(100) < 4
    matrix[:4, 0] = 7.0
    matrix[:5, 1] = [1, 2, 3, 4, 5]
    matrix[:97, 2] = 1.0
    reference = fit_reference(matrix, ("few.last", "some.last", "most.last", "rare.last=x"))
    assert reference.typical["few.last"].median is None
    assert (reference.typical["some.last"].median, reference.typical["some.last"].missing_share) == (3.0, 0.95)
    assert reference.typical["rare.last=x"].mean == 0.0
    assert reference.typical["most.last"].missing_share == 0.0
    assert Reference.from_json(json.loads(json.dumps(reference.to_json()))) == reference
