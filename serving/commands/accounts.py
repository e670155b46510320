"""Commands on accounts: add, list, close. The edge: clock, environment and the password are taken here."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table
from serving.roles import Role

app = typer.Typer(add_completion=False, no_args_is_help=True)
accounts = typer.Typer(no_args_is_help=True, help="Add, list and close accounts, where people log in with a password.")
app.add_typer(accounts, name="accounts")

LoginArgument = Annotated[str, typer.Argument(help="What the person logs in as.")]


@app.callback()
def _group() -> None:
    """Let the commands stand below `accounts` though there are no others."""


@accounts.command("add")
def add(
    login: LoginArgument,
    role: Annotated[Role, typer.Option("--role", help="What the person works as; see docs/reference/permissions.md.")],
    holder: Annotated[
        str, typer.Option("--holder", help="Who the person is, the same for every account of theirs: the number at their employer, say.")
    ],
    municipality: Annotated[
        str | None, typer.Option("--municipality", help="Number of the municipality that they work for, where the role has one.")
    ] = None,
    service: Annotated[str | None, typer.Option("--service", help="Code of the service that a relay holder works in.")] = None,
    subject_id: Annotated[str | None, typer.Option("--subject-id", help="Of a citizen: whose report they see.")] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Add an account. The password is asked for, twice, and never an argument: arguments stay in the shell's history.

    With an identity provider nobody needs this: access.toml says which claims give which role. In production it is refused.

    Nobody is both leader and data protection officer, whatever the accounts are called: --holder says who is who.
    """
    from features.declarations.project import load_project
    from serving.access.keeping_accounts import NewAccount, add_account
    from serving.app import open_service
    from serving.settings import Settings

    loaded, settings = load_project(project), Settings()
    database, _ = open_service(settings, loaded)
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    wanted = NewAccount(login, role, holder, municipality, service, subject_id)
    with database.transaction() as session:
        added = add_account(session, loaded, settings, wanted, password=password, now=datetime.now(UTC))
    database.close()
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "account": asdict(added)})
        return
    print_line(f"{added.login} can log in as {added.role.value}.")


@accounts.command("list")
def list_all(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """List the accounts, those of an identity provider and those that are closed too."""
    from features.declarations.project import load_project
    from serving.access.keeping_accounts import list_accounts
    from serving.app import open_service
    from serving.settings import Settings

    loaded = load_project(project)
    database, _ = open_service(Settings(), loaded)
    with database.reading() as session:
        found = list_accounts(session)
    database.close()
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "accounts": [asdict(line) for line in found]})
        return
    rows = [
        (line.login, line.role.value, line.municipality or "", line.service or "", line.comes_from, "closed" if line.is_closed else "")
        for line in found
    ]
    print_table("Accounts", ("login", "role", "municipality", "service", "comes from", ""), rows)


@accounts.command("close")
def close(login: LoginArgument, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Close an account at once. What it did stays in the log under its name; an identity provider does not open it again.

    A case that it had taken and not decided, and a second reading that it had not finished, are free for others. The leader passes on what
    was decided.
    """
    from features.declarations.project import load_project
    from serving.access.keeping_accounts import close_account
    from serving.app import open_service
    from serving.cases.leaving import release_left
    from serving.settings import Settings

    loaded, now = load_project(project), datetime.now(UTC)
    database, _ = open_service(Settings(), loaded)
    with database.transaction() as session:
        closed = close_account(session, login, now=now)
        release_left(session, loaded, now=now)
    database.close()
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "account": asdict(closed)})
        return
    print_line(f"{closed.login} is closed.")
