"""The command `tidlig archive export`. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line

app = typer.Typer(add_completion=False, no_args_is_help=True)
archive = typer.Typer(no_args_is_help=True, help="Hand decided cases to the municipality's archive, as files.")
app.add_typer(archive, name="archive")


@app.callback()
def _group() -> None:
    """Let the commands stand below `archive` though there are no others."""


@archive.command("export")
def export(
    to: Annotated[Path, typer.Option("--to", help="Folder that the archive system takes the journal entries from.")],
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write closed, decided cases as Noark 5 journal entries with their documents.

    Decision, reason, model version, digests of the data and the explanation as it was shown; never a score that grounded no case. What is
    there already is checked and left. Nothing is sent to anyone.
    """
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.archive.export import export_closed_cases
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    database, keys = open_service(settings, loaded)
    try:
        with database.transaction() as session:
            found = export_closed_cases(session, keys, loaded, to, now=datetime.now(UTC))
    finally:
        database.close()
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "folder": to, "new": found.n_new, "there_before": found.n_there})
        return
    print_line(f"{to}: {found.n_new} new journal entries, {found.n_there} were there before.")
