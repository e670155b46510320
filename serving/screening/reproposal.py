"""Who was looked at before is proposed again only with new evidence (R-31).

The rule, of somebody whose earlier case has ended:

1. Something new is known: a record of an indicator that the model reads became known after the earlier case's as-of date and by this
   one, and the model's inputs are not the ones that were sealed with the earlier proposal. That time passed, a model was changed or a
   case expired is no evidence. Of a proposal that was purged only the records are asked.
2. Within `retention.reproposal_months` of the earlier proposal also the band has risen above that proposal's. Of a proposal that was purged
   nobody knows the band any more: then it takes the months.

Somebody with an open case, an objection that stands or an erased key is not proposed at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.store import EventStore
from models.bands import Band
from serving.cases.proposal import Proposal, inputs_sha256
from serving.cases.states import OPEN_STATES
from serving.person_keys import PersonKeys
from serving.scoring.candidates import Candidate
from serving.storage.tables import CaseRow, PersonKeyRow, RestrictionRow, ScreeningRow

_ORDER = {band: place for place, band in enumerate(Band)}


@dataclass(frozen=True)
class EarlierProposal:
    """The newest case that somebody had; `band` and `inputs_sha256` are None where its content is gone."""

    as_of: date
    proposed_at: datetime
    band: Band | None
    inputs_sha256: str | None


def barred_subjects(session: Session) -> frozenset[str]:
    """Subjects who are not proposed whatever is known: an open case, an objection that stands (R-22), an erased key."""
    in_hand = select(CaseRow.subject_id).where(CaseRow.state.in_([s.value for s in OPEN_STATES]))
    objections = select(RestrictionRow.subject_id).where(RestrictionRow.lifted_at.is_(None))
    erased = select(PersonKeyRow.subject_id).where(PersonKeyRow.erased_at.is_not(None))
    return frozenset(subject for query in (in_hand, objections, erased) for subject in session.scalars(query))


def without_stale(
    session: Session,
    project: Project,
    keys: PersonKeys,
    store: EventStore,
    candidates: Iterable[Candidate],
    *,
    as_of: date,
    now: datetime,
) -> list[Candidate]:
    """Leave out the candidates who were proposed before and of whom nothing new is known."""
    candidates = list(candidates)
    earlier = find_earlier(session, keys, {c.subject_id for c in candidates})
    seen_before = [c for c in candidates if c.subject_id in earlier]
    newest = _newest_records(store, seen_before, as_of=as_of)
    cool_down = timedelta(days=round(project.screening.retention.reproposal_months * 30.44))

    def may(candidate: Candidate) -> bool:
        before = earlier.get(candidate.subject_id)
        if before is None:
            return True
        known_on = newest.get((candidate.subject_id, candidate.scored.champion.name))
        return _is_news(candidate, before, known_on) and (now - before.proposed_at > cool_down or _has_risen(candidate, before))

    return [c for c in candidates if may(c)]


def find_earlier(session: Session, keys: PersonKeys, subjects: Iterable[str]) -> dict[str, EarlierProposal]:
    """Find the newest case of each of these subjects who had one."""
    wanted = frozenset(subjects)
    query = select(CaseRow, ScreeningRow.as_of).join(ScreeningRow, ScreeningRow.id == CaseRow.screening_id).order_by(CaseRow.created_at)
    newest = {case.subject_id: (case, as_of) for case, as_of in session.execute(query) if case.subject_id in wanted}
    return {subject: _earlier(session, keys, case, as_of) for subject, (case, as_of) in newest.items()}


def _earlier(session: Session, keys: PersonKeys, case: CaseRow, as_of: date) -> EarlierProposal:
    if case.sealed_proposal is None or keys.find(session, case.subject_id) is None:
        return EarlierProposal(as_of, case.created_at, None, None)
    proposal = Proposal.from_json(keys.unseal(session, case.subject_id, case.sealed_proposal))
    return EarlierProposal(as_of, case.created_at, proposal.band, proposal.inputs_sha256 or None)


def _newest_records(store: EventStore, candidates: Iterable[Candidate], *, as_of: date) -> Mapping[tuple[str, str], date]:
    """Give (subject, model) -> when the newest record of an indicator that the model reads became known."""
    candidates = list(candidates)
    if not candidates:
        return {}
    person = {c: int(c.scored.frame["person"].iloc[c.row]) for c in candidates}
    records = store.records_of(np.array(sorted(set(person.values())), dtype=np.int32), as_of=as_of)
    found = {}
    for candidate in candidates:
        read = {name.partition(".")[0] for name in candidate.scored.bundle.feature_names}
        known_on = records.loc[(records["person"] == person[candidate]) & records["indicator"].isin(read), "known_on"]
        if len(known_on):
            found[candidate.subject_id, candidate.scored.champion.name] = known_on.max()
    return found


def _is_news(candidate: Candidate, before: EarlierProposal, known_on: date | None) -> bool:
    if known_on is None or known_on <= before.as_of:
        return False
    names, picture = candidate.scored.bundle.feature_names, candidate.scored.picture(candidate.row)
    return inputs_sha256(names, picture) != before.inputs_sha256


def _has_risen(candidate: Candidate, before: EarlierProposal) -> bool:
    return before.band is not None and _ORDER[Band(str(candidate.scored.scores.band[candidate.row]))] > _ORDER[before.band]
