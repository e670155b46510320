"""Figures for a run: aggregates only, a table's worth of points each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.stats import beta

from features.small_cells import SMALLEST_CELL
from models import metrics

Vector = NDArray[np.float64]

SHARES = (0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50)
_BINS = 10


@dataclass(frozen=True)
class ReliabilityBin:
    """People with similar probabilities: what was said on average and what came."""

    n_people: int
    mean_probability: float
    observed_rate: float
    low: float
    """Bounds of the rate's 95 % interval (Jeffreys')."""
    high: float


def reliability_bins(label: Vector, probability: Vector, *, n_bins: int = _BINS) -> tuple[ReliabilityBin, ...]:
    """Cut rows into equally large groups by probability; a group with fewer than five of either outcome is left out.

    >>> bins = reliability_bins(np.tile([0.0, 1.0], 20), np.repeat([0.25, 0.75], 20), n_bins=2)
    >>> [(one.n_people, one.mean_probability, one.observed_rate) for one in bins]
    [(20, 0.25, 0.5), (20, 0.75, 0.5)]
    """
    order = np.argsort(probability, kind="stable")
    parts = (order[part] for part in np.array_split(np.arange(len(order)), n_bins))
    return tuple(
        _bin(label[part], probability[part]) for part in parts if min(int(label[part].sum()), int((1 - label[part]).sum())) >= SMALLEST_CELL
    )


def _bin(label: Vector, probability: Vector) -> ReliabilityBin:
    ones, zeros = float(label.sum()), float((1 - label).sum())
    low, high = beta.ppf([0.025, 0.975], ones + 0.5, zeros + 0.5)
    return ReliabilityBin(len(label), float(probability.mean()), float(label.mean()), float(low), float(high))


def reliability_figure(bins: tuple[ReliabilityBin, ...], *, title: str) -> Figure:
    """Draw what was said against what came, with 95 % intervals; the diagonal is true calibration."""
    figure = Figure(figsize=(5, 5), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    said, came = [one.mean_probability for one in bins], [one.observed_rate for one in bins]
    reach = [[one.observed_rate - one.low for one in bins], [one.high - one.observed_rate for one in bins]]
    axes.errorbar(said, came, yerr=reach, marker="o", capsize=3)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="calibrated probability, mean of group", ylabel="observed rate", title=title)
    return figure


def importance_figure(contributions: Vector, feature_names: Sequence[str], *, title: str) -> Figure:
    """Draw which features move the model most: mean absolute contribution, as the shap package draws it; no row of anybody's."""
    import shap

    figure = Figure(figsize=(8, 6), layout="constrained")
    mean = shap.Explanation(values=np.abs(contributions).mean(axis=0), feature_names=list(feature_names))
    shap.plots.bar(mean, max_display=15, show=False, ax=figure.subplots())
    figure.suptitle(title)
    return figure


def capacity_figure(label: Vector, scores: Mapping[str, Vector], *, capacity_share: float, title: str) -> Figure:
    """Draw precision and recall of every rung by the share of people who can be reviewed."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    panels = figure.subplots(1, 2)
    for axes, (name, metric) in zip(
        panels, {"precision": metrics.precision_at_share, "recall": metrics.recall_at_share}.items(), strict=True
    ):
        for rung, score in scores.items():
            axes.plot(SHARES, [metric(label, score, share=share) for share in SHARES], marker=".", label=rung)
        axes.axvline(capacity_share, color="0.6", linewidth=1)
        axes.set(xlabel="share of people reviewed", ylabel=name, ylim=(0, 1))
    panels[0].legend()
    figure.suptitle(title)
    return figure


def lead_time_figure(spans: Sequence[Mapping[str, Any]], *, title: str) -> Figure:
    """Draw recall at capacity by how long before the outcome the score was made, with its interval; too few people, and only that is said.

    `spans` are those of the report's section `lead_time`.
    """
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes = figure.subplots()
    places = range(len(spans))
    shown = [(place, span["recall_at_capacity"]) for place, span in zip(places, spans, strict=True) if span["recall_at_capacity"]]
    for place, recall in shown:
        low, high = (recall[end] if recall[end] is not None else recall["estimate"] for end in ("low", "high"))
        axes.plot([place, place], [low, high], color="0.5", linewidth=2)
        axes.plot(place, recall["estimate"], marker="o", color="C0")
    labels = [f"{span['span']}\n{span['n']} people{', too few' if span['too_few'] else ''}" for span in spans]
    axes.set_xticks(list(places), labels)
    axes.set(ylim=(0, 1), xlim=(-0.5, len(spans) - 0.5), ylabel="recall at capacity", xlabel="from score to outcome", title=title)
    return figure
