"""Whether families were informed after a decision to have a conversation with them, and whether they consented; never what they said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from serving.cases.states import Step
from serving.storage.tables import ConsentRow, DecisionRow, StepNoteRow


@dataclass(frozen=True)
class Answer:
    """What followed a decision to have a conversation.

    Parameters
    ----------
    informed
        Whether the family was informed.
    consent
        Whether they ever consented to sharing; None while neither a yes nor a no was recorded.
    """

    informed: bool
    consent: bool | None


def answers_after(session: Session, *, not_finished: Sequence[str]) -> Mapping[tuple[str, datetime], Answer]:
    """Say by case and time of each decision to have a conversation what followed it, and came before the case's next decision.

    Parameters
    ----------
    not_finished
        Decisions that end no review, and no span between two either.
    """
    told = _told(session)
    decided: dict[str, list[tuple[datetime, str]]] = {}
    rows = select(DecisionRow.case_id, DecisionRow.decided_at, DecisionRow.step).where(DecisionRow.step.not_in(not_finished))
    for case_id, at, step in session.execute(rows.order_by(DecisionRow.decided_at)):
        decided.setdefault(case_id, []).append((at, step))
    return {
        (case_id, start): _answer({step for at, step in told.get(case_id, ()) if start <= at and (end is None or at < end)})
        for case_id, decisions in decided.items()
        for start, step, end in _spans(decisions)
        if step == Step.DECIDE_WONDERING.value
    }


def _told(session: Session) -> Mapping[str, list[tuple[datetime, str]]]:
    """List what was recorded of each case: rows stay when their content is purged."""
    steps = (Step.INFORM_FAMILY.value, Step.RECORD_NO_CONSENT.value)
    notes = select(StepNoteRow.case_id, StepNoteRow.written_at, StepNoteRow.step).where(StepNoteRow.step.in_(steps))
    told: dict[str, list[tuple[datetime, str]]] = {}
    for case_id, at, step in session.execute(notes):
        told.setdefault(case_id, []).append((at, step))
    for case_id, at in session.execute(select(ConsentRow.case_id, ConsentRow.recorded_at)):
        told.setdefault(case_id, []).append((at, Step.RECORD_CONSENT.value))
    return told


def _spans(decisions: Sequence[tuple[datetime, str]]) -> Iterator[tuple[datetime, str, datetime | None]]:
    ends: list[datetime | None] = [*(at for at, _ in decisions[1:]), None]
    return ((at, step, end) for (at, step), end in zip(decisions, ends, strict=True))


def _answer(steps: set[str]) -> Answer:
    consent = True if Step.RECORD_CONSENT.value in steps else False if Step.RECORD_NO_CONSENT.value in steps else None
    return Answer(Step.INFORM_FAMILY.value in steps, consent)
