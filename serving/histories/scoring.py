"""Score posted histories: the deployed model over the product's own features, and reasons as a reader of no service sees them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

from features.declarations.project import Project
from features.errors import ReviewError
from features.histories import ToldRecord
from models.bands import Band
from models.reasons import with_dates
from models.rungs.rung import Matrix
from serving.access.accounts import Account
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases.proposal import Proposal, build_seen, build_view, frequency_of, uncertainty_of
from serving.histories.bodies import HistoryScore, Scored, ScoringBody
from serving.histories.checking import check_histories, check_model_asked_for
from serving.purposes.approvals import check_score_approved
from serving.scoring.cohorts import check_score_purpose
from serving.scoring.deployed import Deployed, DeployedModels
from serving.scoring.suspensions import is_suspended
from serving.storage.database import Database


def score_histories(database: Database, models: DeployedModels, account: Account, body: ScoringBody, *, now: datetime) -> Scored:
    """Score and explain histories, and keep nothing of them but that it was done: one entry with counts.

    Raises
    ------
    NotAllowedError
        TID712.
    PurposeError
        TID201, TID202 without a score purpose that is valid on the as-of date and today.
    ReviewError
        TID743 for histories that may not be scored, TID744 for a stage or outcome that is not there, TID745 when the model is suspended,
        TID777 with real people's data where the controller has not approved the score purpose's words.
    DataError
        TID430 for an as-of date to come.
    ModelError
        As `DeployedModels.get`.
    """
    check_may(account, Action.SCORE_HISTORIES)
    project = models.project
    check_score_purpose(project, as_of=body.as_of, today=now.date())
    with database.reading() as session:
        check_score_approved(session, project, days=(body.as_of, now.date()))
    stage = check_model_asked_for(project, body)
    deployed = models.get(stage=body.stage, outcome=body.outcome, on=now.date())
    _check_serves(database, deployed, account)
    histories = check_histories(project, stage, deployed.reader, body, today=now.date())
    scores = score(project, deployed, histories, keys=[history.key for history in body.histories], as_of=body.as_of)
    _log(database, deployed, account, body, now=now)
    return Scored(deployed.champion.name, deployed.champion.version, body.as_of, scores)


def score(
    project: Project, deployed: Deployed, histories: Sequence[Sequence[ToldRecord]], *, keys: Sequence[str], as_of: date
) -> tuple[HistoryScore, ...]:
    """Say what a model says of histories that were checked; nothing is read or written."""
    records = deployed.reader.records(histories)
    matrix = deployed.reader.matrix(records, n_histories=len(histories), as_of=as_of)
    dates = deployed.reader.newest_dates(records, n_histories=len(histories), as_of=as_of)
    rows = zip(keys, range(len(keys)), dates, strict=True)
    return tuple(_answer(project, key, _proposal(project, deployed, matrix[row : row + 1], newest, as_of)) for key, row, newest in rows)


def _check_serves(database: Database, deployed: Deployed, account: Account) -> None:
    with database.reading() as session:
        if is_suspended(session, model_name=deployed.champion.name, municipality=account.municipality):
            raise ReviewError("TID745", f"{deployed.champion.name} is suspended and scores nobody. Ask who keeps the model.")


def _log(database: Database, deployed: Deployed, account: Account, body: ScoringBody, *, now: datetime) -> None:
    details = {
        "model": deployed.champion.name,
        "version": deployed.champion.version,
        "as_of": body.as_of.isoformat(),
        "n": len(body.histories),
    }
    with database.transaction() as session:
        log.record(session, log.Event("histories.scored", actor=account.id, role=account.role, details=details), now=now)


def _proposal(project: Project, deployed: Deployed, picture: Matrix, dates: Mapping[str, date], as_of: date) -> Proposal:
    """Build the proposal of one row, for `build_view` to decide what of it is told.

    Reasons are computed once, of what may be seen: where the model uses something confidential, nobody is told those of the row as it is.
    """
    bundle = deployed.bundle
    scores = bundle.score(picture)
    band, log_odds = Band(str(scores.band[0])), float(scores.log_odds[0])
    seen = build_seen(project, bundle, picture, dates, is_in_band=band is not Band.NO_FOLLOW_UP_NOW)
    return Proposal(
        band=band,
        probability=float(scores.probability[0]),
        log_odds=log_odds,
        base_log_odds=deployed.base_log_odds,
        frequency=frequency_of(project, bundle, band),
        uncertainty=uncertainty_of(project, bundle, log_odds),
        reasons=tuple(with_dates(bundle.reasons(picture)[0], dates)) if seen is None else (),
        model_name=deployed.champion.name,
        model_version=deployed.champion.version,
        bundle_hash=bundle.hash,
        stage=bundle.stage,
        outcome=bundle.outcome,
        as_of=as_of,
        seen=seen,
    )


def _answer(project: Project, key: str, proposal: Proposal) -> HistoryScore:
    view = build_view(project, proposal, municipality=None)
    return HistoryScore(
        key=key,
        band=view.band,
        band_label=view.band_label,
        frequency=view.frequency,
        uncertainty=view.uncertainty,
        raises=view.raises,
        lowers=view.lowers,
        coarse=view.coarse,
        missing=view.missing,
        newest_record_on=view.newest_record_on,
    )
