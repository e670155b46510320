"""The registry: which versions exist, and how one comes to serve, by two signatures and never past a failed gate."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from features.declarations.project import Project
from features.errors import GateError, ModelError
from models.bundle import Bundle, bundle_hash, load_bundle
from models.deployment import Champion, bundle_folder, write_champion
from training.gates.overall import JUSTIFIABLE, failed_gates
from training.registry.promotions import Justification, Served, justified_until, record_promotion, record_rollback, serving_history
from training.registry.tracking import BUNDLE, CHALLENGER, CHAMPION, Tracking

NEEDED_SIGNERS = 2
MIN_JUSTIFICATION = 30


@dataclass(frozen=True)
class RegisteredVersion:
    """One version of one model, as `tidlig models list` shows it."""

    name: str
    version: str
    rung: str
    aliases: tuple[str, ...]
    gates_failed: str
    registered_at: datetime
    run_id: str


def list_models(project: Project, tracking: Tracking) -> list[RegisteredVersion]:
    """Return every version of this project's models, newest first within a model."""
    client = tracking.client()
    models = [model for model in client.search_registered_models() if model.tags.get("project") == project.id]
    return [
        _described(version, _aliases_of(client, model.name))
        for model in sorted(models, key=lambda model: model.name)
        for version in sorted(client.search_model_versions(f"name = '{model.name}'"), key=lambda one: -int(one.version))
    ]


def promote(
    project: Project,
    tracking: Tracking,
    name: str,
    version: str,
    *,
    signers: Sequence[str],
    now: datetime,
    justification: str | None = None,
) -> Champion:
    """Let a version serve: copy its bundle, write the ledger, then move the pointer.

    The pointer is the commit point: before it is replaced the old champion serves, after it the new one, whatever is killed in between.

    Parameters
    ----------
    signers
        Accounts that sign, at least two different ones. Typed names are no signatures: the ledger says that they are simulated, and a
        project with real people refuses them.
    justification
        Why a difference between groups is lawful all the same (R-12); stands in the ledger and expires after six months.

    Raises
    ------
    GateError
        TID601 fewer than two different signers, TID602 real people and no authenticated signatures, TID603 a failed gate, TID604 a failed
        gate that only a justification can answer for.
    ModelError
        TID520 no such version, TID521 the registry's bundle is not the one that was registered, and all of `load_bundle`.
    """
    check_signers(project, signers)
    client = tracking.client()
    registered = get_version(client, name, version)
    with TemporaryDirectory() as folder:
        downloaded = _download(tracking, registered, Path(folder))
        bundle = _check_bundle(project, registered, downloaded)
        check_gates(bundle, justification=justification)
        _place(downloaded, bundle_folder(project, name, version))
    justified = _justified(bundle, justification)
    served = Served(version, bundle.hash, justified_until(now) if justified else None)
    entry = record_promotion(project, name, served, signers=signers, now=now, justified=justified)
    champion = Champion(name, version, bundle.hash, entry.hash, now, served.justified_until)
    write_champion(project, champion)
    _move_aliases(client, champion)
    return champion


def rollback(project: Project, tracking: Tracking, name: str, *, signer: str, now: datetime) -> Champion:
    """Let the version serve again that served before; one signature is enough to go back to what two signed for.

    Raises
    ------
    GateError
        TID601 without a signer, TID602 real people and no authenticated signatures.
    ModelError
        TID522 when no version served before.
    LedgerError
        TID801 to TID805 when the promotions' ledger does not verify: what it says can't be gone back to.
    """
    check_signers(project, [signer], needed=1)
    history = serving_history(project, name)
    if len(history) < 2:
        raise ModelError("TID522", f"no version of {name} served before the present one. Promote another version instead.")
    before = history[-2]
    found = bundle_hash(bundle_folder(project, name, before.version))
    if found != before.bundle_hash:
        raise ModelError("TID503", f"version {before.version} of {name} is not what was signed for. Restore its bundle, or promote again.")
    entry = record_rollback(project, name, before, signer=signer, now=now)
    champion = Champion(name, before.version, before.bundle_hash, entry.hash, now, before.justified_until)
    write_champion(project, champion)
    _move_aliases(tracking.client(), champion)
    return champion


