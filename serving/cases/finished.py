"""What a finished review tells an auditor beside its decision: when, after having seen what, and what followed.

Times are read from the log, what was sealed from the case while it is there; neither changes once the decision stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.ledger import Entry
from serving.auditing.log import read_case_entries
from serving.cases.proposal import Proposal
from serving.cases.states import STEPS, CaseState, Step
from serving.person_keys import PersonKeys
from serving.storage.tables import CaseRow, OwnViewRow

_OPENED, _AGAIN = STEPS[Step.OPEN].audit, STEPS[Step.PROPOSE_AGAIN].audit
_OWN_VIEW, _READ, _PROPOSAL_READ = STEPS[Step.SAVE_OWN_VIEW].audit, "case.read", "case.proposal_read"


@dataclass(frozen=True)
class Timing:
    """How long a review took; None where the log does not tell.

    Parameters
    ----------
    days_to_opened, days_to_decided
        From the proposal, or from when the case was proposed again, to the opening and to the end.
    minutes_seen
        From the first time that the proposal was shown to the one who decided, to the decision; None where it was not shown.
    """

    days_to_opened: float | None
    days_to_decided: float
    minutes_seen: float | None


def timing_of(session: Session, case_id: str, *, proposed_at: datetime, ended_at: datetime, step: Step, is_held_back: bool) -> Timing:
    """Read from the log how long one review took; `step` is the one that ended it."""
    entries = _before(read_case_entries(session, case_id), ended_at, step)
    begun = max([proposed_at, *(e.recorded_at for e in entries if e.action == _AGAIN)])
    opened = [e.recorded_at for e in entries if _opens(e) and e.recorded_at >= begun]
    has_seen = STEPS[step].is_decision and opened and not is_held_back
    seen = _first_seen(entries, opened[-1]) if has_seen else None
    return Timing(
        days_to_opened=_days(opened[0] - begun) if opened else None,
        days_to_decided=_days(ended_at - begun),
        minutes_seen=None if seen is None else (ended_at - seen).total_seconds() / 60,
    )


def _before(entries: Sequence[Entry], ended_at: datetime, step: Step) -> Sequence[Entry]:
    """Keep what stands before the end of the review: up to its own entry, since others may bear the same second."""
    until = [e for e in entries if e.recorded_at <= ended_at]
    own = [place for place, e in enumerate(until) if e.recorded_at == ended_at and e.public.get("step") == step.value]
    return until[: own[-1] + 1] if own else until


def _opens(entry: Entry) -> bool:
    """Answer whether the review began with this; a decided case that was passed on is opened where it stands."""
    return entry.action == _OPENED and entry.public.get("to") == CaseState.OWN_VIEW.value


def _first_seen(entries: Sequence[Entry], opened_at: datetime) -> datetime | None:
    """Say when the one who decided first saw the proposal in this round.

    Notes
    -----
    The answer to saving one's own view shows the proposal, and no entry says so. That moment counts unless they asked for the case after
    it and were not shown a proposal, as while the model is suspended.
    """
    actor = entries[-1].actor
    own = [e for e in entries if e.recorded_at >= opened_at and e.actor == actor]
    written = [place for place, e in enumerate(own) if e.action == _OWN_VIEW]
    if not written:
        return None
    reads = [e for e in own[written[-1] :] if e.action in (_READ, _PROPOSAL_READ)]
    shown = [e.recorded_at for e in reads if e.action == _PROPOSAL_READ or e.public.get("proposal_shown")]
    if reads:
        return min(shown, default=None)
    return own[written[-1]].recorded_at


def _days(span: timedelta) -> float:
    return span.total_seconds() / 86_400


def band_shown(session: Session, keys: PersonKeys, case: CaseRow) -> str | None:
    """Give the band that readers of a case are shown; None where it was purged or the person's key is gone."""
    if case.sealed_proposal is None or keys.find(session, case.subject_id) is None:
        return None
    proposal = Proposal.from_json(keys.unseal(session, case.subject_id, case.sealed_proposal))
    return (proposal.seen or proposal).band.value


def readers_agree(session: Session, keys: PersonKeys, case: CaseRow) -> bool | None:
    """Answer whether both readers of this round inclined to the same, each before seeing the proposal; None where one view is not there."""
    if case.second_reader_id is None or keys.find(session, case.subject_id) is None:
        return None
    rows = session.scalars(select(OwnViewRow).where(OwnViewRow.case_id == case.id, OwnViewRow.round == case.round)).all()
    inclinations = [keys.unseal(session, case.subject_id, row.sealed)["inclination"] for row in rows]
    return None if len(inclinations) != 2 else inclinations[0] == inclinations[1]
