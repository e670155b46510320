"""Objections over HTTP (R-22): anybody whom the person meets registers one; a leader answers it and takes the case up no further."""

from __future__ import annotations

from fastapi import APIRouter, Response

from serving.api.cases import CHANGED, CaseId, Changing, Version, answer_with
from serving.api.identities import ForgetOf
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, ObjectionBody, WeightyReasonBody
from serving.cases import objections
from serving.cases.pages import CasePage, ObjectionLine
from serving.http.dependencies import DeskOf
from serving.http.problems import responses

router = APIRouter(tags=["objections"], responses=responses(401, 403), route_class=ApiRoute)


@router.post("/cases/{case_id}/objections", summary="Register an objection", dependencies=[Changing], responses=CHANGED, status_code=201)
def register_objection(desk: DeskOf, case_id: CaseId, version: Version, body: ObjectionBody, response: Response) -> Answer[CasePage]:
    """Register that the person objects: every case of theirs stops now, and no later screening proposes them."""
    return answer_with(desk, response, objections.register_objection(desk, case_id, statement=body.statement, version=version))


@router.get("/objections", summary="List the objections that wait for your answer")
def list_objections(desk: DeskOf) -> Answer[list[ObjectionLine]]:
    """List what was said in the objections that are yours to answer; nothing else of the cases. Each statement shown is logged.

    A leader answers their municipality's. A shielded person's is answered by a shielded caseworker who did not work the case.
    """
    return Answer(synthetic=desk.project.is_synthetic, data=objections.list_objections(desk))


@router.post(
    "/cases/{case_id}/objections/uphold-processing", summary="Go on despite an objection", dependencies=[Changing], responses=CHANGED
)
def uphold_processing(desk: DeskOf, case_id: CaseId, version: Version, body: WeightyReasonBody, response: Response) -> Answer[CasePage]:
    """Answer in writing that weighty reasons let the processing go on; the case may then be taken up again, from its start."""
    return answer_with(desk, response, objections.uphold_processing(desk, case_id, reason=body.reason, version=version))


@router.post("/cases/{case_id}/objections/erase", summary="Uphold an objection and erase", dependencies=[Changing], responses=CHANGED)
def erase_after_objection(desk: DeskOf, case_id: CaseId, version: Version, forget: ForgetOf, response: Response) -> Answer[CasePage]:
    """Erase everything that is kept of the person here, for good; nobody proposes them again."""
    return answer_with(desk, response, objections.erase_after_objection(desk, case_id, version=version, forget=forget))


@router.post("/cases/{case_id}/resume", summary="Take a case up again", dependencies=[Changing], responses=CHANGED)
def resume(desk: DeskOf, case_id: CaseId, version: Version, response: Response) -> Answer[CasePage]:
    """Begin the review anew after a leader's answer: need, own view, proposal."""
    return answer_with(desk, response, objections.resume(desk, case_id, version=version))
