"""Which cases go to the archive, and what of each: the decision, why, by which model, from which data, and what was shown."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from features.declarations.project import Project
from serving.auditing import log
from serving.cases.reconstruction import KEY_HOLDER, Reconstruction, build_reconstruction
from serving.cases.states import STEPS, CaseState, Step
from serving.cases.wording import outcome_label, stage_label
from serving.person_keys import PersonKeys
from serving.persons.deeds import role_wording
from serving.storage.tables import AccountRow, CaseRow, DecisionRow, ScreeningRow


@dataclass(frozen=True)
class Document:
    """One file of a journal entry."""

    name: str
    title: str
    kind: str
    """What it is, in Norwegian: Noark's ``dokumenttype``."""
    content: bytes


@dataclass(frozen=True)
class ArchivedCase:
    """A decided and closed case as the archive gets it."""

    case_id: str
    reference: str
    subject_id: str
    municipality: str
    """Number of the municipality."""
    title: str
    created_at: datetime
    decided_at: datetime
    closed_at: datetime
    decided_by: str
    documents: tuple[Document, ...]


def closed_cases(session: Session) -> list[CaseRow]:
    """List the cases that were decided and closed and whose content is still here, the first closed first.

    Never one that nobody decided: a score that grounded no case is not archived. Never a shielded person's: those are archived by who works
    them, in the system for it (R-08).
    """
    decided = select(DecisionRow.case_id).where(DecisionRow.sealed.is_not(None))
    rows = session.scalars(
        select(CaseRow)
        .where(
            CaseRow.state == CaseState.CLOSED.value,
            CaseRow.purged_at.is_(None),
            CaseRow.is_shielded.is_(False),
            CaseRow.municipality.is_not(None),
            CaseRow.id.in_(decided),
        )
        .order_by(CaseRow.state_since, CaseRow.id)
    )
    return list(rows)


def collect_case(session: Session, keys: PersonKeys, project: Project, case: CaseRow) -> ArchivedCase | None:
    """Collect one case; None when its person was erased: there is nothing left to archive."""
    if keys.find(session, case.subject_id) is None or case.municipality is None:
        return None
    screening = session.get_one(ScreeningRow, case.screening_id)
    decision = session.scalars(
        select(DecisionRow)
        .where(DecisionRow.case_id == case.id, DecisionRow.step != Step.DECIDE_SECOND_READER.value)
        .order_by(DecisionRow.decided_at.desc())
    ).first()
    if decision is None:
        return None
    found = build_reconstruction(session, keys, project, case)
    reason = str(keys.unseal(session, case.subject_id, decision.sealed or b""))
    role = session.get_one(AccountRow, decision.account_id).role
    words = STEPS[Step(decision.step)].wording.nb
    return ArchivedCase(
        case_id=case.id,
        reference=case.reference,
        subject_id=case.subject_id,
        municipality=case.municipality,
        title=f"Vurdering av forslag: {stage_label(project, screening.stage).nb}, {outcome_label(project, screening.outcome).nb}",
        created_at=case.created_at,
        decided_at=decision.decided_at,
        closed_at=case.state_since,
        decided_by=role_wording(role).nb,
        documents=_documents(found, decision, reason, words),
    )


def note_archived(session: Session, keys: PersonKeys, case: CaseRow, *, digest: str, now: datetime) -> None:
    """Log that a case was written for the archive, with the digest of what was written."""
    event = log.Event("archive.exported", actor=KEY_HOLDER, role=KEY_HOLDER, case_id=case.id, details={"xml_sha256": digest})
    log.record(session, event, now=now, about=log.About(keys, case.subject_id, None))


def _documents(found: Reconstruction, decision: DecisionRow, reason: str, words: str) -> tuple[Document, ...]:
    facts = found.to_json()
    basis = {
        name: facts[name]
        for name in (
            "stage",
            "outcome",
            "as_of",
            "model_name",
            "model_version",
            "bundle_hash",
            "promotion",
            "threshold",
            "store_hash",
            "inputs_sha256",
            "proposal_sha256",
            "proposal_proof",
        )
    }
    decided = {"beslutning": words, "step": decision.step, "begrunnelse": reason, "besluttet": decision.decided_at.isoformat()}
    documents = [
        Document("beslutning.json", "Beslutning og begrunnelse", "Beslutning", _json(decided)),
        Document("grunnlag.json", "Modell, versjon og avtrykk av datagrunnlaget", "Beslutningsgrunnlag", _json(basis)),
    ]
    if facts["shown"]:
        documents.append(Document("forklaring.json", "Forklaringen slik den ble vist", "Forklaring", _json(facts["shown"])))
    return tuple(documents)


def _json(content: Any) -> bytes:
    return (json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()
