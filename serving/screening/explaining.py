"""Explain one person outside a case: only where no real person can be looked up (R-18)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from features.consents import open_permitted_store
from features.declarations.project import Project
from features.errors import DataError, PurposeError
from features.intake.linkage import resolve_pseudonym
from serving.cases.proposal import Proposal
from serving.scoring.cohorts import check_score_purpose, local_engine, score_stages
from serving.screening.proposing import build_proposal


def explain_person(
    project: Project, pseudonym: str, *, as_of: date, now: datetime, stages: Sequence[str] | None = None, workers: int = 1
) -> list[Proposal]:
    """Explain what each serving model says of a person on a date.

    Raises
    ------
    PurposeError
        TID210 with real data and no test purpose that is valid today; TID201, TID202 without a score purpose.
    DataError
        TID406 when nobody has the pseudonym, TID431 when the person is in no stage's cohort on that date.
    """
    check_person_output(project, today=now.date())
    check_score_purpose(project, as_of=as_of, today=now.date())
    subject = resolve_pseudonym(project, pseudonym, purpose="score")
    store = open_permitted_store(project, "score", on=now.date())
    scored, _ = score_stages(project, stages, as_of=as_of, now=now, engine=local_engine(workers))
    found = [(c, row) for c in scored for row in (c.frame["subject_id"] == subject).to_numpy().nonzero()[0]]
    if not found:
        raise DataError("TID431", f"this person is in no cohort as of {as_of}, or was left out of it. Try another date or stage.")
    return [build_proposal(project, store, c, int(row), as_of=as_of) for c, row in found]


def check_person_output(project: Project, *, today: date) -> None:
    """Refuse person-level output by command on real data, unless a test purpose is declared and valid.

    Raises
    ------
    PurposeError
        TID210.
    """
    if project.screening.project.data == "real" and project.find_purpose("test", on=today) is None:
        raise PurposeError(
            "TID210",
            "this project holds real people's data: what a model says of a person is shown only in a case that somebody took. "
            "For a test, declare a purpose of kind 'test' in screening.toml, with its legal basis and dates.",
        )
