"""Versions whose bundles lie in the project's folder: those that serve or served, and challengers that training put there.

What is registered in MLflow alone is not among them until `tidlig models fetch` brings it.
"""

from __future__ import annotations

from dataclasses import dataclass

from features.declarations.project import Project
from features.errors import ModelError
from models.bundle import Bundle, load_bundle
from models.deployment import bundle_folder


@dataclass(frozen=True)
class PlacedVersion:
    """A version that lies here, with its bundle, or with the code of what keeps it from being loaded."""

    version: str
    bundle: Bundle | None
    fault: str = ""


def list_placed(project: Project, name: str) -> tuple[PlacedVersion, ...]:
    """List the versions of a model that lie here, the newest first; one that can't be loaded stands among them with why."""
    folder = project.var / "models" / name
    found = [path.name for path in folder.glob("*") if (path / "bundle.json").is_file() and path.name.isdecimal()]
    return tuple(_placed(project, name, version) for version in sorted(found, key=int, reverse=True))


def load_placed(project: Project, name: str, version: str) -> Bundle:
    """Load a version that lies here.

    Raises
    ------
    ModelError
        TID527 when it does not, and all of `load_bundle`.
    """
    folder = bundle_folder(project, name, version)
    if not version.isdecimal() or not (folder / "bundle.json").is_file():
        raise ModelError(
            "TID527",
            f"version {version} of {name} does not lie in the project's folder. `tidlig models fetch {name} {version}` brings it.",
        )
    return load_bundle(folder, contract_hash=project.contract_hash)


def _placed(project: Project, name: str, version: str) -> PlacedVersion:
    try:
        return PlacedVersion(version, load_placed(project, name, version))
    except ModelError as error:
        return PlacedVersion(version, None, error.code)
