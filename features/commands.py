"""The commands `tidlig init`, `tidlig check` and `tidlig ingest`."""

from __future__ import annotations

import os
import secrets
import shutil
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for

app = typer.Typer(add_completion=False, no_args_is_help=True)


class Example(StrEnum):
    """Project folders that come with Tidlig."""

    NORWAY = "norway"
    OULAD = "oulad"
    NLSY97 = "nlsy97"


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The new project folder; it must not hold anything yet.")],
    example: Annotated[Example, typer.Option(help="Which example to begin with.")] = Example.NORWAY,
    as_json: JsonOption = False,
) -> None:
    """Make a project folder from an example, and keys for its pseudonyms.

    norway: five sectors, synthetic people, ready to screen. oulad: course click data of the Open University. nlsy97: a youth panel of the
    United States.

    The keys go to a folder of your own outside the project (TIDLIG_KEYS_DIR names another). Keys for real data are made by their holder.
    """
    from features.declarations.project import load_project
    from features.errors import ProjectError
    from features.keys import create_keys

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ProjectError("TID107", f"{folder} is not empty. Name a folder that does not exist yet, so that nothing is overwritten.")
    shutil.copytree(_example_folder(example), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("var", "__pycache__", ".*"))
    project = load_project(folder)
    keys = create_keys(project, environ=os.environ, token_bytes=secrets.token_bytes)
    if as_json:
        print_json({"project": project.id, "folder": project.root, "keys": keys, "data": project.screening.project.data})
        return
    print_line(f"{project.screening.project.title}: {project.root}")
    print_line(f"Keys: {keys}")
    print_line("Next:")
    if project.is_synthetic:
        print_line(f"  tidlig synth --project {folder}")
    print_line(f"  tidlig check --project {folder}")


@app.command("check")
def check(ctx: typer.Context, project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Validate the whole plan before spending compute.

    Purposes and keys, every source's files and columns, queries, indicators, outcomes, stages, capacity and splits. Nothing is loaded. A
    source that does not say when its records became known is refused: a feature could then use what nobody knew yet. So is one with a
    predictor that describes later years than its own row, which a sample of the rows gives away.

    What the project says that loosens a rule is listed below the table: allowed, and for an auditor to ask about.

    The exit status is that of the first check that failed, 0 when none did.
    """
    from features.check import check_project, exit_status
    from features.declarations.exceptions import declared_exceptions
    from features.declarations.project import load_project

    loaded = load_project(project)
    exceptions = declared_exceptions(loaded)
    findings = check_project(loaded, environ=os.environ, now=datetime.now(UTC), more=ctx.obj or (), progress=progress_for(as_json=as_json))
    if as_json:
        print_json({"project": loaded.id, "findings": [finding.as_dict() for finding in findings], "exceptions": exceptions})
    else:
        rows = [(f.verdict, f.code, f.title, "; ".join(f"{k}: {v}" for k, v in f.evidence.items() if v is not None)) for f in findings]
        print_table(f"Plan of {loaded.root}", ("verdict", "check", "asked", "found"), rows)
        for words, names in exceptions.items():
            print_line(f"Declared exception, {words}: {', '.join(names)}.")
        n_failed = sum(finding.is_failed for finding in findings)
        print_line(f"{len(findings)} checks, {n_failed} failed." if n_failed else f"{len(findings)} checks, none failed.")
    raise typer.Exit(exit_status(findings))


@app.command("ingest")
def ingest(project: ProjectOption = HERE, as_json: JsonOption = False) -> None:
    """Check, pseudonymise and load the project's sources.

    All or nothing: rows that break the contract are set aside with a reason (var/quarantine), a file with too many of them is refused,
    and a refused file leaves the store as it was. Doing it again loads only what is new; a corrected extract is added and never rewrites
    what was known before.
    """
    from features.consents import consent_lines
    from features.declarations.project import load_project
    from features.intake.load import ingest as load_sources
    from features.keys import read_keys

    loaded, now = load_project(project), datetime.now(UTC)
    keys = read_keys(loaded, environ=os.environ)
    report = load_sources(
        loaded,
        keys=keys,
        environ=os.environ,
        now=now,
        progress=progress_for(as_json=as_json),
        token_bytes=secrets.token_bytes,
        workers=os.cpu_count() or 1,
    )
    consents = consent_lines(loaded, on=now.date())
    if as_json:
        print_json({**report.as_dict(), "consents": list(consents)})
        return
    print_table(
        f"Sources of {loaded.root}",
        ("source", "file", "rows", "loaded", "already there", "in quarantine", ""),
        [
            (
                s.source,
                s.name,
                s.rows_read,
                s.rows_loaded,
                s.rows_already_loaded,
                sum(s.quarantined.values()),
                "unchanged" if s.unchanged else "",
            )
            for s in report.sources
        ],
    )
    for s in report.sources:
        for reason, count in s.quarantined.items():
            print_line(f"  {s.name}: {count} rows set aside, {reason}")
    if report.quarantine is not None:
        print_line(f"Reasons and line numbers: {report.quarantine}")
    persons = ", ".join(f"{count} in {purpose}" for purpose, count in report.n_persons.items())
    print_line(f"Persons: {persons}." if report.batch else f"Nothing new. Persons: {persons}.")
    for line in consents:
        print_line(line)


def _example_folder(example: Example) -> Path:
    """Find an example in the wheel, or beside the packages in a checkout."""
    package = Path(__file__).resolve().parent
    return next(
        path for path in (package / "examples" / example, package.parent / "examples" / example) if (path / "screening.toml").is_file()
    )
