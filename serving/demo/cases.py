"""Cases of the demo at every step, so that a newcomer sees the whole review alive. Made by the service's own functions, one by one.

Everybody and everything in them is invented. What is not shown by a case here is a case that nobody took: those wait in the queues.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.catalogue import Sector
from features.declarations.project import Project
from serving.access.accounts import account_of, check_demo_allowed, find_account_row
from serving.access.desk import Desk
from serving.cases import consents, conversation, handover, objections, second_reading, service
from serving.cases.forms import ConsentForm, FamilyInformed, HandoverForm, PlannedTalk
from serving.cases.pages import CasePage
from serving.cases.states import CaseState, Step
from serving.demo.accounts import SHIELDED_COLLEAGUE
from serving.person_keys import PersonKeys
from serving.roles import Role
from serving.settings import Settings
from serving.storage.database import Database
from serving.storage.tables import CaseRow

NEED = "Jeg er koordinator for trinnet og skal vurdere om noen bør snakke med familien."

VIEWS = (
    "Har vært en del borte etter påske, men er aktiv på fotballaget og virker i godt driv ellers.",
    "Kontaktlærer forteller om stille timer og mange korte fravær; vi kjenner ikke grunnen.",
    "Trives i valgfagene, strever i matematikk; foreldrene har vært på ett møte i høst.",
)
REASONS = (
    "Fraværet økte gjennom våren og kontaktlærer er usikker på hvorfor; vi vil gjerne høre hvordan hverdagen er.",
    "Karakterene falt i to fag samtidig som fraværet økte; en rolig samtale om trivsel er et godt sted å begynne.",
    "Skolen har alt lagt om timeplanen sammen med eleven, og det har snudd; ingen grunn til mer herfra nå.",
    "Jeg kjenner familien litt fra før og vil gjerne at en kollega ser på dette med egne øyne.",
)
NEEDS = "En fast voksen på skolen, kortere dager en stund, og hjelp til å komme tilbake i svømmegruppa."
HEARD = "Fortalte selv at morgenene er verst, og hva som ville hjelpe på skolen."
NEED_OF_A_SHIELDED_CASE = "Jeg har ansvaret for saken og skal vurdere om noen bør snakke med familien."
STATEMENT_OF_A_SHIELDED_PERSON = "Jeg vil ikke at opplysningene mine brukes slik. Jeg snakker heller med helsesykepleier selv."


@dataclass(frozen=True)
class Stage:
    """The demo's people of one municipality, in one transaction."""

    session: Session
    keys: PersonKeys
    project: Project
    municipality: str
    now: datetime

    @property
    def today(self) -> date:
        """The day of `now` (UTC)."""
        return self.now.date()

    def desk(self, role: Role) -> Desk:
        """Sit down as the municipality's account of a role."""
        return _desk(self.session, self.keys, self.project, f"{role}-{self.municipality}", now=self.now)


Act = Callable[[Stage, CasePage, int], CasePage]
"""Brings an opened case further; the number chooses among the texts, since a reason is never used twice."""


def make_demo_cases(database: Database, project: Project, keys: PersonKeys, *, settings: Settings, now: datetime) -> dict[str, int]:
    """Bring some of the new cases of each municipality further, and say how many now stand in which state.

    The first municipality shows every step; the others one or two each. Cases that somebody works already are left alone: doing it again
    does no more than there are new cases for. In a shielded person's case there is an objection to answer, which is counted nowhere (R-08).

    Raises
    ------
    ReviewError
        TID716 with data that is not synthetic, or in production (R-29).
    """
    check_demo_allowed(project, settings)
    made: dict[str, int] = {}
    for n, place in enumerate(project.screening.municipality):
        for number, act in enumerate(FULL if n == 0 else SHORT):
            with database.transaction() as session:
                page = _play(Stage(session, keys, project, place.number, now), act, number + n)
            if page is not None:
                made[page.row.state] = made.get(page.row.state, 0) + 1
    with database.transaction() as session:
        _object_for_somebody_shielded(session, keys, project, now=now)
    return made


def _object_for_somebody_shielded(session: Session, keys: PersonKeys, project: Project, *, now: datetime) -> None:
    """Let one shielded caseworker work a case until its person says no: the other one answers. Nothing where somebody works one already."""
    shielded = select(CaseRow.id).where(CaseRow.is_shielded.is_(True)).order_by(CaseRow.reference)
    new = session.scalars(shielded.where(CaseRow.state == CaseState.NEW.value)).all()
    if not new or session.scalar(shielded.where(CaseRow.state == CaseState.STOPPED.value)) is not None:
        return
    desk = _desk(session, keys, project, SHIELDED_COLLEAGUE, now=now)
    for case_id in new:
        page = service.assign(desk, case_id, version=service.read_case(desk, case_id).version)
        page = service.open_case(desk, case_id, need_to_know=NEED_OF_A_SHIELDED_CASE, version=page.version)
        if page.row.state is CaseState.OWN_VIEW:  # else somebody follows this person up by now, and the case closed as it opened
            page = service.save_own_view(desk, case_id, text=VIEWS[1], inclination="concern", version=page.version)
            objections.register_objection(desk, case_id, statement=STATEMENT_OF_A_SHIELDED_PERSON, version=page.version)
            return


