"""Cases that wait too long, over HTTP: which they are and with whom, and passing one on to somebody else. Nothing of what is in them."""

from __future__ import annotations

from fastapi import APIRouter

from serving.api.cases import CHANGED, READ, CaseId, Changing, Version
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, PassOnBody
from serving.cases import overdue, passing_on
from serving.cases.pages import OverdueLine, SuccessorLine
from serving.http.dependencies import DeskOf
from serving.http.problems import responses

router = APIRouter(tags=["cases"], responses=responses(401, 403), route_class=ApiRoute)


@router.get("/overdue", summary="List the cases past their deadline, or left")
def list_overdue(desk: DeskOf) -> Answer[list[OverdueLine]]:
    """List which cases are past their deadline, or were left by who had them, and with whom; nothing of what is in them.

    A leader sees their municipality's. A shielded person's are the shielded caseworkers'.
    """
    return Answer(synthetic=desk.project.is_synthetic, data=overdue.list_overdue(desk))


@router.get("/cases/{case_id}/successors", summary="List who can take a case over", responses=READ)
def list_successors(desk: DeskOf, case_id: CaseId) -> Answer[list[SuccessorLine]]:
    """List whom a case of that list can be passed on to; nobody who read it second."""
    return Answer(synthetic=desk.project.is_synthetic, data=passing_on.list_successors(desk, case_id))


@router.post("/cases/{case_id}/pass-on", summary="Pass a case on", dependencies=[Changing], responses=CHANGED)
def pass_on(desk: DeskOf, case_id: CaseId, version: Version, body: PassOnBody) -> Answer[OverdueLine]:
    """Pass a case of that list on to somebody else, with a reason of at least 30 characters. Its `version` goes into If-Match.

    A decided case goes on where it stands once it is opened; another begins anew.
    """
    line = passing_on.pass_on(desk, case_id, to=body.to, reason=body.reason, version=version)
    return Answer(synthetic=desk.project.is_synthetic, data=line)
