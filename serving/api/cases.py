"""Cases over HTTP: one at a time, with the version that a change was made from."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from features.errors import ReviewError
from serving.access.desk import Desk
from serving.api.paging import Page, PagesOf
from serving.api.routing import ApiRoute
from serving.api.schemas import Answer, DecisionBody, NeedBody, OwnViewBody
from serving.cases import queue, service
from serving.cases.pages import CasePage, ProposalView, QueueRow
from serving.http.dependencies import DeskOf, checked_csrf
from serving.http.problems import responses

router = APIRouter(prefix="/cases", tags=["cases"], responses=responses(401, 403), route_class=ApiRoute)

CaseId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="The case's id.", examples=["4f9a2c31d07b4e0f8f6d1c2b3a495867"])]
Changing = Depends(checked_csrf)


def expected_version(
    if_match: Annotated[str | None, Header(description='ETag of the case as you read it, such as `"3"`.', examples=['"3"'])] = None,
) -> int:
    """Read the version from ``If-Match``.

    Raises
    ------
    ReviewError
        TID718 when it is missing or no ETag of ours.
    """
    found = None if if_match is None else re.fullmatch(r'"?(\d{1,9})(?:\.[0-9a-f]{16})?"?', if_match)
    if found is None:
        raise ReviewError(
            "TID718", 'say which version the change was made from: send the ETag that reading the case gave, as If-Match: "3".'
        )
    return int(found[1])


Version = Annotated[int, Depends(expected_version)]

READ = responses(404)
CHANGED = responses(404, 409, 412, 422, 428)


@router.get("", summary="List the cases that wait for you", responses=responses(422))
def list_cases(desk: DeskOf, pages: PagesOf) -> Page[QueueRow]:
    """List new cases where you work, and your own that are open; by due date, never by score."""
    part = queue.list_part(desk, after=pages.after("cases"), limit=pages.limit)
    return pages.answer(part.rows, of="cases", end=part.end)


@router.get("/{case_id}", summary="Read a case", responses=READ)
def read_case(desk: DeskOf, case_id: CaseId, response: Response) -> Answer[CasePage]:
    """Read what you may see of a case now. The read is logged. The ETag goes into If-Match of the next change."""
    return answer_with(desk, response, service.read_case(desk, case_id))


@router.get("/{case_id}/view", summary="Read the model's proposal", responses=responses(404, 409))
def read_view(desk: DeskOf, case_id: CaseId) -> Answer[ProposalView]:
    """Read band and reasons: only in a case you took, and only after your own view is saved. There is no number to read."""
    return Answer(synthetic=desk.project.is_synthetic, data=service.read_view(desk, case_id))


@router.post("/{case_id}/assign", summary="Take a new case", dependencies=[Changing], responses=CHANGED)
def assign(desk: DeskOf, case_id: CaseId, version: Version, response: Response) -> Answer[CasePage]:
    """Take a new case of your municipality; from then on it is yours alone."""
    return answer_with(desk, response, service.assign(desk, case_id, version=version))


@router.post("/{case_id}/open", summary="Open a case", dependencies=[Changing], responses=CHANGED)
def open_case(desk: DeskOf, case_id: CaseId, version: Version, body: NeedBody, response: Response) -> Answer[CasePage]:
    """Open a case you took, stating why your work needs it."""
    return answer_with(desk, response, service.open_case(desk, case_id, need_to_know=body.need_to_know, version=version))


@router.post("/{case_id}/own-view", summary="Save your own view", dependencies=[Changing], responses=CHANGED)
def save_own_view(desk: DeskOf, case_id: CaseId, version: Version, body: OwnViewBody, response: Response) -> Answer[CasePage]:
    """Save what you know and lean to. The proposal is shown after this, and this can't be changed any more."""
    page = service.save_own_view(desk, case_id, text=body.text, inclination=body.inclination, version=version)
    return answer_with(desk, response, page)


@router.post("/{case_id}/decisions", summary="Decide a case", dependencies=[Changing], responses=CHANGED, status_code=201)
def decide(desk: DeskOf, case_id: CaseId, version: Version, body: DecisionBody, response: Response) -> Answer[CasePage]:
    """Decide this one case, with a reason of at least 30 characters that you gave in no other case."""
    return answer_with(desk, response, service.decide(desk, case_id, step=body.step, reason=body.reason, version=version))


@router.post("/{case_id}/close", summary="Close a case", dependencies=[Changing], responses=CHANGED)
def close(desk: DeskOf, case_id: CaseId, version: Version, response: Response) -> Answer[CasePage]:
    """Close a case that was decided to need nothing more."""
    return answer_with(desk, response, service.close(desk, case_id, version=version))


def answer_with(desk: Desk, response: Response, page: CasePage) -> Answer[CasePage]:
    """Answer with a case's page, and its version as the ETag for the next change."""
    response.headers["ETag"] = f'"{page.version}"'
    return Answer(synthetic=desk.project.is_synthetic, data=page)
