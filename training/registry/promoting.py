"""How a version comes to serve, and goes again: signed by people, never past a failed gate, in the ledger before the pointer moves."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mlflow import MlflowClient

from features.declarations.project import Project
from features.errors import GateError, ModelError
from features.ledger import Entry
from models.bundle import Bundle, bundle_hash, load_bundle
from models.deployment import Champion, bundle_folder, find_champion, remove_champion, write_champion
from models.promotion.ledger import ACTIONS, NEEDED, PROMOTED, ROLLED_BACK, WITHDRAWN, Served, last_entry, read_promotions, serving_history
from models.promotion.signatures import Signature, check_enough, check_signatures, sign
from models.promotion.signers import read_signers, same_person
from models.promotion.steps import Step, check_reason, gates_not_asked, step_of
from training.gates.overall import failed_gates
from training.gates.promotable import check_gates
from training.registry.promotions import Signed, justified_until, one_step_at_a_time, record_step
from training.registry.signing import place_in_ledger, step_for
from training.registry.tracking import CHALLENGER, CHAMPION, Tracking
from training.registry.versions import aliases_of, fetched_version


def promote(
    project: Project,
    tracking: Tracking,
    name: str,
    version: str,
    *,
    now: datetime,
    signatures: Sequence[Signature] = (),
    signers: Sequence[str] = (),
    reason: str = "",
    justification: str | None = None,
) -> Champion:
    """Let a version serve: copy its bundle, write the ledger, then move the pointer.

    The pointer is the commit point: before it is replaced the old champion serves, after it the new one, whatever is killed in between.
    What was in the ledger and did not get as far as the pointer is finished by the next promotion or rollback.

    Parameters
    ----------
    signatures
        At least two, by different people, about this version as it stands now. Their statements hold reason and justification.
    signers
        Typed names instead, in a synthetic project only; the ledger says that they are simulated.
    reason
        Why now; with typed names.
    justification
        Why a difference between groups is lawful all the same (R-12), with typed names; stands in the ledger and expires after six months.

    Raises
    ------
    GateError
        TID601 fewer than two different people, TID602 typed names outside a synthetic project, TID603 a failed gate, TID604 a failed gate
        that only a justification can answer for, TID608 to TID610 a signature that does not hold, TID615 no reason.
    ModelError
        As `fetched_version`.
    LedgerError
        TID801 to TID805 when the ledger does not verify.
    """
    if signers:
        check_typed(project, signers, needed=NEEDED[PROMOTED])
    said = signatures[0].step if signatures else None
    with one_step_at_a_time(project), fetched_version(project, tracking, name, version) as fetched:
        bundle, client = fetched.bundle, tracking.client()
        if not signers and not signatures:
            check_enough((), needed=NEEDED[PROMOTED])
        unfinished = finish_last_step(project, client, name)
        if unfinished is not None and (unfinished.version, unfinished.bundle_hash) == (version, bundle.hash):
            return unfinished
        words = (reason, justification) if said is None else (said.reason, said.justification)
        check_gates(bundle, justification=words[1])
        step = step_for(project, bundle, version, reason=words[0], justification=words[1])
        signed = _checked(project, step, Signed(tuple(signatures), tuple(signers)), now=now)
        _place(fetched.folder, bundle_folder(project, name, version))
        until = justified_until(now) if failed_gates(bundle.card.gates) or gates_not_asked(bundle.card.gates) else None
        entry = record_step(project, step, signed, now=now, justified=until)
        return _let_serve(project, client, name, Served(version, bundle.hash, until), entry)


def rollback(
    project: Project,
    tracking: Tracking,
    name: str,
    *,
    now: datetime,
    reason: str,
    key: Ed25519PrivateKey | None = None,
    signer: str | None = None,
) -> Champion:
    """Let the version serve again that served before; one signature is enough to go back to what two signed for.

    Parameters
    ----------
    key
        Signs the step here and now.
    signer
        A typed name instead, in a synthetic project only.

    Raises
    ------
    GateError
        TID601 without a signer, TID602 a typed name outside a synthetic project, TID608 a key that is not declared or not valid today,
        TID615 no reason.
    ModelError
        TID522 when no version served before, and all of `load_bundle` when that one can't serve any more.
    LedgerError
        TID801 to TID805 when the promotions' ledger does not verify: what it says can't be gone back to.
    """
    if key is None:
        check_typed(project, [signer or ""], needed=NEEDED[ROLLED_BACK])
    with one_step_at_a_time(project):
        client = tracking.client()
        finish_last_step(project, client, name)
        before = _served_before(project, name)
        bundle = _load_placed(project, name, before)
        after = place_in_ledger(project, name)
        step = step_of(bundle, action="roll_back", version=before.version, reason=reason, justification=None, after=after)
        given = (sign(step, key, signers=read_signers(project), now=now),) if key is not None else ()
        signed = _checked(project, step, Signed(given, (signer,) if signer and key is None else ()), now=now)
        entry = record_step(project, step, signed, now=now, justified=before.justified_until)
        return _let_serve(project, client, name, before, entry)


def withdraw(
    project: Project,
    tracking: Tracking,
    name: str,
    *,
    now: datetime,
    reason: str,
    key: Ed25519PrivateKey | None = None,
    signer: str | None = None,
) -> str:
    """Take a model out of use: from now on no version of it serves, and the ledger says who stopped it and why.

    Nothing is fetched or loaded, so that a model whose files are damaged can be stopped too. To serve again, a version is promoted anew.

    Parameters
    ----------
    key, signer
        As `rollback`.

    Returns
    -------
    str
        The version that served until now.

    Raises
    ------
    GateError
        TID601 without a signer, TID602 a typed name outside a synthetic project, TID608 a key that is not declared or not valid today,
        TID615 no reason.
    ModelError
        TID526 when no version serves.
    LedgerError
        TID801 to TID805 when the promotions' ledger does not verify.
    """
    if key is None:
        check_typed(project, [signer or ""], needed=NEEDED[WITHDRAWN])
    words = check_reason(reason)
    with one_step_at_a_time(project):
        client = tracking.client()
        finish_last_step(project, client, name)
        if not serving_history(project, name):
            raise ModelError(
                "TID526", f"no version of {name} serves, so there is nothing to take out of use. `tidlig models list` shows what is."
            )
        last = last_entry(read_promotions(project), name)
        assert last is not None, "what serves has an entry"
        before = Step.from_dict({**last.public, "after": last.hash})
        step = replace(before, action="withdraw", reason=words, justification=None)
        given = (sign(step, key, signers=read_signers(project), now=now),) if key is not None else ()
        signed = _checked(project, step, Signed(given, (signer,) if signer and key is None else ()), now=now)
        record_step(project, step, signed, now=now)
        _stop_serving(project, client, name)
        return step.version


def finish_last_step(project: Project, client: MlflowClient, name: str) -> Champion | None:
    """Move the pointer to the ledger's last step where a step was stopped in between; None where none was, or nothing serves."""
    last = last_entry(read_promotions(project), name)
    champion = find_champion(project, name)
    if last is None:
        return None
    if last.action == WITHDRAWN:
        _stop_serving(project, client, name)
        return None
    if champion is not None and champion.ledger_entry == last.hash:
        if aliases_of(client, name).get(CHAMPION) != champion.version:
            _announce(client, champion)
        return None
    return _let_serve(project, client, name, serving_history(project, name)[-1], last)


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


