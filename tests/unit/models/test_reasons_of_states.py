"""Reasons from states: a share of time is a number of one level, a change is a number of days, and neither has the indicator's unit."""

from __future__ import annotations

import numpy as np
import pytest

from features.declarations.catalogue import Catalogue, Indicator, SectorFile, Wording
from models.reasons import Reason, build_reasons
from models.reference import Reference, Typical

CARE = Indicator(
    code="care",
    kind="category",
    use="predictor",
    unit="homes",
    label=Wording(nb="x", nn="x", en="x"),
    levels=("home", "foster"),
    features=("last", "share_of_time@1y", "share_of_time@school_year", "days_since_change", "distinct"),
)
CATALOGUE = Catalogue((SectorFile(sector="education", indicator=(CARE,)),))
NAMES = tuple(spec.name for spec in CARE.feature_specs)
VALUES = {
    "care.last@ever=home": 1.0,
    "care.last@ever=foster": 0.0,
    "care.share_of_time@365d=foster": 0.25,
    "care.share_of_time@365d=home": 0.75,
    "care.share_of_time@school_year=foster": 1.0,
    "care.share_of_time@school_year=home": 0.0,
    "care.days_since_change@ever": 30.0,
    "care.distinct@ever": 2.0,
}


def reason(main: str) -> Reason:
    typical = Reference(100, {name: Typical(0.5, 0.0, 1.0, 0.5, 0.0) for name in NAMES})
    phi = np.array([float(name == main) for name in NAMES])
    (only,) = build_reasons(CATALOGUE, NAMES, phi, np.array([VALUES[name] for name in NAMES]), typical)
    return only


@pytest.mark.parametrize(
    ("main", "value", "unit", "level"),
    [
        ("care.last@ever=foster", "home", "homes", "foster"),
        ("care.share_of_time@365d=foster", 0.25, None, "foster"),
        ("care.share_of_time@school_year=foster", 1.0, None, "foster"),
        ("care.days_since_change@ever", 30.0, "days", None),
        ("care.distinct@ever", 2.0, None, None),
    ],
)
def test_the_value_of_a_reason(main: str, value: float | str, unit: str | None, level: str | None) -> None:
    found = reason(main)
    assert (found.main_feature.name, found.value, found.unit, found.main_feature.level) == (main, value, unit, level)
    assert found.typical == 0.5 or isinstance(value, str)


def test_the_value_shown_is_one_that_pulled_the_same_way() -> None:
    typical = Reference(100, {name: Typical(0.5, 0.0, 1.0, 0.5, 0.0) for name in NAMES})
    phi = np.zeros(len(NAMES))
    phi[[NAMES.index("care.distinct@ever"), NAMES.index("care.days_since_change@ever"), NAMES.index("care.last@ever=home")]] = (
        0.4,
        -0.5,
        0.2,
    )
    (only,) = build_reasons(CATALOGUE, NAMES, phi, np.array([VALUES[name] for name in NAMES]), typical)
    assert (only.direction, only.main_feature.name) == ("raises", "care.distinct@ever")
