"""The monthly report: one document of aggregates, as JSON for machines and as a page of its own for people.

`build_content` is where everything small is withheld; the page shows what is in the JSON and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
from jinja2 import Environment
from numpy.typing import NDArray

from features.declarations.watching import HOUSE, Thresholds
from monitoring.drift.by_place import DriftReport
from monitoring.drift.content import drift_content
from monitoring.drift.season import ReferenceFacts
from monitoring.fairness.content import fairness_content
from monitoring.fairness.earlier import NO_REPORTS, EarlierReports
from monitoring.fairness.group_calibration import CalibrationTable
from monitoring.fairness.groups import METRICS, MUNICIPALITY
from monitoring.fairness.intersections import Measured
from monitoring.fairness.known_inputs import Known, known_content
from monitoring.fairness.over_time import measure_over_time, over_time_content
from monitoring.oversight.reviews import Oversight, publish_oversight
from monitoring.page_templates import template_environment
from monitoring.performance.content import performance_content
from monitoring.performance.interventions import Interventions
from monitoring.performance.periods import Period, count_cohorts
from monitoring.published_counts import publish_counts
from monitoring.reports.provenance import provenance_content
from monitoring.signals.judging import Signal, changed_groups_signal
from monitoring.signals.limits import suspension_content, thresholds_content
from monitoring.wording import NOTHING, Language, decimal, words

FORMAT = 6

PAGE_METRICS = ("base_rate", "tpr", "fpr", "ppv", "npv")
"""Rates that need outcomes and stand on the page; fnr is 1 - tpr and stands in the JSON."""

N_FEATURES_SHOWN = 12
"""Rows of the page's drift table; every drifted feature is shown, and all stand in the JSON."""

N_CROSSED_SHOWN = 40
"""Most rows of a table of crossed attributes on the page; larger ones are named there and stand in the JSON."""

N_MONTHS_SHOWN = 6
"""Newest months of the page's tables over time; all that were compared stand in the JSON."""


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
    bases: Mapping[str, str]
    """Kind of purpose -> its legal basis."""
    inputs_hash: str
    """SHA-256 over everything the figures were made from."""


@dataclass(frozen=True)
class Findings:
    """Full counts and figures; only `build_content` makes them ready to leave."""

    drift: DriftReport
    reference: ReferenceFacts
    labels: Mapping[str, Mapping[str, str]]
    """Feature -> language -> label."""
    fairness: Measured
    known: Sequence[Known]
    """How many of each group a sector says anything of."""
    calibrations: Sequence[CalibrationTable]
    """By each attribute; none before any outcome is known."""
    attributes: Mapping[str, Mapping[str, str]]
    """Attribute -> language -> label."""
    group_names: Mapping[str, Mapping[str, Mapping[str, str]]]
    """Attribute -> group -> language -> name, where the project gives groups names."""
    minimum_of: Mapping[str, int]
    """Attribute -> fewest people a count may stand for; `SMALLEST_CELL` where not named."""
    bands: Mapping[str, int]
    """Band -> people."""
    periods: Sequence[Period]
    """Every screening of the model up to this one, which comes last."""
    interventions: Interventions
    rows: Mapping[str, str]
    """Part of the rows -> their hash (`monitoring.reports.provenance.row_hashes`)."""
    oversight: Oversight
    signals: Sequence[Signal]
    has_evidently_page: bool
    thresholds: Thresholds = HOUSE
    """What the signals were judged by."""
    stopping_signals: Sequence[str] = ()
    """Signals that suspend the model by themselves when they fail so, as the project declares."""
    earlier: EarlierReports = NO_REPORTS
    """What the model's reports on earlier months told of groups."""


def build_content(subject: Subject, found: Findings) -> dict[str, Any]:
    """Make the report's one document: JSON-ready, aggregates only, small numbers withheld (R-09, R-10)."""
    fairness = fairness_content(found.fairness, found.calibrations, found.minimum_of)
    oversight = publish_oversight(found.oversight, proposals=fairness["fairness"], minimum_of=found.minimum_of)
    cohorts = count_cohorts(found.periods, months={one.month for one in found.earlier.told})
    over_time = measure_over_time(fairness["fairness"], found.earlier, month=subject.month, version=subject.version, cohorts=cohorts)
    signals = (*found.signals, changed_groups_signal(over_time))
    content = {
        "format": FORMAT,
        "synthetic": subject.is_synthetic,
        **_subject_fields(subject),
        "signals": [signal.as_dict() for signal in signals],
        **suspension_content(signals, found.stopping_signals),
        "thresholds": thresholds_content(found.thresholds),
        "drift": drift_content(found.drift, found.reference, found.labels, counted_places=_counted_places(fairness["fairness"])),
        "attributes": {name: dict(label) for name, label in found.attributes.items()},
        "group_names": {attribute: {group: dict(names) for group, names in of.items()} for attribute, of in found.group_names.items()},
        **fairness,
        "inputs": known_content(found.known, fairness["fairness"]),
        "fairness_over_time": over_time_content(over_time),
        "performance": performance_content(found.periods, found.interventions, fairness=fairness["fairness"], oversight=oversight),
        "bands": publish_counts(found.bands),
        "oversight": oversight,
        "evidently": "evidently.html" if found.has_evidently_page else None,
    }
    return {**content, "provenance": provenance_content(content, found.rows, subject.bases)}


