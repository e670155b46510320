"""Figures for planners: how many were proposed, what came of it and how soon, by municipality, county and country. Never a case (R-09).

Cases are counted by the quarter in which they were proposed, and a quarter is told once: when its last case has been decided or has
expired, by what had happened until then. Figures that moved from day to day would tell of single cases by the difference between two
looks. Every municipality of a quarter stands in one table with its county and the country, and that table is attacked as a whole before
anybody sees a part of it (`features.suppression`), so that neither rows, columns, levels nor two planners' tables together give a small
number away. Shielded persons are in no figure (R-08).
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import groupby
from pathlib import Path
from statistics import median
from typing import Any, Literal

from pydantic import TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.suppression import Count, withheld_counts
from serving.access.accounts import Account
from serving.access.permissions import Action, check_may
from serving.aggregates.overview import hide_small, reports_folder, total_of
from serving.cases.states import Step
from serving.scoring.capacity import period_after, period_start
from serving.storage.tables import CaseRow, DecisionRow, HandoverRow, ScreeningRow, StepNoteRow

COUNTRY = ""
"""Area of the whole country."""

EARLY_YEARS = "planning-figures.json"
"""What ``tidlig planning-figures --json`` printed, where somebody put it below ``var/reports``."""

COUNTY_DIGITS = 2
ALL = "all"

Level = Literal["country", "county", "municipality"]


class Course(StrEnum):
    """What came of a case, coarsely; each case is in one."""

    NO_DECISION = "no_decision"
    """It expired, or nobody had decided by the day on which the quarter was told."""
    NO_FURTHER = "no_further"
    """No need, followed up already, an error in the information, or no legal basis."""
    TALK = "talk"
    """A conversation of wondering was decided."""
    FAMILY_INFORMED = "family_informed"
    HANDED_OVER = "handed_over"


_TALKS = (Course.TALK, Course.FAMILY_INFORMED, Course.HANDED_OVER)


@dataclass(frozen=True)
class AreaFigures:
    """One area in one quarter. None is a number under five, or one that would give another away."""

    quarter: str
    """``2026-Q3``: when the cases were proposed."""
    level: Level
    area: str
    """Number of municipality or county; empty for the country."""
    name: str | None
    n_proposed: int | None
    courses: dict[Course, int | None]
    share_informed: float | None
    """Of those with whom a conversation was decided, the share whose family was informed."""
    median_days_to_decision: int | None


@dataclass(frozen=True)
class PlanningPage:
    """What a planner sees."""

    quarters: tuple[str, ...]
    next_quarter: str
    """The first one that is not told yet."""
    told_from: date
    """When it is."""
    figures: tuple[AreaFigures, ...]
    n_screenings: int
    """Screenings in the quarters told."""
    early_years: tuple[dict[str, Any], ...]
    """Rows of `tidlig planning-figures` on the areas that this planner sees; none where nobody has put them there."""


@dataclass(frozen=True)
class CourseOfCase:
    """One case, as figures are made from it; stays inside."""

    municipality: str
    course: Course
    days: int | None
    """From the proposal to the decision."""


def build_planning_page(session: Session, account: Account, project: Project, *, now: datetime) -> PlanningPage:
    """Build what this planner sees: their area, what lies in it and nothing else.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_PLANNING)
    pending = first_pending(session, project, now=now)
    starts = [start for start in _quarters(session) if start < pending]
    figures = [line for start in starts for line in told(session, project, start)]
    return PlanningPage(
        quarters=tuple(_name(start) for start in starts),
        next_quarter=_name(pending),
        told_from=told_from(project, pending),
        figures=tuple(line for line in figures if sees(account, line.area)),
        n_screenings=sum(start < pending for start in _screened_in(session)),
        early_years=tuple(row for row in read_early_years(project) if sees(account, str(row["area"]))),
    )


def sees(account: Account, area: str) -> bool:
    """Answer whether an area lies in this account's own: a county holds its municipalities, and no area at all is the country.

    A county's planner does not see the country, nor a municipality's the county: what they would learn of the others by subtraction.
    """
    own = account.municipality or COUNTRY
    return area.startswith(own)


