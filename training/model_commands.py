"""`tidlig models list`, `promote`, `history` and `verify`, and what every command of models shares."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

if TYPE_CHECKING:
    from features.declarations.project import Project
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


@models.command("list")
def list_(project: ProjectOption = HERE, tracking_uri: TrackingOption = None, as_json: JsonOption = False) -> None:
    """List every registered version: its rung, which gates failed, and which one serves.

    The registry's aliases are brought to what serves first: versions that the console let serve are not told to MLflow by it.
    """
    from dataclasses import asdict

    from training.registry.promoting import tell_registry
    from training.registry.versions import list_models

    loaded = load(project)
    tell_registry(loaded, tracking(loaded, tracking_uri))
    versions = list_models(loaded, tracking(loaded, tracking_uri))
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "versions": [asdict(version) for version in versions]})
        return
    rows = [
        (one.name, one.version, one.rung, ", ".join(one.aliases), one.gates_failed, f"{one.registered_at:%Y-%m-%d %H:%M}")
        for one in versions
    ]
    print_table("Registered models", ("model", "version", "rung", "alias", "failed gates", "registered (UTC)"), rows)


@models.command("fetch")
def fetch(
    name: ModelArgument,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Version to bring.")],
    project: ProjectOption = HERE,
    tracking_uri: TrackingOption = None,
    as_json: JsonOption = False,
) -> None:
    """Bring a registered version's bundle into the project's folder, where the console shows and compares it. Nothing serves by that."""
    from training.registry.promoting import fetch_version

    loaded = load(project)
    folder = fetch_version(loaded, tracking(loaded, tracking_uri), name, version)
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "model": name, "version": version, "folder": folder})
        return
    print_line(f"Version {version} of {name} lies in {folder}.")


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
    from models.promotion.waiting import place_in_ledger, read_signatures, read_waiting
    from training.registry.promoting import promote as promote_version

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
    say_champion(loaded, champion, people, simulated=not given, as_json=as_json)


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


def _history_row(line: HistoryLine) -> tuple[object, ...]:
    return (
        line.sequence,
        f"{line.at:%Y-%m-%d %H:%M}",
        line.model,
        f"{line.action.removeprefix('model_').replace('_', ' ')} {line.version}",
        line.before or "–",
        ", ".join(line.signers) + (" (typed, not signed)" if line.simulated else ""),
        _stood_against(line),
        line.entry[:12],
    )


def _stood_against(line: HistoryLine) -> str:
    not_asked = f"not asked: {', '.join(line.gates_not_asked)}" if line.gates_not_asked else ""
    return "; ".join(part for part in (", ".join(line.gates_failed), not_asked) if part) or "none"


def _justified(line: HistoryLine) -> str:
    return "" if line.justification is None else f" Justified until {line.justification_expires_on}: {line.justification}"


def say_champion(project: Project, champion: Champion, people: list[str], *, simulated: bool, as_json: bool) -> None:
    """Say what serves now, and by whom."""
    if as_json:
        facts = {"model": champion.name, "version": champion.version, "ledger_entry": champion.ledger_entry}
        print_json({**facts, "signers": people, "simulated": simulated, "synthetic": project.is_synthetic})
        return
    how = "signed by" if not simulated else "simulated signatures of" if len(people) > 1 else "simulated signature of"
    signed = f"{how} {', '.join(people)}"
    print_line(f"Version {champion.version} of {champion.name} serves ({signed}; ledger entry {champion.ledger_entry[:12]}).")
