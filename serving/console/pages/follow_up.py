"""What comes after the decision: the talk, the family informed, consent or none, handover, evaluation. One form each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request, Response

from serving.cases import consents, conversation, handover
from serving.cases.forms import ConsentForm, EvaluationForm, FamilyInformed, HandoverForm, PlannedTalk
from serving.cases.states import Step
from serving.console.case_page import NOBODY, take_step
from serving.console.forms import Draft, Fields, Sent, SentForm, fill, of_field, read_texts
from serving.console.pages.cases import CHANGING, Text, TongueOf, Version
from serving.http.dependencies import DeskOf

router = APIRouter(prefix="/cases/{case_id}")

_TALK: Fields = {"TID725": ("planned_on", "problem.talk_date")}
_FAMILY: Fields = {"TID723": ("sheet_given", "problem.sheet_first"), "TID725": ("informed_on", "problem.informed_date")}
_CONSENT: Fields = {
    "TID724": ("given_by", "problem.signer"),
    "TID725": ("valid_to", "problem.consent_dates"),
    "TID726": ("services", "problem.no_such_service"),
}
_WITHDRAWAL: Fields = {"TID727": ("main", "problem.no_consent")}
_HANDOVER: Fields = {
    "TID725": ("evaluate_on", "problem.evaluation_date"),
    "TID727": ("holder", "problem.holder_without_consent"),
    "TID728": ("holder", "problem.no_holder"),
    "TID729": ("child_heard", "problem.child_first"),
}
_EVALUATION: Fields = {"TID782": ("main", "problem.too_early")}


@router.post("/talk", dependencies=CHANGING)
def plan_talk(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Plan the conversation with the family."""
    filled = fill(PlannedTalk, sent, group="talk.", texts=("about",), t=t)

    def step(talk: PlannedTalk) -> None:
        conversation.plan_talk(desk, case_id, talk=talk, version=version)

    return take_step(desk, request, case_id, filled, step, text="about", fields=_TALK, t=t)


@router.post("/family", dependencies=CHANGING)
def inform_family(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Record what the family was told and how the young person was heard."""
    filled = fill(FamilyInformed, sent, group="informed.", texts=("child_heard_how",), t=t)

    def step(informed: FamilyInformed) -> None:
        conversation.inform_family(desk, case_id, informed=informed, version=version)

    return take_step(desk, request, case_id, filled, step, text="child_heard_how", fields=_FAMILY, t=t)


@router.post("/consent", dependencies=CHANGING)
def record_consent(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Record a consent."""
    filled = fill(ConsentForm, sent, group="consent.", texts=("purpose",), t=t)

    def step(consent: ConsentForm) -> None:
        consents.record_consent(desk, case_id, consent=consent, version=version)

    return take_step(desk, request, case_id, filled, step, text="purpose", fields=_CONSENT, t=t)


@router.post("/no-consent", dependencies=CHANGING)
def record_no_consent(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, note: Text = "") -> Response:
    """Record that no consent was given; it counts against nobody."""
    filled = read_texts({"note": note}, texts=("note",), t=t)

    def step(told: Mapping[str, str]) -> None:
        consents.record_no_consent(desk, case_id, note=told["note"], version=version)

    return take_step(desk, request, case_id, filled, step, text="note", t=t)


@router.post("/withdrawal", dependencies=CHANGING)
def withdraw_consent(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, withdrawal: Text = "") -> Response:
    """Record that the consent was withdrawn; sharing stops with this."""
    filled = read_texts({"withdrawal": withdrawal}, texts=("withdrawal",), t=t)

    def step(told: Mapping[str, str]) -> None:
        consents.withdraw_consent(desk, case_id, note=told["withdrawal"], version=version)

    return take_step(desk, request, case_id, filled, step, text="withdrawal", fields=_WITHDRAWAL, t=t)


@router.post("/handover", dependencies=CHANGING)
def hand_over(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Hand the case over with what was agreed."""
    level, holder = _first(sent, "step"), _first(sent, "holder")
    named = {**sent, "holder": ("" if holder == NOBODY else holder,)}
    filled = fill(HandoverForm, named, group="handover.", texts=("needs", "child_heard_how"), t=t)
    missing = {
        name: of_field(f"handover.{name}", t("problem.choose_one"), t)
        for name, is_chosen in (("step", level in handover.LEVELS), ("holder", holder != ""))
        if not is_chosen
    }
    draft = Draft({**filled.draft.values, "step": level, "holder": holder}, {**missing, **filled.draft.errors})

    def step(agreed: HandoverForm) -> None:
        handover.hand_over(desk, case_id, step=Step(level), handover=agreed, version=version)

    return take_step(desk, request, case_id, replace(filled, draft=draft), step, text="needs", fields=_HANDOVER, t=t)


@router.post("/evaluation", dependencies=CHANGING)
def evaluate(desk: DeskOf, request: Request, t: TongueOf, case_id: str, version: Version, sent: SentForm) -> Response:
    """Record how it went for the young person."""
    filled = fill(EvaluationForm, sent, group="evaluation.", texts=("outcome", "child_said"), t=t)

    def step(evaluation: EvaluationForm) -> None:
        handover.evaluate(desk, case_id, evaluation=evaluation, version=version)

    return take_step(desk, request, case_id, filled, step, text="outcome", fields=_EVALUATION, t=t)


def _first(sent: Sent, name: str) -> str:
    return next(iter(sent.get(name, ())), "")
