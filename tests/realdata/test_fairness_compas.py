"""Point values against fairlearn and aequitas, on the data set that the field argues about.

aequitas wants pandas 2 and can't stand beside our pins. So `aequitas_compas.csv` holds what aequitas 1.1.0 itself said of this file:
``Group().get_crosstabs`` and ``Bias().get_disparity_major_group`` by race, sex and age_cat, in 17 digits.
"""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import precision_score

from monitoring.fairness.comparisons import compare_groups
from monitoring.fairness.groups import measure_fairness
from monitoring.fairness.intersections import measure_attributes


def negative_predictive_value(label: pd.Series, proposed: pd.Series) -> float:
    return precision_score(label, proposed, pos_label=0)


def base_rate(label: pd.Series, proposed: pd.Series) -> float:
    return float(np.mean(label))


THEIRS = {
    "base_rate": base_rate,
    "proposal_rate": selection_rate,
    "tpr": true_positive_rate,
    "fpr": false_positive_rate,
    "fnr": false_negative_rate,
    "ppv": precision_score,
    "npv": negative_predictive_value,
}

AEQUITAS = {
    "base_rate": "prev",  # label_pos / group_size
    "proposal_rate": "pprev",  # pp / group_size
    "tpr": "tpr",  # tp / label_pos
    "fpr": "fpr",  # fp / label_neg
    "fnr": "fnr",  # fn / label_pos
    "ppv": "precision",  # tp / pp
    "npv": "npv",  # tn / pn
}
"""Our names to aequitas' columns; its formulas beside them. A `_disparity` is the group's rate / the largest group's."""


@pytest.mark.realdata("compas")
@pytest.mark.requirement("R-11")
@pytest.mark.parametrize("attribute", ["race", "sex", "age_cat"])
def test_points_equal_fairlearn(realdata: Path, attribute: str):
    data = pd.read_csv(realdata / "compas_for_aequitas.csv")
    frame = MetricFrame(metrics=THEIRS, y_true=data["label_value"], y_pred=data["score"], sensitive_features=data[attribute])
    ours = measure_fairness(data["label_value"], data["score"], data["score"], data[attribute].tolist(), attribute=attribute)
    assert len(ours.groups) == data[attribute].nunique()
    for row in ours.groups:
        for metric, rate in row.rates.items():
            assert rate.point == pytest.approx(frame.by_group.loc[row.group, metric], abs=1e-12)
    gaps = frame.difference(method="between_groups")
    for metric in THEIRS:
        points = [row.rates[metric].point for row in ours.groups]
        assert max(points) - min(points) == pytest.approx(gaps[metric], abs=1e-12)


@pytest.mark.realdata("compas")
@pytest.mark.requirement("R-11")
@pytest.mark.parametrize("attribute", ["race", "sex", "age_cat"])
def test_points_and_ratios_equal_aequitas(realdata: Path, attribute: str):
    data = pd.read_csv(realdata / "compas_for_aequitas.csv")
    theirs = pd.read_csv(Path(__file__).with_name("aequitas_compas.csv")).query("attribute_name == @attribute").set_index("attribute_value")
    ours = measure_fairness(data["label_value"], data["score"], data["score"], data[attribute].tolist(), attribute=attribute)
    assert {row.group for row in ours.groups} == set(theirs.index)
    for row in ours.groups:
        for metric, column in AEQUITAS.items():
            assert row.rates[metric].point == pytest.approx(theirs.loc[row.group, column], abs=1e-12)
            if row.group != ours.reference and f"{column}_disparity" in theirs.columns:
                assert row.ratios[metric].point == pytest.approx(theirs.loc[row.group, f"{column}_disparity"], abs=1e-12)


@pytest.mark.realdata("compas")
@pytest.mark.requirement("R-11")
def test_crossed_points_equal_fairlearn(realdata: Path):
    data = pd.read_csv(realdata / "compas_for_aequitas.csv")
    frame = MetricFrame(
        metrics={name: THEIRS[name] for name in ("base_rate", "proposal_rate", "tpr", "fpr", "fnr")},
        y_true=data["label_value"],
        y_pred=data["score"],
        sensitive_features=data[["race", "sex"]],
    ).by_group
    groups = {name: data[name].tolist() for name in ("race", "sex")}
    (ours,) = measure_attributes(data["label_value"], data["score"], data["score"], groups).crossed
    assert len(ours.groups) == len(frame) == 12
    for row in ours.groups:
        for metric in frame.columns:
            assert row.rates[metric].point == pytest.approx(frame.loc[row.members, metric], abs=1e-12)


@pytest.mark.realdata("compas")
def test_differences_that_the_field_argues_about_stay_after_correction(realdata: Path):
    """Of the defendants who did not reoffend, more black ones were flagged: that stays, and that of a few who differ does not."""
    data = pd.read_csv(realdata / "compas_for_aequitas.csv")
    groups = {name: data[name].tolist() for name in ("race", "sex", "age_cat")}
    found = compare_groups(measure_attributes(data["label_value"], data["score"], data["score"], groups).tables)
    staying = {(one.attribute, one.group, one.metric) for one in found.staying}
    assert ("race", "Caucasian", "fpr") in staying
    assert ("race", "Caucasian", "tpr") in staying
    assert ("race", "Caucasian", "npv") in staying
    assert ("race", "Asian", "ppv") not in staying
    assert found.clear_alone > len(staying)
