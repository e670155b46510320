"""Make a backup: database, ledgers, promotions, bundles, tables of persons and the project's declarations, in one encrypted file.

No key is inside: not the one that wraps the persons' keys, none of pseudonyms, and not the identity vault. Whoever finds the file and its
key still reads nothing that was written about a person.
"""

from __future__ import annotations

import os
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import cast

from sqlalchemy import text

from features.declarations.project import Project
from features.errors import ReviewError
from features.ledger import GENESIS
from features.manifest import file_hash
from features.store import store_folder
from models.promotion.ledger import read_promotions
from monitoring.incidents.book import open_book
from serving.auditing import log
from serving.backups.manifest import NAME, BackupManifest, sha256_of
from serving.backups.rows import backed_up_tables, write_rows
from serving.backups.sealed_file import SealedWriter
from serving.storage.database import Database

KEY_HOLDER = "key-holder"

DECLARATIONS = (".toml", ".sql", ".md")
"""Files of the project folder that are declarations; sources' files hold raw identifiers and are not the service's to copy."""

UNDER_THE_LOCK = ("ledger", "signatures", "models", "exchange", "scored", "reports", "incidents")
"""Folders of ``var`` that go with the database: copied while nobody can write."""


def make_backup(
    project: Project, database: Database, target: Path, *, key: bytes, now: datetime, with_store: bool = True
) -> BackupManifest:
    """Write a backup file, and log that it was made. A file that is there already is not replaced.

    Parameters
    ----------
    with_store
        Whether ``var/store`` goes along. Without it who objected can't be matched to people after everything was lost: subject ids are
        random, and the mapping that knows them lies there.

    Raises
    ------
    ReviewError
        TID755 when an ingest replaced the store while it was being copied, TID756 when the target is there already.
    """
    if target.exists():
        raise ReviewError("TID756", f"{target} is there already. A backup never replaces another; choose a new name.")
    with database.transaction() as session:
        event = log.Event("backup.made", actor=KEY_HOLDER, role=KEY_HOLDER, details={"with_store": with_store})
        log.record(session, event, now=now)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.part")
    try:
        with temporary.open("xb") as file:
            temporary.chmod(0o600)
            writer = SealedWriter(file, key)
            with tarfile.open(fileobj=cast("tarfile._Fileobj", writer), mode="w|") as archive:
                manifest = _fill(project, database, archive, now=now, with_store=with_store)
            writer.close()
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return manifest


def _fill(project: Project, database: Database, archive: tarfile.TarFile, *, now: datetime, with_store: bool) -> BackupManifest:
    files: dict[str, str] = {}
    rows: dict[str, int] = {}

    def add(path: Path, name: str) -> None:
        files[name] = sha256_of(path)
        archive.add(path, name, recursive=False)

    with tempfile.TemporaryDirectory(dir=project.var, prefix="backup-") as folder:
        # Both hold their writers' locks: nothing changes until this block ends.
        with database.transaction() as session, open_book(project):
            verified = log.verify_log(session)
            promotions = read_promotions(project)
            revision = str(session.scalar(text("SELECT version_num FROM alembic_version")))
            for table in backed_up_tables():
                path = Path(folder) / f"{table.name}.jsonl"
                rows[table.name] = write_rows(session, table, path)
                add(path, f"database/{path.name}")
            for path in _with_the_database(project):
                add(path, f"project/{path.relative_to(project.root)}")
        if with_store:
            _add_store(project, add)
        last = promotions[-1].anchor if promotions else GENESIS
        manifest = BackupManifest(
            project=project.id,
            synthetic=project.is_synthetic,
            made_at=now,
            schema_revision=revision,
            has_store=with_store,
            log_count=verified.count,
            log_head=verified.head,
            promotions_count=last.count,
            promotions_head=last.head,
            rows=rows,
            files=files,
        )
        path = Path(folder) / NAME
        path.write_text(manifest.model_dump_json(indent=1), encoding="utf-8")
        archive.add(path, NAME)
    return manifest


def _with_the_database(project: Project) -> Iterator[Path]:
    for path in sorted(project.root.rglob("*")):
        inside = path.relative_to(project.root).parts
        is_declared = inside[0] not in ("var", "data") and path.suffix in DECLARATIONS
        goes_along = inside[0] == "var" and len(inside) > 2 and inside[1] in UNDER_THE_LOCK
        if path.is_file() and (is_declared or goes_along):
            yield path


def _add_store(project: Project, add: Callable[[Path, str], None]) -> None:
    folder = store_folder(project)
    commit = folder / "manifest.json"
    if not commit.is_file():
        return
    before = file_hash(commit)
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.relative_to(folder).parts[0].startswith("tmp-"):
            add(path, f"project/{path.relative_to(project.root)}")
    if file_hash(commit) != before:
        raise ReviewError(
            "TID755", "an ingest replaced the store while it was being copied. Make the backup again when the ingest is done."
        )
