"""Figures for planners: how many were proposed, what came of it and how soon, by municipality, county and country. Never a case (R-09).

Cases are counted by the quarter or, where the project says so, the year in which they were proposed, and a period is told once: when its
last case has been decided or has expired, by what had happened until then. Figures that moved from day to day would tell of single cases
by the difference between two looks, and so would a year beside its quarters: a period that overlaps one already told is not told.
Every municipality of a period stands in one table with its county and the country, and that table is attacked as a whole before
anybody sees a part of it (`features.suppression`), so that neither rows, columns, levels nor two planners' tables together give a small
number away. Shielded persons are in no figure (R-08).
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from functools import cache
from itertools import groupby, product
from statistics import median
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, TypeAdapter
from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.suppression import Count, withheld_counts
from serving.access.accounts import Account
from serving.access.permissions import Action, check_may
from serving.aggregates.cohort_courses import MEDIAN_DAYS, PartOfPeriod, split_period, write_courses
from serving.aggregates.overview import hide_small, reports_folder, total_of
from serving.aggregates.periods import first_pending, kind_of, name_of, periods_screened, starts_of_screenings, told_from, told_path
from serving.cases.states import Step
from serving.scoring.capacity import period_after
from serving.storage.tables import CaseRow, DecisionRow, HandoverRow, ScreeningRow, StepNoteRow

COUNTRY = ""
"""Area of the whole country."""

BY_AGE = "planning-figures.json"
"""What ``tidlig planning-figures --json`` printed, where somebody put it below ``var/reports``."""

COUNTY_DIGITS = 2
ALL = "all"
TALKS = "talks"

Level = Literal["country", "county", "municipality"]


class Course(StrEnum):
    """What came of a case, coarsely; each case is in one."""

    NO_DECISION = "no_decision"
    """It expired, or nobody had decided by the day on which the period was told."""
    NO_FURTHER = "no_further"
    """No need, followed up already, an error in the information, or no legal basis."""
    TALK = "talk"
    """A conversation of wondering was decided."""
    FAMILY_INFORMED = "family_informed"
    HANDED_OVER = "handed_over"


_TALKS = (Course.TALK, Course.FAMILY_INFORMED, Course.HANDED_OVER)

NAMED: dict[str, tuple[str, ...]] = {
    **{course.value: (course.value,) for course in Course},
    TALKS: tuple(course.value for course in _TALKS),
    ALL: tuple(course.value for course in Course),
}
"""Name of a count in a table -> the courses that it adds up."""


@dataclass(frozen=True)
class AreaFigures:
    """One area in one period. None is a number under five, or one that would give another away."""

    period: Annotated[str, Field(validation_alias=AliasChoices("period", "quarter"))]
    """``2026-Q3`` or ``2026``: when the cases were proposed. The older name is that of tables told before years could be."""
    level: Level
    area: str
    """Number of municipality or county; empty for the country."""
    name: str | None
    n_proposed: int | None
    courses: dict[Course, int | None]
    share_informed: float | None
    """Of those with whom a conversation was decided, the share whose family was informed."""
    median_days_to_decision: int | None
    n_talks: int | None = None
    """Cases in which a conversation was decided, whatever came of it: told where its parts are too small to be."""


@dataclass(frozen=True)
class PlanningPage:
    """What a planner sees."""

    periods: tuple[str, ...]
    next_period: str
    """The first one that is not told yet."""
    told_from: date
    """When it is."""
    figures: tuple[AreaFigures, ...]
    n_screenings: int
    """Screenings in the periods told."""
    by_age: tuple[dict[str, Any], ...]
    """Rows of `tidlig planning-figures` on the areas that this planner sees; none where nobody has put them there."""
    by_age_as_of: date | None
    """The day on which they were counted."""
    by_age_cohorts: dict[str, tuple[str, ...]]
    """Outcome -> the older cohorts that tell what is to be expected. A row says nothing of one that is not to come any more at its ages."""


@dataclass(frozen=True)
class CourseOfCase:
    """One case, as figures are made from it; stays inside."""

    municipality: str
    course: Course
    days: int | None
    """From the proposal to the decision."""
    screening_id: str = ""


def build_planning_page(session: Session, account: Account, project: Project, *, now: datetime) -> PlanningPage:
    """Build what this planner sees: their area, what lies in it and nothing else.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(account, Action.SEE_PLANNING)
    pending = first_pending(session, project, now=now)
    starts = [start for start in periods_screened(session, project) if start < pending]
    figures = [line for start in starts for line in told(session, project, start)]
    early = read_by_age(project)
    return PlanningPage(
        periods=tuple(name_of(start, kind_of(project)) for start in starts),
        next_period=name_of(pending, kind_of(project)),
        told_from=told_from(project, pending),
        figures=tuple(line for line in figures if sees(account, line.area)),
        n_screenings=sum(start in starts for start in starts_of_screenings(session, project)),
        by_age=tuple(row for row in early.rows if sees(account, str(row["area"]))),
        by_age_as_of=early.as_of,
        by_age_cohorts=early.cohorts,
    )


