"""The audit log's metadata, and the proof that it is whole. Reading it is itself logged."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy.orm import Session

from features.errors import LedgerError
from serving.access.permissions import Action, can, check_may
from serving.auditing import log
from serving.console.rendering import page
from serving.errors import NotAllowedError
from serving.http.cursors import read_cursor, write_cursor
from serving.http.dependencies import CallerOf, ClockOf, DatabaseOf, KeysOf, SessionOf
from serving.roles import Role
from serving.storage.tables import AccountRow

router = APIRouter(prefix="/audit-log")

PAGE_SIZE = 50

Cursor = Annotated[str | None, Query(max_length=500)]
By = Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")]


@router.get("")
def entries(
    request: Request, account: CallerOf, session: SessionOf, clock: ClockOf, keys: KeysOf, cursor: Cursor = None, by: By = None
) -> HTMLResponse:
    """List entries, newest first, to those who may read them; the others find only the button that verifies."""
    if not can(account, Action.READ_LOG) and not can(account, Action.VERIFY_LOG):
        raise NotAllowedError(account.role, Action.READ_LOG)
    found, of = log.LogPage((), None), f"audit {account.id}" if by is None else f"audit {account.id} by {by}"
    if can(account, Action.READ_LOG):
        after = None if cursor is None else read_cursor(cursor, of=of, key=keys.service_key)
        found = log.read_page(session, before=log.place_of(after), limit=PAGE_SIZE, by=by)
        log.record(session, log.Event("log.read", actor=account.id, role=account.role, details={"n": len(found.lines)}), now=clock())
    return page(
        request,
        "log.html",
        account=account,
        lines=found.lines,
        older=None if found.place is None else write_cursor(found.place, of=of, key=keys.service_key),
        by=None if by is None else _login_of(session, by),
        by_id=by,
        may_reconstruct=can(account, Action.RECONSTRUCT),
        may_read=can(account, Action.READ_LOG),
        may_verify=can(account, Action.VERIFY_LOG),
    )


def _login_of(session: Session, account_id: str) -> str:
    """Name the account whose entries are asked for; of shielded caseworkers none is listed, and none is named."""
    row = session.get(AccountRow, account_id)
    return "–" if row is None or row.role == Role.SHIELDED_CASEWORKER.value else row.login


@router.get("/verification")
def verification(request: Request, account: CallerOf, database: DatabaseOf) -> HTMLResponse:
    """Verify the whole chain, and say which entry breaks it if one does."""
    check_may(account, Action.VERIFY_LOG)
    verdict, broken = None, None
    with database.reading() as session:
        try:
            verdict = log.verify_for_readers(session)
        except LedgerError as error:
            broken = error
    return page(
        request,
        "verification.html",
        account=account,
        verdict=verdict,
        broken=broken,
        status=200 if broken is None else 500,
    )
