"""Signing a month's report off: the page gives the exact statement, takes the signature back, and no private key comes here."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, File, Request, Response, UploadFile
from fastapi.responses import HTMLResponse

from features.errors import GateError
from features.roles import AUDITORS
from models.promotion.signers import read_signers
from monitoring.reports.sign_offs import MIN_REMARK
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.aggregates.overview import reports_folder
from serving.console.forms import EMPTY, Draft, Fields
from serving.console.language import Tongue
from serving.console.months.reading import Month, get_month
from serving.console.months.standing import sign_offs_of
from serving.console.pages.cases import CHANGING, Text, TongueOf
from serving.console.rendering import go_to, page
from serving.http.dependencies import DeskOf
from serving.watching import sign_offs

router = APIRouter(prefix="/monitoring/{model}/{month}/sign-off")

MAX_SIGNATURE = 64_000
"""Bytes that a signature file has at most; a real one has about one thousand."""

REFUSED: Fields = {
    "TID605": ("main", "sign_off.refused.signers_file"),
    "TID608": ("signature", "sign_off.refused.key"),
    "TID614": ("signature", "sign_off.refused.no_signature"),
    "TID620": ("main", "sign_off.refused.broken"),
    "TID621": ("signature", "sign_off.refused.key"),
    "TID622": ("signature", "sign_off.refused.twice"),
    "TID623": ("remark", "sign_off.refused.remark"),
    "TID624": ("main", "sign_off.refused.not_whole"),
    "TID627": ("main", "sign_off.refused.login"),
    "TID628": ("signature", "sign_off.refused.does_not_hold"),
}
"""Code of a refusal -> the field that it is about, and its words."""


@router.get("")
def show(desk: DeskOf, request: Request, model: str, month: str) -> HTMLResponse:
    """Show what is signed, who has signed, and how."""
    return _page(desk, request, _get(desk, model, month))


@router.post("/statement", dependencies=CHANGING)
def statement(desk: DeskOf, request: Request, t: TongueOf, model: str, month: str, remark: Text = "") -> Response:
    """Give the file that is taken to where the key is."""
    found = _get(desk, model, month)
    try:
        content = sign_offs.build_statement(desk, found.folder, remark=remark)
    except GateError as refusal:
        return _page(desk, request, found, _refused({"remark": remark}, refusal, t))
    text = json.dumps(content, ensure_ascii=False, indent=2, allow_nan=False)
    name = f"{found.model}-{found.name}.statement.json"
    return Response(text, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@router.post("/signature", dependencies=CHANGING)
def signature(
    desk: DeskOf,
    request: Request,
    t: TongueOf,
    model: str,
    month: str,
    signature: Text = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Take back a signature that was made elsewhere, as a file or as text."""
    found = _get(desk, model, month)
    text, values = signature.strip() or _uploaded(file), {"signature": signature}
    if not text:
        return _page(desk, request, found, Draft(values, {"signature": t("sign_off.refused.empty")}))
    return _do(desk, request, t, found, values, lambda folder: sign_offs.hand_in(desk, folder, text))


@router.post("/login-signature", dependencies=CHANGING)
def login_signature(desk: DeskOf, request: Request, t: TongueOf, model: str, month: str, remark: Text = "") -> Response:
    """Let the login stand in for a sign-off, where people are invented."""
    found = _get(desk, model, month)
    return _do(desk, request, t, found, {"remark": remark}, lambda folder: sign_offs.sign_off_by_login(desk, folder, remark=remark))


def _do(desk: Desk, request: Request, t: Tongue, found: Month, values: dict[str, str], act: Callable[[Path], object]) -> Response:
    try:
        with desk.session.begin_nested():
            act(found.folder)
    except GateError as refusal:
        return _page(desk, request, found, _refused(values, refusal, t))
    return go_to(found.path)


def _get(desk: Desk, model: str, month: str) -> Month:
    check_may(desk.account, Action.SIGN_REPORTS)
    return get_month(reports_folder(desk.project), model, month)


def _refused(values: dict[str, str], refusal: GateError, t: Tongue) -> Draft:
    """Put a refusal beside the field that it is about; its code stands with it."""
    if refusal.code not in REFUSED:
        raise refusal
    field, key = REFUSED[refusal.code]
    return Draft(values, {field: f"{t(key, n=MIN_REMARK)} ({refusal.code})"})


def _uploaded(file: UploadFile | None) -> str:
    return "" if file is None else file.file.read(MAX_SIGNATURE).decode("utf-8", errors="replace").strip()


def _page(desk: Desk, request: Request, found: Month, draft: Draft = EMPTY) -> HTMLResponse:
    able = [one for one in read_signers(desk.project).signers if one.role in AUDITORS and one.find_fault(on=desk.today) is None]
    return page(
        request,
        "sign_off.html",
        account=desk.account,
        status=409 if "main" in draft.errors else 422 if draft.errors else 200,
        path=f"{found.path}/sign-off",
        report=found,
        sign_offs=sign_offs_of(desk.project, found.folder),
        failed=[one for one in found.signals if one.verdict == "FAILED"],
        signers=[(one.person, one.role) for one in able],
        min_remark=MIN_REMARK,
        draft=draft,
    )
