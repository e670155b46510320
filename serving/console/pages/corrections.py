"""An error in the information: reported to its source, and the case worked out again once it was corrected."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, Request, Response

from serving.cases import corrections
from serving.console.case_page import take_step
from serving.console.forms import NOTHING, Draft, Fields, Filled, SentForm, find_errors
from serving.console.pages.cases import CHANGING, TongueOf, Version
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/cases/{case_id}")

_CORRECTION: Fields = {"TID722": ("indicators", "problem.choose_indicators")}
_RESCORE: Fields = {
    "TID708": ("main", "problem.step_not_allowed"),
    "TID770": ("main", "problem.suspended"),
    "TID784": ("main", "problem.not_in_store"),
}


@router.post("/correction", dependencies=CHANGING)
def report(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Report which of the shown reasons and gaps are wrong."""
    named, text = sent.get("indicators", ()), "".join(sent.get("text", ()))
    errors = find_errors({"text": text}, texts=("text",), t=t)
    chosen = {} if named else {"indicators": t("problem.choose_indicators")}
    draft = Draft({"indicators": named, "text": text}, {**chosen, **errors})

    def step(told: Mapping[str, str | tuple[str, ...]]) -> None:
        corrections.report_correction(desk, case_id, indicators=named, text=text, version=version)

    return take_step(desk, request, case_id, Filled(draft, draft.values), step, text="text", fields=_CORRECTION, t=t)


@router.post("/rescore", dependencies=CHANGING)
def rescore(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version) -> Response:
    """Work the case out again on what is known today."""

    def step(_: bool) -> None:
        corrections.rescore(desk, case_id, version=version)

    return take_step(desk, request, case_id, NOTHING, step, text="main", fields=_RESCORE, t=t, said="rescored")
