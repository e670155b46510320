"""Signing that a version is to serve, and letting it serve: the page shows exactly what is signed, and no private key comes here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from features.errors import ScreeningError
from features.roles import ANSWERABLE
from models.promotion.gates import MIN_JUSTIFICATION
from models.promotion.offline import read_signature
from models.promotion.signers import read_signers
from models.promotion.steps import MIN_REASON
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases.wording import outcome_label, stage_label
from serving.console.confirmation import YES
from serving.console.forms import EMPTY, Draft, Fields
from serving.console.language import Tongue
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import go_to, page
from serving.console.shown_models import capacity_shown, gates_by_verdict
from serving.http.dependencies import DeskOf
from serving.scoring import promotions
from serving.scoring.promotions import Promotion

router = APIRouter(prefix="/models/{name}/promotion/{version}")

MAX_SIGNATURE = 64_000
"""Bytes that a signature file has at most; a real one has about three thousand."""

REFUSED: Fields = {
    "TID502": ("main", "promotion.refused.other_bundle"),
    "TID601": ("main", "promotion.refused.too_few"),
    "TID602": ("main", "promotion.refused.login"),
    "TID603": ("main", "promotion.refused.gate"),
    "TID604": ("justification", "promotion.refused.justification"),
    "TID605": ("main", "promotion.refused.signers_file"),
    "TID608": ("signature", "promotion.refused.key"),
    "TID609": ("signature", "promotion.refused.edited"),
    "TID610": ("signature", "promotion.refused.something_else"),
    "TID614": ("signature", "promotion.refused.no_signature"),
    "TID615": ("reason", "promotion.refused.reason"),
    "TID616": ("main", "promotion.refused.nobody_answers"),
    "TID707": ("reason", "problem.national_id"),
}
"""Code of a refusal -> the field that it is about, and its words; any other refusal is a page of its own."""


@router.get("")
def show(desk: DeskOf, request: Request, t: TongueOf, name: str, version: str) -> HTMLResponse:
    """Show what is signed, who has signed, and what is missing."""
    return _page(desk, request, name, version, t)


@router.post("/statement", dependencies=CHANGING)
def statement(
    desk: DeskOf, request: Request, t: TongueOf, name: str, version: str, reason: Text = "", justification: Text = "", understood: Text = ""
) -> Response:
    """Give the file that is taken to where the key is; nothing is kept of it."""
    draft = _words(reason, justification, understood, t)
    if draft.errors:
        return _page(desk, request, name, version, t, draft)
    try:
        content = promotions.build_statement(desk, name, version, reason=reason, justification=justification)
    except ScreeningError as refusal:
        return _page(desk, request, name, version, t, _refused(draft, refusal, t))
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    file = f"{name}-{version}.statement.json"
    return Response(text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{file}"'})


@router.post("/signature", dependencies=CHANGING)
def signature(
    desk: DeskOf,
    request: Request,
    t: TongueOf,
    name: str,
    version: str,
    signature: Text = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take back a signature that was made elsewhere, as a file or as text."""
    text = signature.strip() or _uploaded(file)
    draft = Draft({"signature": signature})
    if not text:
        return _page(desk, request, name, version, t, Draft(draft.values, {"signature": t("promotion.refused.empty")}))
    return _do(desk, request, t, name, version, draft, lambda: promotions.take_signature(desk, name, version, read_signature(text)))


@router.post("/login-signature", dependencies=CHANGING)
def login_signature(
    desk: DeskOf, request: Request, t: TongueOf, name: str, version: str, reason: Text = "", justification: Text = "", understood: Text = ""
) -> Response:
    """Let a login stand in for a signature, where people are invented."""
    draft = _words(reason, justification, understood, t)
    if draft.errors:
        return _page(desk, request, name, version, t, draft)

    def sign() -> None:
        promotions.sign_by_login(desk, name, version, reason=reason, justification=justification)

    return _do(desk, request, t, name, version, draft, sign)


@router.post("/promote", dependencies=CHANGING)
def promote(desk: DeskOf, request: Request, t: TongueOf, name: str, version: str) -> Response:
    """Let the version serve that two people have signed for."""
    try:
        with desk.session.begin_nested():
            promotions.let_serve(desk, name, version)
    except ScreeningError as refusal:
        return _page(desk, request, name, version, t, _refused(EMPTY, refusal, t))
    return go_to(f"/models/{name}")


def _do(desk: Desk, request: Request, t: Tongue, name: str, version: str, draft: Draft, act: Callable[[], None]) -> Response:
    try:
        with desk.session.begin_nested():
            act()
    except ScreeningError as refusal:
        return _page(desk, request, name, version, t, _refused(draft, refusal, t))
    return go_to(f"/models/{name}/promotion/{version}")


def _words(reason: str, justification: str, understood: str, t: Tongue) -> Draft:
    """Keep what was written; that the table was read has to be ticked (R-31)."""
    values = {"reason": reason, "justification": justification, "understood": understood}
    return Draft(values, {} if understood == YES else {"understood": t("promotion.refused.not_read")})


def _refused(draft: Draft, refusal: ScreeningError, t: Tongue) -> Draft:
    """Put a refusal beside the field that it is about; its code stands with it.

    Raises
    ------
    ScreeningError
        The refusal itself when no form can mend it.
    """
    if refusal.code not in REFUSED:
        raise refusal
    field, key = REFUSED[refusal.code]
    errors: Mapping[str, str] = {field: f"{t(key)} ({refusal.code})"}
    return Draft(draft.values, errors)


def _uploaded(file: UploadFile | None) -> str:
    """Read an uploaded file; one that is too long or no text is as if it held nothing that could be a signature."""
    if file is None:
        return ""
    content = file.file.read(MAX_SIGNATURE + 1)
    return content[:MAX_SIGNATURE].decode("utf-8", errors="replace").strip()


def _page(desk: Desk, request: Request, name: str, version: str, t: Tongue, draft: Draft = EMPTY) -> HTMLResponse:
    check_may(desk.account, Action.SIGN_PROMOTIONS)
    promotion = promotions.get_promotion(desk.project, name, version, now=desk.now)
    card = promotion.bundle.card
    return page(
        request,
        "promotion.html",
        account=desk.account,
        status=409 if "main" in draft.errors else 422 if draft.errors else 200,
        path=f"/models/{name}/promotion/{version}",
        promotion=promotion,
        card=card,
        stage=stage_label(desk.project, promotion.bundle.stage),
        outcome=outcome_label(desk.project, promotion.bundle.outcome),
        verdicts=gates_by_verdict(card),
        told_gates=[gate for gate in card.gates if gate.is_failed or gate.evidence.get("not_asked") is True],
        capacity=capacity_shown(card),
        draft=draft,
        has_signed=promotion.is_signed_by(desk.account.login),
        signers=_able(desk, promotion),
        min_reason=MIN_REASON,
        min_justification=MIN_JUSTIFICATION,
    )


def _able(desk: Desk, promotion: Promotion) -> list[tuple[str, str, bool]]:
    """Who can sign with a key today: name, role, and whether they answer for the use. Nobody where people are invented."""
    if desk.project.is_synthetic:
        return []
    able = [signer for signer in read_signers(desk.project).signers if signer.find_fault(on=desk.today) is None]
    return [(one.person, one.role, one.role in ANSWERABLE) for one in able if not promotion.is_signed_by(one.person)]
