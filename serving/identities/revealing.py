"""Show one reviewer who one case is about; let the key holder look one person up. Always with a stated need, always logged."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from features.errors import ReviewError
from features.intake.identities import hand_over_identities
from features.keys import KeyRing
from serving.access.desk import Desk
from serving.access.permissions import Action, check_may
from serving.auditing import log
from serving.cases.access import get_case_for_review
from serving.cases.stated import checked_words
from serving.cases.states import OPEN_STATES, CaseState
from serving.identities.guardians import find_extract, read_guardians
from serving.identities.recognising import fill_guardians
from serving.identities.vault import IdentityVault
from serving.person_keys import PersonKeys
from serving.storage.tables import CaseRow, PersonKeyRow

KEY_HOLDER = "key-holder"


def reveal(desk: Desk, vault: IdentityVault | None, case_id: str, *, need: str) -> str:
    """Show the one who took and opened a case who it is about.

    Raises
    ------
    NotAllowedError, NotFoundError
        TID712 when the role may not, TID710 when the case is not theirs.
    ReviewError
        TID703, TID707 the stated need; TID763 the case is not open or was not opened yet; TID758 there is no vault; TID759 it does not have
        this person.
    """
    check_may(desk.account, Action.REVEAL_IDENTITY)
    case = get_case_for_review(desk.session, desk.account, case_id)
    words = checked_words(need, what="the stated need")
    if case.sealed_need is None or CaseState(case.state) not in OPEN_STATES:
        raise ReviewError("TID763", "who a case is about is shown while it is open and after you have opened it, stating your need.")
    if vault is None:
        raise ReviewError("TID758", "there is no identity vault here. The municipality's key holder looks up the subject id of the case.")
    identifier = vault.find(case.subject_id)
    if identifier is None:
        raise ReviewError(
            "TID759", "the identity vault does not have this person. Ask the key holder to fill it again, or to look them up."
        )
    event = log.Event("identity.revealed", actor=desk.account.id, role=desk.account.role, case_id=case.id)
    log.record(desk.session, event, now=desk.now, about=log.About(desk.keys, case.subject_id, {"need_sha256": log.digest(words)}))
    return identifier


def resolve(
    session: Session,
    keys: PersonKeys,
    project: Project,
    subject_id: str,
    *,
    need: str,
    pseudonym_keys: KeyRing,
    environ: Mapping[str, str],
    now: datetime,
) -> str:
    """Look up who one subject id stands for, from the persons sources, with the key of the pseudonyms.

    Raises
    ------
    ReviewError
        TID703, TID707 the stated need; TID708 the person was erased; TID759 nobody in the sources is this subject.
    DataError, PurposeError, IntakeError
        As `features.intake.identities.hand_over_identities`.
    """
    words = checked_words(need, what="the stated need")
    row = session.get(PersonKeyRow, subject_id)
    if row is not None and row.wrapped is None:
        raise ReviewError("TID708", "the person was erased here: nobody looks up who they are.")
    found: list[str] = []
    hand_over_identities(
        project, keys=pseudonym_keys, environ=environ, now=now, write=lambda _, identifier: found.append(identifier), only=subject_id
    )
    if not found:
        raise ReviewError("TID759", "nobody in the persons sources is this subject of the score purpose. Check the subject id.")
    newest = session.scalar(select(CaseRow.id).where(CaseRow.subject_id == subject_id).order_by(CaseRow.created_at.desc()).limit(1))
    event = log.Event("identity.resolved", actor=KEY_HOLDER, role=KEY_HOLDER, case_id=newest)
    log.record(session, event, now=now, about=log.About(keys, subject_id, {"need_sha256": log.digest(words)}))
    return found[0]


def fill_vault(
    session: Session, project: Project, vault: IdentityVault, *, pseudonym_keys: KeyRing, environ: Mapping[str, str], now: datetime
) -> int:
    """Fill the vault from the persons sources, leaving out who was erased, and log that it was filled; guardians too, where declared.

    Raises
    ------
    DataError, PurposeError, IntakeError
        As `features.intake.identities.hand_over_identities`.
    ReviewError
        TID766 when the extract of guardians does not read; the vault stays as it was then.
    """
    extract = find_extract(project)
    pairs = [] if extract is None else read_guardians(extract)
    erased = frozenset(session.scalars(select(PersonKeyRow.subject_id).where(PersonKeyRow.erased_at.is_not(None))))
    count = vault.fill(
        lambda write: hand_over_identities(project, keys=pseudonym_keys, environ=environ, now=now, write=write), left_out=erased
    )
    fill_guardians(vault, pairs, today=now.date())
    log.record(session, log.Event("identity.vault_filled", actor=KEY_HOLDER, role=KEY_HOLDER), now=now)
    return count
