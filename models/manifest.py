"""What a bundle's manifest promises, and the refusals when the folder breaks it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from features.errors import ModelError

FORMAT = 2
_OWN_FILES = frozenset({"calibrator.json", "reference.json", "catalogue.json", "card.json", "card.md", "uncertainty.json"})
_KEYS = frozenset(
    ("data", "synthetic", "project", "outcome", "stage", "rung", "schema", "bands", "frequencies", "contract_hash", "provenance", "files")
)


def file_hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file but the manifest, by path below the folder."""
    files = sorted(path for path in folder.rglob("*") if not path.is_dir() and path != folder / "bundle.json")
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def check_format(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse another bundle format (TID502) or a manifest that lacks a part (TID501)."""
    if manifest.get("format") != FORMAT:
        raise ModelError(
            "TID502", f"{folder} has bundle format {manifest.get('format')!r}, expected {FORMAT}. Train again with this version."
        )
    absent = sorted(_KEYS - manifest.keys())
    if absent:
        raise ModelError("TID501", f"{folder / 'bundle.json'} lacks {', '.join(absent)}. Restore it, or train again.")


def check_files(expected: Mapping[str, str], folder: Path) -> None:
    """Refuse a folder with files added, missing or changed (TID503)."""
    found = file_hashes(folder)
    problems = [f"{name} is not listed" for name in sorted(found.keys() - expected.keys())]
    problems += [f"{name} is missing" for name in sorted((expected.keys() | _OWN_FILES) - found.keys())]
    problems += [f"{name} was changed" for name in sorted(found.keys() & expected.keys()) if found[name] != expected[name]]
    if problems:
        raise ModelError("TID503", f"{folder} is not what was saved: {'; '.join(problems)}. Restore the bundle, or train again.")


def check_contract(manifest: Mapping[str, Any], contract_hash: str | None, folder: Path) -> None:
    """Refuse a model trained under another catalogue, stage or outcome than the project's (TID504)."""
    if contract_hash is not None and manifest["contract_hash"] != contract_hash:
        raise ModelError(
            "TID504",
            f"{folder} was trained under contract {str(manifest['contract_hash'])[:12]}, the project's is {contract_hash[:12]}: "
            "its catalogue, stages or outcomes changed since. Train again, or bring back the project files.",
        )


def check_packages(manifest: Mapping[str, Any], folder: Path) -> None:
    """Refuse a model whose numbers come from another major version of a package than the one that is here (TID511)."""
    trained, here = manifest["provenance"]["packages"], installed_versions()
    others = [
        f"{name} {trained[name]}, here is {version_here}"
        for name, version_here in here.items()
        if name in trained and _major(trained[name]) != _major(version_here)
    ]
    if others:
        raise ModelError("TID511", f"{folder} was trained with {'; '.join(others)}. Install that major version, or train again.")


def _major(version_text: object) -> str:
    return str(version_text).split(".")[0]


def installed_versions() -> dict[str, str]:
    """Versions of the packages that a model's numbers depend on, for `Provenance.packages`."""
    return {name: version(name) for name in ("lightgbm", "numpy", "scikit-learn", "scipy")}
