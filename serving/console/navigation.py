"""Where a role can go, and where it starts."""

from __future__ import annotations

from dataclasses import dataclass

from serving.access.accounts import Account
from serving.access.permissions import Action, can


@dataclass(frozen=True)
class Link:
    """A page in the main menu."""

    path: str
    key: str
    """Key of its name in the catalogues."""
    is_here: bool


_PAGES: tuple[tuple[str, str, frozenset[Action]], ...] = (
    ("/queue", "nav.queue", frozenset({Action.LIST_CASES})),
    ("/calendar", "nav.calendar", frozenset({Action.REVIEW_CASES})),
    ("/cohorts", "nav.cohorts", frozenset({Action.SEE_COHORTS})),
    ("/second-readings", "nav.second_readings", frozenset({Action.SECOND_READ})),
    ("/handovers", "nav.handovers", frozenset({Action.READ_HANDOVERS})),
    ("/leader", "nav.leader", frozenset({Action.SEE_OVERDUE})),
    ("/objections", "nav.objections", frozenset({Action.ANSWER_OBJECTIONS})),
    ("/overdue", "nav.overdue", frozenset({Action.PASS_ON_CASES})),
    ("/planning", "nav.planning", frozenset({Action.SEE_PLANNING})),
    ("/protection", "nav.protection", frozenset({Action.SEE_PROTECTION})),
    ("/alarms", "nav.alarms", frozenset({Action.SEE_ALARMS})),
    ("/access-requests", "nav.access_requests", frozenset({Action.SEE_ACCESS_REQUESTS})),
    ("/my-page", "nav.my_page", frozenset({Action.SPEAK_FOR_ONESELF})),
    ("/my-report", "nav.my_report", frozenset({Action.SEE_OWN_REPORT})),
    ("/monitoring", "nav.monitoring", frozenset({Action.SEE_REPORTS})),
    ("/purposes", "nav.purposes", frozenset({Action.SEE_PURPOSES})),
    ("/permissions", "nav.permissions", frozenset({Action.SEE_PERMISSIONS})),
    ("/audit-log", "nav.log", frozenset({Action.READ_LOG, Action.VERIFY_LOG})),
    ("/reconstruction", "nav.reconstruction", frozenset({Action.RECONSTRUCT})),
    ("/suspensions", "nav.suspensions", frozenset({Action.SUSPEND})),
    ("/models", "nav.models", frozenset({Action.SEE_MODELS})),
)
"""Path, key of its name, and the actions of which one is enough to see it."""

_PART_OF = {"/objections": "/leader", "/overdue": "/leader"}
"""A page of the menu that another one holds already, for those who see both."""

_START = {"modellforvalter": "/models", "personvernombud": "/protection"}
"""Roles whose work does not start on the first page that they may see."""


def paths_for(account: Account) -> tuple[str, ...]:
    """List the pages that this role may see, most used first."""
    allowed = tuple(path for path, _, actions in _PAGES if any(can(account, action) for action in actions))
    return tuple(path for path in allowed if _PART_OF.get(path) not in allowed)


def links_for(account: Account | None, path: str) -> tuple[Link, ...]:
    """Build the main menu: what this role may see, and what everybody may read."""
    allowed = () if account is None else paths_for(account)
    here = next((p for p in allowed if _is_below(path, p)), None)  # one of them: a shielded caseworker has two lists of cases
    found = [Link(p, key, p == here) for p, key, _ in _PAGES if p in allowed]
    return (*found, Link("/about", "nav.about", path == "/about"))


def start_of(account: Account) -> str:
    """Say which page a role starts on."""
    return _START.get(account.role.value) or next(iter(paths_for(account)), "/about")


_BELOW = {"/queue": ("/cases/",), "/second-readings": ("/cases/",), "/leader": ("/objections/", "/overdue/")}
"""Page of the menu -> beginnings of the paths that it leads to, where those are not below it."""


def _is_below(path: str, page: str) -> bool:
    return path == page or path.startswith((page + "/", *_BELOW.get(page, ())))
