"""Point values against fairlearn, on the data set that the field argues about."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate, true_positive_rate
from sklearn.metrics import precision_score

from monitoring.fairness import measure_fairness


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