def sees(account: Account, area: str) -> bool:
    """Answer whether an area lies in this account's own: a county holds its municipalities, and no area at all is the country.

    A county's planner does not see the country, nor a municipality's the county: what they would learn of the others by subtraction.
    """
    own = account.municipality or COUNTRY
    return area.startswith(own)


def tell_due_periods(session: Session, project: Project, *, now: datetime) -> int:
    """Make the table of every period that is over and has none yet, and say how many there were; for the service's timer."""
    pending = first_pending(session, project, now=now)
    due = [start for start in periods_screened(session, project) if start < pending and not told_path(project, start).is_file()]
    for start in due:
        told(session, project, start)
    return len(due)


def told(session: Session, project: Project, start: date) -> list[AreaFigures]:
    """Give a period's table as it was told, making it the first time.

    It is kept in ``var/planning``, so that nothing that is erased later shows by its absence, and because the attack takes minutes where a
    whole country's municipalities are in it.
    """
    path = told_path(project, start)
    if path.is_file():
        return _tables().validate_json(path.read_bytes())
    cases = _cases_of(session, project, start)
    figures = publish(cases, project, period=name_of(start, kind_of(project)))
    write_courses(project, path.stem, _by_screening(session, cases, figures))
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{secrets.token_hex(4)}.draft")
    draft.write_bytes(_tables().dump_json(figures))
    draft.replace(path)
    return figures


def figures_of(session: Session, project: Project, start: date) -> list[AreaFigures]:
    """Make a period's whole table, small numbers withheld."""
    return publish(_cases_of(session, project, start), project, period=name_of(start, kind_of(project)))


def _cases_of(session: Session, project: Project, start: date) -> list[CourseOfCase]:
    until = datetime.combine(told_from(project, start), datetime.min.time(), UTC)
    return _courses(session, (start, period_after(start, kind_of(project))), until)


def _by_screening(
    session: Session, cases: Sequence[CourseOfCase], figures: Sequence[AreaFigures]
) -> dict[str, dict[str, dict[str, int | None]]]:
    """Split each municipality's line by screening, for those who worked its cases."""
    whole = {line.area: {**{str(c): n for c, n in line.courses.items()}, TALKS: line.n_talks, ALL: line.n_proposed} for line in figures}
    rows = session.scalars(select(ScreeningRow).where(ScreeningRow.id.in_({case.screening_id for case in cases}))).all()
    told_already = {row.id: hide_small({str(k): int(n) for k, n in row.cases_by_municipality.items()}) for row in rows}
    proposed = {area: {screening: told.get(area) for screening, told in told_already.items()} for area in whole}
    parts = [PartOfPeriod(case.screening_id, case.municipality, case.course.value) for case in cases]
    told_parts = split_period(parts, whole, proposed, named=NAMED)
    for area, screenings in told_parts.items():
        for screening, shown in screenings.items():
            inside = [case for case in cases if (case.municipality, case.screening_id) == (area, screening)]
            shown[MEDIAN_DAYS] = _median_days(inside, shown[ALL], shown[Course.NO_DECISION.value])
    return told_parts


def publish(cases: Sequence[CourseOfCase], project: Project, *, period: str) -> list[AreaFigures]:
    """Make the table of all areas: country, counties and municipalities, withheld as one.

    Several roles read the list of screenings beside it, which shows how many each proposed. Where a period has more than one, the attacker
    knows of them too: twelve in all and nine of one screening would be three of the other, which that list withholds.
    """
    names = {m.number: m.name for m in project.screening.municipality}
    areas = _areas(names)
    inside = [case for case in cases if case.municipality in names]
    parts = sorted({(case.municipality, case.screening_id) for case in inside})
    parts += [(place, "") for place in names if all(place != one for one, _ in parts)]
    cells = {(*part, course): i for i, (part, course) in enumerate((part, c) for part in parts for c in Course)}
    values = Counter((case.municipality, case.screening_id, case.course) for case in inside)
    listed = _listed(names, inside)
    told_elsewhere = _told_elsewhere(names, parts, listed)

    def count(name: tuple[str, ...], covered: Sequence[tuple[str, str, Course]], *, is_fixed: bool, is_shown: bool = True) -> Count:
        at = tuple(cells[cell] for cell in covered)
        return Count(name, at, sum(values[cell] for cell in covered), is_fixed=is_fixed, is_shown=is_shown)

    counts = []
    for area, (name, courses) in product(areas, NAMED.items()):
        covered = [cell for cell in cells if cell[0].startswith(area) and cell[2] in courses]
        is_fixed = name == ALL and tuple(sorted({cell[0] for cell in covered})) in told_elsewhere
        counts.append(count((area, name), covered, is_fixed=is_fixed))
    if len({screening for _, screening in parts if screening}) > 1:
        for (place, screening), told in listed.items():
            covered = [cell for cell in cells if cell[1] == screening and cell[0].startswith(place)]
            counts.append(count((place, screening, ALL), covered, is_fixed=told, is_shown=told))
    hidden = withheld_counts(counts)
    shown = {one.name: None if one.name in hidden else one.value for one in counts}
    return [_line(area, shown, [c for c in cases if c.municipality.startswith(area)], names, period=period) for area in areas]


