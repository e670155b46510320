"""Figures for a run: aggregates only, a table's worth of points each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from models.intervals import Interval
from models.resampling import drawn_people, resample_tops
from training.evaluation.rows import MOST_ROWS
from training.evaluation.told_capacity import CARD_SHARES, told_of, wanted_shares

Vector = NDArray[np.float64]

SHARES = CARD_SHARES
_RESAMPLES = 200
_GAP = Interval(float("nan"), float("nan"), float("nan"))


def reliability_figure(section: Mapping[str, Any], *, title: str) -> Figure:
    """Draw what was said against what came, with 95 % intervals and how many people a point stands for; the diagonal is true calibration.

    `section` is the report's `reliability`: groups with fewer than five of an outcome are joined with their neighbours there.
    """
    figure = Figure(figsize=(6, 6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.6", linewidth=1)
    bins, rates = section["bins"], [one["observed_rate"] for one in section["bins"]]
    said, came = [one["mean_probability"] for one in bins], [rate["estimate"] for rate in rates]
    reach = [[rate["estimate"] - rate["low"] for rate in rates], [rate["high"] - rate["estimate"] for rate in rates]]
    axes.errorbar(said, came, yerr=reach, marker="o", capsize=3)
    for one, rate in zip(bins, rates, strict=True):
        at = (one["mean_probability"], rate["high"])
        axes.annotate(str(one["n_people"]), at, xytext=(0, 3), textcoords="offset points", ha="center", fontsize=8)
    axes.set(xlim=(0, 1), ylim=(0, 1), title=title)
    axes.set(xlabel="calibrated probability, mean of group", ylabel="observed rate (95 % interval; number: people in the group)")
    return figure


def importance_figure(contributions: Vector, labels: Sequence[str], *, title: str) -> Figure:
    """Draw which features move the model most, as the shap package does, but named for what it is: a mean size has no sign.

    Parameters
    ----------
    contributions
        Contribution of each feature to each row's log-odds, shape (n_rows, n_features); only its mean absolute value is drawn.
    labels
        The features in words, shape (n_features,).
    """
    import shap

    figure = Figure(figsize=(11, 6), layout="constrained")
    axes = figure.subplots()
    mean = shap.Explanation(values=np.abs(contributions).mean(axis=0), feature_names=list(labels))
    shap.plots.bar(mean, max_display=15, show=False, ax=axes)
    for text in axes.texts:
        text.set_text(text.get_text().removeprefix("+"))
    axes.set_xlabel("mean absolute contribution (log-odds)")
    # shap resizes the picture to its own taste, too narrow for words.
    figure.set_size_inches(11, 6)
    axes.tick_params(axis="y", labelsize=9)
    figure.suptitle(title)
    return figure


def capacity_figure(
    label: Vector, scores: Mapping[str, Vector], *, person: NDArray[np.int32], capacity_share: float, seed: int, title: str
) -> Figure:
    """Draw precision and recall of every rung by the share of people who can be reviewed, with 95 % intervals drawn by person.

    A point that stands for one to four people, or lies so few from another that is told, is a gap (R-09). Of very many rows a seeded
    draw of people is measured.
    """
    kept = drawn_people(person, most_rows=MOST_ROWS, seed=seed)
    ranked = {rung: score[kept] for rung, score in scores.items()}
    tops = resample_tops(label[kept], ranked, groups=person[kept], shares=np.array(SHARES), seed=seed, n_resamples=_RESAMPLES)
    told = told_of(label[kept], ranked, shares=wanted_shares(capacity_share)[0])
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    for axes, (name, measured) in zip(figure.subplots(1, 2), {"precision": tops.precision, "recall": tops.recall}.items(), strict=True):
        for rung in scores:
            points = [measured(rung, place) if told.may_tell(rung, share) else _GAP for place, share in enumerate(SHARES)]
            (line,) = axes.plot(SHARES, [point.estimate for point in points], marker=".", label=rung)
            axes.fill_between(SHARES, [point.low for point in points], [point.high for point in points], color=line.get_color(), alpha=0.12)
        axes.axvline(capacity_share, color="0.6", linewidth=1)
        axes.set(xlabel="share of people reviewed", ylabel=f"{name} (95 % interval)", ylim=(0, 1))
    figure.axes[0].legend()
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
