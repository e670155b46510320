"""Key rotation: new pseudonyms under a new key, and a proof that no old one is left (R-07; decision 0017).

A pseudonym can only be made from the raw identifier, which nothing keeps. So the persons sources are read again, and who is in none of
them can't be re-keyed: the mapping then has no pseudonym for them. Should a later extract bring them, they are found by way of another
purpose that knows them, and are somebody new where there is none. Subject ids stay, and so do stores, cases and logs, which hold nothing
that a purpose's key made.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping as MappingType
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from features.declarations.project import Project
from features.errors import DataError, IntakeError, PurposeError
from features.intake.commit import alone, clear_leftovers
from features.intake.mapping import Mapping, load_mapping, write_mapping
from features.intake.people import find_links
from features.intake.pseudonyms import group_pseudonym_of, pseudonyms_of
from features.intake.register import read_register
from features.intake.roster import Roster
from features.intake.scan import Scan, scan_for_pseudonyms
from features.keys import KeyRing, NewKey, adopt_new_key
from features.manifest import Manifest, StorePurpose, find_manifest, flush_folder, write_manifest
from features.progress import Progress
from features.store import store_folder


@dataclass(frozen=True)
class RotationReport:
    """What a rotation did, in counts."""

    purpose: StorePurpose
    old_key_id: str
    new_key_id: str
    n_people: int
    """People of the purpose who have a pseudonym under the new key."""
    n_lost: int
    """People who are in no persons source: they keep their subject, and no pseudonym leads to it any more."""
    n_old_pseudonyms: int
    """Texts that were searched for: all that the old key made of people and groups, of people outside the store too."""
    was_done_before: bool
    """An earlier run had re-keyed the mapping and was stopped before its end."""
    key_file: Path | None
    """Where the new key lies now; None when it came from the environment, where it still has to take the old one's place."""
    scan: Scan

    def as_dict(self) -> dict[str, Any]:
        """Give the report as JSON-ready fields."""
        return {
            "purpose": self.purpose,
            "old_key_id": self.old_key_id,
            "new_key_id": self.new_key_id,
            "n_people": self.n_people,
            "n_lost": self.n_lost,
            "was_done_before": self.was_done_before,
            "key_file": None if self.key_file is None else str(self.key_file),
            "n_old_pseudonyms": self.n_old_pseudonyms,
            "files_scanned": self.scan.n_files,
            "bytes_scanned": self.scan.n_bytes,
            "matches": len(self.scan.matches),
        }


def rotate_key(
    project: Project,
    purpose: StorePurpose,
    *,
    keys: KeyRing,
    new_key: NewKey,
    environ: MappingType[str, str],
    now: datetime,
    progress: Progress,
    allow_lost: bool = False,
) -> RotationReport:
    """Give everybody of one purpose a pseudonym under a new key, and search ``var`` for what was made under the old one.

    Stopped at any moment, the mapping is the old one or the new one; doing it again finishes what is left.

    Parameters
    ----------
    keys
        The keys in use; the old one is among them.
    allow_lost
        Go on although people of the mapping are in no persons source.

    Raises
    ------
    PurposeError
        TID208 the old key is not the mapping's, TID211 the new key is another purpose's or the old one, TID213 people would be lost,
        TID214 something below ``var`` still holds an old pseudonym.
    IntakeError
        TID319 address protection has changed since the last ingest, and what reading the persons sources raises.
    DataError
        TID402 nothing has been ingested.
    """
    rotation = _Rotation(project, purpose, keys, new_key, allow_lost)
    rotation.check_key_is_its_own()
    folder = store_folder(project)
    if find_manifest(folder) is None:
        raise DataError("TID402", f"{folder} holds nothing yet: there is nothing to re-key. Run `tidlig ingest` first.")
    with alone(folder):
        with progress.step("Reading who there is", total=1) as step:
            roster = read_register(project, environ=environ, now=now)
            step.advance()
        return rotation.run(roster, progress=progress)


