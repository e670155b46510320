"""The commands `tidlig identities fill` and `tidlig identities resolve`. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Annotated

import typer

from features.command_line import HERE, ProjectOption, print_line

app = typer.Typer(add_completion=False, no_args_is_help=True)
identities = typer.Typer(no_args_is_help=True, help="Who a subject id stands for: for the municipality's key holder.")
app.add_typer(identities, name="identities")


@app.callback()
def _group() -> None:
    """Let the commands stand below `identities` though there are no others."""


@identities.command("fill")
def fill(project: ProjectOption = HERE) -> None:
    """Fill the identity vault anew from the persons sources; people who were erased are left out.

    Needs TIDLIG_IDENTITY_URL, TIDLIG_IDENTITY_KEY_FILE and the keys of the pseudonyms. The vault's store and key are its own.
    """
    from features.declarations.project import load_project
    from features.errors import ReviewError
    from features.keys import read_keys
    from serving.app import open_service
    from serving.identities.revealing import fill_vault
    from serving.identities.vault import find_vault
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    vault = find_vault(settings, loaded)
    if vault is None:
        raise ReviewError("TID758", "there is no identity vault. Set TIDLIG_IDENTITY_URL and TIDLIG_IDENTITY_KEY_FILE.")
    database, _ = open_service(settings, loaded)
    try:
        with database.transaction() as session:
            count = fill_vault(
                session,
                loaded,
                vault,
                pseudonym_keys=read_keys(loaded, environ=os.environ),
                environ=os.environ,
                now=datetime.now(UTC),
            )
    finally:
        database.close()
        vault.engine.dispose()
    print_line(f"The vault holds {count} people.")


@identities.command("resolve")
def resolve(
    subject_id: Annotated[str, typer.Argument(help="Subject id: 32 hex digits, as an opened case shows it.")],
    need: Annotated[str, typer.Option("--need", help="Why who it is has to be known; 10 characters or more. Its digest is logged.")],
    project: ProjectOption = HERE,
) -> None:
    """Print who one subject id stands for, from the persons sources; needs the keys of the pseudonyms, and is logged."""
    from features.declarations.project import load_project
    from features.keys import read_keys
    from serving.app import open_service
    from serving.identities import revealing
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    database, keys = open_service(settings, loaded)
    try:
        with database.transaction() as session:
            identifier = revealing.resolve(
                session,
                keys,
                loaded,
                subject_id,
                need=need,
                pseudonym_keys=read_keys(loaded, environ=os.environ),
                environ=os.environ,
                now=datetime.now(UTC),
            )
    finally:
        database.close()
    typer.echo(identifier)