def check_signers(project: Project, signers: Sequence[str], *, needed: int = NEEDED_SIGNERS) -> None:
    """Refuse too few signers, or typed names where real people are concerned.

    Raises
    ------
    GateError
        TID601, TID602.
    """
    different = {signer.strip().casefold() for signer in signers if signer.strip()}
    if len(different) < needed:
        raise GateError("TID601", f"{len(different)} different signers, expected {needed}. Give --signed-by once for each of them.")
    if project.screening.project.data == "real":
        raise GateError(
            "TID602",
            "typed names are no signatures, and this project is about real people. Authenticated signatures come with signing keys; "
            "until then no version can be promoted here.",
        )


def check_gates(bundle: Bundle, *, justification: str | None) -> None:
    """Refuse a model with a failed gate, unless it is one that a signed justification answers for.

    Raises
    ------
    GateError
        TID603 a gate failed that nothing answers for, TID604 a group gate failed and there is no justification.
    """
    failed = failed_gates(bundle.card.gates)
    if set(failed) - set(JUSTIFIABLE):
        raise GateError(
            "TID603",
            f"{bundle.name} failed {_titles(bundle)}. The figures stand in its card. It can't serve: change what the gate points at and "
            "train again.",
        )
    if failed and len((justification or "").strip()) < MIN_JUSTIFICATION:
        raise GateError(
            "TID604",
            f"{bundle.name} failed {_titles(bundle)}: it treats groups differently. Mend that, or give --justify with the reason why the "
            f"difference is lawful ({MIN_JUSTIFICATION} characters or more; R-12); it expires after six months.",
        )


def _titles(bundle: Bundle) -> str:
    return "; ".join(sorted({f"{gate.code} {gate.title}" for gate in bundle.card.gates if gate.is_failed}))


def _justified(bundle: Bundle, justification: str | None) -> Justification | None:
    failed = failed_gates(bundle.card.gates)
    return Justification(failed, justification.strip()) if failed and justification else None


def get_version(client: MlflowClient, name: str, version: str) -> ModelVersion:
    """Return a registered version.

    Raises
    ------
    ModelError
        TID520.
    """
    try:
        return client.get_model_version(name, version)
    except MlflowException as error:
        raise ModelError("TID520", f"no version {version} of {name} is registered. `tidlig models list` shows what is.") from error


def _download(tracking: Tracking, registered: ModelVersion, into: Path) -> Path:
    mlflow.set_tracking_uri(tracking.uri)
    mlflow.set_registry_uri(tracking.uri)
    uri = f"models:/{registered.name}/{registered.version}"
    folder = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(into), tracking_uri=tracking.uri)
    return Path(folder) / "artifacts" / BUNDLE


def _check_bundle(project: Project, registered: ModelVersion, folder: Path) -> Bundle:
    bundle = load_bundle(folder, contract_hash=project.contract_hash)
    if bundle.hash != registered.tags.get("bundle_hash"):
        raise ModelError(
            "TID521", f"the bundle of {registered.name} version {registered.version} is not the one that was registered. Train again."
        )
    return bundle


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


def _move_aliases(client: MlflowClient, champion: Champion) -> None:
    client.set_registered_model_alias(champion.name, CHAMPION, champion.version)
    if _aliases_of(client, champion.name).get(CHALLENGER) == champion.version:
        client.delete_registered_model_alias(champion.name, CHALLENGER)


def _aliases_of(client: MlflowClient, name: str) -> dict[str, str]:
    """Alias -> version; searching versions gives none, so the model is asked."""
    return {alias: str(version) for alias, version in client.get_registered_model(name).aliases.items()}


def _described(version: ModelVersion, aliases: dict[str, str]) -> RegisteredVersion:
    return RegisteredVersion(
        name=version.name,
        version=str(version.version),
        rung=version.tags.get("rung", ""),
        aliases=tuple(alias for alias, aliased in aliases.items() if aliased == str(version.version)),
        gates_failed=version.tags.get("gates_failed", ""),
        registered_at=datetime.fromtimestamp((version.creation_timestamp or 0) / 1000, tz=UTC),
        run_id=version.run_id or "",
    )
