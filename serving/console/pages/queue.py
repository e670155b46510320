"""The queue: which cases wait, for whom, until when. In order of deadline; there is no rank."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from serving.access.desk import Desk
from serving.cases.queue import Place, QueuePart, Whose, read_queue
from serving.console.rendering import page
from serving.http.cursors import read_cursor, write_cursor
from serving.http.dependencies import DeskOf
from serving.scoring.capacity import capacity_used
from serving.scoring.suspensions import suspended_here

router = APIRouter()

MOST_ROWS = 40
"""Cases of each list on a page: a page stays small on a slow line, however many wait."""


@router.get("/queue")
def queue(desk: DeskOf, request: Request, said: str = "", mine: str = "", free: str = "") -> HTMLResponse:
    """Show one's own cases and those that nobody took, each a part at a time."""
    found = read_queue(desk, mine_after=_after(desk, Whose.MINE, mine), free_after=_after(desk, Whose.FREE, free), limit=MOST_ROWS)
    place = desk.account.municipality
    return page(
        request,
        "queue.html",
        account=desk.account,
        queue=found,
        more_mine=_next(desk, Whose.MINE, found.mine),
        more_free=_next(desk, Whose.FREE, found.free),
        is_first=not mine and not free,
        capacity=None if place is None else capacity_used(desk.session, desk.project, place, now=desk.now),
        today=desk.today,
        is_stopped=suspended_here(desk.session, desk.account),
        has_objected=said == "objected",
    )


def _after(desk: Desk, whose: Whose, cursor: str) -> Place | None:
    return read_cursor(cursor, of=_name(desk, whose), key=desk.keys.service_key) if cursor else None


def _next(desk: Desk, whose: Whose, part: QueuePart) -> str | None:
    return None if part.end is None else write_cursor(part.end, of=_name(desk, whose), key=desk.keys.service_key)


def _name(desk: Desk, whose: Whose) -> str:
    return f"queue {whose} {desk.account.id}"
