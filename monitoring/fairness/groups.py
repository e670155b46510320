"""Fairness by group on arrays: rates with their counts and intervals, and nothing dropped for being small.

Nothing here is ready to leave: `monitoring.fairness.disclosure.publish` withholds small numbers from what this module counts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.statistics.intervals import Interval, difference, proportion, ratio

CELLS = ("true_proposed", "false_proposed", "missed", "rightly_left", "unknown_proposed", "unknown_left")
"""The six disjoint kinds of people in a group: outcome (came true, did not, not known yet) by proposed or not."""

NOT_RECORDED = "(not recorded)"
"""Group of the people whose group is not known."""

MUNICIPALITY = "municipality"
"""Attribute of where people live: it comes from the screening itself, where the others are declared."""

TIMES = " × "
"""Stands between the names and between the values of attributes that are crossed."""

TOO_SMALL = 10
"""A rate of fewer people than this is counted but not judged."""

MIN_OF_EACH = 50
"""People with and without the outcome that a group needs before a gate or signal judges it (R-12)."""


@dataclass(frozen=True)
class Metric:
    """A rate as numerator / (numerator + complement), each a sum of cells.

    A difference between groups has neutral value 0, a ratio 1.
    """

    name: str
    numerator: tuple[str, ...]
    complement: tuple[str, ...]
    formula: str


METRICS = {
    metric.name: metric
    for metric in (
        Metric(
            "base_rate",
            ("true_proposed", "missed"),
            ("false_proposed", "rightly_left"),
            "people with the outcome / people whose outcome is known",
        ),
        Metric(
            "proposal_rate",
            ("true_proposed", "false_proposed", "unknown_proposed"),
            ("missed", "rightly_left", "unknown_left"),
            "people proposed / all people; fairlearn's selection_rate, aequitas' pprev",
        ),
        Metric("tpr", ("true_proposed",), ("missed",), "proposed with the outcome / people with the outcome"),
        Metric("fpr", ("false_proposed",), ("rightly_left",), "proposed without the outcome / people without the outcome"),
        Metric("fnr", ("missed",), ("true_proposed",), "not proposed with the outcome / people with the outcome; 1 - tpr"),
        Metric("ppv", ("true_proposed",), ("false_proposed",), "proposed with the outcome / people proposed whose outcome is known"),
        Metric("npv", ("rightly_left",), ("missed",), "not proposed without the outcome / people not proposed whose outcome is known"),
    )
}
"""The rates of a group, in the order they are shown."""


@dataclass(frozen=True)
class Rate:
    """One rate of one group: counts, point, limits, and whether it may be judged.

    In what leaves, a withheld rate has None everywhere and the verdict ``"too small"``.
    """

    numerator: int | None
    denominator: int | None
    point: float | None
    low: float | None
    high: float | None
    verdict: Literal["measured", "too small"]


@dataclass(frozen=True)
class Gap:
    """A comparison with the reference group: point and limits, None where either side is too small."""

    point: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class GroupFairness:
    """What was counted of one group.

    Parameters
    ----------
    group
        The group's value; of crossed attributes their values joined by `TIMES`; None for everybody.
    n_people, n_matured
        All people, and those whose outcome is known.
    cells
        The counts of `CELLS`, in that order.
    rates
        Metric name -> rate.
    mean_predicted
        Mean probability of the people whose outcome is known; of everybody before any has matured.
    calibration
        Mean predicted minus observed rate (calibration in the large): above 0 the model says too much. Neutral value 0.
    differences, ratios
        Metric name -> group minus, or divided by, the reference group. Empty for the reference and for everybody.
    members
        The group's value of each attribute of its table; empty for everybody.
    """

    group: str | None
    n_people: int | None
    n_matured: int | None
    cells: tuple[int, ...] | None
    rates: Mapping[str, Rate]
    mean_predicted: float | None
    calibration: Gap
    differences: Mapping[str, Gap]
    ratios: Mapping[str, Gap]
    members: tuple[str, ...] = ()


@dataclass(frozen=True)
class FairnessTable:
    """Every group of one attribute, or of several crossed, and everybody.

    Parameters
    ----------
    attribute
        Its name; of crossed attributes their names joined by `TIMES`.
    attributes
        The names one by one, in the order of each group's `members`.
    """

    attribute: str
    reference: str | None
    groups: tuple[GroupFairness, ...]
    everybody: GroupFairness
    attributes: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Grouping:
    """Who belongs to which group: the groups' values, and for each person the place of theirs; shape (n_people,)."""

    attributes: tuple[str, ...]
    members: tuple[tuple[str, ...], ...]
    codes: NDArray[np.int64]

    @property
    def names(self) -> list[str]:
        """Every group's name, in the order of the codes."""
        return [TIMES.join(values) for values in self.members]


def measure_fairness(
    label: ArrayLike,
    proposed: ArrayLike,
    probability: ArrayLike,
    group: Sequence[str | None] | NDArray[np.object_],
    *,
    attribute: str,
    reference: str | None = None,
    confidence: float = 0.95,
) -> FairnessTable:
    """Count every rate by group.

    Parameters
    ----------
    label
        1 where the outcome came true, 0 where it did not, NaN where it has not matured; shape (n_people,).
    proposed
        Whether the person was proposed for review, shape (n_people,).
    probability
        Served probability, shape (n_people,).
    group
        The person's group; None or NaN is a group of its own, `NOT_RECORDED`, never left out.
    reference
        Group that the others are compared with; by default the largest.

    Notes
    -----
    People without a matured outcome count in `proposal_rate` only. Points equal fairlearn's `MetricFrame` and aequitas on the same rows.

    Examples
    --------
    >>> table = measure_fairness([1, 0, 0, np.nan], [1, 1, 0, 0], [0.8, 0.6, 0.1, 0.2], ["a", "a", "b", "b"], attribute="sex")
    >>> table.groups[0].rates["ppv"].point, table.groups[0].rates["ppv"].verdict
    (0.5, 'too small')
    """
    grouping = group_people(group, attribute=attribute)
    return measure_groups(label, proposed, probability, grouping, reference=reference, confidence=confidence)


