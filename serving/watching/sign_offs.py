"""Signing a month's report off, from the console: the statement goes out as a file, the signature comes back; no private key comes here.

In a synthetic project a login may stand in, which is told as simulated wherever it shows and never counts as signed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from features.declarations.project import Project
from models.promotion.signers import read_signers
from monitoring.reports.offline import build_file, take_sign_off
from monitoring.reports.sign_offs import SignOff
from monitoring.reports.simulated import SimulatedSignOff, sign_by_login
from monitoring.sinks.events import event_of_sign_off
from monitoring.sinks.sending import put_events
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log


def build_statement(desk: Desk, folder: Path, *, remark: str) -> dict[str, Any]:
    """Build the file that an auditor takes to where the key is. Nothing is kept.

    Raises
    ------
    NotAllowedError
        TID712.
    GateError, DataError
        As `monitoring.reports.offline.build_file`.
    """
    check_may(desk.account, Action.SIGN_REPORTS)
    return build_file(desk.project, folder, remark=remark, signers=read_signers(desk.project), on=desk.today)


def hand_in(desk: Desk, folder: Path, text: str) -> SignOff:
    """Verify a signature that was made elsewhere and keep it beside the report. Logged, and told to the sinks by monitoring's next run.

    Raises
    ------
    NotAllowedError
        TID712.
    GateError, DataError
        As `monitoring.reports.offline.take_sign_off`.
    """
    check_may(desk.account, Action.SIGN_REPORTS)
    made = take_sign_off(desk.project, folder, text, signers=read_signers(desk.project), now=desk.now)
    _log(desk, "report.signed", folder, sha=made.statement.report_sha256)
    _tell_sinks(desk.project, made, desk)
    _renew_pages_above(desk.project)
    return made


def sign_off_by_login(desk: Desk, folder: Path, *, remark: str) -> SimulatedSignOff:
    """Let the login stand in for a sign-off, where every person is invented. Logged.

    Raises
    ------
    NotAllowedError
        TID712.
    GateError, DataError
        As `monitoring.reports.simulated.sign_by_login`.
    """
    check_may(desk.account, Action.SIGN_REPORTS)
    account = desk.account
    made = sign_by_login(desk.project, folder, account=account.login, role=account.role.value, remark=remark, now=desk.now)
    _log(desk, "report.signed_by_login", folder, sha=made.report_sha256)
    return made


def _log(desk: Desk, action: str, folder: Path, *, sha: str) -> None:
    details = {"model": folder.parent.name, "month": folder.name, "report_sha256": sha}
    log.record(desk.session, log.Event(action, desk.account.id, desk.account.role, details=details), now=desk.now)


def _tell_sinks(project: Project, made: SignOff, desk: Desk) -> None:
    said = made.statement
    event = event_of_sign_off(
        project.id,
        synthetic=project.is_synthetic,
        model=said.model,
        month=said.month,
        report_sha256=said.report_sha256,
        role=said.role,
        key=said.key,
    )
    put_events(project, [event], now=desk.now)


def _renew_pages_above(project: Project) -> None:
    from monitoring.reports.overview import list_monthly_reports
    from monitoring.reports.standing_pages import (
        write_standing_pages,
    )  # imports what draws reports: a second that a start need not wait for

    write_standing_pages(project.var / "reports", list_monthly_reports(project))
