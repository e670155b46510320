"""Write what a screening came to: its counts, its cases, and what it said about everybody, for outcome monitoring."""

from __future__ import annotations

import hashlib
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import DataError
from features.scored import write_scored
from features.store import EventStore
from models.bands import Band
from models.explanation import TOLERANCE, Contributions
from models.reasons import build_reasons, with_dates
from serving.aggregates.cohort_records import build_record, write_record
from serving.aggregates.overview import hide_small
from serving.auditing import log
from serving.cases.deadlines import due_in_state
from serving.cases.expiry import SYSTEM
from serving.cases.proposal import Proposal, build_seen, frequency_of, inputs_sha256, uncertainty_of
from serving.cases.states import CaseState
from serving.person_keys import PersonKeys
from serving.scoring.candidates import Candidate, ScoredCohort
from serving.screening.sampling import is_drawn
from serving.storage.tables import CaseRow, ScreeningRow


def screening_id(project: Project, scored: ScoredCohort, as_of: date) -> str:
    """Name a screening by what it is, so that doing it again is seen: 32 hex digits."""
    parts = (project.id, scored.stage.name, scored.outcome, as_of.isoformat(), scored.champion.name, scored.champion.version)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def build_proposal(project: Project, store: EventStore, scored: ScoredCohort, row: int, *, as_of: date) -> Proposal:
    """Build the whole proposal for one row: reasons that add up to the served log-odds, with values and dates."""
    bundle, picture = scored.bundle, scored.picture(row)
    contributions = bundle.explain(picture)
    _check_same_score(contributions, scored, row)
    reasons = build_reasons(bundle.catalogue, contributions.names, contributions.phi[0], picture[0], bundle.reference)
    dates = _last_dates(store, int(scored.frame["person"].iloc[row]), as_of)
    band = Band(str(scored.scores.band[row]))
    return Proposal(
        band=band,
        probability=float(scored.scores.probability[row]),
        log_odds=float(contributions.log_odds[0]),
        base_log_odds=contributions.base,
        frequency=frequency_of(project, bundle, band),
        uncertainty=uncertainty_of(project, bundle, float(contributions.log_odds[0])),
        reasons=tuple(with_dates(reasons, dates)),
        model_name=scored.champion.name,
        model_version=scored.champion.version,
        bundle_hash=bundle.hash,
        stage=scored.stage.name,
        outcome=scored.outcome,
        as_of=as_of,
        inputs_sha256=inputs_sha256(bundle.feature_names, picture),
        seen=build_seen(project, bundle, picture, dates),
    )


def _check_same_score(contributions: Contributions, scored: ScoredCohort, row: int) -> None:
    """Refuse reasons of another number than the one that chose: a table built anew meanwhile may have other people in its rows."""
    if abs(contributions.log_odds[0] - scored.scores.log_odds[row]) > TOLERANCE:
        raise DataError(
            "TID448",
            f"{scored.table.folder} was built anew while the screening ran, so its reasons are not those of the scores. Nobody was "
            "proposed; run the screening again, and nothing else that builds this stage's features beside it.",
        )


def write_screening(
    session: Session, project: Project, scored: ScoredCohort, chosen: Sequence[Candidate], *, as_of: date, now: datetime
) -> None:
    """Write the screening's counts, shielded persons left out, and its entry in the log."""
    by_municipality = Counter({m.number: 0 for m in project.screening.municipality})
    by_municipality.update(c.municipality for c in chosen if not c.is_shielded)
    shown = ~scored.frame["shielded"].to_numpy(dtype=bool)
    row = ScreeningRow(
        id=screening_id(project, scored, as_of),
        stage=scored.stage.name,
        outcome=scored.outcome,
        as_of=as_of,
        model_name=scored.champion.name,
        model_version=scored.champion.version,
        bundle_hash=scored.bundle.hash,
        screened_at=now,
        n_scored=int(shown.sum()),
        n_in_band=int((scored.in_band & shown).sum()),
        cases_by_municipality=dict(by_municipality),
    )
    session.add(row)
    session.flush()
    details: dict[str, Any] = {
        "screening": row.id,
        "stage": row.stage,
        "outcome": row.outcome,
        "as_of": as_of.isoformat(),
        "model": row.model_name,
        "version": row.model_version,
        "bundle_hash": row.bundle_hash,
        "promotion": scored.champion.ledger_entry,
        "cut_off": scored.bundle.bands.worth_a_look,
        "store_hash": scored.table.facts.store_hash,
        "cases": hide_small(dict(by_municipality)),
    }
    log.record(session, log.Event("screening.done", actor=SYSTEM, role=SYSTEM, details=details), now=now)


