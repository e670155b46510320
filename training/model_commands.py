"""`tidlig models`: list, sign, promote, roll back, and tell who let what serve."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from features.declarations.project import Project
    from models.bundle import Bundle
    from models.deployment import Champion
    from models.promotion.ledger import HistoryLine
    from training.registry.tracking import Tracking

models = typer.Typer(no_args_is_help=True, help="List, sign, promote and roll back models.")

TrackingOption = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri", help="MLflow store or server.", show_default="var/mlflow.db in the project", envvar="MLFLOW_TRACKING_URI"
    ),
]
ModelArgument = Annotated[str, typer.Argument(metavar="NAME", help="Model, as `tidlig models list` names it.")]
VersionArgument = Annotated[str, typer.Argument(metavar="VERSION", help="Version to serve.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why now; stands in the ledger.")]
JustifyOption = Annotated[
    str | None, typer.Option("--justify", help="Why a difference between groups that failed a gate is lawful; expires after six months.")
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file",
        help="File with the key's passphrase, readable by its owner alone. Else TIDLIG_SIGNING_PASSPHRASE, else it is asked for.",
    ),
]


@models.command("list")
def list_(project: ProjectOption = HERE, tracking_uri: TrackingOption = None, as_json: JsonOption = False) -> None:
    """List every registered version: its rung, which gates failed, and which one serves."""
    from dataclasses import asdict

    from training.registry.versions import list_models

    loaded = load(project)
    versions = list_models(loaded, tracking(loaded, tracking_uri))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "versions": [asdict(version) for version in versions]})
        return
    rows = [
        (one.name, one.version, one.rung, ", ".join(one.aliases), one.gates_failed, f"{one.registered_at:%Y-%m-%d %H:%M}")
        for one in versions
    ]
    print_table("Registered models", ("model", "version", "rung", "alias", "failed gates", "registered (UTC)"), rows)


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
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sign that a version is to serve; two different people do, each with a key of their own.

    You sign the version's very bytes, what its gates said, the table of what is found and missed at each capacity, and the words of
    --reason and --justify. Without --reason you sign the words of the signature that waits already. A signature counts for 30 days, and
    for one promotion.
    """
    from training.registry.signing import sign_version

    loaded = load(project)
    private = _read_key(loaded, key, passphrase_file)
    given = sign_version(
        loaded, tracking(loaded, tracking_uri), name, version, key=private, now=now(), reason=reason, justification=justify
    )
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "file": given.path, **given.signature.as_dict()})
        return
    _show_what_is_signed(given.bundle)
    step = given.signature.step
    print_line(f"Reason: {step.reason}")
    if step.justification:
        print_line(f"Justification: {step.justification}")
    print_line(f"Signed by {given.signature.person} ({given.signature.role}) with key {given.signature.key_id}: {given.path}")
    print_line(f"When another person has signed the same: tidlig models promote {name} {version}")


@models.command("promote")
def promote(
    name: ModelArgument,
    version: VersionArgument,
    signed_by: Annotated[
        list[str] | None, typer.Option("--signed-by", help="Typed name in place of a signature; synthetic projects only. Give it twice.")
    ] = None,
    signature: Annotated[
        list[Path] | None, typer.Option("--signature", help="Signature file; may be repeated.", show_default="those that wait")
    ] = None,
    reason: ReasonOption = None,
    justify: JustifyOption = None,
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let a version serve: no failed gate, signatures of two different people, an entry in the ledger.

    Signatures are given with `tidlig models sign`. A gate on differences between groups can be answered for with --justify there (R-12);
    any other failed gate can't be signed past.

    In a synthetic project two typed names (--signed-by, with --reason) stand in for signatures: they prove nothing and the ledger says so.
    """
    from training.registry.promoting import promote as promote_version
    from training.registry.signing import place_in_ledger, read_signatures, read_waiting

    if signed_by and signature:
        raise typer.BadParameter("give signatures or typed names, not both")
    if not signed_by and (reason or justify):
        raise typer.BadParameter("--reason and --justify are signed: give them to `tidlig models sign`")
    loaded = load(project)
    given = read_signatures(signature) if signature else ()
    if not signed_by and not signature:
        place = place_in_ledger(loaded, name)
        given = tuple(one for one in read_waiting(loaded, name, version) if one.step.after == place)
    champion = promote_version(
        loaded,
        tracking(loaded, tracking_uri),
        name,
        version,
        now=now(),
        signatures=given,
        signers=signed_by or (),
        reason=reason or "",
        justification=justify,
    )
    people = [one.person for one in given] or list(signed_by or ())
    _say_champion(loaded, champion, people, simulated=not given, as_json=as_json)


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
    _say_champion(loaded, champion, people, simulated=private is None, as_json=as_json)


@models.command("history")
def history(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Model; all of them without.")] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Tell from the ledger what served when, who let it, and why."""
    from dataclasses import asdict

    from models.promotion.ledger import read_history

    loaded = load(project)
    lines = read_history(loaded, name)
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "history": [asdict(line) for line in lines]})
        return
    columns = ("#", "at (UTC)", "model", "step", "before", "who", "failed gates", "entry")
    print_table("What served when, and who let it", columns, [_history_row(line) for line in lines])
    for line in lines:
        print_line(f"{line.sequence}: {line.reason}{_justified(line)}")


