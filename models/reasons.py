"""From contributions to reasons: grouped by indicator, signed, with the value, what is typical, and what is missing.

Reasons are not causes. They say what moved the model's number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.declarations.catalogue import Catalogue, Indicator, Sector, Wording
from features.declarations.specs import FeatureSpec
from features.errors import ModelError
from models.reference import Reference

Vector: TypeAlias = NDArray[np.float64]
Direction: TypeAlias = Literal["raises", "lowers", "neither"]
Shown: TypeAlias = float | str | None
"""A number, the name of a level, or nothing known."""


@dataclass(frozen=True)
class Reason:
    """What one indicator did to the served log-odds of one person. For the service's inside: reviewers get `visible_reasons`."""

    indicator: str
    sector: Sector
    owner: str | None
    """Service that can talk about it."""
    label: Wording
    contribution: float
    """On the served log-odds; all reasons of a person sum to served minus base."""
    direction: Direction
    main_feature: FeatureSpec
    """The feature that moved most in the indicator's direction; the value shown is its: one that pulled the other way would not explain."""
    value: Shown
    unit: str | None
    typical: Shown
    """Median, or the commonest level, among people at the same stage."""
    is_missing: bool
    """Nothing at all is known of this indicator."""
    is_confidential: bool
    happened_on: date | None = None
    """Date of the newest record behind the value, where the caller knows it."""


def build_reasons(
    catalogue: Catalogue, names: Sequence[str], phi: Vector, values: NDArray[np.floating], reference: Reference
) -> list[Reason]:
    """Group one person's contributions by indicator, the strongest first.

    Parameters
    ----------
    names
        Feature names, one per entry of `phi` and `values`.
    phi
        Contributions on the served log-odds, shape (n_features,): a row of `Contributions.phi`.
    values
        The person's features, shape (n_features,), NaN where missing.
    reference
        Typical values from the bundle.

    Raises
    ------
    ModelError
        TID512 when a feature is not declared in the catalogue: there would be no words for it.
    """
    places: dict[str, list[int]] = {}
    for j, name in enumerate(names):
        places.setdefault(name.partition(".")[0], []).append(j)
    reasons = [_reason(catalogue, code, [names[j] for j in at], phi[at], values[at], reference) for code, at in places.items()]
    return sorted(reasons, key=lambda reason: (-abs(reason.contribution), reason.indicator))


def with_dates(reasons: Sequence[Reason], happened_on: Mapping[str, date]) -> list[Reason]:
    """Add the date of the newest record of each indicator, by code."""
    return [replace(reason, happened_on=happened_on.get(reason.indicator)) for reason in reasons]


def _reason(catalogue: Catalogue, code: str, names: list[str], phi: Vector, values: NDArray[np.floating], reference: Reference) -> Reason:
    indicator = _declared(catalogue, code)
    specs = _specs(indicator, names)
    contribution = float(phi.sum())
    main = int(np.argmax(phi * np.sign(contribution) if contribution else np.abs(phi)))
    return Reason(
        indicator=code,
        sector=catalogue.sector_of(code),
        owner=indicator.owner,
        label=indicator.label,
        contribution=contribution,
        direction=_direction(contribution),
        main_feature=specs[main],
        value=_value(specs, values, main),
        unit=_unit(indicator, specs[main]),
        typical=_typical(specs, names, reference, main),
        is_missing=bool(np.isnan(values).all()),
        is_confidential=indicator.confidential,
    )


def _declared(catalogue: Catalogue, code: str) -> Indicator:
    indicator = catalogue.indicators.get(code)
    if indicator is None:
        raise ModelError("TID512", f"the model uses {code}, which the catalogue does not declare or has switched off. Train again.")
    return indicator


def _specs(indicator: Indicator, names: list[str]) -> list[FeatureSpec]:
    by_name = {spec.name: spec for spec in indicator.feature_specs}
    unknown = [name for name in names if name not in by_name]
    if unknown:
        raise ModelError("TID512", f"the model uses {', '.join(unknown)}, which the catalogue does not declare. Train again.")
    return [by_name[name] for name in names]


def _direction(contribution: float) -> Direction:
    if contribution == 0:
        return "neither"
    return "raises" if contribution > 0 else "lowers"


def _unit(indicator: Indicator, spec: FeatureSpec) -> str | None:
    """Days for what counts days, none for a count or a share, else the indicator's own unit."""
    if spec.aggregation in ("days_since_first", "days_since_last", "days_since_change", "distinct_days"):
        return "days"
    return None if spec.aggregation in ("count", "distinct", "share_of_time") else indicator.unit


def _siblings(specs: list[FeatureSpec], main: int) -> list[int]:
    """Places of all levels of the main feature's category."""
    key = (specs[main].aggregation, specs[main].window)
    return [j for j, spec in enumerate(specs) if (spec.aggregation, spec.window) == key]


def _names_a_level(spec: FeatureSpec) -> bool:
    """Whether the value shown is a level's name; a share of time is a number, of the level that moved most."""
    return spec.level is not None and spec.aggregation != "share_of_time"


def _value(specs: list[FeatureSpec], values: NDArray[np.floating], main: int) -> Shown:
    if not _names_a_level(specs[main]):
        return None if np.isnan(values[main]) else float(values[main])
    return next((specs[j].level for j in _siblings(specs, main) if values[j] == 1.0), None)


def _typical(specs: list[FeatureSpec], names: list[str], reference: Reference, main: int) -> Shown:
    if not _names_a_level(specs[main]):
        return reference.typical[names[main]].median
    shares = [(reference.typical[names[j]].mean or 0.0, specs[j].level) for j in _siblings(specs, main)]
    return max(shares, key=lambda pair: pair[0])[1]
