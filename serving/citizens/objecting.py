"""Somebody says no for themselves or for their child: at once, without a reason and without anybody's approval (R-22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from features.restrictions import read_restrictions
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.cases.objections import register_for_person
from serving.citizens.whom import Whom


@dataclass(frozen=True)
class StandingObjection:
    """A no that is in force."""

    since: date


def find_objection(desk: Desk, whom: Whom) -> StandingObjection | None:
    """Find the no that keeps somebody out of every screening today, whoever registered it."""
    table = read_restrictions(desk.project)
    theirs = table[(table["subject_id"] == whom.subject_id) & (table["kind"] == "objection") & table["valid_to"].isna()]
    return None if theirs.empty else StandingObjection(min(theirs["valid_from"]))


def object_for(desk: Desk, whom: Whom) -> None:
    """Register a no. Every open case stops in this very transaction, and no later run proposes the person; doing it twice changes nothing.

    Raises
    ------
    NotAllowedError
        TID712 for a role that speaks for nobody.
    """
    check_may(desk.account, Action.SPEAK_FOR_ONESELF)
    if find_objection(desk, whom) is None:
        register_for_person(desk, whom.subject_id, spoken_by=whom.spoken_by)
