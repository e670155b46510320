"""A report's sign-off made where the service is not: the statement in one file, the signature back. The private key stays with its owner.

The file holds the very statement that is signed but for who signs it and when, with what the signals said to read before signing.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project
from features.errors import GateError
from features.roles import AUDITORS
from models.promotion.signers import Signer, Signers, encode_public_key, fingerprint
from monitoring.reports.sign_offs import (
    SignOff,
    Statement,
    check_auditor,
    check_report,
    checked_remark,
    keep_sign_off,
    one_signer_at_a_time,
    read_sign_off,
)

KIND = "tidlig-report-to-sign/1"
GOOD_FOR = timedelta(days=30)
"""How long a signature may be on its way."""
CLOCKS_DIFFER = timedelta(minutes=10)
_SIGNER = ("person", "role", "public_key", "valid_from", "valid_to")
_SAID = ("project", "synthetic", "model", "version", "month", "report_sha256", "inputs_hash", "remark")


@dataclass(frozen=True)
class ToSign:
    """What a file asks an auditor to sign.

    Attributes
    ----------
    said
        The statement without its signer: field -> value.
    signals
        Code, question and verdict of each signal, as the report has them.
    signers
        Auditors as declared when the file was made; the service asks its own list again when the signature comes back.
    """

    said: Mapping[str, Any]
    signals: tuple[Mapping[str, str], ...]
    signers: tuple[Signer, ...]


def build_file(project: Project, folder: Path, *, remark: str, signers: Signers, on: date) -> dict[str, Any]:
    """Build the file's content; of the signers those who audit and whose key is valid that day.

    Raises
    ------
    GateError
        TID623 a remark that is none or names somebody, TID624 no report there or pages that are not its own.
    DataError
        TID482 a report that is not what monitoring wrote.
    """
    words = checked_remark(remark)
    content, sha = check_report(folder)
    said = {
        "project": project.id,
        "synthetic": project.is_synthetic,
        **{name: str(content[name]) for name in ("model", "version", "month")},
        "report_sha256": sha,
        "inputs_hash": str(content["inputs_hash"]),
        "remark": words,
    }
    able = [one for one in signers.signers if one.role in AUDITORS and one.find_fault(on=on) is None]
    return {
        "kind": KIND,
        "statement": said,
        "signals": [{name: str(signal[name]) for name in ("code", "title", "verdict")} for signal in content["signals"]],
        "signers": [{name: str(getattr(one, name)) for name in _SIGNER} for one in able],
    }


def read_file(path: Path) -> ToSign:
    """Read a file to sign.

    Raises
    ------
    GateError
        TID626 when it is no such file.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["kind"] != KIND:
            raise KeyError(KIND)
        return ToSign(
            said={name: content["statement"][name] for name in _SAID},
            signals=tuple({name: str(one[name]) for name in ("code", "title", "verdict")} for one in content["signals"]),
            signers=tuple(Signer.model_validate(one) for one in content["signers"]),
        )
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GateError("TID626", f"{path} is no statement to sign. Fetch it again from the console's page of the report.") from error


def sign_file(asked: ToSign, key: Ed25519PrivateKey, *, path: Path, now: datetime) -> SignOff:
    """Sign what a file asks for.

    Raises
    ------
    GateError
        TID608 when the key is not among those that the file names, TID621 a role that does not audit.
    """
    key_id = fingerprint(encode_public_key(key.public_key()))
    signer = check_auditor(Signers(asked.signers, path).check_valid(key_id, on=now.date()))
    statement = Statement(
        **asked.said,
        person=signer.person,
        role=signer.role,
        key=key_id,
        signed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
    )
    return SignOff(statement, key.sign(statement.signed_bytes), is_about_this_version=True, fault=None)


def as_text(made: SignOff) -> str:
    """Write a sign-off as the file that is handed in."""
    return json.dumps(made.as_dict(), indent=2, ensure_ascii=False, sort_keys=True) + "\n"


def take_sign_off(project: Project, folder: Path, text: str, *, signers: Signers, now: datetime) -> SignOff:
    """Verify a sign-off that was made elsewhere and keep it beside its report.

    Raises
    ------
    GateError
        TID614 what is no signature, TID628 one that does not hold, is about something else or too old, TID622 a person who has signed this
        version already, TID623 a remark that is none or names somebody, TID624 a report that is not whole, TID620 as `read_sign_offs`.
    """
    with one_signer_at_a_time(project):
        _, sha = check_report(folder)
        made = _read(text, folder, sha=sha, signers=signers)
        problem = _find_problem(made, project, now=now)
        if problem is not None:
            raise GateError("TID628", f"this sign-off is not kept: {problem}. Fetch the statement again and sign that.")
        checked_remark(made.statement.remark)
        keep_sign_off(folder, made, signers=signers)
    return made


def _read(text: str, folder: Path, *, sha: str, signers: Signers) -> SignOff:
    try:
        content = json.loads(text)
        base64.b64decode(content["signature"], validate=True)
        return read_sign_off(content, folder, sha=sha, signers=signers)
    except (GateError, KeyError, TypeError, ValueError) as error:
        raise GateError(
            "TID614", "this is no signature of a report. Hand in the file that `tidlig monitor sign-statement` wrote."
        ) from error


def _find_problem(made: SignOff, project: Project, *, now: datetime) -> str | None:
    said = made.statement
    if made.fault is not None:
        return made.fault
    if (said.project, said.synthetic) != (project.id, project.is_synthetic):
        return "it is about another project"
    if not made.is_about_this_version:
        return "the report was made anew since the statement was given"
    signed_at = datetime.fromisoformat(said.signed_at)
    if not now - GOOD_FOR <= signed_at <= now + CLOCKS_DIFFER:
        return "it was signed more than thirty days ago, or its clock goes ahead"
    return None
