"""The ladder is climbed only when a step pays (R-15)."""

from __future__ import annotations

import numpy as np
import pytest

from models.resampling import Resamples
from training.fitting.selection import select_rung


def figures(**rungs: tuple[float, float, float]) -> Resamples:
    """Each rung as (AUC, precision at capacity, half width of its draws)."""
    noise = np.linspace(-1, 1, 101)
    return Resamples(
        estimates={name: {"auc": auc, "precision_at_capacity": precision} for name, (auc, precision, _) in rungs.items()},
        draws={
            name: {"auc": auc + 0 * noise, "precision_at_capacity": precision + width * noise}
            for name, (auc, precision, width) in rungs.items()
        },
    )


@pytest.mark.requirement("R-15")
def test_a_small_auc_gain_does_not_pay() -> None:
    chosen = select_rung(["logistic", "boosted"], figures(logistic=(0.700, 0.50, 0), boosted=(0.709, 0.60, 0.01)))
    assert chosen.chosen == "logistic"
    (step,) = chosen.comparisons
    assert "does not earn its place over logistic" in step.reasoning(("logistic", "boosted"))
    assert "gain in precision at capacity +0.100" in step.reasoning(("logistic", "boosted"))


@pytest.mark.requirement("R-09")
def test_a_gain_that_gives_a_withheld_figure_is_withheld_too() -> None:
    (step,) = select_rung(["logistic", "boosted"], figures(logistic=(0.70, 0.50, 0), boosted=(0.75, 0.60, 0.01))).comparisons
    told = step.reasoning(("boosted",))
    assert "earns its place over logistic" in told
    assert "AUC gain +0.050" in told
    assert "0.100" not in told
    assert "R-09" in told


@pytest.mark.requirement("R-15")
def test_a_gain_at_capacity_that_may_be_nothing_does_not_pay() -> None:
    assert select_rung(["logistic", "boosted"], figures(logistic=(0.70, 0.50, 0), boosted=(0.75, 0.53, 0.05))).chosen == "logistic"


@pytest.mark.requirement("R-15")
def test_a_clear_gain_pays() -> None:
    selection = select_rung(["logistic", "boosted"], figures(logistic=(0.70, 0.50, 0), boosted=(0.71, 0.53, 0.01)))
    assert selection.chosen == "boosted"
    assert selection.comparisons[0].accepted


@pytest.mark.requirement("R-15")
def test_a_rung_is_compared_with_the_one_chosen_not_with_the_one_below() -> None:
    ladder = figures(prevalence=(0.5, 0.2, 0), area=(0.505, 0.2, 0), logistic=(0.512, 0.3, 0.01))
    selection = select_rung(["prevalence", "area", "logistic"], ladder)
    assert [(step.candidate, step.over) for step in selection.comparisons] == [("area", "prevalence"), ("logistic", "prevalence")]
    assert selection.chosen == "logistic"


def test_an_unknown_interval_does_not_pay() -> None:
    ladder = figures(logistic=(0.70, 0.50, 0), boosted=(0.80, 0.60, float("nan")))
    assert select_rung(["logistic", "boosted"], ladder).chosen == "logistic"
