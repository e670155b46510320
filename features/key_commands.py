"""The commands `tidlig keys check` and `tidlig keys rotate`."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for

if TYPE_CHECKING:
    from features.intake.rotation import RotationReport

app = typer.Typer(add_completion=False, no_args_is_help=True)
keys_app = typer.Typer(help="Compare and change the keys of the pseudonyms.", no_args_is_help=True)
app.add_typer(keys_app, name="keys")


@app.callback()
def _group() -> None:
    """Let the commands stand below `keys` though there are no others."""


class KeyPurpose(StrEnum):
    """Purposes that have a key of their own."""

    TRAIN = "train"
    SCORE = "score"
    AUDIT = "audit"


@keys_app.command("check")
def check(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Compare the keys that are given with those that the store was made under.

    Keys go by the first digits of their hash; nobody's row is read. The exit status is 4 when a key is missing or another one.
    """
    from features.declarations.project import load_project
    from features.intake.keyring import compare_keys
    from features.keys import read_keys

    loaded = load_project(project)
    compared = compare_keys(loaded, keys=read_keys(loaded, environ=os.environ))
    if as_json:
        print_json({"project": loaded.id, "keys": [one.as_dict() for one in compared]})
    else:
        rows = [(one.purpose, one.given or "none", one.stored or "nothing stored", one.verdict) for one in compared]
        print_table(f"Keys of {loaded.root}", ("purpose", "key given", "store made under", ""), rows)
    raise typer.Exit(0 if all(one.fits for one in compared) else 4)


@keys_app.command("rotate")
def rotate(
    purpose: Annotated[KeyPurpose, typer.Option(help="Whose key changes.")],
    project: ProjectOption = HERE,
    make_key: Annotated[bool, typer.Option("--make-key", help="Make the new key first; synthetic and public data only.")] = False,
    allow_lost: Annotated[bool, typer.Option("--allow-lost", help="Go on although people are in no persons source any more.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Give everybody of one purpose a pseudonym under a new key, and prove that no old one is left.

    The new key comes from TIDLIG_NEW_KEY_<PURPOSE> or from <purpose>.key.new beside the old key. The persons sources are read again, since
    a pseudonym can only be made from the identifier. Subject ids stay: stores, cases and the log are not touched. Every file below var is
    then searched for every old pseudonym. A rotation that is stopped is finished by running it again.
    """
    from features.declarations.project import load_project
    from features.intake.rotation import rotate_key
    from features.keys import create_new_key, read_keys, read_new_key

    loaded = load_project(project)
    if make_key:
        create_new_key(loaded, purpose.value, environ=os.environ, token_bytes=secrets.token_bytes)
    report = rotate_key(
        loaded,
        purpose.value,
        keys=read_keys(loaded, environ=os.environ),
        new_key=read_new_key(loaded, purpose.value, environ=os.environ),
        environ=os.environ,
        now=datetime.now(UTC),
        progress=progress_for(as_json=as_json),
        allow_lost=allow_lost,
    )
    if as_json:
        print_json(report.as_dict())
    else:
        _print_report(report)


def _print_report(report: RotationReport) -> None:
    before = " (an earlier run, which was stopped, had done it)" if report.was_done_before else ""
    print_line(f"{report.purpose}: {report.n_people} people under the key {report.new_key_id}, before {report.old_key_id}{before}.")
    if report.n_lost:
        print_line(f"{report.n_lost} people are in no persons source: no pseudonym leads to them any more, and their records stay.")
    scan = report.scan
    print_line(
        f"Searched for {report.n_old_pseudonyms} old pseudonyms: {scan.n_files} files, {scan.n_bytes} bytes, {len(scan.matches)} matches."
    )
    if report.key_file is not None:
        print_line(f"The new key is in use: {report.key_file}. The old one is gone.")
    else:
        name = report.purpose.upper()
        print_line(f"Set TIDLIG_KEY_{name} to the new key now, unset TIDLIG_NEW_KEY_{name}, and destroy the old key.")
    print_line("Backups made before today still hold old pseudonyms.")