@dataclass(frozen=True)
class _Rotation:
    """One rotation under way."""

    project: Project
    purpose: StorePurpose
    keys: KeyRing
    new_key: NewKey
    allow_lost: bool

    @property
    def folder(self) -> Path:
        return store_folder(self.project)

    @property
    def synthetic(self) -> bool:
        return self.project.is_synthetic

    def run(self, roster: Roster, *, progress: Progress) -> RotationReport:
        """Re-key unless an earlier run has, prove that nothing is left, and put the new key in place last of all.

        As long as the old key is there the proof can be made again, whenever this is stopped.
        """
        manifest, mapping = self._read()
        was_done = mapping.of(self.purpose)["key_id"].unique().tolist() == [self.new_key.key_id]
        old = self._made_by_old_key(roster, mapping)
        if not was_done:
            mapping = self._rekeyed(roster, mapping)
            with progress.step("Committing", total=1) as step:
                _commit(self.folder, manifest, mapping)
                step.advance()
        with progress.step("Searching for old pseudonyms", total=1) as step:
            _wipe_leftovers(self.folder)
            scan = scan_for_pseudonyms(self.project.var, old)
            step.advance()
        self._check_nothing_left(scan)
        has_one = mapping.of(self.purpose)["pseudonym"].notna()
        n_people = int(has_one.sum())
        old_id, key_file = self.keys.key_id(self.purpose), adopt_new_key(self.new_key)
        return RotationReport(
            self.purpose, old_id, self.new_key.key_id, n_people, len(has_one) - n_people, len(old), was_done, key_file, scan
        )

    def check_key_is_its_own(self) -> None:
        for other in self.keys.purposes:
            if self.keys.key_id(other) == self.new_key.key_id:
                raise PurposeError(
                    "TID211",
                    f"the new key for {self.purpose!r} is the key that {other!r} has now. A purpose's key is its own and never used "
                    "again: make a new one, as `openssl rand -hex 32` prints it.",
                )

    def _read(self) -> tuple[Manifest, Mapping]:
        manifest = find_manifest(self.folder)
        if manifest is None or manifest.mapping is None or self.purpose not in manifest.purposes:
            raise DataError(
                "TID402",
                f"{self.folder} holds nothing for the purpose {self.purpose!r}: there is nothing to re-key. Run `tidlig ingest` first.",
            )
        return manifest, load_mapping(self.folder / manifest.mapping)

    def _made_by_old_key(self, roster: Roster, mapping: Mapping) -> set[str]:
        """Everything that the old key made: of everybody in the sources, in the mapping or not, and of those that only the mapping has."""
        key = self.keys.get_key(self.purpose)
        made = set(pseudonyms_of([*roster.people["raw"], *roster.hidden], key, synthetic=self.synthetic))
        made |= set(self._group_names(roster, key, key))
        rows = mapping.of(self.purpose)
        stored = rows[rows["key_id"] == self.keys.key_id(self.purpose)]
        return made | {one for column in ("pseudonym", "group_pseudonym") for one in stored[column] if isinstance(one, str)}

    def _rekeyed(self, roster: Roster, mapping: Mapping) -> Mapping:
        mapping.check_keys(self.keys)
        self._check_protection_is_known(roster, mapping)
        raw, old_key = roster.people["raw"].tolist(), self.keys.get_key(self.purpose)
        fresh = dict(
            zip(
                pseudonyms_of(raw, old_key, synthetic=self.synthetic),
                pseudonyms_of(raw, self.new_key.key, synthetic=self.synthetic),
                strict=True,
            )
        )
        rows = mapping.rows.astype({"pseudonym": object, "group_pseudonym": object})
        mine = rows["purpose"] == self.purpose
        renamed = [fresh.get(one) for one in rows.loc[mine, "pseudonym"]]
        self._check_nobody_lost(rows.loc[mine, "pseudonym"].tolist(), renamed)
        rows.loc[mine, "key_id"] = self.new_key.key_id
        rows.loc[mine, "pseudonym"] = renamed
        groups = self._group_names(roster, old_key, self.new_key.key)
        rows.loc[mine, "group_pseudonym"] = self._renamed_groups(rows.loc[mine, "group_pseudonym"], groups)
        return replace(mapping, rows=rows)

    def _group_names(self, roster: Roster, old: bytes, new: bytes) -> dict[str, str]:
        raw = roster.people["group_raw"].dropna().unique()
        return {group_pseudonym_of(r, old, synthetic=self.synthetic): group_pseudonym_of(r, new, synthetic=self.synthetic) for r in raw}

    def _renamed_groups(self, names: pd.Series, known: MappingType[str, str]) -> list[str | None]:
        """Rename groups; one of which nobody is in a source keeps its members together under a name that no identifier makes."""
        lost = sorted({name for name in names if isinstance(name, str) and name not in known})
        made_up = {name: group_pseudonym_of(f"\x00lost\x00{n}", self.new_key.key, synthetic=self.synthetic) for n, name in enumerate(lost)}
        renamed = {**known, **made_up}
        return [renamed[name] if isinstance(name, str) else None for name in names]

    def _check_protection_is_known(self, roster: Roster, mapping: Mapping) -> None:
        if any(link is not None for link in find_links(roster.hidden, mapping, self.keys, synthetic=self.synthetic)):
            raise IntakeError(
                "TID319",
                "the persons sources say other things about address protection than when the store was made. Run `tidlig ingest` first, "
                "which acts on it, and rotate then (R-08).",
            )

    def _check_nobody_lost(self, before: Sequence[str | None], after: Sequence[str | None]) -> None:
        n_lost = sum(isinstance(old, str) and new is None for old, new in zip(before, after, strict=True))
        if n_lost and not self.allow_lost:
            raise PurposeError(
                "TID213",
                f"{n_lost} of {len(before)} people of the {self.purpose} store are in no persons source: without their identifiers they "
                "get no pseudonym under the new key. Nothing was changed. Bring back the extract that has them, or go on with "
                "--allow-lost; should they come back later, they are somebody new unless another purpose still knows them.",
            )

    def _check_nothing_left(self, scan: Scan) -> None:
        if scan.matches:
            where = ", ".join(str(path.relative_to(self.project.root)) for path in scan.matches)
            raise PurposeError(
                "TID214",
                f"the {self.purpose} mapping is under the key {self.new_key.key_id}, but {len(scan.matches)} of {scan.n_files} files "
                f"below {self.project.var} still hold pseudonyms of the old one: {where}. Remove them and run the rotation again.",
            )


def _commit(folder: Path, manifest: Manifest, mapping: Mapping) -> None:
    """Put the new mapping in place, then replace the manifest: before that line the old state holds, after it the new one."""
    generation = manifest.generation + 1
    workspace = folder / f"tmp-rotation-{generation:04d}"
    shutil.rmtree(workspace, ignore_errors=True)
    workspace.mkdir()
    name = f"mapping-{generation:04d}.parquet"
    write_mapping(workspace / name, mapping)
    (workspace / name).rename(folder / name)
    flush_folder(folder)
    write_manifest(folder, manifest.model_copy(update={"generation": generation, "mapping": name}))


def _wipe_leftovers(folder: Path) -> None:
    """Overwrite and remove mappings that the manifest no longer names, of this rotation or of one that was stopped."""
    manifest = find_manifest(folder)
    current = manifest.mapping if manifest is not None else None
    for path in (*folder.glob("mapping-*.parquet"), *folder.glob("tmp-*/mapping-*.parquet")):
        if path.name == current and path.parent == folder:
            continue
        with path.open("r+b") as file:
            file.write(bytes(path.stat().st_size))
            os.fsync(file.fileno())
        path.unlink()
    clear_leftovers(folder, manifest)
    flush_folder(folder)
