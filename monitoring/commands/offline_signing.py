"""`tidlig monitor sign-statement`: sign a report's statement where neither the project nor the service is."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import JsonOption, print_json, print_line, print_table

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign_statement(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Statement that the console's page of the report gave.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key; its role in signers.toml is fairness-revisor.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the signature.", show_default="beside FILE, ending in .signature.json")
    ] = None,
    passphrase_file: Annotated[
        Path | None,
        typer.Option(
            "--passphrase-file",
            help="File with the key's passphrase, readable by its owner alone. Else TIDLIG_SIGNING_PASSPHRASE, else it is asked for.",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked, what was read elsewhere; with --json always.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Sign a report off from a file, on a machine that has neither the project nor the service: the key stays there.

    What is signed is shown first. The signature goes to a file of its own, which the console's page of the report takes back. No project
    is needed.
    """
    from monitoring.reports.offline import as_text, read_file, sign_file

    if as_json and not yes:
        raise typer.BadParameter("--json shows nothing before it signs: read what is signed first, then add --yes")
    asked = read_file(file)
    if not as_json:
        said = asked.said
        rows = [(one["code"], one["title"], one["verdict"]) for one in asked.signals]
        print_table(f"{said['model']} {said['month']}, version {said['version']}", ("signal", "question", "verdict"), rows)
        print_line(f"SHA-256 of report.json: {said['report_sha256']}")
        print_line(f"Your remark: {said['remark']}")
    if not yes:
        typer.confirm("Sign this?", abort=True, err=True)
    made = sign_file(asked, _read_key(key, passphrase_file), path=file, now=datetime.now(UTC))
    path = out or file.with_suffix(".signature.json")
    path.write_text(as_text(made), encoding="utf-8", newline="\n")
    if as_json:
        print_json({"file": path, **made.as_dict()})
        return
    print_line(f"Signed by {made.statement.person} ({made.statement.role}) with key {made.statement.key}: {path}")
    print_line("Hand that file in where the statement came from. It holds no secret.")


def _read_key(path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from models.promotion.key_files import is_encrypted, read_key_file
    from models.promotion.passphrases import take_passphrase

    passphrase = None
    if is_encrypted(path):
        ask = typer.prompt
        passphrase = take_passphrase(
            passphrase_file, environ=os.environ, ask=lambda: str(ask("Passphrase of the key", hide_input=True, err=True))
        )
    return read_key_file(path, project=None, passphrase=passphrase)
