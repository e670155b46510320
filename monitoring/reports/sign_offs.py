"""An auditor's signature under a monthly report: Ed25519 over a statement that names the very bytes of `report.json`.

The JSON names the hashes of its pages, so that a signature covers what was read. It lies beside the report in `signoff.json`; a renewed
report keeps it, and it is seen to be about an earlier version. The signed bytes are the statement's canonical JSON, as for promotions, so
that anybody can check one without this program (docs/promotion.md shows how).
"""

from __future__ import annotations

import base64
import fcntl
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project
from features.errors import GateError
from features.ledger import canonical_json
from features.nationalid import holds_national_id
from features.roles import AUDITORS
from models.promotion.signers import FILE as SIGNERS_FILE
from models.promotion.signers import Signer, Signers, decode_public_key, encode_public_key, fingerprint
from monitoring.files import CONTENT, digest, read_content, write_whole
from monitoring.reports.publishing import changed_pages, workplace

FILE = "signoff.json"
FORMAT = 1
KIND = "tidlig-report-sign-off/1"
"""Stands in every statement, so that a signature under it can be taken for nothing else."""
MIN_REMARK = 10

SignOffState = Literal["signed", "earlier_version", "invalid", "unsigned"]


@dataclass(frozen=True)
class Statement:
    """What an auditor signs.

    Attributes
    ----------
    report_sha256
        Of the bytes of `report.json`.
    signed_at
        ISO, UTC; the signer's clock.
    """

    project: str
    synthetic: bool
    model: str
    version: str
    month: str
    report_sha256: str
    inputs_hash: str
    remark: str
    person: str
    role: str
    key: str
    signed_at: str

    def as_dict(self) -> dict[str, Any]:
        """Give the statement as it is signed."""
        return {"kind": KIND, **asdict(self)}

    @property
    def signed_bytes(self) -> bytes:
        """The very bytes under the signature."""
        return canonical_json(self.as_dict())


@dataclass(frozen=True)
class SignOff:
    """A statement with its proof, and what became of it when it was read.

    Attributes
    ----------
    is_about_this_version
        Whether the report beside it is the one that was signed.
    fault
        Why it proves nothing, None where it holds.
    """

    statement: Statement
    proof: bytes
    is_about_this_version: bool
    fault: str | None

    def as_dict(self) -> dict[str, Any]:
        """Give statement and signature as they are kept."""
        return {"statement": self.statement.as_dict(), "signature": base64.b64encode(self.proof).decode("ascii")}

    def shown(self) -> dict[str, Any]:
        """Give what a reader sees: role, day and remark, and whether it holds; not the person, who stands in the file."""
        said = self.statement
        return {
            "role": said.role,
            "signed_at": said.signed_at,
            "remark": said.remark,
            "is_about_this_version": self.is_about_this_version,
            "holds": self.fault is None,
        }


def read_sign_offs(folder: Path, *, signers: Signers) -> tuple[SignOff, ...]:
    """Read the sign-offs beside a report and verify each; none where nobody has signed.

    Parameters
    ----------
    folder
        ``var/reports/<model>/<month>``.

    Raises
    ------
    GateError
        TID620 when the file is not what `tidlig monitor sign` wrote.
    """
    path = folder / FILE
    if not path.is_file():
        return ()
    report = folder / CONTENT
    sha = digest(report.read_bytes()) if report.is_file() else ""
    return tuple(read_sign_off(kept, folder, sha=sha, signers=signers) for kept in _read_file(path))


def sign_off_state(sign_offs: Sequence[SignOff]) -> SignOffState:
    """Say in a word how a report stands: one valid signature under this very version is enough, and one that does not hold is told."""
    if any(one.fault is not None for one in sign_offs):
        return "invalid"
    if any(one.is_about_this_version for one in sign_offs):
        return "signed"
    return "earlier_version" if sign_offs else "unsigned"


def sign_report(project: Project, folder: Path, *, key: Ed25519PrivateKey, signers: Signers, remark: str, now: datetime) -> SignOff:
    """Sign a report off and keep the signature beside it.

    Raises
    ------
    GateError
        TID608 a key that is not declared or valid today, TID621 a role that does not audit, TID622 a person who has signed this version
        already, TID623 a remark that is none or names somebody, TID624 no report there or pages that are not its own, TID620 as
        `read_sign_offs`.
    DataError
        TID482 a report that is not what monitoring wrote.
    """
    key_id = fingerprint(encode_public_key(key.public_key()))
    signer = check_auditor(signers.check_valid(key_id, on=now.date()))
    words = checked_remark(remark)
    with one_signer_at_a_time(project):
        content, sha = check_report(folder)
        statement = Statement(
            project=project.id,
            synthetic=project.is_synthetic,
            model=str(content["model"]),
            version=str(content["version"]),
            month=str(content["month"]),
            report_sha256=sha,
            inputs_hash=str(content["inputs_hash"]),
            remark=words,
            person=signer.person,
            role=signer.role,
            key=key_id,
            signed_at=now.astimezone(UTC).isoformat(timespec="seconds"),
        )
        made = SignOff(statement, key.sign(statement.signed_bytes), is_about_this_version=True, fault=None)
        keep_sign_off(folder, made, signers=signers)
    return made