def told_from(project: Project, start: date) -> date:
    """Give the day from which a quarter's figures are told: when its last case has been decided or has expired."""
    return period_after(start, "quarter") + timedelta(days=project.screening.retention.unreviewed_days)


def first_pending(session: Session, project: Project, *, now: datetime) -> date:
    """Give the start of the first quarter that is not told yet."""
    today = now.astimezone(UTC).date()
    start = min(_quarters(session), default=period_start(today, "quarter"))
    while told_from(project, start) <= today:
        start = period_after(start, "quarter")
    return start


def tell_due_quarters(session: Session, project: Project, *, now: datetime) -> int:
    """Make the table of every quarter that is over and has none yet, and say how many there were; for the service's timer."""
    pending = first_pending(session, project, now=now)
    due = [start for start in _quarters(session) if start < pending and not _path(project, start).is_file()]
    for start in due:
        told(session, project, start)
    return len(due)


def told(session: Session, project: Project, start: date) -> list[AreaFigures]:
    """Give a quarter's table as it was told, making it the first time.

    It is kept in ``var/planning``, so that nothing that is erased later shows by its absence, and because the attack takes minutes where a
    whole country's municipalities are in it.
    """
    path = _path(project, start)
    if path.is_file():
        return _tables().validate_json(path.read_bytes())
    figures = figures_of(session, project, start)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(4)}.draft")
    draft.write_bytes(_tables().dump_json(figures))
    draft.replace(path)
    return figures


def figures_of(session: Session, project: Project, start: date) -> list[AreaFigures]:
    """Make a quarter's whole table, small numbers withheld."""
    until = datetime.combine(told_from(project, start), datetime.min.time(), UTC)
    return publish(_courses(session, start, until), project, quarter=_name(start))


def publish(cases: Sequence[CourseOfCase], project: Project, *, quarter: str) -> list[AreaFigures]:
    """Make the table of all areas: country, counties and municipalities, withheld as one."""
    names = {m.number: m.name for m in project.screening.municipality}
    areas = _areas(names)
    cells = {(place, course): i for i, (place, course) in enumerate((p, c) for p in names for c in Course)}
    values = Counter((case.municipality, case.course) for case in cases)
    told_elsewhere = _told_elsewhere(names, cases)

    def count(area: str, courses: Iterable[Course], name: str) -> Count:
        inside = [cell for cell in cells if cell[0].startswith(area) and cell[1] in courses]
        is_fixed = name == ALL and tuple(sorted({cell[0] for cell in inside})) in told_elsewhere
        return Count((area, name), tuple(cells[cell] for cell in inside), sum(values[cell] for cell in inside), is_fixed=is_fixed)

    counts = [one for area in areas for one in (*(count(area, (c,), c.value) for c in Course), count(area, tuple(Course), ALL))]
    hidden = withheld_counts(counts)
    shown = {one.name: None if one.name in hidden else one.value for one in counts}
    return [_line(area, shown, [c for c in cases if c.municipality.startswith(area)], names, quarter=quarter) for area in areas]


def _told_elsewhere(numbers: Iterable[str], cases: Sequence[CourseOfCase]) -> frozenset[tuple[str, ...]]:
    """Give the sets of municipalities whose number of proposals the list of screenings shows: to withhold it here would protect nothing."""
    proposed = dict.fromkeys(numbers, 0) | Counter(case.municipality for case in cases)
    each = {(number,) for number, n in hide_small(proposed).items() if n}
    return frozenset(each | ({tuple(sorted(proposed))} if total_of(proposed) else set()))


def read_early_years(project: Project) -> list[dict[str, Any]]:
    """Read the figures on children under ten where they are; they hide small numbers themselves."""
    path = reports_folder(project) / EARLY_YEARS
    if not path.is_file():
        return []
    places: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["places"]
    return [{**place, "area": COUNTRY if place["level"] == "nation" else str(place["area"])} for place in places]


@cache
def _tables() -> TypeAdapter[list[AreaFigures]]:
    return TypeAdapter(list[AreaFigures])


def _path(project: Project, start: date) -> Path:
    return project.var / "planning" / f"{_name(start)}.json"


