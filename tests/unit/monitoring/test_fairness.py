import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from monitoring.fairness.disclosure import publish
from monitoring.fairness.groups import METRICS, measure_fairness

RANDOM = np.random.default_rng(20261121)


@pytest.fixture(scope="module")
def people() -> dict[str, np.ndarray]:
    n = 3000
    probability = RANDOM.uniform(0, 1, n)
    return {
        "label": (RANDOM.uniform(size=n) < probability).astype(float),
        "proposed": probability > 0.6,
        "probability": probability,
        "group": RANDOM.choice(["a", "b", "c"], n, p=[0.6, 0.3, 0.1]),
    }


def test_rates_equal_a_confusion_matrix_of_each_group(people):
    table = measure_fairness(**people, attribute="sex")
    for row in table.groups:
        mine = people["group"] == row.group
        (tn, fp), (fn, tp) = confusion_matrix(people["label"][mine], people["proposed"][mine])
        expected = {
            "base_rate": (tp + fn) / mine.sum(),
            "proposal_rate": (tp + fp) / mine.sum(),
            "tpr": tp / (tp + fn),
            "fpr": fp / (fp + tn),
            "fnr": fn / (tp + fn),
            "ppv": tp / (tp + fp),
            "npv": tn / (tn + fn),
        }
        assert {name: rate.point for name, rate in row.rates.items()} == pytest.approx(expected, abs=1e-12)


def test_the_largest_group_is_the_reference_and_is_not_compared_with_itself(people):
    table = measure_fairness(**people, attribute="sex")
    assert table.reference == "a"
    assert table.groups[0].differences == {}
    assert set(table.groups[1].differences) == set(METRICS)
    gap = table.groups[1].differences["tpr"]
    assert gap.low < gap.point < gap.high


def test_people_without_a_known_outcome_count_in_proposals_only(people):
    label = people["label"].copy()
    label[::2] = np.nan
    some = measure_fairness(**(people | {"label": label}), attribute="sex")
    every = measure_fairness(**people, attribute="sex")
    assert some.everybody.n_matured == 1500
    assert some.everybody.rates["proposal_rate"] == every.everybody.rates["proposal_rate"]
    assert some.everybody.rates["base_rate"].denominator == 1500


def test_calibration_in_the_large_is_predicted_minus_observed_with_the_exact_limits(people):
    everybody = measure_fairness(**people, attribute="sex").everybody
    rate = everybody.rates["base_rate"]
    assert everybody.calibration.point == pytest.approx(people["probability"].mean() - people["label"].mean())
    assert everybody.calibration.low == pytest.approx(everybody.mean_predicted - rate.high)
    assert everybody.calibration.low < 0 < everybody.calibration.high


def test_a_person_without_a_recorded_group_is_shown_not_dropped():
    table = measure_fairness([1, 0, 1], [1, 0, 0], [0.5, 0.2, 0.4], ["a", None, float("nan")], attribute="sex")
    assert [(row.group, row.n_people) for row in table.groups] == [("(not recorded)", 2), ("a", 1)]


def test_small_groups_keep_their_row_and_say_too_small(people):
    people = people | {"group": np.where(np.arange(3000) < 8, "tiny", people["group"])}
    row = next(row for row in measure_fairness(**people, attribute="sex").groups if row.group == "tiny")
    assert {rate.verdict for rate in row.rates.values()} == {"too small"}
    published = publish(measure_fairness(**people, attribute="sex"))
    row = next(row for row in published.groups if row.group == "tiny")
    assert {(rate.point, rate.verdict) for rate in row.rates.values()} == {(None, "too small")}
    assert row.calibration.point is None


@pytest.mark.requirement("R-09")
def test_a_higher_minimum_withholds_more(people):
    label = np.full(3000, np.nan)
    proposed = np.zeros(3000, dtype=bool)
    proposed[np.flatnonzero(people["group"] == "a")[:900]] = True
    proposed[np.flatnonzero(people["group"] == "b")[:7]] = True
    proposed[np.flatnonzero(people["group"] == "c")[:20]] = True
    table = measure_fairness(label, proposed, people["probability"], people["group"], attribute="service")
    shown = {minimum: publish(table, minimum=minimum).groups[1].rates["proposal_rate"].point for minimum in (5, 10)}
    assert shown[5] is not None
    assert shown[10] is None


def test_columns_of_different_length_are_refused(people):
    with pytest.raises(ValueError, match="one length"):
        measure_fairness(**(people | {"label": np.zeros(3)}), attribute="sex")
