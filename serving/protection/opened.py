"""Who opened what: how often each account opened a case, saw a proposal, learnt who it was about, from the log. Accounts are staff.

What tells of protected addresses is not read: entries of shielded cases and of the role that works them are those that no log reader sees.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import or_, select

from features.ledger import Entry
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.roles import Role
from serving.storage.tables import AccountRow, LogRow

WITHIN = timedelta(days=30)

OPENED, PROPOSAL, IDENTITY, REPORT = "case.opened", "case.proposal_read", "identity.revealed", "person.report_made"
ACTIONS = (OPENED, PROPOSAL, IDENTITY, REPORT)
"""What is counted: opening a case and learning who it is about are done with a stated need."""

_SHOWN = '"proposal_shown":true'
"""How an entry says that its page held the proposal."""


@dataclass(frozen=True)
class OpenedLine:
    """What one account did within the days that are looked at; each case counts once."""

    account_id: str
    login: str
    role: Role
    municipality: str | None
    n_opened: int
    """Cases opened, each with a need that was stated and is sealed in it."""
    n_proposals: int
    n_identities: int
    n_reports: int


def list_opened(desk: Desk) -> list[OpenedLine]:
    """List the accounts that opened anything within thirty days, most first. The reading is logged.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.SEE_PROTECTION)
    cases: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for entry in _entries(desk):
        for kind in _kinds_of(entry):
            cases[entry.actor][kind].add(str(entry.public["case"]))
    rows = desk.session.scalars(select(AccountRow).where(AccountRow.id.in_(cases)))
    lines = sorted((_line(row, cases[row.id]) for row in rows), key=lambda line: (-line.n_opened, line.login))
    event = log.Event("protection.read", desk.account.id, desk.account.role, details={"n": len(lines)})
    log.record(desk.session, event, now=desk.now)
    return lines


def by_role(lines: list[OpenedLine]) -> dict[Role, Counter[str]]:
    """Sum accounts by role."""
    found: dict[Role, Counter[str]] = {}
    for line in lines:
        sums = found.setdefault(line.role, Counter())
        sums.update(accounts=1, opened=line.n_opened, proposals=line.n_proposals, identities=line.n_identities, reports=line.n_reports)
    return found


def _entries(desk: Desk) -> Iterator[Entry]:
    """Read backwards from the newest entry, only of the kinds that are counted, until they are too old."""
    marks = (_SHOWN, *(f'"action":"{action}"' for action in ACTIONS))
    wanted = or_(*(LogRow.entry.contains(mark, autoescape=True) for mark in marks))
    since = desk.now - WITHIN
    for row in desk.session.scalars(log.listed_before(None).where(wanted).execution_options(yield_per=500)):
        entry = log.read_entry(row)
        if entry.recorded_at < since:
            return
        yield entry


def _kinds_of(entry: Entry) -> tuple[str, ...]:
    """Say what of an entry is counted: a page of the case may have shown the proposal too."""
    shown = (PROPOSAL,) if entry.public.get("proposal_shown") is True else ()
    return (entry.action,) if entry.action in ACTIONS else shown


def _line(row: AccountRow, cases: dict[str, set[str]]) -> OpenedLine:
    return OpenedLine(
        account_id=row.id,
        login=row.login,
        role=Role(row.role),
        municipality=row.municipality,
        n_opened=len(cases[OPENED]),
        n_proposals=len(cases[PROPOSAL]),
        n_identities=len(cases[IDENTITY]),
        n_reports=len(cases[REPORT]),
    )