def _desk(session: Session, keys: PersonKeys, project: Project, login: str, *, now: datetime) -> Desk:
    row = find_account_row(session, login)
    if row is None:
        raise LookupError(f"{login} is no demo account yet")
    return Desk(session=session, keys=keys, project=project, account=account_of(row), now=now)


def _play(stage: Stage, act: Act, number: int) -> CasePage | None:
    """Take the first new case that may be opened, and act; None where none is left."""
    desk = stage.desk(Role.COORDINATOR)
    new = select(CaseRow.id).where(
        CaseRow.municipality == stage.municipality, CaseRow.state == CaseState.NEW.value, CaseRow.needs_second_reader.is_(False)
    )
    for case_id in stage.session.scalars(new.order_by(CaseRow.reference)).all():
        page = service.assign(desk, case_id, version=service.read_case(desk, case_id).version)
        page = service.open_case(desk, case_id, need_to_know=NEED, version=page.version)
        if page.row.state is CaseState.OWN_VIEW:  # else somebody follows this person up by now, and the case closed as it opened
            return act(stage, page, number)
    return None


def write_own_view(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Write what the reviewer knows; the proposal shows after it."""
    text = VIEWS[number % len(VIEWS)]
    return service.save_own_view(
        stage.desk(Role.COORDINATOR), page.row.case_id, text=text, inclination=("unsure", "concern")[number % 2], version=page.version
    )


def leave_at_own_view(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Leave the case where the own view is asked for."""
    return page


def close_without_need(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Decide that nothing more is needed, and close."""
    page = _decide(stage, write_own_view(stage, page, number), Step.DECIDE_NO_NEED, REASONS[2])
    return service.close(stage.desk(Role.COORDINATOR), page.row.case_id, version=page.version)


def ask_colleague(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Ask a colleague to look, who takes it and has not written yet."""
    page = _decide(stage, write_own_view(stage, page, number), Step.DECIDE_SECOND_READER, REASONS[3])
    return second_reading.take_second_reading(stage.desk(Role.SECOND_READER), page.row.case_id, version=page.version)


def plan_talk(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Decide on a conversation and plan it for next week."""
    page = _decide(stage, write_own_view(stage, page, number), Step.DECIDE_WONDERING, REASONS[number % 2])
    talk = PlannedTalk(
        planned_on=stage.today + timedelta(days=7),
        talks="Kontaktlærer",
        with_whom=("child", "guardian_a"),
        about="Hvordan hverdagen er, og hva som ville gjøre morgenene lettere.",
    )
    return conversation.plan_talk(stage.desk(Role.COORDINATOR), page.row.case_id, talk=talk, version=page.version)


def inform_family(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Hold the conversation."""
    page = plan_talk(stage, page, number)
    informed = FamilyInformed(
        informed_on=stage.today,
        talked="Kontaktlærer",
        with_whom=("child", "guardian_a", "guardian_b"),
        child_heard="heard",
        child_heard_how=HEARD,
        sheet_given=True,
    )
    return conversation.inform_family(stage.desk(Role.COORDINATOR), page.row.case_id, informed=informed, version=page.version)


def hand_over(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Record the guardians' consent and hand over to the relay holder of the municipality's own service."""
    page, desk = inform_family(stage, page, number), stage.desk(Role.COORDINATOR)
    holder = stage.desk(Role.RELAY_HOLDER).account
    consent = ConsentForm(
        given_by="guardians",
        age=15,
        purpose="Samarbeid om en trygg hverdag på skolen og hjemme.",
        services=(str(holder.service),),
        categories=(Sector.EDUCATION, Sector.HEALTH),
        language="nb",
        given_on=stage.today,
        valid_to=stage.today + timedelta(days=180),
    )
    page = consents.record_consent(desk, page.row.case_id, consent=consent, version=page.version)
    agreed = HandoverForm(
        holder=holder.login, needs=NEEDS, child_heard="heard", child_heard_how=HEARD, evaluate_on=stage.today + timedelta(days=56)
    )
    return handover.hand_over(desk, page.row.case_id, step=Step.HAND_OVER_2, handover=agreed, version=page.version)


def object_to_it(stage: Stage, page: CasePage, number: int) -> CasePage:
    """Register that the guardians say no; a leader has to answer."""
    page = write_own_view(stage, page, number)
    statement = "Foreldrene ønsker ikke at opplysningene brukes slik, og vil heller ta det med kontaktlærer."
    return objections.register_objection(stage.desk(Role.COORDINATOR), page.row.case_id, statement=statement, version=page.version)


def _decide(stage: Stage, page: CasePage, step: Step, reason: str) -> CasePage:
    return service.decide(stage.desk(Role.COORDINATOR), page.row.case_id, step=step, reason=reason, version=page.version)


FULL: tuple[Act, ...] = (
    leave_at_own_view,
    write_own_view,
    plan_talk,
    ask_colleague,
    close_without_need,
    hand_over,
    object_to_it,
)
"""What the first municipality shows. No reason is used twice by one person: the service refuses a copied one (TID704)."""

SHORT: tuple[Act, ...] = (plan_talk, leave_at_own_view)
"""What the others show; most of their cases wait in the queue."""
