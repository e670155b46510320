"""Commands on the ledgers: verify, anchor, reconstruct. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

app = typer.Typer(add_completion=False, no_args_is_help=True)
audit = typer.Typer(no_args_is_help=True, help="Verify and anchor the ledgers; see how a past proposal came about.")
app.add_typer(audit, name="audit")


@app.callback()
def _group() -> None:
    """Let the commands stand below `audit` though there are no others."""


@audit.command("verify")
def verify(
    project: ProjectOption = HERE,
    anchor: Annotated[str | None, typer.Option("--anchor", help="COUNT:HEAD of the log, as printed earlier and kept elsewhere.")] = None,
    promotions_anchor: Annotated[
        str | None, typer.Option("--promotions-anchor", help="COUNT:HEAD of the promotions' ledger, likewise.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Verify that no entry of the service's log or of the promotions' ledger was edited, removed or moved.

    The signatures of every promotion are checked too, by the keys that signers.toml declares. With TIDLIG_ANCHOR_FOLDER both ledgers are
    compared with every anchor in that folder, which also shows whether the end was cut off.

    Keep what this prints as anchors somewhere else, or let `tidlig audit anchor` do so.
    """
    from features.declarations.project import load_project
    from features.ledger import read_anchor
    from serving.auditing.verifying import verify_ledgers
    from serving.settings import Settings

    loaded = load_project(project)
    found = verify_ledgers(
        loaded,
        Settings(),
        anchor=None if anchor is None else read_anchor(anchor),
        promotions_anchor=None if promotions_anchor is None else read_anchor(promotions_anchor),
    )
    if as_json:
        ledgers = {name: {"count": ledger.count, "head": ledger.head} for name, ledger in found.items()}
        print_json({"synthetic": loaded.is_synthetic, "ledgers": ledgers})
        return
    rows = [(name, ledger.count, f"{ledger.count}:{ledger.head}") for name, ledger in found.items()]
    print_table("Ledgers are whole", ("ledger", "entries", "anchor"), rows)


@audit.command("anchor")
def anchor(
    project: ProjectOption = HERE,
    to: Annotated[
        Path | None, typer.Option("--to", help="Folder of the anchors; one that is there.", show_default="TIDLIG_ANCHOR_FOLDER")
    ] = None,
    earlier_are_lost: Annotated[
        bool, typer.Option("--earlier-are-lost", help="The anchors before are gone for good: ask for them no longer. The log says so.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Append how many entries both ledgers have, and the hash of the last, to a file outside the database.

    A running service does so once a day. What goes to TIDLIG_ANCHOR_FOLDER is noted in the log too, so that a file that is gone from there
    shows; another folder (--to) is a copy that nobody asks for. The folder also holds who was erased or objected, for restoring a backup:
    keep it as safe as the backups themselves.
    """
    from features.declarations.project import load_project
    from features.errors import ReviewError
    from serving.app import open_service
    from serving.auditing.anchors import export_anchor, note_anchored, note_anchors_lost
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    folder = to or settings.anchor_folder
    if folder is None:
        raise ReviewError("TID762", "nobody said where anchors are kept. Set TIDLIG_ANCHOR_FOLDER, or give --to.")
    database, _ = open_service(settings, loaded)
    now = datetime.now(UTC)
    try:
        with database.reading() as session:
            made = export_anchor(session, loaded, folder, now=now)
        with database.transaction() as session:
            if earlier_are_lost:
                note_anchors_lost(session, now=now)
            if settings.anchor_folder is not None and folder.resolve() == settings.anchor_folder.resolve():
                note_anchored(session, anchored_at=made.at, now=now)
    finally:
        database.close()
    lines = {"log": f"{made.log.count}:{made.log.head}", "promotions": f"{made.promotions.count}:{made.promotions.head}"}
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "folder": folder, "anchors": lines})
        return
    for name, text in lines.items():
        print_line(f"{name}: {text}")
    print_line(f"Written to {folder}.")


@audit.command("reconstruct")
def reconstruct(
    case_id: Annotated[str, typer.Argument(help="The case's id, as the log has it.")],
    reason: Annotated[str, typer.Option("--reason", help="Why you need to see it; 10 characters or more. Its digest is logged.")],
    project: ProjectOption = HERE,
) -> None:
    """Show as JSON how one proposal came about, what was shown to whom, and what was decided and why.

    Needs the key of the persons' keys. After a purge it answers with the tombstone and the digests that the log keeps.
    """
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.cases.reconstruction import reconstruct_by_key_holder
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    database, keys = open_service(settings, loaded)
    try:
        with database.transaction() as session:
            found = reconstruct_by_key_holder(session, keys, loaded, case_id, reason=reason, now=datetime.now(UTC))
    finally:
        database.close()
    print_json({"synthetic": loaded.is_synthetic, "reconstruction": found.to_json()})