def write_case(
    session: Session, project: Project, keys: PersonKeys, store: EventStore, candidate: Candidate, *, as_of: date, now: datetime
) -> Proposal:
    """Write one case that waits for a person, its proposal sealed under that person's key, and give that proposal.

    Whether it is in the quality sample or decided without the proposal is drawn here and told to nobody before it shows.
    """
    built, review = build_proposal(project, store, candidate.scored, candidate.row, as_of=as_of), project.screening.review
    proposal = built.to_json()
    screening = screening_id(project, candidate.scored, as_of)
    is_sample = is_drawn(keys, purpose="quality", share=review.quality_share, screening_id=screening, subject_id=candidate.subject_id)
    without = review.study_mode and is_drawn(
        keys, purpose="study", share=review.study_share, screening_id=screening, subject_id=candidate.subject_id
    )
    row = CaseRow(
        id=secrets.token_hex(16),
        reference=f"T-{secrets.token_hex(4).upper()}",
        screening_id=screening,
        subject_id=candidate.subject_id,
        municipality=None if candidate.is_shielded else candidate.municipality,
        is_shielded=candidate.is_shielded,
        needs_second_reader=candidate.needs_second_reader or is_sample,
        is_quality_sample=is_sample,
        without_proposal=without,
        state=CaseState.NEW.value,
        state_since=now,
        due_on=due_in_state(CaseState.NEW, now.date(), project.screening.review),
        expires_on=now.date() + timedelta(days=project.screening.retention.unreviewed_days),
        created_at=now,
        sealed_proposal=keys.seal(session, candidate.subject_id, proposal, now=now),
    )
    session.add(row)
    session.flush()
    sealed = {"proposal_sha256": log.digest(proposal), "inputs_sha256": proposal["inputs_sha256"]}
    event = log.Event("case.proposed", actor=SYSTEM, role=SYSTEM, case_id=row.id, details={"screening": row.screening_id})
    log.record(session, event, now=now, about=log.About(keys, row.subject_id, sealed))
    return built


def write_cohort_record(project: Project, scored: ScoredCohort, proposals: Sequence[Proposal], *, as_of: date) -> None:
    """Write once what may be told of a screening by municipality and of its reasons, for those who review its cases."""
    shown = scored.frame.loc[~scored.frame["shielded"].to_numpy(dtype=bool), "municipality"]
    screened = {m.number: int((shown == m.number).sum()) for m in project.screening.municipality}
    write_record(project, screening_id(project, scored, as_of), build_record(screened, proposals))


def write_scored_rows(project: Project, scored: ScoredCohort, screening_id: str, *, proposed: Iterable[str], as_of: date, on: date) -> None:
    """Write what a screening said about everybody, under the audit purpose, for outcome monitoring (R-25)."""
    people = scored.frame[~scored.frame["shielded"].to_numpy(dtype=bool)]
    at = people.index
    rows = pd.DataFrame(
        {
            "subject_id": people["subject_id"],
            "model": scored.champion.name,
            "model_version": scored.champion.version,
            "stage": scored.stage.name,
            "outcome": scored.outcome,
            "as_of": as_of,
            "log_odds": scored.scores.log_odds[at],
            "probability": scored.scores.probability[at],
            "band": scored.scores.band[at],
            "proposed": people["subject_id"].isin(list(proposed)),
            "municipality": people["municipality"],
        }
    )
    write_scored(project, screening_id, rows, on=on)


def _last_dates(store: EventStore, person: int, as_of: date) -> dict[str, date]:
    records = store.records_of([person], as_of=as_of)
    return {str(code): day for code, day in records.groupby("indicator")["happened_on"].max().items()}