@models.command("verify")
def verify(
    anchor: Annotated[
        str | None, typer.Option("--anchor", help="COUNT:HEAD of the promotions' ledger, printed earlier and kept elsewhere.")
    ] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Verify the promotions' ledger again: its chain, its end, and every signature as of its day, by the keys that signers.toml declares.

    Keep the anchor that this prints somewhere else: given back later, it also shows an end that was cut off together with its head file.
    """
    from features.ledger import read_anchor
    from models.promotion.ledger import verify_promotions

    loaded = load(project)
    found = verify_promotions(loaded, anchor=None if anchor is None else read_anchor(anchor))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "count": found.count, "head": found.head})
        return
    print_line(f"{found.count} steps, each signed as it has to be. Anchor: {found.count}:{found.head}")


def load(folder: Path) -> Project:
    """Load the project of a command."""
    from features.declarations.project import load_project

    return load_project(folder)


def now() -> datetime:
    """Read the clock, for a command."""
    return datetime.now(UTC)


def tracking(project: Project, uri: str | None) -> Tracking:
    """Say where a command's runs and models are kept: the project's own store, unless another is named.

    Under `mlflow run` that is where the run that started us is kept, and ours become part of it: MLflow leaves its number in the
    environment, where the next `start_run` would take it for its own.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # standard output is the result's
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")  # seven of them keep somebody waiting for minutes
    from training.registry.tracking import check_answers, local_tracking, tracking_at

    parent = os.environ.pop("MLFLOW_RUN_ID", None)
    if uri is None:
        return local_tracking(project)
    named = tracking_at(uri)
    if uri == os.environ.get("MLFLOW_TRACKING_URI"):
        named = replace(named, parent_run=parent)
    check_answers(named)
    return named


def _read_key(project: Project, path: Path, passphrase_file: Path | None) -> Ed25519PrivateKey:
    from models.promotion.key_files import is_encrypted, read_key_file

    passphrase = _passphrase(passphrase_file, confirm=False) if is_encrypted(path) else None
    return read_key_file(path, project=project, passphrase=passphrase)


def _passphrase(path: Path | None, *, confirm: bool) -> str:
    """Take a passphrase from a private file, the environment or the terminal; never from the command line, which others can list."""
    from models.promotion.key_files import check_private

    if path is not None:
        check_private(path)
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    if os.environ.get("TIDLIG_SIGNING_PASSPHRASE"):
        return os.environ["TIDLIG_SIGNING_PASSPHRASE"]
    return str(typer.prompt("Passphrase of the key", hide_input=True, confirmation_prompt=confirm, err=True))


def _toml_lines(**fields: str) -> list[str]:
    import json

    return [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]


def _show_what_is_signed(bundle: Bundle) -> None:
    card = bundle.card
    print_table(
        f"{bundle.name}: gates",
        ("code", "gate", "verdict"),
        [(gate.code, gate.title, gate.verdict) for gate in card.gates],
    )
    if card.capacity:
        rows = [(row.share, row.precision, row.recall, 1 - row.recall) for row in card.capacity]
        print_table("What reviewing a share of the cohort finds and misses", ("share", "precision", "found", "missed"), rows)
    print_line(f"Cut-offs: {bundle.bands.worth_a_look} worth a look, {bundle.bands.should_be_assessed} should be assessed.")


def _history_row(line: HistoryLine) -> tuple[object, ...]:
    return (
        line.sequence,
        f"{line.at:%Y-%m-%d %H:%M}",
        line.model,
        f"{line.action.removeprefix('model_').replace('_', ' ')} {line.version}",
        line.before or "–",
        ", ".join(line.signers) + (" (typed, not signed)" if line.simulated else ""),
        ", ".join(line.gates_failed) or "none",
        line.entry[:12],
    )


def _justified(line: HistoryLine) -> str:
    return "" if line.justification is None else f" Justified until {line.justification_expires_on}: {line.justification}"


def _say_champion(project: Project, champion: Champion, people: list[str], *, simulated: bool, as_json: bool) -> None:
    if as_json:
        facts = {"model": champion.name, "version": champion.version, "ledger_entry": champion.ledger_entry}
        print_json({**facts, "signers": people, "simulated": simulated, "synthetic": project.is_synthetic})
        return
    signed = f"{'simulated signature' if simulated else 'signed by'} {', '.join(people)}"
    print_line(f"Version {champion.version} of {champion.name} serves ({signed}; ledger entry {champion.ledger_entry[:12]}).")
