"""The commands `tidlig backup` and `tidlig restore`. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line

app = typer.Typer(add_completion=False, no_args_is_help=True)

KeyFileOption = Annotated[
    Path, typer.Option("--key-file", help="File with the backup's key: 64 hex digits, as `openssl rand -hex 32` prints.")
]


@app.command("backup")
def backup(
    to: Annotated[Path, typer.Option("--to", help="The new backup file.")],
    key_file: KeyFileOption,
    project: ProjectOption = HERE,
    store: Annotated[bool, typer.Option("--store/--no-store", help="With var/store, which knows whom a subject id stands for.")] = True,
    as_json: JsonOption = False,
) -> None:
    """Write database, ledgers, promotions, bundles, tables of persons and declarations to one encrypted file.

    The service may run meanwhile; who wants to write waits. No key is inside: keep the persons' key file, the keys of the pseudonyms, the
    identity vault and this backup's key elsewhere, each by itself.
    """
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.backups.making import make_backup
    from serving.backups.sealed_file import read_backup_key
    from serving.settings import Settings

    loaded, settings, key = load_project(project), Settings(), read_backup_key(key_file)
    database, _ = open_service(settings, loaded)
    try:
        made = make_backup(loaded, database, to, key=key, now=datetime.now(UTC), with_store=store)
    finally:
        database.close()
    if as_json:
        print_json(
            {"synthetic": loaded.is_synthetic, "file": to, **made.model_dump(mode="json", exclude={"files"}), "files": len(made.files)}
        )
        return
    print_line(f"{to}: {sum(made.rows.values())} rows, {len(made.files)} files, log {made.log_count}:{made.log_head}.")
    print_line(f"Not inside, keep it elsewhere: {settings.person_key_file_for(loaded)}, which opens what is sealed, and {key_file}.")
    if not store:
        print_line("The store is not inside: without it nobody can say again whom a subject id, or an objection, stands for.")


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="The backup file.")],
    to: Annotated[Path, typer.Option("--to", help="The project folder to make; it has to be empty.")],
    key_file: KeyFileOption,
    anchors: Annotated[
        Path | None, typer.Option("--anchors", help="Folder of the anchors: who was erased or objected since is so again.")
    ] = None,
    without_anchors: Annotated[
        bool, typer.Option("--without-anchors", help="There is no such folder; people erased since the backup may come back.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Restore a backup into an empty folder and an empty database, and verify it.

    The database is SQLite in the folder, or that of TIDLIG_DATABASE_URL. Erasures and objections that came after the backup are applied
    again from the anchor folder. Put the persons' key file back yourself before the service starts.
    """
    from serving.backups.restoring import restore_backup
    from serving.backups.sealed_file import read_backup_key
    from serving.settings import Settings

    if (anchors is None) != without_anchors:
        raise typer.BadParameter("Give --anchors, or --without-anchors where there are none.")
    found = restore_backup(file, to, Settings(), key=read_backup_key(key_file), now=datetime.now(UTC), anchors=anchors)
    if as_json:
        counts = {"erased_again": found.n_erased, "restricted_again": found.n_restricted, "lost_entries": found.n_lost_entries}
        print_json({"synthetic": found.manifest.synthetic, "folder": found.root, "made_at": found.manifest.made_at, **counts})
        return
    print_line(f"{found.root}: as of {found.manifest.made_at}. Both ledgers verify.")
    print_line(f"Erased again: {found.n_erased}. Restricted or released again: {found.n_restricted}.")
    if found.n_lost_entries:
        print_line(
            f"At least {found.n_lost_entries} entries of the log came after the backup and are gone; so are the changes they tell of."
        )
    print_line("Put the persons' key file back before the service starts; without it nothing personal can be read.")
