"""How a version comes to serve, and goes again: signed by people, never past a failed gate, in the ledger before the pointer moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from mlflow import MlflowClient

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle, bundle_hash, load_bundle
from models.deployment import Champion, bundle_folder, find_champion, remove_champion
from models.promoting import check_signed, check_typed, finish_pointer, let_bundle_serve, place_bundle, point_at
from models.promotion.ledger import NEEDED, PROMOTED, ROLLED_BACK, WITHDRAWN, Served, last_entry, read_promotions, serving_history
from models.promotion.signatures import Signature, check_enough, sign
from models.promotion.signers import read_signers
from models.promotion.steps import Step, check_reason, step_of
from models.promotion.waiting import place_in_ledger
from models.promotion.writing import Signed, one_step_at_a_time, record_step
from training.registry.tracking import CHALLENGER, CHAMPION, Tracking
from training.registry.versions import aliases_of, fetched_version, list_models


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
        signed = Signed(tuple(signatures), tuple(signers))
        champion = let_bundle_serve(project, bundle, fetched.folder, version, signed, reason=words[0], justification=words[1], now=now)
        _announce(client, champion)
        return champion


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
        signed = Signed(given, (signer,) if signer and key is None else ())
        check_signed(project, step, signed, now=now)
        entry = record_step(project, step, signed, now=now, justified=before.justified_until)
        champion = point_at(project, name, before, entry)
        _announce(client, champion)
        return champion


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
        signed = Signed(given, (signer,) if signer and key is None else ())
        check_signed(project, step, signed, now=now)
        record_step(project, step, signed, now=now)
        _stop_serving(project, client, name)
        return step.version


def finish_last_step(project: Project, client: MlflowClient, name: str) -> Champion | None:
    """Move the pointer to the ledger's last step where a step was stopped in between, and the registry's alias after it.

    None where nothing was unfinished, or nothing serves. A step that the console took is told to the registry here too.
    """
    if last_entry(read_promotions(project), name) is None:
        return None
    finished = finish_pointer(project, name)
    _follow_pointer(project, client, name)
    return finished


def fetch_version(project: Project, tracking: Tracking, name: str, version: str) -> Path:
    """Put a registered version's bundle into the project's folder, where the console finds it; nothing serves by that.

    Raises
    ------
    ModelError
        TID502 another bundle lies there, and as `fetched_version`.
    """
    with fetched_version(project, tracking, name, version) as fetched:
        place_bundle(fetched.folder, bundle_folder(project, name, version))
    return bundle_folder(project, name, version)


def tell_registry(project: Project, tracking: Tracking) -> None:
    """Bring the registry's aliases of all models to what serves: the console lets versions serve without asking MLflow."""
    client = tracking.client()
    for name in dict.fromkeys(version.name for version in list_models(project, tracking)):
        _follow_pointer(project, client, name)


def _follow_pointer(project: Project, client: MlflowClient, name: str) -> None:
    """Bring the registry's alias to what serves: it follows the pointer, and decides nothing."""
    champion, aliases = find_champion(project, name), aliases_of(client, name)
    if champion is not None and aliases.get(CHAMPION) != champion.version:
        _announce(client, champion)
    if champion is None and CHAMPION in aliases:
        client.delete_registered_model_alias(name, CHAMPION)


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