@contextmanager
def one_signer_at_a_time(project: Project) -> Iterator[None]:
    """Keep another signer waiting, from the command or the console; the lock goes with the process, however it ends."""
    lock = workplace(project) / "signing.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def keep_sign_off(folder: Path, made: SignOff, *, signers: Signers) -> None:
    """Write a sign-off beside its report, after those that are there; the caller is the one signer.

    Raises
    ------
    GateError
        TID622 a person who has signed this version already, TID620 as `read_sign_offs`.
    """
    earlier, person = read_sign_offs(folder, signers=signers), made.statement.person
    if any(one.is_about_this_version and one.statement.person == person and one.fault is None for one in earlier):
        raise GateError("TID622", f"{person} has signed this version of {folder.parent.name} {folder.name} already.")
    kept = [*(one.as_dict() for one in earlier), made.as_dict()]
    write_whole(folder / FILE, json.dumps({"format": FORMAT, "sign_offs": kept}, ensure_ascii=False, indent=2) + "\n")


def check_report(folder: Path) -> tuple[dict[str, Any], str]:
    """Give a report's content and the SHA-256 of its bytes, where it is whole: what is signed is what its pages show.

    Raises
    ------
    GateError
        TID624.
    DataError
        TID482.
    """
    path = folder / CONTENT
    if not path.is_file():
        raise GateError("TID624", f"there is no report in {folder}. `tidlig monitor list` names those there are.")
    content = read_content(path)
    changed = changed_pages(folder, content)
    if changed or "files" not in content:
        what = ", ".join(changed) or "its JSON, which names no pages"
        raise GateError("TID624", f"the report in {folder} is not as it was written: {what}. Run `tidlig monitor` for its month again.")
    return content, digest(path.read_bytes())


def check_auditor(signer: Signer) -> Signer:
    """Refuse a role that does not audit.

    Raises
    ------
    GateError
        TID621.
    """
    if signer.role not in AUDITORS:
        raise GateError(
            "TID621",
            f"{signer.person} signs as {signer.role}, and a report is signed off by {' or '.join(sorted(AUDITORS))}. Let an auditor sign, "
            f"with a key declared with that role in {SIGNERS_FILE}.",
        )
    return signer


def checked_remark(remark: str) -> str:
    """Give a remark without surrounding blanks.

    Raises
    ------
    GateError
        TID623 one that is none, or names somebody.
    """
    words = remark.strip()
    if len(words) < MIN_REMARK:
        raise GateError(
            "TID623", f"a remark of {len(words)} letters, expected {MIN_REMARK} or more. Say what you looked at and what you found."
        )
    if holds_national_id(words):
        raise GateError(
            "TID623", "the remark holds what looks like a national identity number. It is about a report, never about a person."
        )
    return words


def _read_file(path: Path) -> Sequence[Mapping[str, Any]]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        kept: Sequence[Mapping[str, Any]] = content["sign_offs"]
        if content["format"] != FORMAT or not isinstance(kept, list):
            raise ValueError(f"format {content['format']}")
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise GateError("TID620", f"{path} is not what `tidlig monitor sign` wrote. Restore it from a backup; never edit it.") from error
    return kept


def read_sign_off(kept: Mapping[str, Any], folder: Path, *, sha: str, signers: Signers) -> SignOff:
    """Read one sign-off and verify it.

    Parameters
    ----------
    folder
        The report that it is said to be of.
    sha
        SHA-256 of its `report.json`.

    Raises
    ------
    GateError
        TID620 when it is none.
    """
    try:
        said = dict(kept["statement"])
        proof = base64.b64decode(kept["signature"], validate=True)
        if said.pop("kind") != KIND:
            raise ValueError("another kind of statement")
        statement = Statement(**said)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise GateError(
            "TID620", f"{folder / FILE} is not what `tidlig monitor sign` wrote. Restore it from a backup; never edit it."
        ) from error
    found = SignOff(statement, proof, is_about_this_version=statement.report_sha256 == sha, fault=None)
    return replace(found, fault=_find_fault(found, folder, signers=signers))


def _find_fault(found: SignOff, folder: Path, *, signers: Signers) -> str | None:
    said = found.statement
    if (said.model, said.month) != (folder.parent.name, folder.name):
        return f"it was given to {said.model} {said.month}"
    try:
        signer = check_auditor(signers.check_valid(said.key, on=datetime.fromisoformat(said.signed_at).date()))
    except (GateError, ValueError) as error:
        return error.message if isinstance(error, GateError) else "it does not say when it was given"
    if (signer.person, signer.role) != (said.person, said.role):
        return f"{signers.path.name} gives the key {said.key} to another person or role"
    try:
        decode_public_key(signer.public_key).verify(found.proof, said.signed_bytes)
    except InvalidSignature:
        return "the signature does not fit the statement: one of them was edited"
    return None
