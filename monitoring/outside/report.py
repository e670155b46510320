"""The report on a model that another product serves: the same figures, rules and pages, from two files and a declaration."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from features.exchanged import FINISHED_REVIEWS
from features.small_cells import SMALLEST_CELL
from models.bands import Band
from monitoring.drift.by_place import DriftReport, Sample, measure_everywhere
from monitoring.drift.season import SEASON_DAYS, ReferenceFacts
from monitoring.fairness.groups import MUNICIPALITY
from monitoring.fairness.intersections import measure_attributes
from monitoring.fairness.known_inputs import measure_known, sectors_known
from monitoring.files import CONTENT, write_whole
from monitoring.outside.declaration import Outside
from monitoring.outside.scores import OutsideScores
from monitoring.oversight.reviews import measure_oversight
from monitoring.performance.interventions import measure_interventions
from monitoring.performance.periods import Period
from monitoring.reports.content import Findings, Subject, band_counts, build_content, render_report
from monitoring.reports.measuring import judge_signals, measure_calibrations
from monitoring.reports.standing_pages import REPORTS
from monitoring.wording import in_languages

PURPOSES = ("audit", "score", "train")


def build_outside_report(about: Outside, scores: OutsideScores, reference: OutsideScores | None, *, now: datetime) -> dict[str, Any]:
    """Make the report's one document; JSON-ready, aggregates only, small numbers withheld (R-09).

    Parameters
    ----------
    reference
        Earlier rows of the same columns; None leaves drift unanswered, and the report says so.
    now
        Aware, UTC.
    """
    subject_ids = [str(place) for place in range(len(scores))]  # nobody is linked to anything: places in the file do
    drift = _drift(about, scores, reference)
    fairness = measure_attributes(scores.label, scores.proposed, scores.probability, scores.groups)
    oversight = measure_oversight(
        subject_ids, scores.proposed, FINISHED_REVIEWS.empty_table().to_pandas(), label=scores.label, groups=scores.groups
    )
    period = _period(about, scores, subject_ids)
    found = Findings(
        drift=drift,
        reference=_reference_facts(about, reference),
        labels={name: dict.fromkeys(("nb", "nn", "en"), name) for name in about.columns.features},
        fairness=fairness,
        known=measure_known(sectors_known(scores.features, [sector.value for sector in about.columns.features.values()]), scores.groups),
        calibrations=measure_calibrations(scores.label, scores.proposed, scores.probability, scores.groups),
        attributes=_attributes(about),
        group_names={},
        minimum_of={},
        bands=band_counts(period.band, [band.value for band in Band]),
        periods=(period,),
        interventions=measure_interventions(scores.label, scores.proposed, scores.probability, np.zeros(len(scores), dtype=bool)),
        rows=_row_hashes(scores, reference),
        oversight=oversight,
        signals=judge_signals(
            scores.label,
            scores.proposed,
            scores.probability,
            drift=drift,
            fairness=fairness.single,
            oversight=oversight,
            importance={},
            thresholds=about.thresholds,
        ),
        has_evidently_page=False,
        thresholds=about.thresholds,
    )
    return build_content(_subject(about, scores, reference, now), found)


def write_outside_report(content: Mapping[str, Any], folder: Path) -> tuple[Path, ...]:
    """Write the pages and, last, the JSON, each whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, text in _files(content):
        write_whole(folder / name, text)
        written.append(folder / name)
    return tuple(written)


def _files(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for language, name in REPORTS.items():
        others = {other: file for other, file in REPORTS.items() if other != language}
        yield name, render_report(content, language=language, other=others, has_incidents=False)
    yield CONTENT, json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False) + "\n"


def _drift(about: Outside, scores: OutsideScores, reference: OutsideScores | None) -> DriftReport:
    names = list(about.columns.features)
    nobody = Sample(np.empty((0, len(names))), np.empty(0))
    places = np.array(scores.groups.get(MUNICIPALITY, ()), dtype=object)
    of_place = {str(place): places == place for place in sorted({place for place in places if place is not None})}
    return measure_everywhere(
        nobody if reference is None else Sample(reference.features, reference.probability),
        Sample(scores.features, scores.probability),
        names,
        sectors={name: sector.value for name, sector in about.columns.features.items()},
        own_reference={},
        by_place={place: Sample(scores.features[rows], scores.probability[rows]) for place, rows in of_place.items()},
        fewest_people=about.thresholds.min_people,
    )


def _reference_facts(about: Outside, reference: OutsideScores | None) -> ReferenceFacts:
    n_people = 0 if reference is None else len(reference)
    return ReferenceFacts(
        seasonal=about.reference_season_days is not None and reference is not None,
        learnt=False,
        n_people=n_people if n_people >= SMALLEST_CELL else None,
        as_of=(),
        has_other_dates=False,
        season_days=about.reference_season_days or max(SEASON_DAYS),
    )


def _attributes(about: Outside) -> dict[str, dict[str, str]]:
    labels = {name: in_languages(wording) for name, wording in about.columns.groups.items()}
    return {**labels, MUNICIPALITY: {"nb": "Kommune", "nn": "Kommune", "en": "Municipality"}}


def _period(about: Outside, scores: OutsideScores, subject_ids: list[str]) -> Period:
    threshold = about.columns.threshold or about.columns.proposed_from
    above = np.zeros(len(scores), dtype=bool) if threshold is None else scores.probability >= threshold
    return Period(
        as_of=about.model.as_of,
        version=about.model.version,
        threshold=threshold,
        subject=np.array(subject_ids),
        label=scores.label,
        proposed=scores.proposed,
        probability=scores.probability,
        band=np.where(above, Band.SHOULD_BE_ASSESSED.value, Band.NO_FOLLOW_UP_NOW.value),
    )


def _row_hashes(scores: OutsideScores, reference: OutsideScores | None) -> dict[str, str]:
    """Give the hash of the file behind each part; of features both files'."""
    own = dict.fromkeys(("screened", "outcomes", "groups", "reviews", "periods"), scores.digest)
    both = scores.digest + ("" if reference is None else reference.digest)
    return {**own, "features": hashlib.sha256(both.encode()).hexdigest()}


def _subject(about: Outside, scores: OutsideScores, reference: OutsideScores | None, now: datetime) -> Subject:
    model, audit = about.model, about.audit
    rows = _row_hashes(scores, reference)
    declared = json.dumps(about.model_dump(mode="json"), sort_keys=True)
    return Subject(
        model=model.name,
        version=model.version,
        bundle_hash=model.sha256,
        rung=model.kind,
        title=model.title,
        controller=model.controller,
        is_synthetic=model.synthetic,
        outcome=in_languages(model.outcome),
        stage=in_languages(model.population),
        month=f"{model.as_of:%Y-%m}",
        as_of=(model.as_of,),
        made_at=now,
        purpose=audit.legal_basis,
        purpose_valid_to=audit.valid_to,
        bases=dict.fromkeys(PURPOSES, audit.legal_basis),
        inputs_hash=hashlib.sha256((declared + rows["screened"] + rows["features"]).encode()).hexdigest(),
    )
