"""Make the month's reports: one for each deployed model that screened somebody."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.declarations.project import Project
from features.declarations.screening import Purpose, PurposeKind
from features.errors import ScreeningError
from features.progress import Progress
from models.bands import Band
from monitoring.drift.by_place import DriftReport, measure_everywhere
from monitoring.fairness.earlier import EarlierReports, read_earlier_reports
from monitoring.fairness.intersections import measure_attributes
from monitoring.fairness.known_inputs import measure_known
from monitoring.performance.interventions import measure_interventions
from monitoring.reports.content import FORMAT, Findings, Subject, band_counts, build_content, render_report
from monitoring.reports.gathering import (
    Gathered,
    attribute_labels,
    feature_labels,
    feature_sectors,
    find_screenings,
    gather,
    group_names,
    minimum_of,
)
from monitoring.reports.measuring import judge_signals, measure_calibrations
from monitoring.reports.overview import list_monthly_reports
from monitoring.reports.publishing import changed_pages, find_content, one_run_at_a_time, publish_report
from monitoring.reports.standing_pages import REPORTS, write_standing_pages
from monitoring.wording import in_languages, words

EVIDENTLY = "evidently.html"
PURPOSES: tuple[PurposeKind, ...] = ("audit", "score", "train")
"""Audit for the report, score and train for the tables it compares."""


@dataclass(frozen=True)
class Report:
    """A report on disk.

    Parameters
    ----------
    folder
        ``var/reports/<model>/<month>``, with report.html, report-en.html, report.json and, with enough people, evidently.html.
    content
        What report.json holds.
    is_unchanged
        The same inputs had been reported on already: no file was touched.
    """

    model: str
    month: str
    folder: Path
    content: Mapping[str, Any]
    is_unchanged: bool


@dataclass(frozen=True)
class Failure:
    """A model whose report could not be made, and why."""

    model: str
    error: Exception


def monitor(project: Project, *, month: str | None, now: datetime, progress: Progress) -> list[Report]:
    """Report on every deployed model that screened somebody in a month.

    Doing it again with the same inputs touches nothing; new outcomes or finished reviews renew the report.

    Parameters
    ----------
    month
        ``YYYY-MM`` of the screening's as-of date; None is the month of the newest screening.
    now
        Aware UTC. The purposes have to be valid on this day, and outcomes count that were known on it.

    Raises
    ------
    PurposeError
        TID201, TID202 without valid purposes: audit for the report, score and train for the tables it compares; before anything is read.
    DataError
        TID481 when nobody was screened in the month.
    """
    made = monitor_each(project, month=month, now=now, progress=progress)
    for one in made:
        if isinstance(one, Failure):
            raise one.error
    return [one for one in made if isinstance(one, Report)]


def monitor_each(project: Project, *, month: str | None, now: datetime, progress: Progress) -> list[Report | Failure]:
    """Report on every deployed model as `monitor` does; one that fails does not take the others' reports with it.

    One run at a time: another one waits.

    Raises
    ------
    PurposeError, DataError
        As `monitor`, for what concerns every model.
    """
    purpose = check_purposes(project, on=now.date())
    with one_run_at_a_time(project):
        made = [report_on(project, scored, purpose, now=now, progress=progress) for scored in find_screenings(project, month=month)]
        return [*made, *write_pages_above(project)]


def check_purposes(project: Project, *, on: date) -> Purpose:
    """Give the audit purpose, where all that a report needs are valid.

    Raises
    ------
    PurposeError
        TID201, TID202.
    """
    audit, *_ = [project.check_purpose(kind, on=on) for kind in PURPOSES]
    return audit


def report_on(project: Project, scored: pd.DataFrame, purpose: Purpose, *, now: datetime, progress: Progress) -> Report | Failure:
    """Report on one model's screening; a caller holds the lock of `one_run_at_a_time`."""
    try:
        return _report(project, gather(project, scored, on=now.date(), progress=progress), purpose, now=now, progress=progress)
    except Exception as error:  # noqa: BLE001 - kept whole, and raised when the other models have their reports
        return Failure(str(scored.iloc[0]["model"]), error)


def write_pages_above(project: Project) -> list[Failure]:
    """Write the index and year pages anew; why they can't be, where an old report is damaged, keeps nobody from the new ones."""
    try:
        write_standing_pages(project.var / "reports", list_monthly_reports(project))
    except ScreeningError as error:
        return [Failure("the index and year pages", error)]
    return []


def _report(project: Project, gathered: Gathered, purpose: Purpose, *, now: datetime, progress: Progress) -> Report:
    month = f"{gathered.as_of:%Y-%m}"
    folder = project.var / "reports" / gathered.model / month
    told = read_earlier_reports(folder.parent, before=month, version=FORMAT)
    gathered = replace(gathered, inputs_hash=_hash_with(gathered.inputs_hash, told))
    earlier = find_content(folder)
    if earlier is not None and _says_it_already(earlier, gathered) and not changed_pages(folder, earlier):
        return Report(gathered.model, month, folder, earlier, is_unchanged=True)
    with progress.step(f"Report on {gathered.stage.name}", total=3) as step:
        found = replace(_measure(project, gathered), earlier=told)
        step.advance()
        page = _evidently_page(project, gathered, month, now)
        step.advance()
        content = build_content(_subject(project, gathered, purpose, month, now), _with_page(found, page))
        content = publish_report(project, content, dict(_pages(content, page)), folder)
        step.advance()
    return Report(gathered.model, month, folder, content, is_unchanged=False)


