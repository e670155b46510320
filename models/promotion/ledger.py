"""The promotions' ledger, as it is read: what served when, who answered for it and why, and whether all of it still holds.

`training` writes it. The head file beside it says how many entries there are and which is the last, so that a cut end shows without an
anchor kept elsewhere; each model's pointer and the service's log name entries too.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from features.declarations.project import Project
from features.errors import GateError, LedgerError
from features.ledger import GENESIS, Anchor, Entry, VerifiedLedger, verify
from features.ledger_file import LedgerFile
from models.promotion.signatures import Signature, check_signatures
from models.promotion.signers import ENOUGH, Signers, read_signers
from models.promotion.steps import Step

PROMOTED = "model_promoted"
ROLLED_BACK = "model_rolled_back"
WITHDRAWN = "model_withdrawn"
NEEDED = {PROMOTED: ENOUGH, ROLLED_BACK: 1, WITHDRAWN: 1}
"""How many different people sign for each action: it takes one to go back to what two signed for, or to nothing at all."""
ACTIONS: dict[str, str] = {"promote": PROMOTED, "roll_back": ROLLED_BACK, "withdraw": WITHDRAWN}
"""Action of a statement -> action of its entry."""


@dataclass(frozen=True)
class Served:
    """A version that serves or served."""

    version: str
    bundle_hash: str
    justified_until: date | None = None
    """Last day of the justification that it was promoted with, if it needed one."""


@dataclass(frozen=True)
class HistoryLine:
    """One step of a model's service: who, when, why."""

    sequence: int
    at: datetime
    action: str
    model: str
    version: str
    before: str | None
    """Version that served until then."""
    signers: tuple[str, ...]
    simulated: bool
    """Whether the signers' names were typed: such names prove nothing."""
    reason: str
    gates_failed: tuple[str, ...]
    gates_not_asked: tuple[str, ...]
    justification: str | None
    justification_expires_on: date | None
    entry: str
    """Hash of the ledger entry."""


def ledger_of(project: Project) -> LedgerFile:
    """Training's ledger file with its head."""
    return LedgerFile(project.var / "ledger" / "promotions.jsonl", "the ledger", head_indent=1)


def ledger_path(project: Project) -> Path:
    """Training's ledger file."""
    return ledger_of(project).path


def head_path(project: Project) -> Path:
    """The file that says where the ledger ends."""
    return ledger_of(project).head_path


def read_promotions(project: Project) -> tuple[Entry, ...]:
    """Read the ledger, which has to be whole.

    Raises
    ------
    LedgerError
        TID801 to TID805 when it does not verify: an entry was edited, removed or moved, or the end was cut off.
    """
    entries = ledger_of(project).read()
    _check_pointers(project, entries)
    return entries


def last_entry(entries: tuple[Entry, ...], name: str) -> Entry | None:
    """Return a model's last step, None before the first."""
    return next((entry for entry in reversed(entries) if entry.public.get("model") == name), None)


def serving_history(project: Project, name: str) -> tuple[Served, ...]:
    """Versions that a rollback can go through, the serving one last; a rollback takes the last one away, a withdrawal all of them.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    """
    history: list[Served] = []
    for entry in read_promotions(project):
        if entry.public.get("model") != name:
            continue
        if entry.action == PROMOTED:
            history.append(served_by(entry))
        elif entry.action == ROLLED_BACK:
            history.pop()
        elif entry.action == WITHDRAWN:
            history.clear()
    return tuple(history)


def served_by(entry: Entry) -> Served:
    """Say which version a promotion lets serve."""
    until = entry.public.get("justification_expires_on")
    return Served(str(entry.public["version"]), str(entry.public["bundle_hash"]), None if until is None else date.fromisoformat(str(until)))


def read_history(project: Project, name: str | None = None) -> tuple[HistoryLine, ...]:
    """Tell every step of one model's service, or of all models', oldest first.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    """
    entries = read_promotions(project)
    return tuple(_line(entry) for entry in entries if name is None or entry.public.get("model") == name)


