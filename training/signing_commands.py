"""`tidlig models new-key`, `sign`, `sign-statement`, `rollback` and `withdraw`: what takes a signing key.

Passphrases come from a file, the environment or a prompt.
"""

from __future__ import annotations

import os
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line
from training.model_commands import (
    JustifyOption,
    ModelArgument,
    ReasonOption,
    TrackingOption,
    VersionArgument,
    load,
    models,
    now,
    say_champion,
    tracking,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from features.declarations.project import Project

__all__ = ["models"]  # the group, with these commands in it

PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help="File with the key's passphrase, readable by its owner alone. Else TIDLIG_SIGNING_PASSPHRASE, else it is asked for.",
    ),
]


@models.command("new-key")
def new_key(
    key: Annotated[Path, typer.Option("--key", help="File to make, outside the project's folder.")],
    person: Annotated[str, typer.Option("--person", help="Whose key it is: account or employee number, one for each human being.")],
    role: Annotated[str, typer.Option("--role", help="What the person answers for, such as modellforvalter or leder.")],
    valid_years: Annotated[int, typer.Option("--valid-years", min=1, max=5, help="How long it signs.")] = 2,
    no_passphrase: Annotated[bool, typer.Option("--no-passphrase", help="Leave the file to its mode, 0600, alone.")] = False,
    passphrase_file: PassphraseOption = None,
    project: ProjectOption = HERE,
) -> None:
    """Make a key to sign with, and print the lines that declare it.

    The private half goes to a file that only its owner can read. The lines printed belong in signers.toml in the project folder: who may
    put them there, and sees that the person is who they say, is the controller's business.
    """
    from models.promotion.key_files import create_key_file

    loaded, today = load(project), now().date()
    passphrase = None if no_passphrase else _passphrase(passphrase_file, confirm=True)
    public = create_key_file(key, project=loaded, passphrase=passphrase)
    typer.echo(f"Private key in {key}. These lines declare it in {loaded.root / 'signers.toml'}:", err=True)
    last = date(today.year + valid_years, today.month, min(today.day, 28))
    for line in ("[[signer]]", *_toml_lines(person=person, role=role, public_key=public), f"valid_from = {today}", f"valid_to = {last}"):
        typer.echo(line)


