"""What follows a decision, over HTTP: correcting, talking, consenting, handing over, evaluating. One case at a time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from serving.api.cases import CHANGED, CaseId, Changing, Version, answer_with
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, Body, CorrectionBody, NoteBody
from serving.cases import consents, conversation, corrections, handover
from serving.cases.forms import ConsentForm, EvaluationForm, FamilyInformed, HandoverForm, PlannedTalk
from serving.cases.pages import CasePage
from serving.cases.states import Step
from serving.http.dependencies import DeskOf
from serving.http.problems import responses

router = APIRouter(prefix="/cases/{case_id}", tags=["follow-up"], responses=responses(401, 403), route_class=ApiRoute)

Level = Annotated[int, Path(ge=1, le=3, description="BTI level.", examples=[2])]
STEP_OF_LEVEL = {level: step for step, level in handover.LEVELS.items()}


class RelayHolderLine(Body):
    """A relay holder to whom the consent lets a case go over."""

    login: str = Field(examples=["stafettholder-9901"])
    service: str = Field(description="Code of services.toml.", examples=["ppt"])


@router.post("/corrections", summary="Report an error to its source", dependencies=[Changing], responses=CHANGED, status_code=201)
def report_correction(desk: DeskOf, case_id: CaseId, version: Version, body: CorrectionBody, response: Response) -> Answer[CasePage]:
    """Note which of the case's indicators are wrong, and how, for the services that own them. Nothing is sent."""
    page = corrections.report_correction(desk, case_id, indicators=body.indicators, text=body.text, version=version)
    return answer_with(desk, response, page)


@router.post("/rescore", summary="Score again on corrected information", dependencies=[Changing], responses={**CHANGED, **responses(503)})
def rescore(desk: DeskOf, case_id: CaseId, version: Version, response: Response) -> Answer[CasePage]:
    """Score on what is known today. Still proposed, the case is new again and nobody's; else its reviewer closes it."""
    return answer_with(desk, response, corrections.rescore(desk, case_id, version=version))


@router.post("/talk", summary="Plan a conversation", dependencies=[Changing], responses=CHANGED)
def plan_talk(desk: DeskOf, case_id: CaseId, version: Version, body: PlannedTalk, response: Response) -> Answer[CasePage]:
    """Plan a conversation of wondering with the family."""
    return answer_with(desk, response, conversation.plan_talk(desk, case_id, talk=body, version=version))


@router.post("/family-informed", summary="Record that the family was informed", dependencies=[Changing], responses=CHANGED)
def inform_family(desk: DeskOf, case_id: CaseId, version: Version, body: FamilyInformed, response: Response) -> Answer[CasePage]:
    """Record who spoke, how the young person was heard, and that the plain-language sheet was given."""
    return answer_with(desk, response, conversation.inform_family(desk, case_id, informed=body, version=version))


@router.post("/consents", summary="Record a consent", dependencies=[Changing], responses=CHANGED, status_code=201)
def record_consent(desk: DeskOf, case_id: CaseId, version: Version, body: ConsentForm, response: Response) -> Answer[CasePage]:
    """Record who consented to what, for whom and until when. Nothing has a default; no consent counts against nobody."""
    return answer_with(desk, response, consents.record_consent(desk, case_id, consent=body, version=version))


@router.post("/no-consent", summary="Record that no consent was given", dependencies=[Changing], responses=CHANGED)
def record_no_consent(desk: DeskOf, case_id: CaseId, version: Version, body: NoteBody, response: Response) -> Answer[CasePage]:
    """Record that no consent was given: the case closes, or the own service helps at level 1 without sharing."""
    return answer_with(desk, response, consents.record_no_consent(desk, case_id, note=body.note, version=version))


@router.post("/consents/withdraw", summary="Withdraw the consent", dependencies=[Changing], responses=CHANGED)
def withdraw_consent(desk: DeskOf, case_id: CaseId, version: Version, body: NoteBody, response: Response) -> Answer[CasePage]:
    """Withdraw the consent: from now on nobody reads what it let through. No reason is asked for."""
    return answer_with(desk, response, consents.withdraw_consent(desk, case_id, note=body.note, version=version))


@router.get("/relay-holders", summary="List who the case may go over to", responses=responses(404))
def list_relay_holders(desk: DeskOf, case_id: CaseId) -> Answer[list[RelayHolderLine]]:
    """List the relay holders whose service the consent names; nobody without a consent that holds."""
    lines = [RelayHolderLine(login=login, service=service) for login, service in handover.list_relay_holders(desk, case_id)]
    return Answer(synthetic=desk.project.is_synthetic, data=lines)


@router.post("/bti/{level}", summary="Hand over at a BTI level", dependencies=[Changing], responses=CHANGED, status_code=201)
def hand_over(desk: DeskOf, case_id: CaseId, level: Level, version: Version, body: HandoverForm, response: Response) -> Answer[CasePage]:
    """Hand over agreed needs, never the proposal. Levels 2 and 3 need a consent that holds; every level that the young person was heard."""
    step: Step = STEP_OF_LEVEL[level]
    return answer_with(desk, response, handover.hand_over(desk, case_id, step=step, handover=body, version=version))


@router.post("/evaluation", summary="Evaluate a measure", dependencies=[Changing], responses=CHANGED)
def evaluate(desk: DeskOf, case_id: CaseId, version: Version, body: EvaluationForm, response: Response) -> Answer[CasePage]:
    """Evaluate six to twelve weeks after the handover: how it went for the young person."""
    return answer_with(desk, response, handover.evaluate(desk, case_id, evaluation=body, version=version))
