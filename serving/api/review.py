"""Every route of the review, in the order of a case's way."""

from __future__ import annotations

from fastapi import APIRouter

from serving.api import cases, follow_up, handovers, objections, second_readings, waiting

router = APIRouter()
for part in (cases, second_readings, follow_up, objections, handovers, waiting):
    router.include_router(part.router)