def _listed(numbers: Iterable[str], cases: Sequence[CourseOfCase]) -> dict[tuple[str, str], bool]:
    """Say of each screening's proposals in each municipality, and in all, whether the list of screenings shows their number; of some."""
    places = list(numbers)
    listed: dict[tuple[str, str], bool] = {}
    for screening in sorted({case.screening_id for case in cases}):
        proposed = dict.fromkeys(places, 0) | Counter(case.municipality for case in cases if case.screening_id == screening)
        listed |= {(place, screening): n is not None for place, n in hide_small(proposed).items() if proposed[place]}
        listed[COUNTRY, screening] = total_of(proposed) is not None
    return listed


def _told_elsewhere(
    numbers: Iterable[str], parts: Sequence[tuple[str, str]], listed: Mapping[tuple[str, str], bool]
) -> frozenset[tuple[str, ...]]:
    """Give the sets of municipalities whose number of proposals the list of screenings shows: to withhold it here would protect nothing."""
    places = sorted(numbers)
    with_cases = [part for part in parts if part in listed]
    each = {
        (place,) for place in places if (own := [part for part in with_cases if part[0] == place]) and all(listed[part] for part in own)
    }
    in_all = [told for (area, _), told in listed.items() if area == COUNTRY]
    return frozenset(each | ({tuple(places)} if in_all and all(in_all) else set()))


@dataclass(frozen=True)
class ByAge:
    """Figures on everybody from 0 to 24, for all areas; stays inside."""

    as_of: date | None
    cohorts: dict[str, tuple[str, ...]]
    rows: tuple[dict[str, Any], ...]


def read_by_age(project: Project) -> ByAge:
    """Read the figures by age where they are; they hide small numbers themselves."""
    path = reports_folder(project) / BY_AGE
    if not path.is_file():
        return ByAge(None, {}, ())
    found = json.loads(path.read_text(encoding="utf-8"))
    rows = ({**place, "area": COUNTRY if place["level"] == "nation" else str(place["area"])} for place in found["places"])
    return ByAge(date.fromisoformat(found["as_of"]), {one["outcome"]: tuple(one["cohorts"]) for one in found["outcomes"]}, tuple(rows))


@cache
def _tables() -> TypeAdapter[list[AreaFigures]]:
    return TypeAdapter(list[AreaFigures])


def _areas(numbers: Iterable[str]) -> list[str]:
    numbers = sorted(numbers)
    counties = [(county, list(inside)) for county, inside in groupby(numbers, key=lambda number: number[:COUNTY_DIGITS])]
    return [COUNTRY, *(area for county, inside in counties for area in (county, *inside))]


def _line(
    area: str, shown: Mapping[tuple[str, ...], int | None], cases: Sequence[CourseOfCase], names: Mapping[str, str], *, period: str
) -> AreaFigures:
    courses = {course: shown[area, course.value] for course in Course}
    n_proposed, n_talks = shown[area, ALL], shown[area, TALKS]
    return AreaFigures(
        period=period,
        level="country" if area == COUNTRY else "county" if len(area) == COUNTY_DIGITS else "municipality",
        area=area,
        name=names.get(area),
        n_proposed=n_proposed,
        courses=courses,
        share_informed=_share_informed(n_talks, courses[Course.TALK]),
        median_days_to_decision=_median_days(cases, n_proposed, courses[Course.NO_DECISION]),
        n_talks=n_talks,
    )


def _share_informed(n_talks: int | None, n_waiting: int | None) -> float | None:
    """Give the share from shown numbers only, so that it tells nothing that they do not."""
    return None if n_talks is None or n_waiting is None else round((n_talks - n_waiting) / n_talks, 2)


def _median_days(cases: Sequence[CourseOfCase], n_proposed: int | None, n_undecided: int | None) -> int | None:
    """Give the median in whole days, where it is shown that five or more were decided."""
    if n_proposed is None or n_undecided is None or n_proposed - n_undecided < 5:
        return None
    return round(median(case.days for case in cases if case.days is not None))


def _courses(session: Session, days: tuple[date, date], until: datetime) -> list[CourseOfCase]:
    """Say what had come by a moment of each case proposed from one day to before another; what came later is in no figure."""
    begin, end = (datetime.combine(day, datetime.min.time(), UTC) for day in days)
    proposed = select(CaseRow.id, CaseRow.municipality, CaseRow.created_at, CaseRow.screening_id).where(
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
    for case_id, municipality, created_at, screening_id in session.execute(proposed):
        step, decided_at = decided.get(case_id, (None, None))
        waited = None if decided_at is None else (decided_at.date() - created_at.date()).days
        course = _course(step, is_informed=case_id in informed, is_handed=case_id in handed)
        found.append(CourseOfCase(str(municipality), course, waited, screening_id))
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
