"""Figures of a report's sections, drawn from what the report tells and nothing else: what may not be told can't be drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

Section = Mapping[str, Any]
TREAT_ALL = "everybody"


def section_figures(sections: Mapping[str, Section], *, title: str) -> dict[str, Figure]:
    """Draw decision curve, capacity plan, learning curve and lead time of a report; a section without points is left out."""
    drawn = {"decision_curve": decision_curve_figure, "capacity_plan": capacity_plan_figure, "learning_curve": learning_curve_figure}
    figures = {f"{name}.png": draw(sections[name], title=title) for name, draw in drawn.items() if sections[name]["points"]}
    lead_time = sections.get("lead_time", {"spans": []})
    if any(not span["too_few"] for span in lead_time["spans"]):
        figures["lead_time.png"] = lead_time_figure(lead_time, title=title)
    return figures


def decision_curve_figure(section: Section, *, title: str) -> Figure:
    """Draw net benefit by threshold for every rung, everybody and nobody; the band is the chosen rung's 95 % interval."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    thresholds, benefit = [point["threshold"] for point in section["points"]], _column(section, "net_benefit")
    for name, figures in benefit.items():
        is_chosen = name == section["chosen"]
        style = {"color": "0.6", "linestyle": "--"} if name == TREAT_ALL else {"linewidth": 2.5 if is_chosen else 1}
        axes.plot(thresholds, _part(figures, "estimate"), label=f"{name} (chosen)" if is_chosen else name, **style)
        if is_chosen:
            axes.fill_between(thresholds, _part(figures, "low"), _part(figures, "high"), alpha=0.2)
    axes.axhline(0.0, color="0.6", linewidth=1, label="nobody")
    top = np.nanmax([*_part(benefit[section["chosen"]], "high"), 0.01])
    axes.set(xlabel="threshold probability", ylabel="net benefit", title=title, ylim=(-0.25 * top, 1.1 * top))
    axes.legend()
    return figure


def capacity_plan_figure(section: Section, *, title: str) -> Figure:
    """Draw how many of those with the outcome are found, and how many reviews are not in vain, by capacity, with 95 % intervals."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    told = [point for point in section["points"] if point["recall"] is not None]
    for name, words in (("recall", "of all with the outcome, found"), ("precision", "of all reviewed, with the outcome")):
        _ribbon(axes, [point["share"] for point in told], [point[name] for point in told], label=words)
    axes.axvline(section["capacity_share"], color="0.6", linewidth=1, label="declared capacity")
    axes.set(xlabel="share of people reviewed", ylabel="share", ylim=(0, 1), title=title)
    axes.legend()
    return figure


def learning_curve_figure(section: Section, *, title: str) -> Figure:
    """Draw AUC by the number of rows learnt from, with 95 % intervals over the test people."""
    figure = Figure(figsize=(7, 5), layout="constrained")
    axes = figure.subplots()
    points = section["points"]
    _ribbon(axes, [point["n_rows"] for point in points], [point["auc"] for point in points], label=section["rung"])
    axes.set(xlabel="rows learnt from", ylabel="AUC on later people", title=title, xscale="log")
    axes.legend()
    return figure


def lead_time_figure(section: Section, *, title: str) -> Figure:
    """Draw recall at capacity and AUC by how long before the outcome the score was made, with 95 % intervals; small spans are left out."""
    figure = Figure(figsize=(9, 4.5), layout="constrained")
    told = [span for span in section["spans"] if not span["too_few"]]
    names = [f"{span['span']}\n({span['n']})" for span in told]
    for axes, (name, words) in zip(figure.subplots(1, 2), (("recall_at_capacity", "found at capacity"), ("auc", "AUC")), strict=True):
        figures = [span[name] for span in told]
        middle, low, high = (np.array(_part(figures, part)) for part in ("estimate", "low", "high"))
        axes.errorbar(names, middle, yerr=np.maximum([middle - low, high - middle], 0.0), marker="o", linestyle="none", capsize=3)
        axes.set(xlabel="from score to outcome (people with it)", ylabel=words, ylim=(0, 1), title=title)
    return figure


def _ribbon(axes: Axes, at: Sequence[float], figures: Sequence[Mapping[str, float | None]], *, label: str) -> None:
    axes.plot(at, _part(figures, "estimate"), marker=".", label=label)
    axes.fill_between(at, _part(figures, "low"), _part(figures, "high"), alpha=0.2)


def _column(section: Section, name: str) -> dict[str, list[Mapping[str, float | None] | None]]:
    return {way: [point[name][way] for point in section["points"]] for way in section["points"][0][name]}


def _part(figures: Sequence[Mapping[str, float | None] | None], part: str) -> list[float]:
    """One part of each figure; what is not told is a gap in the line."""
    values = [None if figure is None else figure[part] for figure in figures]
    return [float("nan") if value is None else float(value) for value in values]
