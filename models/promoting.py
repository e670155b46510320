"""How a bundle comes to serve: signed by people, never past a failed gate, in the ledger before the pointer moves.

The terminal and the console let a version serve through here; MLflow has no say in it and need not be there.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from features.declarations.project import Project
from features.errors import GateError, ModelError
from features.ledger import Entry
from models.bundle import Bundle, bundle_hash
from models.deployment import Champion, bundle_folder, find_champion, remove_champion, write_champion
from models.promotion.gates import check_gates, must_be_justified
from models.promotion.ledger import ACTIONS, NEEDED, WITHDRAWN, Served, last_entry, read_promotions, serving_history
from models.promotion.signatures import check_signatures
from models.promotion.signers import read_signers, same_person
from models.promotion.steps import Step, step_of
from models.promotion.waiting import place_in_ledger, read_waiting
from models.promotion.writing import Signed, justified_until, record_step


@dataclass(frozen=True)
class PreparedStep:
    """What somebody is about to sign, and the bundle that it is about: to be shown before it is signed."""

    step: Step
    bundle: Bundle


def prepare_promotion(project: Project, bundle: Bundle, version: str, *, reason: str | None, justification: str | None) -> PreparedStep:
    """Put together what is to be signed so that a bundle serves. Nothing is signed or written.

    Parameters
    ----------
    reason, justification
        What the ledger will say. None takes the words of a signature that waits already: both sign the same ones.

    Raises
    ------
    GateError
        TID603 or TID604 a failed gate, TID615 no reason.
    """
    waiting = read_waiting(project, bundle.name, version)
    words = next((one.step for one in waiting if one.step.after == place_in_ledger(project, bundle.name)), None)
    if words is not None:
        reason, justification = reason or words.reason, justification or words.justification
    step = step_for(project, bundle, version, reason=reason or "", justification=justification)
    check_gates(bundle, justification=step.justification)
    return PreparedStep(step, bundle)


def step_for(project: Project, bundle: Bundle, version: str, *, reason: str, justification: str | None) -> Step:
    """Build the step that lets a bundle serve next.

    Raises
    ------
    GateError
        TID615 when the reason is no reason.
    """
    after = place_in_ledger(project, bundle.name)
    return step_of(bundle, action="promote", version=version, reason=reason, justification=justification, after=after)


def let_bundle_serve(
    project: Project, bundle: Bundle, folder: Path, version: str, signed: Signed, *, reason: str, justification: str | None, now: datetime
) -> Champion:
    """Place a bundle, write the ledger, then move the pointer; within `one_step_at_a_time`.

    The pointer is the commit point: before it is replaced the old champion serves, after it the new one, whatever is killed in between.

    Raises
    ------
    GateError
        TID601 to TID604, TID608 to TID610, TID615, TID616, as `check_gates` and `check_signed`.
    ModelError
        TID502 where another bundle lies in the version's place.
    """
    check_gates(bundle, justification=justification)
    step = step_for(project, bundle, version, reason=reason, justification=justification)
    check_signed(project, step, signed, now=now)
    place_bundle(folder, bundle_folder(project, bundle.name, version))
    until = justified_until(now) if must_be_justified(bundle.card.gates) else None
    entry = record_step(project, step, signed, now=now, justified=until)
    return point_at(project, bundle.name, Served(version, bundle.hash, until), entry)


def finish_pointer(project: Project, name: str) -> Champion | None:
    """Move the pointer to the ledger's last step where a step was stopped in between; None where none was, or nothing serves."""
    last = last_entry(read_promotions(project), name)
    champion = find_champion(project, name)
    if last is None:
        return None
    if last.action == WITHDRAWN:
        remove_champion(project, name)
        return None
    if champion is not None and champion.ledger_entry == last.hash:
        return None
    return point_at(project, name, serving_history(project, name)[-1], last)


def check_signed(project: Project, step: Step, signed: Signed, *, now: datetime) -> None:
    """Refuse a step that is not signed as it has to be; typed names count where people are invented, and prove nothing.

    Raises
    ------
    GateError
        TID601 fewer people than needed, TID602 typed names outside a synthetic project, TID608 to TID610 a signature that does not hold,
        TID616 nobody who answers for the use.
    """
    needed = NEEDED[ACTIONS[step.action]]
    if signed.is_simulated and signed.typed:
        check_typed(project, signed.typed, needed=needed)
        return
    check_signatures(signed.signatures, step, signers=read_signers(project), needed=needed, at=now)


def check_typed(project: Project, names: Sequence[str], *, needed: int) -> None:
    """Refuse too few names, or typed ones where people are not invented.

    Raises
    ------
    GateError
        TID601, TID602.
    """
    different = {same_person(name) for name in names if name.strip()}
    if len(different) < needed:
        raise GateError("TID601", f"{len(different)} different signers, expected {needed}. Give --signed-by once for each of them.")
    if not project.is_synthetic:
        raise GateError(
            "TID602",
            f"typed names are no signatures, and this project's people are not invented. Sign with a key declared in "
            f"{project.root / 'signers.toml'}: `tidlig models sign`, or `tidlig models rollback --key`.",
        )


def place_bundle(source: Path, folder: Path) -> None:
    """Copy a bundle to where it serves from, whole or not at all; an identical one that is there already stays.

    Raises
    ------
    ModelError
        TID502 when another bundle lies there.
    """
    if folder.exists():
        if bundle_hash(folder) == bundle_hash(source):
            return
        raise ModelError("TID502", f"{folder} exists already and holds another bundle. A version is never overwritten: move it away.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft)
    draft.rename(folder)


def point_at(project: Project, name: str, served: Served, entry: Entry) -> Champion:
    """Let a version serve that an entry of the ledger lets serve."""
    champion = Champion(name, served.version, served.bundle_hash, entry.hash, entry.recorded_at, served.justified_until)
    write_champion(project, champion)
    return champion
