"""The report's part on drift as JSON-ready content; figures that would speak about a few people are withheld, verdicts never are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from features.small_cells import SMALLEST_CELL
from monitoring.drift.by_place import FEWEST_OWN, DriftReport, PlaceDrift
from monitoring.drift.changes import Answer, Drift, FeatureDrift
from monitoring.drift.missing_disclosure import told_shares
from monitoring.drift.season import ReferenceFacts

Labels = Mapping[str, Mapping[str, str]]


def drift_content(found: DriftReport, reference: ReferenceFacts, labels: Labels, *, counted_places: Collection[str]) -> dict[str, Any]:
    """Give what has changed: of everybody by feature and sector, and by municipality.

    Parameters
    ----------
    labels
        Feature -> language -> label.
    counted_places
        Municipalities of which the report tells how many people they have. Shares of the others are withheld: several of them would give
        that number away.
    """
    drift = found.everybody
    features = [_feature_content(feature, drift, labels) for feature in drift.features]
    return {
        "has_drifted": drift.has_drifted,
        "drifted_sectors": list(drift.drifted_sectors),
        "level": found.level,
        "n_reference": _shown(drift.n_reference),
        "n_current": _shown(drift.n_current),
        "reference": _reference_content(reference),
        "n_features": len(drift.features),
        "n_drifted": len(drift.drifted),
        "features": sorted(features, key=_place_in_table),
        "scores": _scores_content(drift),
        "sectors": [_sector_content(sector, drift) for sector in sorted({feature.sector for feature in drift.features})],
        "places": _places_content(found, labels, counted_places),
    }


def _reference_content(reference: ReferenceFacts) -> dict[str, Any]:
    return {
        "seasonal": reference.seasonal,
        "learnt": reference.learnt,
        "season_days": reference.season_days,
        "n_people": reference.n_people,
        "as_of": [day.isoformat() for day in reference.as_of],
        "has_other_dates": reference.has_other_dates,
    }


def _feature_content(feature: FeatureDrift, drift: Drift, labels: Labels) -> dict[str, Any]:
    few = feature.n_telling < SMALLEST_CELL and feature.test != "none"
    shares = [_missing_share(feature.missing_reference, drift.n_reference), _missing_share(feature.missing_current, drift.n_current)]
    return {
        "name": feature.name,
        "label": dict(labels.get(feature.name, {})),
        "sector": feature.sector,
        "test": feature.test,
        "distance": None if few or np.isnan(feature.distance) else round(feature.distance, 2),
        "values": _answer_content(feature.values, is_told=not few),
        "missing_reference": shares[0],
        "missing_current": shares[1],
        "missing": _answer_content(feature.missing, is_told=None not in shares),
        "unknown": feature.unknown,
        "has_drifted": feature.has_drifted,
        "verdict": "too small" if few else "measured",
    }


def _place_in_table(feature: Mapping[str, Any]) -> tuple[bool, float, str]:
    """What has changed comes first, then the surest of what is told: an order by what is withheld would tell of it."""
    told = [one["p_value"] for one in (feature["values"], feature["missing"]) if one["p_value"] is not None]
    return not feature["has_drifted"], min(told, default=1.0), feature["name"]


def _answer_content(answer: Answer, *, is_told: bool) -> dict[str, Any]:
    """Give an answer. Its chance tells how many people are behind it, and goes with them; an adjusted one tells of others."""
    return {
        "has_changed": answer.has_changed,
        "p_value": _digits(answer.p_value) if is_told else None,
    }


def _digits(p_value: float | None) -> float | None:
    return None if p_value is None else float(f"{p_value:.2g}")


def _missing_share(share: float, n_people: int) -> float | None:
    """Round the share of people without a value; withheld where fewer than the minimum lack one, or have one.

    >>> _missing_share(0.02, 200), _missing_share(0.25, 200)
    (None, 0.25)
    """
    if np.isnan(share):
        return None
    n_missing = round(share * n_people)
    is_small = 0 < n_missing < SMALLEST_CELL or 0 < n_people - n_missing < SMALLEST_CELL
    return None if is_small else round(share, 3)


def _shown(n_people: int) -> int | None:
    return n_people if n_people >= SMALLEST_CELL else None


def _scores_content(drift: Drift) -> dict[str, Any] | None:
    if drift.score is None:
        return None
    return {"distance": round(drift.score.distance, 2), **_answer_content(drift.score.answer, is_told=True)}


def _sector_content(sector: str, drift: Drift) -> dict[str, Any]:
    """Count a sector's features by what has changed: features are counted, not people."""
    mine = [feature for feature in drift.features if feature.sector == sector]
    unknown = Counter(feature.unknown for feature in mine)
    return {
        "sector": sector,
        "n_features": len(mine),
        "n_values_changed": sum(feature.values.has_changed for feature in mine),
        "n_unknown_more_often": unknown["more often"],
        "n_unknown_less_often": unknown["less often"],
        "n_silent": sum(feature.is_silent for feature in mine),
        "contribution_changed": sector in drift.moved_sectors,
    }


def _places_content(found: DriftReport, labels: Labels, counted_places: Collection[str]) -> dict[str, Any]:
    shares = _shares(found, counted_places)
    return {
        "n_places": len(found.places),
        "n_asked": sum(one.drift is not None for one in found.places),
        "fewest_own": FEWEST_OWN,
        "changed": [one.place for one in found.changed_places],
        "differing": [one.place for one in found.differing_places],
        "all": [_place_content(one, labels, shares) for one in found.places],
    }


def _place_content(one: PlaceDrift, labels: Labels, shares: Mapping[tuple[str, str], float]) -> dict[str, Any]:
    if one.drift is None:
        return {
            "place": one.place,
            "verdict": "too small",
            "compared_with": None,
            "sectors": [],
            "scores_changed": None,
            "contributions_changed": [],
            "features": [],
        }
    return {
        "place": one.place,
        "verdict": "changed" if one.has_changed else "no change",
        "compared_with": one.compared_with,
        "sectors": list(one.drift.drifted_sectors),
        "scores_changed": one.drift.has_other_scores,
        "contributions_changed": list(one.drift.moved_sectors),
        "features": [
            {
                "name": feature.name,
                "label": dict(labels.get(feature.name, {})),
                "sector": feature.sector,
                "values_changed": feature.values.has_changed,
                "unknown": feature.unknown,
                "is_silent": feature.missing.has_changed and feature.is_silent,
                "missing_current": shares.get((one.place, feature.name)),
            }
            for feature in sorted(one.drift.drifted, key=lambda feature: (feature.sector, feature.name))
        ],
    }


def _shares(found: DriftReport, counted_places: Collection[str]) -> dict[tuple[str, str], float]:
    """Give the shares of missing values now that may be told, by municipality and feature; of features that are named somewhere."""
    told = {one.place: one.drift for one in found.places if one.drift is not None and one.place in counted_places}
    named = {feature.name for drift in told.values() for feature in drift.drifted}
    n_people = {place: drift.n_current for place, drift in told.items()}
    shown: dict[tuple[str, str], float] = {}
    for number, feature in enumerate(found.everybody.features):
        if feature.name in named:
            n_missing = {place: _n_missing(drift.features[number], drift) for place, drift in told.items()}
            n_all = found.everybody.n_current
            shares = told_shares(n_missing, n_people, all_missing=_n_missing(feature, found.everybody), all_people=n_all)
            shown |= {(place, feature.name): share for place, share in shares.items()}
    return shown


def _n_missing(feature: FeatureDrift, drift: Drift) -> int:
    return round(feature.missing_current * drift.n_current)
