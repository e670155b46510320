"""The monthly report: one document of aggregates, as JSON for machines and as a page of its own for people.

`build_content` is where everything small is withheld; the page shows what is in the JSON and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape
from numpy.typing import NDArray

from features.declarations.watching import HOUSE, Thresholds
from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.drift import Drift, FeatureDrift
from monitoring.fairness import METRICS
from monitoring.fairness_content import fairness_content
from monitoring.group_calibration import CalibrationTable
from monitoring.intersections import Measured
from monitoring.limits import suspension_content, thresholds_content
from monitoring.oversight import Oversight, publish_oversight
from monitoring.performance import Estimate
from monitoring.signals import Signal
from monitoring.wording import NOTHING, Language, decimal, percent, quantity, words

FORMAT = 5

PAGE_METRICS = ("base_rate", "tpr", "fpr", "ppv", "npv")
"""Rates that need outcomes and stand on the page; fnr is 1 - tpr and stands in the JSON."""

N_FEATURES_SHOWN = 12
"""Rows of the page's drift table; every drifted feature is shown, and all stand in the JSON."""

N_CROSSED_SHOWN = 40
"""Most rows of a table of crossed attributes on the page; larger ones are named there and stand in the JSON."""


@dataclass(frozen=True)
class Subject:
    """Which model the report is about, and which rows and purpose it was made from."""

    model: str
    version: str
    bundle_hash: str
    rung: str
    title: str
    controller: str
    is_synthetic: bool
    outcome: Mapping[str, str]
    """Language -> label."""
    stage: Mapping[str, str]
    month: str
    as_of: tuple[date, ...]
    made_at: datetime
    """Aware, UTC."""
    purpose: str
    """Legal basis of the audit purpose."""
    purpose_valid_to: date
    inputs_hash: str
    """SHA-256 over everything the figures were made from."""


@dataclass(frozen=True)
class Findings:
    """Full counts and figures; only `build_content` makes them ready to leave."""

    drift: Drift
    labels: Mapping[str, Mapping[str, str]]
    """Feature -> language -> label."""
    fairness: Measured
    calibrations: Sequence[CalibrationTable]
    """By each attribute; none before any outcome is known."""
    attributes: Mapping[str, Mapping[str, str]]
    """Attribute -> language -> label."""
    minimum_of: Mapping[str, int]
    """Attribute -> fewest people a count may stand for; `SMALLEST_CELL` where not named."""
    bands: Mapping[str, int]
    """Band -> people."""
    expected_ppv: Estimate | None
    n_proposed: int
    matured: Mapping[str, float] | None
    oversight: Oversight
    signals: Sequence[Signal]
    has_evidently_page: bool
    thresholds: Thresholds = HOUSE
    """What the signals were judged by."""
    stopping_signals: Sequence[str] = ()
    """Signals that suspend the model by themselves when they fail so, as the project declares."""


def build_content(subject: Subject, found: Findings) -> dict[str, Any]:
    """Make the report's one document: JSON-ready, aggregates only, small numbers withheld (R-09, R-10)."""
    fairness = fairness_content(found.fairness, found.calibrations, found.minimum_of)
    return {
        "format": FORMAT,
        "synthetic": subject.is_synthetic,
        **_subject_fields(subject),
        "signals": [signal.as_dict() for signal in found.signals],
        **suspension_content(found.signals, found.stopping_signals),
        "thresholds": thresholds_content(found.thresholds),
        "drift": _drift_content(found),
        "attributes": {name: dict(label) for name, label in found.attributes.items()},
        **fairness,
        "performance": _performance_content(found),
        "bands": publish_counts(found.bands),
        "oversight": publish_oversight(found.oversight, proposals=fairness["fairness"], minimum_of=found.minimum_of),
        "evidently": "evidently.html" if found.has_evidently_page else None,
    }


def publish_counts(counts: Mapping[str, int]) -> dict[str, int | None]:
    """Give counts of people by kind with their total, the small ones and those that would give them away withheld.

    Examples
    --------
    >>> publish_counts({"low": 90, "middle": 30, "high": 2})
    {'low': 90, 'middle': None, 'high': None, 'all': 122}
    """
    parts = [Count((name,), (cell,), value) for cell, (name, value) in enumerate(counts.items())]
    total = sum(counts.values())
    everybody = Count(("all",), tuple(range(len(parts))), total, is_fixed=total >= SMALLEST_CELL)
    hidden = withheld_counts([*parts, everybody])
    return {name: None if (name,) in hidden else value for name, value in [*counts.items(), ("all", total)]}


