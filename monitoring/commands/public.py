"""`tidlig transparency`: the public page and the register entries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line

app = typer.Typer(add_completion=False, no_args_is_help=False)


@app.command("transparency")
def transparency_command(
    contact: Annotated[str, typer.Option("--contact", help="E-mail address that the public may write to with questions and objections.")],
    department: Annotated[
        str | None, typer.Option("--department", help="Who uses the models.", show_default="the controller of the screening")
    ] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Write what the public is told of the models in use.

    A page for people (index.html, Bokmål; index-en.html), its JSON, and for each model an entry for an algorithm register after the
    Algorithmic Transparency Standard 0.3.1, all in var/public. They hold aggregates of the newest monthly reports alone, with small numbers
    withheld, and no name of anybody who signed. Read the entry before you hand it in: what the project does not declare is marked
    [to verify]. Doing it again touches nothing while there is nothing new to say.
    """
    from features.declarations.project import load_project
    from monitoring.public.page import publish_transparency

    loaded = load_project(project)
    made = publish_transparency(loaded, contact=contact, department=department, on=datetime.now(UTC).date())
    if as_json:
        print_json({"folder": made.folder, "unchanged": made.is_unchanged, **made.content})
        return
    print_line(f"{'Unchanged' if made.is_unchanged else 'Written'}: {made.folder / 'index.html'}")
