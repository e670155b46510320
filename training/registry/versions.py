"""The registry's versions: which exist, and a bundle fetched from it that is the one that was registered."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.store.entities.paged_list import PagedList

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle, load_bundle
from training.registry.tracking import BUNDLE, Tracking

FoundT = TypeVar("FoundT")


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


@dataclass(frozen=True)
class FetchedVersion:
    """A registered version's bundle, in a folder that is gone when the fetching is over."""

    bundle: Bundle
    folder: Path


def list_models(project: Project, tracking: Tracking) -> list[RegisteredVersion]:
    """Return every version of this project's models, newest first within a model; other projects' models on the same server stay out."""
    client = tracking.client()
    models = all_pages(lambda token: client.search_registered_models(f"tags.project = '{project.id}'", page_token=token))
    return [
        _described(version, aliases_of(client, model.name))
        for model in sorted(models, key=lambda model: model.name)
        for version in sorted(_versions(client, model.name), key=lambda one: -int(one.version))
    ]


@contextmanager
def fetched_version(project: Project, tracking: Tracking, name: str, version: str) -> Iterator[FetchedVersion]:
    """Fetch a version's bundle and load it.

    Raises
    ------
    ModelError
        TID520 no such version, TID521 the registry's bundle is not the one that was registered, TID523 its files can't be fetched,
        TID525 it is another model's or learnt from another kind of data, and all of `load_bundle`.
    """
    registered = get_version(tracking.client(), name, version)
    with TemporaryDirectory() as folder:
        downloaded = _download(tracking, registered, Path(folder))
        yield FetchedVersion(_check_bundle(project, registered, downloaded), downloaded)


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


def aliases_of(client: MlflowClient, name: str) -> dict[str, str]:
    """Alias -> version; searching versions gives none, so the model is asked."""
    return {alias: str(version) for alias, version in client.get_registered_model(name).aliases.items()}


def all_pages(search: Callable[[str | None], PagedList[FoundT]]) -> list[FoundT]:
    """Collect what a search finds, page after page: a server gives at most a hundred at once."""
    found: list[FoundT] = []
    token: str | None = None
    while True:
        page = search(token)
        found += page
        token = page.token
        if not token:
            return found


def _versions(client: MlflowClient, name: str) -> list[ModelVersion]:
    return all_pages(lambda token: client.search_model_versions(f"name = '{name}'", page_token=token))


def _download(tracking: Tracking, registered: ModelVersion, into: Path) -> Path:
    mlflow.set_tracking_uri(tracking.uri)
    mlflow.set_registry_uri(tracking.uri)
    uri = f"models:/{registered.name}/{registered.version}"
    try:
        folder = mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=str(into), tracking_uri=tracking.uri)
        bundle = Path(folder) / "artifacts" / BUNDLE
        if not (bundle / "bundle.json").is_file():  # MLflow fetches an empty folder without a word
            raise FileNotFoundError(bundle)
    except (MlflowException, OSError) as error:
        raise ModelError(
            "TID523",
            f"the files of {registered.name} version {registered.version} can't be fetched from MLflow's artifacts. Restore them, start "
            "the server that keeps them, or train again.",
        ) from error
    return bundle


def _check_bundle(project: Project, registered: ModelVersion, folder: Path) -> Bundle:
    try:
        bundle = load_bundle(folder, contract_hash=project.contract_hash)
    except ModelError as error:  # the folder that its message names is a copy, gone when the reader looks for it
        said = error.message.replace(str(folder), f"the bundle of {registered.name} version {registered.version} in MLflow's artifacts")
        raise ModelError(error.code, said) from error
    if bundle.hash != registered.tags.get("bundle_hash"):
        raise ModelError(
            "TID521", f"the bundle of {registered.name} version {registered.version} is not the one that was registered. Train again."
        )
    _check_ours(project, registered, bundle)
    return bundle


def _check_ours(project: Project, registered: ModelVersion, bundle: Bundle) -> None:
    kind = project.screening.project.data
    if (bundle.name, bundle.project, bundle.data) != (registered.name, project.id, kind):
        raise ModelError(
            "TID525",
            f"{registered.name} version {registered.version} holds a bundle of {bundle.name} that learnt from {bundle.data} data, and this "
            f"is project {project.id} with {kind} data. Train a model of its own.",
        )


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
