"""The report's part on fairness as JSON-ready content: what leaves of every table, decided over all of them together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

import numpy as np

from monitoring.fairness.calibration_disclosure import PublishedCalibration, PublishedCalibrations, publish_calibrations
from monitoring.fairness.comparisons import FAMILY_LEVEL, Comparison, compare_groups
from monitoring.fairness.disclosure import publish_together
from monitoring.fairness.group_calibration import CalibrationTable
from monitoring.fairness.groups import FairnessTable, Gap, GroupFairness
from monitoring.fairness.intersections import Measured


def fairness_content(measured: Measured, calibrations: Sequence[CalibrationTable], minimum_of: Mapping[str, int]) -> dict[str, Any]:
    """Give every table by one attribute and by two, calibration by one, and which differences stay among all that was asked.

    Parameters
    ----------
    calibrations
        Of the same people and attributes as the single tables; none before any outcome is known.
    minimum_of
        Attribute -> fewest people a count may stand for; five where not named.
    """
    published = publish_together(measured.tables, minimum_of=minimum_of, known_pairs=measured.not_crossed)
    n_single = len(measured.single)
    shown = {table.attribute: table for table in published}
    return {
        "fairness": [_table_content(table) for table in published[:n_single]],
        "crossed": [_table_content(table) for table in published[n_single:]],
        "not_crossed": [list(pair) for pair in measured.not_crossed],
        "too_many_to_cross": [list(pair) for pair in measured.too_many],
        "comparisons": _comparisons_content(published),
        "calibration": [
            _calibration_content(table)
            for table in publish_calibrations(calibrations, shown, minimum_of=minimum_of, known_pairs=measured.not_crossed)
        ],
    }


def _comparisons_content(published: Sequence[FairnessTable]) -> dict[str, Any]:
    """Compare what is published: then no answer says more than a reader could work out."""
    rows = {(table.attribute, row.group): (table, row) for table in published for row in table.groups}
    found = compare_groups(published)
    return {
        "level": FAMILY_LEVEL,
        "n_asked": len(found.asked),
        "n_answered": found.n_answered,
        "n_clear_alone": found.clear_alone,
        "staying": [_comparison_content(one, *rows[one.attribute, one.group]) for one in found.staying],
        "asked": [
            {
                "attribute": one.attribute,
                "group": one.group,
                "metric": one.metric,
                "p_value": _digits(one.p_value),
                "adjusted": _digits(one.adjusted),
            }
            for one in found.asked
        ],
    }


def _comparison_content(one: Comparison, table: FairnessTable, row: GroupFairness) -> dict[str, Any]:
    return {
        "attribute": one.attribute,
        "attributes": list(table.attributes),
        "group": one.group,
        "members": list(row.members),
        "metric": one.metric,
        "difference": asdict(row.differences[one.metric]),
        "adjusted": _digits(one.adjusted),
    }


def _digits(p_value: float | None) -> float | None:
    return None if p_value is None else float(f"{p_value:.2g}")


def _calibration_content(table: PublishedCalibrations) -> dict[str, Any]:
    return {
        "attribute": table.attribute,
        "window": list(table.window),
        "groups": [_calibration_row(row) for row in table.groups],
        "everybody": _calibration_row(table.everybody),
    }


def _calibration_row(row: PublishedCalibration) -> dict[str, Any]:
    figures = {"slope": row.slope, "intercept": row.intercept, "near": row.near}
    return {
        "group": row.group,
        "n_near": row.n_near,
        **{name: _unbounded(gap) for name, gap in figures.items()},
        "verdict": row.verdict,
    }


def _table_content(table: FairnessTable) -> dict[str, Any]:
    return {
        "attribute": table.attribute,
        "attributes": list(table.attributes),
        "reference": table.reference,
        "groups": [_row_content(row) for row in table.groups],
        "everybody": _row_content(table.everybody),
    }


def _row_content(row: GroupFairness) -> dict[str, Any]:
    return {
        "group": row.group,
        "members": list(row.members),
        "n_people": row.n_people,
        "n_matured": row.n_matured,
        "mean_predicted": row.mean_predicted,
        "calibration": asdict(row.calibration),
        "rates": {name: asdict(rate) for name, rate in row.rates.items()},
        "differences": {name: asdict(gap) for name, gap in row.differences.items()},
        "ratios": {name: _unbounded(gap) for name, gap in row.ratios.items()},
    }


def _unbounded(gap: Gap) -> dict[str, float | Literal["unbounded", "unbounded below"] | None]:
    return {key: _finite(value) for key, value in asdict(gap).items()}


def _finite(value: float | None) -> float | Literal["unbounded", "unbounded below"] | None:
    if value is None or not np.isinf(value):
        return value
    return "unbounded" if value > 0 else "unbounded below"