def verify_promotions(project: Project, *, anchor: Anchor | None = None) -> VerifiedLedger:
    """Check the whole ledger again: the chain, its end, the pointers that name its entries, and every signature as of its day.

    Parameters
    ----------
    anchor
        Count and head noted earlier and kept elsewhere; the head file lies beside the ledger, and whoever can write one can write both.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    GateError
        TID611 when a step is not signed as it has to be.
    """
    entries = read_promotions(project)
    verified = verify(entries, anchor=anchor)
    signers = read_signers(project)
    for entry, after in with_predecessors(entries):
        check_entry(project, entry, signers=signers, after=after)
    return verified


def check_promoted(project: Project, *, name: str, version: str, bundle_hash: str, entry: str) -> None:
    """Check that a pointer says what a signed entry of the ledger says: a pointer that was written by hand lets nothing serve.

    Raises
    ------
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    GateError
        TID611 the entry is not signed as it has to be, TID612 it is about something else.
    """
    for found, after in with_predecessors(read_promotions(project)):
        if found.hash == entry:
            said = tuple(found.public.get(part) for part in ("model", "version", "bundle_hash"))
            if said != (name, version, bundle_hash):
                break
            check_entry(project, found, signers=read_signers(project), after=after)
            return
    raise GateError(
        "TID612",
        f"{name} version {version} is set to serve, and the entry of the ledger that is named for it says otherwise: the pointer was not "
        "written by a promotion. Promote a version again, and find out who could write there.",
    )


def check_entry(project: Project, entry: Entry, *, signers: Signers, after: str) -> None:
    """Check that a step was signed by enough people, for that very version, with keys that were valid on that day.

    Raises
    ------
    GateError
        TID611.
    """
    if entry.action not in NEEDED:
        return
    public = entry.public
    if public.get("simulated"):
        if not project.is_synthetic:
            raise _unsigned(entry, "its signers are typed names, which is allowed in synthetic projects only")
        return
    try:
        signatures = tuple(Signature.from_dict(fields) for fields in public.get("signatures", ()))
        step = Step.from_dict({**public, "after": after})
        check_signatures(signatures, step, signers=signers, needed=NEEDED[entry.action], at=entry.recorded_at)
    except GateError as error:
        raise _unsigned(entry, error.message) from error
    if step.project != project.id or ACTIONS[step.action] != entry.action:
        raise _unsigned(entry, "what was signed is another project's, or another action")


def with_predecessors(entries: tuple[Entry, ...]) -> Iterator[tuple[Entry, str]]:
    """Give each step with the hash of the same model's step before, which its signatures name."""
    last: dict[str, str] = {}
    for entry in entries:
        name = str(entry.public.get("model"))
        yield entry, last.get(name, GENESIS.head)
        last[name] = entry.hash


def _check_pointers(project: Project, entries: tuple[Entry, ...]) -> None:
    """Each model's pointer names an entry: a ledger that was cut off with its head lacks it."""
    known = {entry.hash for entry in entries}
    for path in sorted((project.var / "models").glob("*/champion.json")):
        if _named_entry(path) not in known:
            raise LedgerError("TID804", f"{path} names an entry that the ledger does not have: its end was cut off, or the pointer edited.")


def _named_entry(path: Path) -> str:
    try:
        content: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return str(content["ledger_entry"])
    except (KeyError, TypeError, ValueError) as error:
        raise LedgerError("TID805", f"{path} does not name an entry of the ledger. Restore it, or promote a version again.") from error


def _unsigned(entry: Entry, why: str) -> GateError:
    what = f"{entry.public.get('model')} version {entry.public.get('version')}"
    return GateError("TID611", f"entry {entry.sequence} of the promotions' ledger ({what}) is not signed as it has to be: {why}")


def _line(entry: Entry) -> HistoryLine:
    public = entry.public
    expires = public.get("justification_expires_on")
    return HistoryLine(
        sequence=entry.sequence,
        at=entry.recorded_at,
        action=entry.action,
        model=str(public.get("model")),
        version=str(public.get("version")),
        before=public.get("before"),
        signers=tuple(public.get("signers", ())),
        simulated=bool(public.get("simulated")),
        reason=str(public.get("reason", "")),
        gates_failed=tuple(public.get("gates_failed", ())),
        gates_not_asked=tuple(public.get("gates_not_asked", ())),
        justification=public.get("justification"),
        justification_expires_on=None if expires is None else date.fromisoformat(expires),
        entry=entry.hash,
    )