def _subject_fields(subject: Subject) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(subject).items() if name != "is_synthetic"}
    return {
        **fields,
        "as_of": [day.isoformat() for day in subject.as_of],
        "made_at": subject.made_at.isoformat(),
        "purpose_valid_to": subject.purpose_valid_to.isoformat(),
    }


def _drift_content(found: Findings) -> dict[str, Any]:
    drift = found.drift
    ordered = sorted(drift.features, key=lambda feature: (not feature.has_drifted, feature.p_value, feature.name))
    return {
        "has_drifted": drift.has_drifted,
        "drifted_sectors": list(drift.drifted_sectors),
        "level": drift.level,
        "n_reference": _shown(drift.n_reference),
        "n_current": _shown(drift.n_current),
        "n_features": len(drift.features),
        "n_drifted": len(drift.drifted),
        "features": [_feature_content(feature, drift, found.labels) for feature in ordered],
    }


def _feature_content(feature: FeatureDrift, drift: Drift, labels: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Describe one feature; figures that would speak about a few people are withheld, the verdict never is."""
    few = feature.n_telling < SMALLEST_CELL
    return {
        "name": feature.name,
        "label": dict(labels.get(feature.name, {})),
        "sector": feature.sector,
        "test": feature.test,
        "distance": None if few or np.isnan(feature.distance) else round(feature.distance, 2),
        "missing_reference": _missing_share(feature.missing_reference, drift.n_reference),
        "missing_current": _missing_share(feature.missing_current, drift.n_current),
        "p_value": None if few and feature.test != "none" else float(f"{feature.p_value:.2g}"),
        "q_value": None if few and feature.test != "none" else float(f"{feature.q_value:.2g}"),
        "has_drifted": feature.has_drifted,
        "verdict": "too small" if few and feature.test != "none" else "measured",
    }


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


def _performance_content(found: Findings) -> dict[str, Any]:
    n_left = sum(found.bands.values()) - found.n_proposed
    counts = publish_counts({"proposed": found.n_proposed, "left": n_left})
    hidden = counts["proposed"] is None or found.expected_ppv is None
    return {
        "n_proposed": counts["proposed"],
        "expected_ppv": None if hidden or found.expected_ppv is None else asdict(found.expected_ppv),
        "matured": None if found.matured is None else {name: round(value, 4) for name, value in found.matured.items()},
    }


def render_report(content: Mapping[str, Any], *, language: Language, other: Mapping[Language, str] | None = None) -> str:
    """Render the document as one self-contained page: no script, no link out of its folder, everything escaped.

    Parameters
    ----------
    other
        Language -> file name of the same report in another language.
    """
    template = _environment(language).get_template("report.html.j2")
    has_matured = any(row["n_matured"] for table in content["fairness"] for row in (*table["groups"], table["everybody"]))
    return template.render(
        r=content,
        w=words(language),
        lang=language,
        other=other or {},
        metrics=list(METRICS.values()),
        shown_metrics=PAGE_METRICS,
        has_matured=has_matured,
        calibration_of={table["attribute"]: table for table in content["calibration"]},
        n_crossed_shown=N_CROSSED_SHOWN,
        features=[f for place, f in enumerate(content["drift"]["features"]) if f["has_drifted"] or place < N_FEATURES_SHOWN],
    )


def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("monitoring"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda value, digits=1: percent(value, language=language, digits=digits)
    environment.filters["decimal"] = lambda value, digits=2: decimal(value, language=language, digits=digits)
    environment.filters["limit"] = lambda value: _evidence_value("limit", value, language)
    environment.filters["evidence"] = lambda signal: evidence_text(signal["evidence"], language=language)
    environment.filters["quantity"] = lambda value: quantity(value, language=language)
    return environment


def evidence_text(evidence: Mapping[str, Any], *, language: Language) -> str:
    """Write a signal's evidence as one line of words and figures."""
    labels = words(language)["evidence_words"]
    values = {name: _evidence_value(name, value, language) for name, value in evidence.items()}
    return "; ".join(f"{labels[name]} {value}" for name, value in values.items() if value)


def _evidence_value(name: str, value: Any, language: Language) -> str:
    if name == "reason":
        return str(words(language)["reasons"][value])
    if name == "sectors":
        return ", ".join(words(language)["sectors"][sector] for sector in str(value).split(", ") if sector)
    if isinstance(value, float):
        return decimal(value, language=language, digits=4).rstrip("0").rstrip(".,")
    return NOTHING if value is None else str(value)


def write_pages(pages: Mapping[str, str], folder: Path) -> None:
    """Write a report's files, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages.items():
        draft = folder / f".{name}.draft"
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(folder / name)


def band_counts(bands: NDArray[np.str_], order: Sequence[str]) -> dict[str, int]:
    """Count people by band, every band named."""
    return {band: int((bands == band).sum()) for band in order}