def _subject_fields(subject: Subject) -> dict[str, Any]:
    fields = {name: value for name, value in asdict(subject).items() if name not in ("is_synthetic", "bases")}
    return {
        **fields,
        "as_of": [day.isoformat() for day in subject.as_of],
        "made_at": subject.made_at.isoformat(),
        "purpose_valid_to": subject.purpose_valid_to.isoformat(),
    }


def _counted_places(fairness: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Municipalities of which the report tells how many people they have."""
    rows = [row for table in fairness if table["attribute"] == MUNICIPALITY for row in table["groups"]]
    return frozenset(row["group"] for row in rows if row["n_people"] is not None)


def render_report(
    content: Mapping[str, Any], *, language: Language, other: Mapping[Language, str] | None = None, has_incidents: bool = True
) -> str:
    """Render the document as one self-contained page: no script, no link out of its folder, everything escaped.

    Parameters
    ----------
    other
        Language -> file name of the same report in another language.
    has_incidents
        Whether a page of the model's incidents stands beside it.
    """
    environment = page_environment(language)
    environment.filters["evidence"] = lambda signal: evidence_text(signal["evidence"], content=content, language=language)
    template = environment.get_template("report.html.j2")
    has_matured = any(row["n_matured"] for table in content["fairness"] for row in (*table["groups"], table["everybody"]))
    return template.render(
        r=content,
        w=words(language),
        lang=language,
        other=other or {},
        has_incidents=has_incidents,
        group_words=group_words(content["group_names"], language=language),
        metrics=list(METRICS.values()),
        shown_metrics=PAGE_METRICS,
        has_matured=has_matured,
        calibration_of={table["attribute"]: table for table in content["calibration"]},
        n_crossed_shown=N_CROSSED_SHOWN,
        n_months_shown=N_MONTHS_SHOWN,
        features=[f for place, f in enumerate(content["drift"]["features"]) if f["has_drifted"] or place < N_FEATURES_SHOWN],
    )


def page_environment(language: Language) -> Environment:
    """Give what renders a report's page in a language; with the words of a report's limits."""
    environment = template_environment(language)
    environment.filters["limit"] = lambda value: _evidence_value("limit", value, {}, language)
    return environment


def group_words(names: Mapping[str, Mapping[str, Mapping[str, str]]], *, language: Language) -> dict[str, str]:
    """Give each group's name in a language; a group that two attributes name otherwise keeps its code.

    Examples
    --------
    >>> group_words({"sex": {"boy": {"nb": "Gutt"}}, "born": {"other": {"nb": "Andre"}}, "way": {"other": {"nb": "Annet"}}}, language="nb")
    {'boy': 'Gutt'}
    """
    found: dict[str, set[str]] = {}
    for groups in names.values():
        for group, name in groups.items():
            found.setdefault(group, set()).add(name[language])
    return {group: next(iter(words)) for group, words in found.items() if len(words) == 1}


def evidence_text(evidence: Mapping[str, Any], *, content: Mapping[str, Any] | None = None, language: Language) -> str:
    """Write a signal's evidence as one line of words and figures; with the report's content, groups by their names."""
    labels = words(language)["evidence_words"]
    values = {name: _evidence_value(name, value, content or {}, language) for name, value in evidence.items()}
    return "; ".join(f"{labels[name]} {value}" for name, value in values.items() if value)


def _evidence_value(name: str, value: Any, content: Mapping[str, Any], language: Language) -> str:
    if name == "reason":
        return str(words(language)["reasons"][value])
    if name == "groups":
        return ", ".join(_group_name(one, content, language) for one in str(value).split("; ") if one)
    if name == "metrics":
        return ", ".join(words(language)["metrics"][metric] for metric in str(value).split(", ") if metric)
    if name == "sectors":
        return ", ".join(words(language)["sectors"][sector] for sector in str(value).split(", ") if sector)
    if isinstance(value, float):
        return decimal(value, language=language, digits=4).rstrip("0").rstrip(".,")
    return NOTHING if value is None else str(value)


def _group_name(text: str, content: Mapping[str, Any], language: Language) -> str:
    """Write ``attribute: group`` of a signal in words, as far as the report has them."""
    attribute, mark, group = text.partition(": ")
    if not mark:
        return text
    label = content.get("attributes", {}).get(attribute, {}).get(language, attribute)
    return f"{label}: {content.get('group_names', {}).get(attribute, {}).get(group, {}).get(language, group)}"


def band_counts(bands: NDArray[np.str_], order: Sequence[str]) -> dict[str, int]:
    """Count people by band, every band named."""
    return {band: int((bands == band).sum()) for band in order}
