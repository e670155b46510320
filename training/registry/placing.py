"""A registered version's bundle in the project's own folder, so that people can look at it where MLflow is not."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from features.declarations.project import Project
from models.bundle import Bundle, save_bundle
from models.deployment import bundle_folder
from models.promoting import place_bundle


def place_challenger(project: Project, bundle: Bundle, version: str) -> Path:
    """Put a bundle where it would serve from; it does not serve until two people have signed for it.

    Raises
    ------
    ModelError
        TID502 when another bundle lies there: the registry began to count anew.
    """
    folder = bundle_folder(project, bundle.name, version)
    with TemporaryDirectory() as draft:
        saved = Path(draft) / "bundle"
        save_bundle(bundle, saved)
        place_bundle(saved, folder)
    return folder
