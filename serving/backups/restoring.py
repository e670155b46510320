"""Restore a backup into an empty place, verify it, and apply again what came after it: erasures and objections bring nobody back."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import cast

from pydantic import ValidationError
from sqlalchemy import inspect

from features.declarations.project import Project, load_project
from features.errors import ReviewError
from features.ledger import Anchor
from monitoring.incidents.book import verify_incidents
from serving.auditing import log
from serving.auditing.anchors import check_anchor_folder, export_anchor, note_anchored, read_anchors, read_standing
from serving.auditing.verifying import verify_ledgers
from serving.backups.manifest import NAME, BackupManifest, sha256_of
from serving.backups.reapplying import reapply
from serving.backups.rows import backed_up_tables, load_rows
from serving.backups.sealed_file import SealedReader
from serving.settings import Settings
from serving.storage.database import Database, open_database
from serving.storage.migrate import head_revision, upgrade

KEY_HOLDER = "key-holder"


@dataclass(frozen=True)
class Restored:
    """What a restore came to."""

    manifest: BackupManifest
    root: Path
    n_erased: int
    """People erased after the backup, who were erased again."""
    n_restricted: int
    """Objections and releases after the backup that were applied again."""
    n_lost_entries: int | None
    """Entries of the log that came after the backup and are gone, as the newest anchor tells; None without anchors."""


def restore_backup(source: Path, root: Path, settings: Settings, *, key: bytes, now: datetime, anchors: Path | None = None) -> Restored:
    """Restore a backup into a project folder and a database that are both empty.

    Nothing is put in place before every file fits the manifest. A restore that was stopped leaves a place that is not empty: clear it and
    begin again.

    Parameters
    ----------
    settings
        Say into which database: SQLite in the folder, or the one of `database_url`.
    anchors
        Folder with the anchors and the list of who was erased or objected since.

    Raises
    ------
    ReviewError
        TID753 the file does not open or a file in it is not the one that the manifest names, TID756 the place is not empty, TID757 the
        backup is of another version of the service, TID762 the anchor folder is not there.
    LedgerError
        TID801 to TID805 when what was restored does not verify, or the anchors do not.
    """
    if anchors is not None:
        check_anchor_folder(anchors)
    _check_empty_folder(root)
    root.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root.parent, prefix=".restoring-") as name:
        staging = Path(name)
        manifest = _unpack(source, staging, key)
        project_folder = staging / "project"
        if settings.database_url is not None:
            _check_empty_database(settings.database_url.get_secret_value())
        root.mkdir(exist_ok=True)
        for path in sorted(project_folder.iterdir()):
            shutil.move(path, root / path.name)
        project = load_project(root)
        project.var.mkdir(exist_ok=True)
        database = open_database(settings.url_for(project))
        try:
            _load(database, staging / "database")
            _verify(project, settings, manifest)
            return _finish(project, database, manifest, anchors=anchors, now=now)
        finally:
            database.close()


def _unpack(source: Path, staging: Path, key: bytes) -> BackupManifest:
    with source.open("rb") as file:
        reader = SealedReader(file, key)
        try:
            with tarfile.open(fileobj=cast("tarfile._Fileobj", reader), mode="r|") as archive:
                archive.extractall(staging, filter="data")
            reader.read_to_end()
            manifest = BackupManifest.model_validate_json((staging / NAME).read_bytes())
        except (tarfile.TarError, OSError, ValidationError) as error:
            raise ReviewError("TID753", f"{source} opens, but is no whole backup.") from error
    found = {str(path.relative_to(staging)) for path in staging.rglob("*") if path.is_file()} - {NAME}
    wrong = sorted(name for name, digest in manifest.files.items() if name not in found or sha256_of(staging / name) != digest)
    if wrong or found != set(manifest.files):
        raise ReviewError(
            "TID753", f"{source}: {len(wrong) or len(found ^ set(manifest.files))} files are not those that its manifest names."
        )
    if manifest.schema_revision != head_revision():
        raise ReviewError(
            "TID757",
            f"the backup's schema is {manifest.schema_revision}, this version's is {head_revision()}. Restore it with the version that "
            "made it, then start the newer one, which upgrades it.",
        )
    return manifest


def _check_empty_folder(root: Path) -> None:
    if root.exists() and any(root.iterdir()):
        raise ReviewError(
            "TID756", f"{root} is not empty. A backup is restored into an empty place only, so that nothing is mixed or lost."
        )


def _check_empty_database(url: str) -> None:
    database = open_database(url)
    try:
        tables = inspect(database.engine).get_table_names()
    finally:
        database.close()
    if tables:
        raise ReviewError("TID756", f"the database holds {len(tables)} tables. A backup is restored into an empty one only.")


def _load(database: Database, folder: Path) -> None:
    upgrade(database)
    with database.transaction() as session:
        for table in backed_up_tables():
            load_rows(session, table, folder / f"{table.name}.jsonl")


def _verify(project: Project, settings: Settings, manifest: BackupManifest) -> None:
    """Verify both ledgers against the backup's own anchors, and the incidents' book; those of the folder are of a log that went on."""
    verify_ledgers(
        project,
        settings.model_copy(update={"anchor_folder": None}),
        anchor=Anchor(manifest.log_count, manifest.log_head),
        promotions_anchor=Anchor(manifest.promotions_count, manifest.promotions_head),
    )
    verify_incidents(project)


def _finish(project: Project, database: Database, manifest: BackupManifest, *, anchors: Path | None, now: datetime) -> Restored:
    standing = () if anchors is None else read_standing(anchors)
    newest = max((a.log.count for a in read_anchors(anchors)), default=None) if anchors is not None else None
    lost = None if newest is None else max(0, newest - manifest.log_count)
    with database.transaction() as session:
        details = {"made_at": manifest.made_at.isoformat(), "n_lost": lost}  # not how many there are: that is told to no log reader
        log.record(session, log.Event("backup.restored", actor=KEY_HOLDER, role=KEY_HOLDER, details=details), now=now)
        n_erased, n_restricted = reapply(session, project, standing, now=now)
    if anchors is not None:
        with database.reading() as session:
            made = export_anchor(session, project, anchors, now=now, is_restored=True)
        with database.transaction() as session:
            note_anchored(session, anchored_at=made.at, now=now)
    return Restored(manifest, project.root, n_erased, n_restricted, lost)
