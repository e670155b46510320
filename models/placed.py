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


MOST_LISTED = 12
"""Versions that are read for a list; older ones are found by their number."""


def list_placed(project: Project, name: str, *, newer_than: str | None = None) -> tuple[PlacedVersion, ...]:
    """List the newest versions of a model that lie here, the newest first; one that can't be loaded stands among them with why.

    Parameters
    ----------
    newer_than
        Leave out this version and those before it.
    """
    least = -1 if newer_than is None else int(newer_than)
    folder = project.var / "models" / name
    found = [path.name for path in folder.glob("*") if path.name.isdecimal() and (path / "bundle.json").is_file()]
    versions = sorted((version for version in found if int(version) > least), key=int, reverse=True)
    return tuple(_placed(project, name, version) for version in versions[:MOST_LISTED])


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
