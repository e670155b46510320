"""Whether the keys that are given are those that the store was made under."""

from __future__ import annotations

from dataclasses import dataclass

from features.declarations.project import Project
from features.errors import PurposeError
from features.intake.mapping import read_key_ids
from features.keys import PURPOSES, KeyRing
from features.manifest import StorePurpose, find_manifest
from features.store import store_folder


@dataclass(frozen=True)
class KeyComparison:
    """One purpose's key; keys go by `KeyRing.key_id`."""

    purpose: StorePurpose
    given: str | None
    stored: str | None
    """Key that the store was made under; None when it has nobody of this purpose."""

    @property
    def fits(self) -> bool:
        """Whether an ingest can go on with the given key."""
        return self.stored is None or self.given == self.stored

    @property
    def verdict(self) -> str:
        """Say it in two words."""
        if self.stored is None:
            return "nothing to compare"
        return "the same" if self.fits else "missing" if self.given is None else "another key"

    def as_dict(self) -> dict[str, str | bool | None]:
        """Give the comparison as JSON-ready fields."""
        return {"purpose": self.purpose, "given": self.given, "stored": self.stored, "fits": self.fits}


def compare_keys(project: Project, *, keys: KeyRing) -> list[KeyComparison]:
    """Compare every purpose that has a key or a store; nobody's row is read.

    Raises
    ------
    DataError
        TID405 the mapping does not read, TID416 the manifest does not.
    """
    folder = store_folder(project)
    stored = read_key_ids(folder, find_manifest(folder))
    return [
        KeyComparison(purpose, keys.key_id(purpose) if keys.has(purpose) else None, stored.get(purpose))
        for purpose in PURPOSES
        if keys.has(purpose) or purpose in stored
    ]


def check_key_fits(project: Project, purpose: StorePurpose, *, keys: KeyRing) -> None:
    """Refuse a key that is missing, or is not the one that the store was made under.

    Raises
    ------
    PurposeError
        TID203 the key is missing, TID215 it is another one.
    """
    keys.get_key(purpose)
    for one in compare_keys(project, keys=keys):
        if one.purpose == purpose and not one.fits:
            raise PurposeError(
                "TID215",
                f"the key for the purpose {purpose!r} is {one.given}, but the store in {project.var} was made under {one.stored}: the next "
                "ingest will refuse it. Bring that key back; `tidlig keys rotate` changes keys, and ends a rotation that was stopped.",
            )
