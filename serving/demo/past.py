"""A past for the demo: earlier screenings, their cases worked to their ends, so that planners and leaders have something to see.

Made by the service's own functions, with the clock turned back: everybody in it is invented, and so is what the log says of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import cycle

from sqlalchemy import select

from features.declarations.catalogue import Sector
from features.declarations.project import Project
from serving.access.accounts import check_demo_allowed
from serving.cases import consents, conversation, handover, service
from serving.cases.forms import ConsentForm, EvaluationForm, FamilyInformed, HandoverForm, PlannedTalk
from serving.cases.pages import CasePage, Inclination
from serving.cases.states import CaseState, Step
from serving.demo.cases import HEARD, NEED, NEEDS, REASONS, VIEWS, Stage
from serving.person_keys import PersonKeys
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow

Move = Callable[[Stage, CasePage, int], CasePage]


def take_and_open(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Take the case and open it."""
    desk = stage.desk(Role.COORDINATOR)
    page = service.assign(desk, page.row.case_id, version=page.version)
    return service.open_case(desk, page.row.case_id, need_to_know=NEED, version=page.version)


def close_without_need(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Decide that nothing more is needed, and close."""
    page = _decide(stage, page, n, Step.DECIDE_NO_NEED, REASONS[2])
    return service.close(stage.desk(Role.COORDINATOR), page.row.case_id, version=page.version)


def plan_talk(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Decide on a conversation and plan it."""
    page = _decide(stage, page, n, Step.DECIDE_WONDERING, REASONS[n % 2])
    talk = PlannedTalk(
        planned_on=stage.today + timedelta(days=6),
        talks="Kontaktlærer",
        with_whom=("child",),
        about="Hvordan den første vinteren på Vg1 har vært.",
    )
    return conversation.plan_talk(stage.desk(Role.COORDINATOR), page.row.case_id, talk=talk, version=page.version)


def inform_family(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Hold the conversation."""
    informed = FamilyInformed(
        informed_on=stage.today,
        talked="Kontaktlærer",
        with_whom=("child", "guardian_a"),
        child_heard="heard",
        child_heard_how=HEARD,
        sheet_given=True,
    )
    return conversation.inform_family(stage.desk(Role.COORDINATOR), page.row.case_id, informed=informed, version=page.version)


def go_on_without(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Record that nobody wants more, and close: that is an answer, and counts against nobody."""
    desk = stage.desk(Role.COORDINATOR)
    note = "Familien takket for samtalen og ønsker ikke mer nå."
    page = consents.record_no_consent(desk, page.row.case_id, note=note, version=page.version)
    return service.close(desk, page.row.case_id, version=page.version)


def hand_over(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Record the young person's own consent, from 16, and hand over."""
    desk, holder = stage.desk(Role.COORDINATOR), stage.desk(Role.RELAY_HOLDER).account
    consent = ConsentForm(
        given_by="child",
        age=17,
        purpose="Samarbeid om en trygg hverdag på skolen.",
        services=(str(holder.service),),
        categories=(Sector.EDUCATION,),
        language="nb",
        given_on=stage.today,
        valid_to=stage.today + timedelta(days=180),
    )
    page = consents.record_consent(desk, page.row.case_id, consent=consent, version=page.version)
    agreed = HandoverForm(
        holder=holder.login, needs=NEEDS, child_heard="heard", child_heard_how=HEARD, evaluate_on=stage.today + timedelta(days=56)
    )
    return handover.hand_over(desk, page.row.case_id, step=Step.HAND_OVER_2, handover=agreed, version=page.version)


def evaluate(stage: Stage, page: CasePage, n: int) -> CasePage:
    """Say how it went, and close."""
    desk = stage.desk(Role.COORDINATOR)
    told = EvaluationForm(
        wellbeing=("better", "unchanged")[n % 2],
        outcome="Er på skolen fire dager i uka og har fått en fast voksen å gå til.",
        child_said="Vil gjerne beholde avtalen ut skoleåret.",
    )
    page = handover.evaluate(desk, page.row.case_id, evaluation=told, version=page.version)
    return service.close(desk, page.row.case_id, version=page.version)


Course = tuple[tuple[int, Move], ...]

COURSES: tuple[Course, ...] = (
    ((7, plan_talk), (13, inform_family), (16, hand_over), (72, evaluate)),
    ((5, close_without_need),),
    ((8, plan_talk), (118, inform_family), (124, go_on_without)),
    (),
    ((9, plan_talk), (15, inform_family), (20, hand_over), (76, evaluate)),
    ((4, close_without_need),),
    ((6, plan_talk), (12, inform_family), (14, go_on_without)),
    ((10, plan_talk), (121, inform_family), (126, go_on_without)),
)
"""What comes of the cases, in turn, and on which day after the screening. One is taken by nobody and expires; in some the conversation
has to wait, longer than planners' figures do."""

NO_NEED = COURSES[1]

OPENED_ON = 2

LEANINGS: tuple[Inclination, ...] = ("concern", "no_concern", "unsure")


@dataclass(frozen=True, order=True)
class _Planned:
    """A step of one case at its moment; ordered by that."""

    at: datetime
    n: int
    case_id: str = field(compare=False)
    municipality: str = field(compare=False)
    move: Move = field(compare=False)


def make_demo_past(
    database: Database,
    project: Project,
    keys: PersonKeys,
    *,
    settings: Settings,
    screened_at: Sequence[datetime],
    propose: Callable[[datetime], object],
    until: datetime,
) -> int:
    """Screen and work the cases, day by day, and say how many there were.

    Steps and screenings follow one another in the order of their days over all cases, so that the log reads as if it had been so. A case
    that a second reader has to look at first needs nothing more here.

    Parameters
    ----------
    propose
        Screens at a moment.
    until
        Steps that would come after this moment are not taken: those cases are still open.

    Raises
    ------
    ReviewError
        TID716 with data that is not synthetic, or in production (R-29).
    """
    check_demo_allowed(project, settings)
    planned: list[_Planned] = []
    turns: dict[str, Iterator[Course]] = {place.number: cycle(COURSES) for place in project.screening.municipality}
    known: set[str] = set()
    for moment in sorted(screened_at):
        _take_steps(database, project, keys, planned, until=moment)
        propose(moment)
        for case_id, municipality, needs_second_reader in _new_cases(database, known):
            course = NO_NEED if needs_second_reader else next(turns[municipality])
            steps = ((OPENED_ON, take_and_open), *course) if course else ()
            for day, move in steps:
                heappush(planned, _Planned(moment + timedelta(days=day, minutes=7 * len(known)), len(known), case_id, municipality, move))
            known.add(case_id)
    _take_steps(database, project, keys, planned, until=until)
    return len(known)


def _new_cases(database: Database, known: set[str]) -> list[tuple[str, str, bool]]:
    """List the new cases that are not known yet: id, municipality, whether a second reader has to look."""
    with database.reading() as session:
        new = select(CaseRow.id, CaseRow.municipality, CaseRow.needs_second_reader).where(
            CaseRow.state == CaseState.NEW.value, CaseRow.is_shielded.is_(False)
        )
        rows = session.execute(new.order_by(CaseRow.municipality, CaseRow.reference)).all()
    return [(case_id, str(municipality), needs) for case_id, municipality, needs in rows if case_id not in known]


def _take_steps(database: Database, project: Project, keys: PersonKeys, planned: list[_Planned], *, until: datetime) -> None:
    """Take the steps that come before a moment."""
    while planned and planned[0].at < until:
        step = heappop(planned)
        with database.transaction() as session:
            stage = Stage(session, keys, project, step.municipality, step.at)
            page = service.read_case(stage.desk(Role.COORDINATOR), step.case_id)
            if page.row.state not in (
                CaseState.CLOSED,
                CaseState.EXPIRED,
            ):  # it closed as it opened: somebody follows this person up by then
                step.move(stage, page, step.n)


def _decide(stage: Stage, page: CasePage, n: int, step: Step, reason: str) -> CasePage:
    """Write an own view, read the proposal and decide; each reason is the case's own (TID704)."""
    desk, case_id = stage.desk(Role.COORDINATOR), page.row.case_id
    leaning: Inclination = LEANINGS[n % len(LEANINGS)]
    page = service.save_own_view(desk, case_id, text=VIEWS[n % len(VIEWS)], inclination=leaning, version=page.version)
    service.read_view(desk, case_id)
    own = f"{reason} Drøftet med kontaktlærer {stage.today:%d.%m.}, notat {n + 1}."
    return service.decide(desk, case_id, step=step, reason=own, version=page.version)
