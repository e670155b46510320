"""Section `calibration_detail`: how true the probabilities are overall, in each group, and where the cut-offs are.

A model can be true on average and wrong just where it decides. So calibration is looked at a third time, among the people whose probability
lies around a cut-off: the capacity's, and those of the two upper bands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.records import Mask
from models.calibration_draws import calibration_intervals
from models.intervals import Interval, percentile_interval
from models.reliability import brier_parts
from models.smallest_groups import fewest_by_attribute
from models.window import window_around
from training.evaluation.examined import Examined
from training.evaluation.group_counts import MIN_GROUP, group_sizes
from training.evaluation.rows import MeasuredRows, can_tell

Vector = NDArray[np.float64]

N_RESAMPLES = 200


def calibration_detail(examined: Examined) -> dict[str, Any]:
    """Measure calibration overall, by group, and by group around every cut-off."""
    rows, fewest = MeasuredRows.of(examined), fewest_by_attribute(examined.project)
    return {
        **rows.about(),
        "n_resamples": N_RESAMPLES,
        "min_group": MIN_GROUP,
        "overall": _overall(rows),
        "groups": list(_by_group(rows, fewest)),
        "no_groups_reason": "" if rows.groups else examined.no_groups_reason,
        "cut_offs": [_around(rows, name, cut, fewest) for name, cut in _cut_offs(examined, rows).items()],
    }


def _overall(rows: MeasuredRows) -> dict[str, Any]:
    figures = calibration_intervals(rows.label, rows.probability, rows.weights(N_RESAMPLES))
    return {**_json(figures), "brier_uncertainty": brier_parts(rows.label, rows.probability).uncertainty}


def _by_group(rows: MeasuredRows, fewest: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    told = told_groups(rows.label, rows.groups, fewest)
    for attribute, value, mask in members(rows.groups):
        if (attribute, value) in told:
            blocks = rows.weights(N_RESAMPLES, mask)
            yield _group(attribute, value, _json(calibration_intervals(rows.label[mask], rows.probability[mask], blocks)))
        else:
            yield _group(attribute, value, None)


def told_groups(label: Vector, groups: Mapping[str, NDArray[np.str_]], fewest: Mapping[str, int]) -> frozenset[tuple[str, str]]:
    """Groups that are large enough and whose counts may be told: two figures of one group give its rate, and that the counts (R-09)."""
    sizes = group_sizes(label, groups, fewest=fewest)
    return frozenset((name, value) for name, of in sizes.items() for value, size in of.items() if size.is_large and size.is_told)


def _cut_offs(examined: Examined, rows: MeasuredRows) -> dict[str, float]:
    """Rank share of every cut-off: how many of all people lie at or above it."""
    bands = examined.project.screening.bands
    return {
        "capacity": examined.capacity_share,
        "worth_a_look": float((rows.probability >= bands.worth_a_look).mean()),
        "should_be_assessed": float((rows.probability >= bands.should_be_assessed).mean()),
    }


def _around(rows: MeasuredRows, name: str, share: float, fewest: Mapping[str, int]) -> dict[str, Any]:
    low, high = window_around(rows.probability, share=share)
    near = (rows.probability >= low) & (rows.probability <= high)
    named = [("", "everybody", near), *((attribute, value, near & mask) for attribute, value, mask in members(rows.groups))]
    told = told_groups(rows.label[near], {attribute: values[near] for attribute, values in rows.groups.items()}, fewest)
    told |= {("", "everybody")} if is_large(rows.label[near]) else set()
    judged = [(attribute, value, mask) for attribute, value, mask in named if (attribute, value) in told]
    figures = _local(rows, [mask for _, _, mask in judged])
    found = {(attribute, value): _json(one) for (attribute, value, _), one in zip(judged, figures, strict=True)}
    return {
        "cut_off": name,
        "share_above": round(share, 3) if can_tell(share * len(rows.label), (1 - share) * len(rows.label)) else None,
        # Two decimals: the bounds are two people's probabilities.
        "from_probability": round(low, 2),
        "to_probability": round(high, 2),
        "groups": [_group(attribute, value, found.get((attribute, value))) for attribute, value, _ in named],
    }


def members(groups: Mapping[str, NDArray[np.str_]]) -> list[tuple[str, str, Mask]]:
    """Attribute, value and rows of every known group."""
    return [(name, str(value), values == value) for name, values in groups.items() for value in np.unique(values) if value]


def is_large(label: Vector) -> bool:
    """Whether these are fifty people with the outcome and fifty without (R-12)."""
    return min(int(label.sum()), int((1 - label).sum())) >= MIN_GROUP


def _local(rows: MeasuredRows, masks: list[Mask]) -> list[dict[str, Interval]]:
    """Calibration difference and observed : expected of each mask on the same resampled people."""
    if not masks:
        return []
    columns = np.concatenate([np.stack([m, m * rows.label, m * rows.probability], axis=1) for m in masks], axis=1).astype(np.float64)
    estimate = _figures(columns.sum(axis=0, keepdims=True))
    draws = np.concatenate([_figures(block @ columns) for block in rows.weights(N_RESAMPLES)])
    names = ("calibration_difference", "observed_expected")
    return [
        {name: percentile_interval(float(estimate[0, g, i]), draws[:, g, i]) for i, name in enumerate(names)} for g in range(len(masks))
    ]


def _figures(sums: Vector) -> Vector:
    n, ones, expected = np.moveaxis(sums.reshape(len(sums), -1, 3), -1, 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([(expected - ones) / n, ones / expected], axis=-1)


def _group(attribute: str, value: str, figures: dict[str, Any] | None) -> dict[str, Any]:
    """One entry; a group that is too small, or that would give a small one away, has no figures and no counts, only why."""
    reason = "" if figures is not None else f"fewer than {MIN_GROUP} people with or without the outcome, or so few in another group"
    verdict = "NOT_APPLICABLE" if figures is None else "MEASURED"
    return {"attribute": attribute, "group": value, "verdict": verdict, "reason": reason, "figures": figures}


def _json(figures: Mapping[str, Interval]) -> dict[str, Any]:
    return {name: interval.to_json() for name, interval in figures.items()}