def _areas(numbers: Iterable[str]) -> list[str]:
    numbers = sorted(numbers)
    counties = [(county, list(inside)) for county, inside in groupby(numbers, key=lambda number: number[:COUNTY_DIGITS])]
    return [COUNTRY, *(area for county, inside in counties for area in (county, *inside))]


def _line(
    area: str, shown: Mapping[tuple[str, ...], int | None], cases: Sequence[CourseOfCase], names: Mapping[str, str], *, quarter: str
) -> AreaFigures:
    courses = {course: shown[area, course.value] for course in Course}
    n_proposed = shown[area, ALL]
    return AreaFigures(
        quarter=quarter,
        level="country" if area == COUNTRY else "county" if len(area) == COUNTY_DIGITS else "municipality",
        area=area,
        name=names.get(area),
        n_proposed=n_proposed,
        courses=courses,
        share_informed=_share_informed(courses),
        median_days_to_decision=_median_days(cases, n_proposed, courses[Course.NO_DECISION]),
    )


def _share_informed(courses: Mapping[Course, int | None]) -> float | None:
    """Give the share from shown numbers only, so that it tells nothing that they do not."""
    talk, informed, handed = (courses[course] for course in _TALKS)
    if talk is None or informed is None or handed is None:
        return None
    return round((informed + handed) / (talk + informed + handed), 2)


def _median_days(cases: Sequence[CourseOfCase], n_proposed: int | None, n_undecided: int | None) -> int | None:
    """Give the median in whole days, where it is shown that five or more were decided."""
    if n_proposed is None or n_undecided is None or n_proposed - n_undecided < 5:
        return None
    return round(median(case.days for case in cases if case.days is not None))


def _courses(session: Session, start: date, until: datetime) -> list[CourseOfCase]:
    """Say what had come of each case of a quarter by a moment; what came later is in no figure, so that none ever changes."""
    begin, end = (datetime.combine(day, datetime.min.time(), UTC) for day in (start, period_after(start, "quarter")))
    proposed = select(CaseRow.id, CaseRow.municipality, CaseRow.created_at).where(
        CaseRow.created_at >= begin, CaseRow.created_at < end, CaseRow.is_shielded.is_(False)
    )
    decided = _decisions(
        session, select(DecisionRow.case_id, DecisionRow.step, DecisionRow.decided_at).order_by(DecisionRow.decided_at), until
    )
    informed = _happened(
        session, select(StepNoteRow.case_id, StepNoteRow.written_at).where(StepNoteRow.step == Step.INFORM_FAMILY.value), until
    )
    handed = _happened(session, select(HandoverRow.case_id, HandoverRow.made_at), until)
    found = []
    for case_id, municipality, created_at in session.execute(proposed):
        step, decided_at = decided.get(case_id, (None, None))
        days = None if decided_at is None else (decided_at.date() - created_at.date()).days
        found.append(CourseOfCase(str(municipality), _course(step, is_informed=case_id in informed, is_handed=case_id in handed), days))
    return found


def _course(step: Step | None, *, is_informed: bool, is_handed: bool) -> Course:
    if is_handed:
        return Course.HANDED_OVER
    if is_informed:
        return Course.FAMILY_INFORMED
    if step is None:
        return Course.NO_DECISION
    return Course.TALK if step is Step.DECIDE_WONDERING else Course.NO_FURTHER


def _decisions(session: Session, query: Any, until: datetime) -> dict[str, tuple[Step, datetime]]:
    """Give each case's last decision before a moment; asking a colleague is none."""
    rows = [(case, Step(step), at) for case, step, at in session.execute(query) if at < until and step != Step.DECIDE_SECOND_READER.value]
    return {case: (step, at) for case, step, at in rows}


def _happened(session: Session, query: Any, until: datetime) -> frozenset[str]:
    return frozenset(case for case, at in session.execute(query) if at < until)


def _quarters(session: Session) -> list[date]:
    """List the quarters in which anybody was screened."""
    return sorted(set(_screened_in(session)))


def _screened_in(session: Session) -> list[date]:
    return [period_start(at.date(), "quarter") for at in session.scalars(select(ScreeningRow.screened_at))]


def _name(start: date) -> str:
    return f"{start.year}-Q{(start.month + 2) // 3}"