def group_people(group: Sequence[str | None] | NDArray[np.object_], *, attribute: str) -> Grouping:
    """Put people into the groups of one attribute; those without a value make up `NOT_RECORDED`."""
    names = [NOT_RECORDED if value is None or value != value else str(value) for value in group]
    found, codes = np.unique(np.asarray(names, dtype=str), return_inverse=True)
    return Grouping((attribute,), tuple((str(name),) for name in found), codes.astype(np.int64))


def measure_groups(
    label: ArrayLike,
    proposed: ArrayLike,
    probability: ArrayLike,
    grouping: Grouping,
    *,
    reference: str | None = None,
    confidence: float = 0.95,
) -> FairnessTable:
    """Count every rate of people already put into groups; a group of nobody keeps its row.

    Parameters are those of `measure_fairness`.
    """
    label, proposed = np.asarray(label, dtype=float), np.asarray(proposed).astype(bool)
    probability, codes, n_groups = np.asarray(probability, dtype=float), grouping.codes, len(grouping.members)
    if not len(label) == len(proposed) == len(probability) == len(codes):
        raise ValueError("expected label, proposed, probability and group of one length")
    matured = ~np.isnan(label)
    kind = np.where(matured, np.where(label == 1, 0, 1) + np.where(proposed, 0, 2), np.where(proposed, 4, 5))
    counts = np.bincount(codes * len(CELLS) + kind, minlength=n_groups * len(CELLS)).reshape(n_groups, len(CELLS))
    counted = matured if matured.any() else np.ones(len(label), dtype=bool)
    sums = np.bincount(codes[counted], weights=probability[counted], minlength=n_groups)
    table = np.vstack([counts, counts.sum(axis=0)])
    return _assemble(grouping, table, np.append(sums, sums.sum()), bool(matured.any()), reference, confidence)


def _assemble(
    grouping: Grouping,
    counts: NDArray[np.int64],
    sums: NDArray[np.float64],
    any_matured: bool,
    reference: str | None,
    confidence: float,
) -> FairnessTable:
    names = grouping.names
    intervals = {name: _count_metric(metric, counts, confidence) for name, metric in METRICS.items()}
    if reference is None and names:
        reference = names[int(np.argmax(counts[:-1].sum(axis=1)))]
    place = names.index(reference) if reference in names else None
    rows = [_group_row(row, counts[row], sums[row], any_matured, intervals, place) for row in range(len(names))]
    groups = tuple(replace(row, group=name, members=values) for row, name, values in zip(rows, names, grouping.members, strict=True))
    everybody = _group_row(len(names), counts[-1], sums[-1], any_matured, intervals, None)
    return FairnessTable(TIMES.join(grouping.attributes), reference, groups, everybody, grouping.attributes)


def _count_metric(metric: Metric, counts: NDArray[np.int64], confidence: float) -> tuple[NDArray[np.int64], NDArray[np.int64], Interval]:
    numerator = counts[:, [CELLS.index(cell) for cell in metric.numerator]].sum(axis=1)
    denominator = numerator + counts[:, [CELLS.index(cell) for cell in metric.complement]].sum(axis=1)
    return numerator, denominator, proportion(numerator, denominator, confidence=confidence)


def _group_row(
    row: int,
    cells: NDArray[np.int64],
    predicted: float,
    any_matured: bool,
    intervals: Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64], Interval]],
    reference: int | None,
) -> GroupFairness:
    n_people, n_matured = int(cells.sum()), int(cells[:4].sum())
    n_predicted = n_matured if any_matured else n_people
    mean = float(predicted / n_predicted) if n_predicted else None
    rates = {metric: _rate(int(k[row]), int(n[row]), _row_of(interval, row)) for metric, (k, n, interval) in intervals.items()}
    compared = reference is not None and reference != row
    pairs = (
        {m: (_row_of(i, row), _row_of(i, reference)) for m, (_, _, i) in intervals.items()} if compared and reference is not None else {}
    )
    return GroupFairness(
        group=None,
        n_people=n_people,
        n_matured=n_matured,
        cells=tuple(int(cell) for cell in cells),
        rates=rates,
        mean_predicted=mean,
        calibration=_calibration(mean, rates["base_rate"]) if n_matured else Gap(None, None, None),
        differences={metric: _gap(difference(a, b)) for metric, (a, b) in pairs.items()},
        ratios={metric: _gap(ratio(a, b)) for metric, (a, b) in pairs.items()},
    )


def _row_of(interval: Interval, row: int) -> Interval:
    return Interval(*(limit[row] for limit in interval))


def _rate(numerator: int, denominator: int, interval: Interval) -> Rate:
    point, low, high = (_number(value) for value in interval)
    return Rate(numerator, denominator, point, low, high, "measured" if denominator >= TOO_SMALL else "too small")


def _gap(interval: Interval) -> Gap:
    return Gap(*(_number(value) for value in interval))


def _calibration(mean_predicted: float | None, observed: Rate) -> Gap:
    """Compare with exact limits of the observed rate: wide enough, since unequal risks vary less than equal ones do."""
    if mean_predicted is None or observed.point is None or observed.low is None or observed.high is None:
        return Gap(None, None, None)
    return Gap(mean_predicted - observed.point, mean_predicted - observed.high, mean_predicted - observed.low)


def _number(value: float | NDArray[np.float64]) -> float | None:
    return None if np.isnan(value) else float(value)
