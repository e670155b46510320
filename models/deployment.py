"""Which version of a model serves: a pointer file that names a bundle and its hash.

`training` writes the pointer when a promotion is signed and in the ledger; `serving` only ever reads it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle, bundle_hash, load_bundle
from models.promotion.ledger import check_promoted
from models.rungs.rung import read_json, write_json


@dataclass(frozen=True)
class Champion:
    """The version that serves, and what made it so."""

    name: str
    version: str
    bundle_hash: str
    ledger_entry: str
    """Hash of the ledger entry of its promotion."""
    promoted_at: datetime
    """Aware, UTC."""
    justified_until: date | None = None
    """Last day of the signed justification that a failed group gate rests on (R-12); None where no gate failed."""


def bundle_folder(project: Project, name: str, version: str) -> Path:
    """Folder of one version of a model."""
    return project.var / "models" / name / version


def find_champion(project: Project, name: str) -> Champion | None:
    """Return which version of a model serves, None before the first promotion.

    Raises
    ------
    ModelError
        TID501 when the pointer can't be read.
    """
    path = _pointer(project, name)
    if not path.exists():
        return None
    content = read_json(path)
    try:
        until = content.get("justified_until")
        dates = {
            "promoted_at": datetime.fromisoformat(content["promoted_at"]),
            "justified_until": None if until is None else date.fromisoformat(until),
        }
        return Champion(**{**content, **dates})
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError("TID501", f"{path} does not name a champion. Promote a version again.") from error


def write_champion(project: Project, champion: Champion) -> None:
    """Let a version serve from now on; the pointer is replaced whole.

    Raises
    ------
    ModelError
        TID503 when the bundle in place is not the one that was signed for.
    """
    folder = bundle_folder(project, champion.name, champion.version)
    _check_hash(folder, champion.bundle_hash)
    draft = _pointer(project, champion.name).with_suffix(".draft")
    until = champion.justified_until
    dates = {"promoted_at": champion.promoted_at.isoformat(), "justified_until": None if until is None else until.isoformat()}
    write_json(draft, {**asdict(champion), **dates})
    draft.replace(_pointer(project, champion.name))


def remove_champion(project: Project, name: str) -> None:
    """Let no version of a model serve any more; nothing happens where none does."""
    _pointer(project, name).unlink(missing_ok=True)


def deployed_bundle(project: Project, name: str, *, num_threads: int = 1) -> Bundle:
    """Load the bundle that serves.

    Raises
    ------
    ModelError
        TID507 before the first promotion, TID503 when the bundle is not the one promoted, and all of `load_bundle`.
    GateError, LedgerError
        TID611, TID612 when no signed entry of the promotions' ledger lets it serve, TID801 to TID805 when the ledger is not whole.
    """
    champion = find_champion(project, name)
    if champion is None:
        raise ModelError("TID507", f"no version of {name} serves. Train, then `tidlig models promote {name} VERSION`.")
    check_promoted(project, name=name, version=champion.version, bundle_hash=champion.bundle_hash, entry=champion.ledger_entry)
    folder = bundle_folder(project, name, champion.version)
    _check_hash(folder, champion.bundle_hash)
    return load_bundle(folder, contract_hash=project.contract_hash, num_threads=num_threads)


def check_justified(champion: Champion, *, on: date) -> None:
    """Refuse to screen with a model whose difference between groups nobody answers for any more.

    Raises
    ------
    ModelError
        TID514 when the signed justification has expired (R-12).
    """
    if champion.justified_until is not None and on > champion.justified_until:
        raise ModelError(
            "TID514",
            f"{champion.name} version {champion.version} treats groups differently, and the justification that was signed for it ended on "
            f"{champion.justified_until} (R-12). Promote a version that passes, or "
            "sign a new justification with `tidlig models sign --justify`.",
        )


def _pointer(project: Project, name: str) -> Path:
    return project.var / "models" / name / "champion.json"


def _check_hash(folder: Path, expected: str) -> None:
    found = bundle_hash(folder)
    if found != expected:
        raise ModelError(
            "TID503", f"{folder} has hash {found[:12]}, the promotion signed for {expected[:12]}. Restore the bundle, or promote again."
        )
