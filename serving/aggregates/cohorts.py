"""The cohorts that were screened, for a coordinator of the municipality: how many, what came of it, and their own cases of them one by one.

Nobody else's case is here, nor a list of those proposed; nothing can be done to several cases at once (R-01). What is told was written down
when the cohort was screened (`serving.aggregates.cohort_records`) and when the planners' table of its period was
(`serving.aggregates.cohort_courses`). In between, how far the review has come is told in fives, with room on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import distinct, func, select

from features.declarations.catalogue import Wording
from features.declarations.project import Project
from features.small_cells import SMALLEST_CELL
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.aggregates.cohort_courses import MEDIAN_DAYS, Shown, find_courses
from serving.aggregates.cohort_records import Share, find_record
from serving.aggregates.overview import hide_small, or_none
from serving.aggregates.periods import kind_of, name_of, told_from
from serving.auditing import log
from serving.cases.building import build_row
from serving.cases.pages import QueueRow
from serving.cases.states import Step
from serving.cases.wording import outcome_label, stage_label
from serving.errors import NotFoundError
from serving.scoring.capacity import period_start
from serving.storage.tables import CaseRow, DecisionRow, ScreeningRow

SCHOOL_YEAR_BEGINS = 8
"""Month in which a school year begins."""


@dataclass(frozen=True)
class CohortLine:
    """One cohort in the list."""

    screening_id: str
    stage_label: Wording
    outcome_label: Wording
    as_of: date
    school_year: str
    screened_on: date
    n_proposed: int | None
    """In the reader's municipality; None is a small number, or one that would give another away."""
    n_mine: int
    """The reader's own cases of it."""


@dataclass(frozen=True)
class CommonReason:
    """What raised many of the proposals."""

    label: Wording
    sector: str
    share: Share


@dataclass(frozen=True)
class CohortPage:
    """What a coordinator sees of one cohort."""

    line: CohortLine
    n_screened_in_all: int | None
    n_screened: int | None
    """In the reader's municipality; None is a small number, or one that was not written down."""
    is_recorded: bool
    """Whether it was screened since such figures are written down."""
    reviewed_at_least: int | None
    """Decided by now, in fives; None where it is too few, or too many, to be told."""
    expires_on: date
    """The day on which what nobody decided is erased."""
    period: str
    told_on: date
    """When what came of it is told."""
    courses: Shown | None
    """Name of a count of `serving.aggregates.planning` -> the count; None before it is told."""
    median_days: int | None
    reasons: tuple[CommonReason, ...] | None
    """None where too few were proposed to tell anything of it."""
    mine: tuple[QueueRow, ...]


