"""The alarm on snooping (R-28): an account that looks at far more than its work explains.

What a request looked at is what it wrote to the log, so that no way of reading can be forgotten: `check_reading` runs after every request
that had a desk, in its transaction. Asking for things that are not there for oneself is the other sign: somebody who tries ids.

An alarm says that somebody should ask. It stops nobody: the next case may be the one that cannot wait.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from serving.access.accounts import Account
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.errors import NotFoundError
from serving.roles import Role
from serving.settings import Settings
from serving.storage.tables import AccountRow, AlarmRow, LogRow, LookRow

CASE, PROBE = "case", "probe"
_DAY = timedelta(days=1)
MOST_LISTED = 200


@dataclass(frozen=True)
class Limit:
    """So many different things within so long are explained by work; more raise an alarm of this kind."""

    kind: str
    looks: str
    within: timedelta
    most: int


@dataclass(frozen=True)
class AlarmLine:
    """An alarm, for the data protection officer."""

    id: str
    account: str
    """Who it is about, as colleagues know them."""
    role: Role
    municipality: str | None
    kind: str
    """``cases_hour`` or ``cases_day``: read so many cases; ``probes_hour``: asked for so much that is not there for them."""
    count: int
    raised_at: datetime
    seen_at: datetime | None


def limits_of(settings: Settings) -> tuple[Limit, ...]:
    """Give the limits that the settings set."""
    return (
        Limit("cases_hour", CASE, timedelta(hours=1), settings.alarm_cases_hour),
        Limit("cases_day", CASE, _DAY, settings.alarm_cases_day),
        Limit("probes_hour", PROBE, timedelta(hours=1), settings.alarm_probes_hour),
    )


def newest_entry(session: Session) -> int:
    """Give the number of the log's newest entry; 0 when it is empty."""
    return session.scalar(select(func.max(LogRow.seq))) or 0


def cases_since(session: Session, entry: int) -> set[str]:
    """Give the cases that the entries after this one are about: what the transaction at hand has looked at."""
    found = session.scalars(select(LogRow.case_id).where(LogRow.seq > entry))
    return {case for case in found if case is not None}


def check_reading(session: Session, account: Account, cases: Iterable[str], *, now: datetime, limits: Iterable[Limit]) -> None:
    """Note which cases an account looked at, and raise the alarm when they have become too many. Refuses nothing."""
    _check(session, account, CASE, cases, now=now, limits=limits)


def check_probing(session: Session, account: Account, target: str, *, now: datetime, limits: Iterable[Limit]) -> None:
    """Note that an account asked for something that is not there for it, and raise the alarm when it keeps trying.

    Parameters
    ----------
    target
        What was asked for; asking for the same thing again, as an old bookmark does, counts once.
    """
    _check(session, account, PROBE, [target], now=now, limits=limits)


def list_alarms(desk: Desk) -> list[AlarmLine]:
    """List alarms, newest first. The reading is logged.

    Raises
    ------
    NotAllowedError
        TID712.
    """
    check_may(desk.account, Action.SEE_ALARMS)
    found = desk.session.execute(
        select(AlarmRow, AccountRow).join(AccountRow).order_by(AlarmRow.raised_at.desc(), AlarmRow.id).limit(MOST_LISTED)
    )
    lines = [_line(alarm, account) for alarm, account in found]
    event = log.Event("alarms.read", actor=desk.account.id, role=desk.account.role, details={"n": len(lines)})
    log.record(desk.session, event, now=desk.now)
    return lines


def mark_seen(desk: Desk, alarm_id: str) -> AlarmLine:
    """Note that the officer looked into an alarm. The first time counts.

    Raises
    ------
    NotAllowedError
        TID712.
    NotFoundError
        TID710.
    """
    check_may(desk.account, Action.SEE_ALARMS)
    row = desk.session.get(AlarmRow, alarm_id)
    if row is None:
        raise NotFoundError("alarm")
    if row.seen_at is None:
        row.seen_by, row.seen_at = desk.account.id, desk.now
        event = log.Event("alarm.seen", actor=desk.account.id, role=desk.account.role, details={"kind": row.kind})
        log.record(desk.session, event, now=desk.now)
    return _line(row, desk.session.get_one(AccountRow, row.account_id))


def _check(session: Session, account: Account, looks: str, targets: Iterable[str], *, now: datetime, limits: Iterable[Limit]) -> None:
    wanted = set(targets)
    if not wanted:
        return
    session.execute(delete(LookRow).where(LookRow.looked_at <= now - _DAY))
    for target in wanted:
        session.merge(LookRow(account_id=account.id, kind=looks, target=target, looked_at=now))
    session.flush()
    for limit in limits:
        if limit.looks == looks:
            _check_limit(session, account, limit, now)


def _check_limit(session: Session, account: Account, limit: Limit, now: datetime) -> None:
    theirs = (LookRow.account_id == account.id, LookRow.kind == limit.looks, LookRow.looked_at > now - limit.within)
    count = session.scalar(select(func.count()).select_from(LookRow).where(*theirs)) or 0
    if count > limit.most and not _is_raised_today(session, account, limit, now):
        row = AlarmRow(id=secrets.token_hex(16), account_id=account.id, kind=limit.kind, count=count, raised_at=now)
        session.add(row)
        details = {"kind": limit.kind, "count": count}
        log.record(session, log.Event("alarm.raised", actor=account.id, role=account.role, details=details), now=now)


def _is_raised_today(session: Session, account: Account, limit: Limit, now: datetime) -> bool:
    today = datetime.combine(now.astimezone(UTC).date(), time(), UTC)
    raised = select(AlarmRow.id).where(AlarmRow.account_id == account.id, AlarmRow.kind == limit.kind, AlarmRow.raised_at >= today)
    return session.scalar(raised.limit(1)) is not None


def _line(alarm: AlarmRow, account: AccountRow) -> AlarmLine:
    return AlarmLine(
        alarm.id, account.login, Role(account.role), account.municipality, alarm.kind, alarm.count, alarm.raised_at, alarm.seen_at
    )
