"""What individual scores add over visiting places or using rules, and that the simpler way is proposed where they add nothing."""

from __future__ import annotations

import numpy as np
import pytest

from models.resampling import resample_tops
from models.rungs.area import AreaRung
from models.rungs.rung import FitSettings
from tests.support.examined_experiments import planted_examined
from training.evaluation.examined import Examined
from training.evaluation.targeting import RULES, SCORES, Ways, compare_ways, intra_class, targeting, within_highest
from training.gates.targeting import targeting_gate

N = 3_000


def ways(scores: np.ndarray, places: np.ndarray, rules: np.ndarray, label: np.ndarray, *, share: float = 0.2) -> Ways:
    ranked = {"area": places, RULES: rules, SCORES: scores}
    tops = resample_tops(label, ranked, groups=np.arange(len(label), dtype=np.int32), shares=np.array([share]), seed=1, n_resamples=200)
    return Ways(("area", RULES), "boosted", tops, len(label), int(label.sum()), {}, ())


def planted(*, by_place: bool, seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Outcome, rate of the person's place, own score: the risk lies in the place alone, or in the person alone."""
    random = np.random.default_rng(seed)
    place, own = random.integers(0, 20, N) / 20, random.random(N)
    risk = place if by_place else own
    return (random.random(N) < 0.6 * risk).astype(np.float64), place, own


@pytest.mark.requirement("R-15")
def test_where_the_risk_lies_in_places_visiting_them_is_proposed() -> None:
    label, place, own = planted(by_place=True)
    # A model of persons that has found out the place, and adds what means nothing.
    scores = place + 0.01 * own
    found = targeting_gate(ways(scores, place, own, label), chosen="boosted")
    assert (found.verdict, found.evidence["proposed"], found.evidence["proposed_rung"]) == ("FAILED", "area", "area")


@pytest.mark.requirement("R-15")
def test_where_the_risk_lies_in_persons_scores_reach_clearly_more() -> None:
    label, place, own = planted(by_place=False)
    found = targeting_gate(ways(own, place, np.round(place), label), chosen="boosted")
    assert found.verdict == "PASSED"
    assert found.evidence["gain_over_area_low"] > 0  # type: ignore[operator]
    assert "proposed_rung" not in found.evidence


def test_rules_that_are_as_good_are_proposed_over_scores() -> None:
    label, place, own = planted(by_place=False)
    found = targeting_gate(ways(own, place, own + 1.0, label), chosen="logistic")
    assert (found.verdict, found.evidence["proposed_rung"]) == ("FAILED", "rules")


def test_a_rung_that_scores_no_person_is_not_asked() -> None:
    label, place, own = planted(by_place=False)
    assert targeting_gate(ways(own, place, own, label), chosen="rules").verdict == "NOT_APPLICABLE"


@pytest.mark.requirement("R-09")
def test_a_way_that_reaches_one_to_four_people_is_not_told() -> None:
    label = np.r_[np.ones(40), np.zeros(160)]
    # The top fifth by place holds three people with the outcome.
    place = np.r_[np.full(3, 1.0), np.full(37, 0.0), np.full(37, 1.0), np.full(123, 0.0)]
    found = ways(label, place, label, label)
    assert found.recall("area", 0) is None
    assert found.gain("area", 0) is None
    assert found.recall(RULES, 0) is not None


def test_scores_inside_the_highest_places_look_nowhere_else() -> None:
    area = np.repeat([0.3, 0.2, 0.1, 0.05], 25)
    scores = np.linspace(0, 1, 100)
    inside = within_highest(area, scores, share=0.2)
    assert (inside[area >= 0.2] == scores[area >= 0.2]).all()
    assert (inside[area < 0.2] == -1).all()


def test_variance_between_places_is_that_of_the_planted_places() -> None:
    random = np.random.default_rng(2)
    place = np.repeat(np.arange(200), 60)
    # A beta of strength 9 has an intra-class correlation of 1 / 10.
    label = (random.random(len(place)) < random.beta(3, 6, 200)[place]).astype(np.float64)
    settings = FitSettings(seed=1, area_feature="place")
    rung = AreaRung.fit(place[:, None].astype(np.float64), label, feature_names=("place",), settings=settings)
    assert intra_class(rung) == pytest.approx(0.1, abs=0.025)


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    return planted_examined(tmp_path_factory.mktemp("examined"))


def test_a_section_compares_at_half_once_and_twice_the_capacity(examined: Examined) -> None:
    section = targeting(examined)
    assert [point["share_visited"] for point in section["points"]] == [0.075, 0.15, 0.3]
    assert set(section["points"][1]["reached"]) == {"area", "rules", "scores", "scores_in_area"}
    assert section["scores_of"] == examined.experiment.chosen.name
    recall = examined.experiment.resamples.estimates[section["scores_of"]]["recall_at_capacity"]
    assert section["points"][1]["reached"]["scores"]["estimate"] == pytest.approx(recall)
    assert compare_ways(examined).simpler == ("area", "rules")