def _hash_with(inputs_hash: str, told: EarlierReports) -> str:
    """Join what a report is made of with what it is compared with: a renewed earlier report renews this one."""
    return hashlib.sha256(f"{inputs_hash}{told.as_json()}".encode()).hexdigest()


def _says_it_already(earlier: Mapping[str, Any], gathered: Gathered) -> bool:
    return (earlier["format"], earlier["inputs_hash"]) == (FORMAT, gathered.inputs_hash)


def _measure(project: Project, gathered: Gathered) -> Findings:
    names, probability = gathered.bundle.feature_names, gathered.scored["probability"].to_numpy(dtype=np.float64)
    proposed = gathered.scored["proposed"].to_numpy(dtype=bool)
    drift = _drift(project, gathered)
    fairness = measure_attributes(gathered.label, proposed, probability, gathered.groups)
    return Findings(
        drift=drift,
        reference=gathered.samples.facts,
        labels=feature_labels(project, names),
        fairness=fairness,
        known=measure_known(gathered.known, gathered.groups),
        calibrations=measure_calibrations(gathered.label, proposed, probability, gathered.groups),
        attributes=attribute_labels(project),
        group_names=group_names(project),
        minimum_of=minimum_of(project),
        bands=band_counts(gathered.scored["band"].to_numpy(dtype=np.str_), [band.value for band in Band]),
        periods=gathered.periods,
        rows=gathered.rows,
        interventions=measure_interventions(gathered.label, proposed, probability, gathered.talked),
        oversight=gathered.oversight,
        signals=judge_signals(
            gathered.label,
            proposed,
            probability,
            drift=drift,
            fairness=fairness.single,
            oversight=gathered.oversight,
            importance=dict(zip(names, gathered.importance.tolist(), strict=True)),
            thresholds=project.screening.monitoring.thresholds,
        ),
        has_evidently_page=False,
        thresholds=project.screening.monitoring.thresholds,
        stopping_signals=project.screening.review.stopping_signals,
    )


def _drift(project: Project, gathered: Gathered) -> DriftReport:
    samples, names = gathered.samples, gathered.bundle.feature_names
    return measure_everywhere(
        samples.reference,
        samples.current,
        names,
        sectors=feature_sectors(project, names),
        own_reference=samples.own_reference,
        by_place=samples.by_place,
        fewest_people=project.screening.monitoring.thresholds.min_people,
    )


def _subject(project: Project, gathered: Gathered, purpose: Purpose, month: str, now: datetime) -> Subject:
    outcome = project.outcomes[gathered.bundle.outcome].label
    return Subject(
        model=gathered.model,
        version=gathered.version,
        bundle_hash=gathered.bundle.hash,
        rung=gathered.bundle.rung.name,
        title=project.screening.project.title,
        controller=project.screening.project.controller,
        is_synthetic=project.is_synthetic,
        outcome=in_languages(outcome),
        stage=in_languages(gathered.stage.label),
        month=month,
        as_of=(gathered.as_of,),
        made_at=now,
        purpose=purpose.legal_basis,
        purpose_valid_to=purpose.valid_to,
        bases={kind: project.check_purpose(kind, on=now.date()).legal_basis for kind in PURPOSES},
        inputs_hash=gathered.inputs_hash,
    )


def _evidently_page(project: Project, gathered: Gathered, month: str, now: datetime) -> str | None:
    # Loading Evidently takes seconds, and a report that is unchanged does not need it.
    from monitoring.drift.evidently_pages import make_drift_pages

    order = np.argsort(-gathered.importance, kind="stable")
    made = make_drift_pages(
        gathered.reference[:, order],
        gathered.current[:, order],
        [gathered.bundle.feature_names[j] for j in order],
        title=f"{gathered.model} · {month}",
        made_at=now,
        seed=gathered.bundle.provenance.seed,
        workspace=project.var / "evidently",
        tags=["SYNTETISK"] if project.is_synthetic else [],
        banner=words("nb")["synthetic"] if project.is_synthetic else None,
    )
    return None if made is None else made.html


def _with_page(found: Findings, page: str | None) -> Findings:
    return replace(found, has_evidently_page=page is not None)


def _pages(content: Mapping[str, Any], page: str | None) -> Iterator[tuple[str, str]]:
    """Name every page of a report."""
    if page is not None:
        yield EVIDENTLY, page
    for language, name in REPORTS.items():
        others = {other: file for other, file in REPORTS.items() if other != language}
        yield name, render_report(content, language=language, other=others)