def list_cohorts(desk: Desk) -> list[CohortLine]:
    """List the cohorts that were screened in the reader's municipality, newest first.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.SEE_COHORTS)
    rows = desk.session.scalars(select(ScreeningRow).order_by(ScreeningRow.screened_at.desc(), ScreeningRow.id))
    lines = [_line(desk, row) for row in rows if _place(desk) in row.cases_by_municipality]
    _log(desk, "cohorts.read", {"n": len(lines)})
    return lines


def get_cohort(desk: Desk, screening_id: str) -> CohortPage:
    """Show one cohort of the reader's municipality, and the reader's own cases of it.

    Raises
    ------
    NotAllowedError
        TID712.
    NotFoundError
        TID710 when nothing of that name was screened there.
    """
    check_may(desk.account, Action.SEE_COHORTS)
    row = desk.session.get(ScreeningRow, screening_id)
    if row is None or _place(desk) not in row.cases_by_municipality:
        raise NotFoundError("screening")
    line, record = _line(desk, row), find_record(desk.project, row.id)
    start = period_start(row.screened_at.date(), kind_of(desk.project))
    period = name_of(start, kind_of(desk.project))
    courses = find_courses(desk.project, period, municipality=_place(desk), screening=row.id)
    _log(desk, "cohort.read", {"screening": row.id})
    return CohortPage(
        line=line,
        n_screened_in_all=or_none(row.n_scored),
        n_screened=None if record is None else record.screened.get(_place(desk)),
        is_recorded=record is not None,
        reviewed_at_least=None if line.n_proposed is None else in_fives(_n_decided(desk, row), of=line.n_proposed),
        expires_on=row.screened_at.date() + timedelta(days=desk.project.screening.retention.unreviewed_days),
        period=period,
        told_on=told_from(desk.project, start),
        courses=None if courses is None else {name: n for name, n in courses.items() if name != MEDIAN_DAYS},
        median_days=None if courses is None else courses.get(MEDIAN_DAYS),
        reasons=None
        if record is None or record.raised is None
        else _reasons(desk.project, [(r.indicator, r.share) for r in record.raised]),
        mine=_own_cases(desk, row),
    )


def in_fives(n: int, *, of: int) -> int | None:
    """Give the largest multiple of five that a number has reached, with as many to spare; None where there is none.

    Neither those who are counted nor those who are left can be told to be fewer than five.

    Examples
    --------
    >>> in_fives(13, of=24), in_fives(24, of=24), in_fives(4, of=24), in_fives(9, of=9)
    (10, 15, None, None)
    """
    reached = min(n, of - SMALLEST_CELL) // SMALLEST_CELL * SMALLEST_CELL
    return reached if reached >= SMALLEST_CELL else None


def school_year_of(day: date) -> str:
    """Name the school year that a day lies in.

    Examples
    --------
    >>> school_year_of(date(2026, 6, 30)), school_year_of(date(2026, 8, 1))
    ('2025/2026', '2026/2027')
    """
    first = day.year - (day.month < SCHOOL_YEAR_BEGINS)
    return f"{first}/{first + 1}"


def _place(desk: Desk) -> str:
    return desk.account.municipality or ""


def _line(desk: Desk, row: ScreeningRow) -> CohortLine:
    counts = hide_small({str(name): int(n) for name, n in row.cases_by_municipality.items()})
    own = select(func.count()).where(CaseRow.screening_id == row.id, CaseRow.assignee_id == desk.account.id)
    return CohortLine(
        screening_id=row.id,
        stage_label=stage_label(desk.project, row.stage),
        outcome_label=outcome_label(desk.project, row.outcome),
        as_of=row.as_of,
        school_year=school_year_of(row.as_of),
        screened_on=row.screened_at.date(),
        n_proposed=counts[_place(desk)],
        n_mine=desk.session.scalar(own) or 0,
    )


def _n_decided(desk: Desk, row: ScreeningRow) -> int:
    """Count the cases of the municipality that somebody has decided; asking a colleague is no decision."""
    decided = (
        select(func.count(distinct(CaseRow.id)))
        .join(DecisionRow, DecisionRow.case_id == CaseRow.id)
        .where(
            CaseRow.screening_id == row.id,
            CaseRow.municipality == _place(desk),
            CaseRow.is_shielded.is_(False),
            DecisionRow.step != Step.DECIDE_SECOND_READER.value,
        )
    )
    return desk.session.scalar(decided) or 0


def _own_cases(desk: Desk, row: ScreeningRow) -> tuple[QueueRow, ...]:
    """List the reader's own cases of a cohort, the open ones by deadline and then those that are over."""
    own = select(CaseRow).where(
        CaseRow.screening_id == row.id, CaseRow.municipality == _place(desk), CaseRow.assignee_id == desk.account.id
    )
    lines = [build_row(desk, case) for case in desk.session.scalars(own)]
    return tuple(sorted(lines, key=lambda line: (line.due_on is None, line.due_on or line.expires_on, line.reference)))


def _reasons(project: Project, raised: list[tuple[str, Share]]) -> tuple[CommonReason, ...]:
    """Name what raised many proposals; an indicator that the project does not declare any more is left out."""
    declared = project.catalogue.declared
    return tuple(
        CommonReason(declared[code].label, project.catalogue.sector_of(code).value, share) for code, share in raised if code in declared
    )


def _log(desk: Desk, action: str, details: dict[str, object]) -> None:
    log.record(desk.session, log.Event(action, actor=desk.account.id, role=desk.account.role, details=details), now=desk.now)