def _checked(project: Project, step: Step, signed: Signed, *, now: datetime) -> Signed:
    """Give back what was signed when it holds; typed names were looked at before anything was fetched."""
    if signed.is_simulated and signed.typed:
        return signed
    check_signatures(signed.signatures, step, signers=read_signers(project), needed=NEEDED[ACTIONS[step.action]], at=now)
    return signed


def _served_before(project: Project, name: str) -> Served:
    history = serving_history(project, name)
    if len(history) < 2:
        raise ModelError("TID522", f"no version of {name} served before the present one. Promote another version instead.")
    return history[-2]


def _load_placed(project: Project, name: str, served: Served) -> Bundle:
    folder = bundle_folder(project, name, served.version)
    if bundle_hash(folder) != served.bundle_hash:
        raise ModelError("TID503", f"version {served.version} of {name} is not what was signed for. Restore its bundle, or promote again.")
    return load_bundle(folder, contract_hash=project.contract_hash)


def _place(source: Path, folder: Path) -> None:
    """Copy a bundle to where it serves from, whole or not at all; an identical one that is there already stays."""
    if folder.exists():
        if bundle_hash(folder) == bundle_hash(source):
            return
        raise ModelError("TID502", f"{folder} exists already and holds another bundle. A version is never overwritten: move it away.")
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    shutil.copytree(source, draft)
    draft.rename(folder)


def _let_serve(project: Project, client: MlflowClient, name: str, served: Served, entry: Entry) -> Champion:
    champion = Champion(name, served.version, served.bundle_hash, entry.hash, entry.recorded_at, served.justified_until)
    write_champion(project, champion)
    _announce(client, champion)
    return champion


def _stop_serving(project: Project, client: MlflowClient, name: str) -> None:
    """Take the pointer away, then the registry's alias: what is killed in between is finished by the model's next step."""
    remove_champion(project, name)
    if CHAMPION in aliases_of(client, name):
        client.delete_registered_model_alias(name, CHAMPION)


def _announce(client: MlflowClient, champion: Champion) -> None:
    """Tell the registry what serves; it follows the pointer and decides nothing."""
    client.set_registered_model_alias(champion.name, CHAMPION, champion.version)
    client.set_model_version_tag(champion.name, champion.version, "ledger_entry", champion.ledger_entry)
    if aliases_of(client, champion.name).get(CHALLENGER) == champion.version:
        client.delete_registered_model_alias(champion.name, CHALLENGER)
