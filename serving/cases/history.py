"""What happened in a case, as its page tells it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from features.declarations.catalogue import Wording
from serving.auditing import log
from serving.cases.pages import HistoryLine
from serving.cases.states import STEPS, Step


def history_of(session: Session, case_id: str) -> tuple[HistoryLine, ...]:
    """Tell a case's events, oldest first; reads are left out."""
    lines = log.read_case_lines(session, case_id)
    return tuple(HistoryLine(x.at, x.action, x.role, _label(x)) for x in lines if not x.action.endswith("read"))


def _label(line: log.LogLine) -> Wording | None:
    step = line.details.get("step")
    return None if step is None else STEPS[Step(step)].wording
