"""Release gates by group: is the model as true, and as sparing with false proposals, for one group as for the others (R-12)?

Audit attributes come in as columns beside the test rows and go out as aggregates; nothing here keeps a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.findings import Evidence, Finding
from features.records import Mask
from features.small_cells import SMALLEST_CELL
from models.intervals import Interval, percentile_interval
from models.resampling import person_weights
from training.gates.overall import is_outside

Vector = NDArray[np.float64]

MIN_GROUP = 50
"""People with the outcome, and people without it, that a group needs before a gate can judge it (R-12)."""
CALIBRATION_BOUND = 0.05
FPR_RATIO = (0.8, 1.25)


@dataclass(frozen=True)
class AssessedRows:
    """Test rows as the group gates see them.

    Attributes
    ----------
    label, probability
        Outcome 0/1 and calibrated probability, shape (n_rows,).
    flagged
        Rows within capacity, shape (n_rows,).
    person
        Rows with the same number are one person, shape (n_rows,).
    """

    label: Vector
    probability: Vector
    flagged: Mask
    person: NDArray[np.int32]


def within_capacity(probability: Vector, *, share: float) -> Mask:
    """Rows whose probability is among the top `share`; rows tied at the cut are all in.

    >>> within_capacity(np.array([0.9, 0.1, 0.5, 0.2]), share=0.25).tolist()
    [True, False, False, False]
    """
    room = max(1, round(share * len(probability)))
    return np.asarray(probability >= np.sort(probability)[::-1][room - 1])


def group_gates(rows: AssessedRows, groups: Mapping[str, NDArray[np.str_]], *, seed: int, n_resamples: int = 500) -> tuple[Finding, ...]:
    """Judge calibration and false-positive rate of every group; too small groups are NOT_APPLICABLE and said so.

    Parameters
    ----------
    groups
        Attribute -> value per test row, empty text where unknown, shape (n_rows,).

    Notes
    -----
    Calibration in the large of a group is mean probability minus observed rate; it fails when its 95 % interval lies wholly outside
    ± 0.05. The false-positive ratio is the group's rate over that of everybody else; it fails when its interval lies wholly outside 0.8
    to 1.25. Intervals come from a bootstrap over people. Domain R-12.
    """
    members = [(attribute, str(value), values == value) for attribute, values in groups.items() for value in np.unique(values) if value]
    judged = [(attribute, value, mask) for attribute, value, mask in members if _is_large(rows, mask)]
    figures = _figures(rows, [mask for _, _, mask in judged], seed=seed, n_resamples=n_resamples)
    by_group = {(attribute, value): pair for (attribute, value, _), pair in zip(judged, figures, strict=True)}
    return tuple(
        finding
        for attribute, value, mask in members
        for finding in _findings(rows, attribute, value, mask, by_group.get((attribute, value)))
    )


def no_groups(reason: str) -> tuple[Finding, ...]:
    """Say why fairness by group could not be asked."""
    return tuple(Finding(code, title, "NOT_APPLICABLE", {"reason": reason}) for code, title in _TITLES.items())


_TITLES = {"G-05": "Calibrated in every group", "G-06": "Equally sparing with false proposals in every group"}


def _is_large(rows: AssessedRows, mask: Mask) -> bool:
    label = rows.label[mask]
    return min(int((label == 1).sum()), int((label == 0).sum())) >= MIN_GROUP


def _figures(rows: AssessedRows, masks: list[Mask], *, seed: int, n_resamples: int) -> list[tuple[Interval, Interval]]:
    """Interval of the calibration difference and of the false-positive ratio, for each mask."""
    if not masks:
        return []
    columns = np.concatenate([_sums(rows, mask) for mask in masks], axis=1)
    estimate = _ratios(columns.sum(axis=0, keepdims=True))
    weights = person_weights(rows.person, seed=seed, n_resamples=n_resamples)
    draws = np.concatenate([_ratios(block @ columns) for block in weights])
    return [
        (
            percentile_interval(float(estimate[0, g, 0]), draws[:, g, 0]),
            percentile_interval(float(estimate[0, g, 1]), draws[:, g, 1]),
        )
        for g in range(len(masks))
    ]


def _sums(rows: AssessedRows, mask: Mask) -> Vector:
    """Columns whose weighted sums give both figures of one group, shape (n_rows, 6)."""
    inside, negative = mask.astype(np.float64), 1.0 - rows.label
    flagged = rows.flagged * negative
    residual = rows.probability - rows.label
    return np.stack(
        [inside * residual, inside, inside * flagged, inside * negative, (1 - inside) * flagged, (1 - inside) * negative], axis=1
    )


def _ratios(sums: Vector) -> Vector:
    """Calibration difference and false-positive ratio from sums, shape (n_draws, n_groups, 2)."""
    s = sums.reshape(len(sums), -1, 6)
    with np.errstate(invalid="ignore", divide="ignore"):
        difference = s[..., 0] / s[..., 1]
        ratio = (s[..., 2] / s[..., 3]) / (s[..., 4] / s[..., 5])
    return np.stack([difference, np.where(np.isfinite(ratio), ratio, np.nan)], axis=-1)


def _findings(rows: AssessedRows, attribute: str, value: str, mask: Mask, figures: tuple[Interval, Interval] | None) -> Iterator[Finding]:
    bounds = {"G-05": (-CALIBRATION_BOUND, CALIBRATION_BOUND), "G-06": FPR_RATIO}
    for index, (code, title) in enumerate(_TITLES.items()):
        evidence = {"attribute": attribute, "group": value, **_counts(rows, mask)}
        if figures is None:
            reason = f"fewer than {MIN_GROUP} people with or without the outcome"
            yield Finding(code, title, "NOT_APPLICABLE", {**evidence, "reason": reason})
        else:
            yield _judged(code, title, figures[index], bounds[code], evidence)


def _judged(code: str, title: str, interval: Interval, bounds: tuple[float, float], evidence: dict[str, Evidence]) -> Finding:
    if not np.isfinite([interval.low, interval.high]).all():
        return Finding(code, title, "NOT_APPLICABLE", {**evidence, "reason": "too few false proposals to compare"})
    shown: dict[str, Evidence] = {
        "estimate": round(interval.estimate, 6),
        "low": round(interval.low, 6),
        "high": round(interval.high, 6),
        "bounds": f"{bounds[0]} to {bounds[1]}",
    }
    return Finding(code, title, "FAILED" if is_outside(interval, bounds) else "PASSED", {**evidence, **shown})


def _counts(rows: AssessedRows, mask: Mask) -> dict[str, Evidence]:
    label = rows.label[mask]
    counts = {"n_with": int((label == 1).sum()), "n_without": int((label == 0).sum())}
    return {name: count if count >= SMALLEST_CELL else f"< {SMALLEST_CELL}" for name, count in counts.items()}