@models.command("sign")
def sign(
    name: ModelArgument,
    version: VersionArgument,
    key: Annotated[Path, typer.Option("--key", help="Your signing key.")],
    reason: ReasonOption = None,
    justify: JustifyOption = None,
    passphrase_file: PassphraseOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked, what was read elsewhere; with --json always.")] = False,
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign that a version is to serve; two different people do, each with a key of their own.

    You sign the version's very bytes, what its gates said, the table of what is found and missed at each capacity, and the words of
    --reason and --justify. All of it is shown before you are asked whether to sign. What you leave out of --reason and --justify is taken
    from the signature that waits already: both sign the same words. A signature counts for 30 days, and for one promotion.
    """
    from training.registry.signing import prepare_step, sign_step
    from training.shown_gates import show_step

    if as_json and not yes:
        raise typer.BadParameter("--json shows nothing before it signs: read what is signed first, then add --yes")
    loaded = load(project)
    prepared = prepare_step(loaded, tracking(loaded, tracking_uri), name, version, reason=reason, justification=justify)
    if not as_json:
        show_step(prepared.step, prepared.bundle.card.gates, prepared.bundle.card.capacity)
    if not yes:
        typer.confirm("Sign this?", abort=True, err=True)
    given = sign_step(loaded, prepared, key=_read_key(loaded, key, passphrase_file), now=now())
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "file": given.path, **given.signature.as_dict()})
        return
    print_line(f"Signed by {given.signature.person} ({given.signature.role}) with key {given.signature.key_id}: {given.path}")
    print_line(f"When another person has signed the same: tidlig models promote {name} {version}")


@models.command("sign-statement")
def sign_statement(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Statement that the console's page of the promotion gave.")],
    key: Annotated[Path, typer.Option("--key", help="Your signing key.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="File for the signature.", show_default="beside FILE, ending in .signature.json")
    ] = None,
    passphrase_file: PassphraseOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Sign without being asked, what was read elsewhere; with --json always.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Sign a promotion from a file, on a machine that has neither the project nor the service: the key stays there.

    What is signed is shown first, and checked to be what the file's tables say. The signature goes to a file of its own, which the
    console's page of the promotion takes back. No project is needed.
    """
    from models.promotion.offline import as_text, read_file, sign_file
    from training.shown_gates import show_step

    if as_json and not yes:
        raise typer.BadParameter("--json shows nothing before it signs: read what is signed first, then add --yes")
    asked = read_file(file)
    if not as_json:
        print_line(f"{asked.step.model} version {asked.step.version}, bundle {asked.step.bundle_hash}")
        show_step(asked.step, asked.gates, asked.capacity)
    if not yes:
        typer.confirm("Sign this?", abort=True, err=True)
    signature = sign_file(asked, _read_key(None, key, passphrase_file), path=file, now=now())
    path = out or file.with_suffix(".signature.json")
    path.write_text(as_text(signature), encoding="utf-8", newline="\n")
    if as_json:
        print_json({"file": path, **signature.as_dict()})
        return
    print_line(f"Signed by {signature.person} ({signature.role}) with key {signature.key_id}: {path}")
    print_line("Hand that file in where the statement came from. It holds no secret.")


@models.command("rollback")
def rollback(
    name: ModelArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the ledger.")],
    key: Annotated[Path | None, typer.Option("--key", help="Your signing key.")] = None,
    signed_by: Annotated[
        str | None, typer.Option("--signed-by", help="Typed name in place of a signature; synthetic projects only.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let the version serve again that served before this one; one signature is enough, and the ledger keeps both steps."""
    from models.promotion.signers import encode_public_key, fingerprint, read_signers
    from training.registry.promoting import rollback as roll_back

    if (key is None) == (signed_by is None):
        raise typer.BadParameter("give --key, or --signed-by in a synthetic project")
    loaded = load(project)
    private = None if key is None else _read_key(loaded, key, passphrase_file)
    champion = roll_back(loaded, tracking(loaded, tracking_uri), name, now=now(), reason=reason, key=private, signer=signed_by)
    people = [signed_by or ""]
    if private is not None:
        people = [read_signers(loaded).get(fingerprint(encode_public_key(private.public_key()))).person]
    say_champion(loaded, champion, people, simulated=private is None, as_json=as_json)


@models.command("withdraw")
def withdraw(
    name: ModelArgument,
    reason: Annotated[str, typer.Option("--reason", help="Why; stands in the ledger.")],
    key: Annotated[Path | None, typer.Option("--key", help="Your signing key.")] = None,
    signed_by: Annotated[
        str | None, typer.Option("--signed-by", help="Typed name in place of a signature; synthetic projects only.")
    ] = None,
    passphrase_file: PassphraseOption = None,
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a model out of use at once: no version of it serves until two people let one serve again.

    One signature is enough, and the ledger says whose and why. Nothing is fetched or loaded, so that a damaged model can be stopped too.
    """
    from training.registry.promoting import withdraw as take_out

    if (key is None) == (signed_by is None):
        raise typer.BadParameter("give --key, or --signed-by in a synthetic project")
    loaded = load(project)
    private = None if key is None else _read_key(loaded, key, passphrase_file)
    version = take_out(loaded, tracking(loaded, tracking_uri), name, now=now(), reason=reason, key=private, signer=signed_by)
    if as_json:
        print_json({"model": name, "withdrawn": version, "simulated": private is None, "synthetic": loaded.is_synthetic})
        return
    print_line(f"Version {version} of {name} is out of use; nothing serves in its place.")


def _read_key(project: Project | None, path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from models.promotion.key_files import is_encrypted, read_key_file

    passphrase = _passphrase(passphrase_file, confirm=False) if is_encrypted(path) else None
    return read_key_file(path, project=project, passphrase=passphrase)


def _passphrase(path: Path | None, *, confirm: bool) -> str:
    """Take a passphrase from a private file, the environment or the terminal; never from the command line, which others can list."""
    from models.promotion.passphrases import take_passphrase

    ask = partial(typer.prompt, "Passphrase of the key", hide_input=True, confirmation_prompt=confirm, err=True)
    return take_passphrase(path, environ=os.environ, ask=lambda: str(ask()))


def _toml_lines(**fields: str) -> list[str]:
    import json

    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
