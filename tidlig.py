"""The one command.

Mounts each package's commands and imports a package only when one of its commands runs. This is the edge: environment, clock and exit
status are decided here and in the packages' `commands.py`, nowhere below.
"""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import typer.core
import typer.main

from features.errors import ScreeningError

os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("features.commands", "Make a project folder from an example."),
    "check": ("features.commands", "Validate the whole plan before spending compute."),
    "synth": ("features.synth.commands", "Make a synthetic population for the project."),
    "ingest": ("features.commands", "Check, pseudonymise and load the project's sources."),
    "keys": ("features.key_commands", "Compare and change the keys of the pseudonyms."),
    "features": ("features.engine_commands", "Build point-in-time feature tables."),
    "train": ("training.commands", "Train the ladder, evaluate it forward in time, register the chosen model."),
    "models": ("training.commands", "List, sign, promote, roll back and withdraw models."),
    "papers": ("training.paper_commands", "Write the papers of each model's newest run: model card to DPIA."),
    "plan-capacity": ("training.capacity_commands", "Say what so many reviews a month find, miss and approach in vain."),
    "planning-figures": ("training.planning_commands", "Say by area how many children and young people there are; never about one."),
    "screen": ("serving.commands.service", "Propose cases for review, within each municipality's capacity."),
    "explain": ("serving.commands.service", "Explain one person's score; synthetic or public data only."),
    "serve": ("serving.commands.service", "Serve the API and the console."),
    "accounts": ("serving.commands.accounts", "Add, list and close accounts, where people log in with a password."),
    "monitor": ("monitoring.commands.monitor", "Write the monthly reports: drift, fairness, oversight; sign and verify them."),
    "series-breaks": ("monitoring.commands.monitor", "Find from which months on published monthly figures grow otherwise."),
    "monitor-scores": ("monitoring.commands.monitor", "Write the monthly report for a model that another product serves."),
    "incidents": ("monitoring.commands.monitor", "What was wrong with a model, what was done, and which clocks run."),
    "transparency": ("monitoring.commands.public", "Write the public page on the models in use, and entries for an algorithm register."),
    "audit": ("serving.commands.audit", "Verify and anchor the ledgers; see how a past proposal came about."),
    "person": ("serving.commands.persons", "A person's rights: the report on them, requests for it, erasure."),
    "identities": ("serving.commands.identities", "Who a subject id stands for: for the municipality's key holder."),
    "archive": ("serving.commands.archive", "Hand decided cases to the municipality's archive, as files."),
    "backup": ("serving.commands.backup", "Write the whole service to one encrypted file."),
    "restore": ("serving.commands.backup", "Restore a backup into an empty place, and verify it."),
}
"""Command -> module that holds it, and the line that `tidlig --help` shows without importing that module."""


app = typer.Typer(
    name="tidlig",
    help="Early identification of young people who may need support. A model proposes; a person looks, decides and owns the decision.",
    epilog="Exit status: 0 done, 2 usage, 3 project, 4 purpose, 5 intake, 6 data, 7 model, 8 gate, 9 review, 10 ledger.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _mount(name: str, module: str, text: str) -> None:
    """Register a command that hands its arguments, `--help` too, to the package's own app.

    `check` also asks what training wants to know; features can't import training, so the question travels as the context's object.
    """

    @app.command(name, help=text, add_help_option=False, context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
    def run(ctx: typer.Context) -> None:
        command = typer.main.get_command(importlib.import_module(module).app)
        is_group = isinstance(command, typer.core.TyperGroup)
        command.main(
            args=[name, *ctx.args] if is_group else list(ctx.args),
            prog_name="tidlig" if is_group else f"tidlig {name}",
            obj=[importlib.import_module("training.plan").plan_findings] if name == "check" else None,
        )


for _name, (_module, _text) in COMMANDS.items():
    _mount(_name, _module, _text)


DEMO_STAGES = ("grade_10", "vg1")
"""The stages that the demo trains and shows; the project declares more, and `tidlig train` trains them all."""
DEMO_AS_OF = datetime(2026, 6, 30)  # noqa: DTZ001 - a day; typer hands days over as datetimes
"""The end of grade 10 of the newest cohort that the synthetic population holds."""


@app.command("demo")
def demo(
    folder: Annotated[Path, typer.Option("--project", "-p", help="Where the demo's project is made.")] = Path("var/demo"),
    people: Annotated[int, typer.Option("--people", "-n", help="How many invented people.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same people.")] = 1,
    port: Annotated[int, typer.Option("--port", help="Port to serve on.")] = 8000,
    fresh: Annotated[bool, typer.Option("--fresh", help="Make everything anew, though an earlier demo is there.")] = False,
    serve: Annotated[bool, typer.Option("--serve/--no-serve", help="Serve the console afterwards, until Ctrl-C.")] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print folder, address and logins as JSON; the steps go to standard error.")
    ] = False,
) -> None:
    """Make a synthetic project, run everything once and serve it.

    Each step is a command that you can run yourself; it is shown before it runs. Everyone in the demo is invented.
    """
    with redirect_stdout(sys.stderr if as_json else sys.stdout):
        if fresh and _is_demo(folder):
            shutil.rmtree(folder)
        if not (folder / DEMO_DONE).is_file():
            _make_demo(folder, people=people, seed=seed)
        logins = _show_logins(folder, port=port)
    if as_json:
        from features.command_line import print_json

        print_json({"synthetic": True, "folder": folder, "address": f"http://127.0.0.1:{port}", "logins": logins})
    if serve:
        from serving.commands.service import serve as serve_command

        serve_command(project=folder, host="127.0.0.1", port=port)


DEMO_DONE = "var/demo-is-made"
DEMO_CASES = "var/demo-cases-are-made"


def _is_demo(folder: Path) -> bool:
    """Whether this folder is a demo that may be thrown away: synthetic, and made by `tidlig demo`."""
    return (folder / "var" / "demo-is-ours").is_file()


def _make_demo(folder: Path, *, people: int, seed: int) -> None:
    from features import commands as features_commands
    from features.engine_commands import features as build_features
    from features.synth.commands import synth
    from monitoring.commands.monitor import write_reports
    from serving.commands.service import screen
    from training.commands import train

    if _is_demo(folder):
        shutil.rmtree(folder)  # an earlier run was stopped half-way
    _show("init", str(folder), "--example norway")
    features_commands.init(folder, features_commands.Example.NORWAY)
    (folder / "var").mkdir()
    (folder / "var" / "demo-is-ours").touch()
    _show("synth", f"--project {folder} --people {people} --seed {seed} --local-share {DEMO_LOCAL_SHARE}")
    synth(people=people, seed=seed, project=folder, local_share=DEMO_LOCAL_SHARE)
    _protect_some(folder)
    _show("ingest", f"--project {folder}")
    features_commands.ingest(project=folder)
    shown = " ".join(f"--stage {stage}" for stage in DEMO_STAGES)
    _show("features", f"--project {folder} {shown}")
    build_features(project=folder, stage=list(DEMO_STAGES))
    _show("train", f"--project {folder} {shown}")
    train(project=folder, stage=list(DEMO_STAGES))
    _promote_all(folder)
    _make_past(folder)
    _show("screen", f"--project {folder} --stage grade_10 --as-of {DEMO_AS_OF:%Y-%m-%d}")
    screen(as_of=DEMO_AS_OF, project=folder, stage=["grade_10"])
    _explain_somebody(folder)
    _show("monitor", f"--project {folder} --month {DEMO_AS_OF:%Y-%m}")
    write_reports(folder, month=f"{DEMO_AS_OF:%Y-%m}")
    _plan(folder)
    (folder / DEMO_DONE).touch()


DEMO_BORN = 2010
"""Birth year of those in grade 10 on `DEMO_AS_OF`."""
DEMO_PROTECTED = 6


def _protect_some(folder: Path) -> None:
    """Protect a few addresses of those who are screened, so that shielded caseworkers find a case in the demo too."""
    from features.command_line import print_line
    from features.synth.protection import protect_addresses

    protect_addresses(folder / "data", birth_year=DEMO_BORN, people=DEMO_PROTECTED)
    print_line()
    print_line(f"{DEMO_PROTECTED} of the invented pupils get a confidential address, which is far more than there would be.")


DEMO_PAST = {
    datetime(2025, 2, 11, 8, tzinfo=UTC): ("vg1", datetime(2025, 1, 31)),  # noqa: DTZ001 - a day, as above
    datetime(2025, 11, 12, 8, tzinfo=UTC): ("grade_10", datetime(2025, 6, 30)),  # noqa: DTZ001
}
"""When the demo pretends that cohorts were screened, and which: a year that is over, which is what planners see."""
DEMO_LOCAL_SHARE = 0.75
"""Most of the demo's people live where cases are worked, so that there is something to look at."""


def _make_past(folder: Path) -> None:
    """Screen earlier cohorts and work the cases to their ends, with the clock turned back; all of it is invented, the log too."""
    from features.command_line import print_line
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.demo.accounts import create_demo_accounts
    from serving.demo.past import make_demo_past
    from serving.demo.purposes import approve_demo_purposes
    from serving.screening.run import screen
    from serving.settings import Settings

    project, settings = load_project(folder), Settings()
    database, keys = open_service(settings, project)
    create_demo_accounts(database, project, settings=settings, now=min(DEMO_PAST))
    n_purposes = approve_demo_purposes(database, project, keys, settings=settings, now=min(DEMO_PAST))

    def propose(moment: datetime) -> None:
        stage, as_of = DEMO_PAST[moment]
        screen(project, database, keys, as_of=as_of.date(), now=moment, stages=[stage])

    n_cases = make_demo_past(
        database, project, keys, settings=settings, screened_at=list(DEMO_PAST), propose=propose, until=datetime.now(UTC)
    )
    database.close()
    days = ", ".join(f"{moment:%Y-%m-%d}" for moment in DEMO_PAST)
    print_line()
    print_line(f"{n_purposes} purposes were approved as by their controller, whom the demo plays.")
    print_line(f"A past: {n_cases} cases of {days}, worked as by people. Nobody did that, and nobody is real.")


DEMO_JUSTIFICATION = (
    "FIKTIV: the groups' base rates differ, and so does how often someone is proposed in vain. What follows is a conversation, "
    "and the difference is watched each month."
)
"""Answers for R-12 in the demo, where a difference between groups fails a gate; stands in the ledger and expires after six months."""


DEMO_REASON = "FIKTIV: the demo's first model."


def _promote_all(folder: Path) -> None:
    """Let each newest challenger serve; the demo's signatures are simulated, and the ledger says so."""
    from features.declarations.project import load_project
    from training.model_commands import promote
    from training.registry.tracking import local_tracking
    from training.registry.versions import list_models

    loaded = load_project(folder)
    signers = ["demo-modellforvalter", "demo-leder"]
    for version in list_models(loaded, local_tracking(loaded)):
        justify = DEMO_JUSTIFICATION if version.gates_failed != "none" else None
        shown = ["--reason '...'", *(["--justify '...'"] if justify else [])]
        _show(
            "models promote", f"{version.name} {version.version} --project {folder}", *(f"--signed-by {name}" for name in signers), *shown
        )
        promote(version.name, version.version, signed_by=signers, reason=DEMO_REASON, justify=justify, project=folder)


def _plan(folder: Path) -> None:
    """Count children and young people by area, and put the figures where planners see them."""
    from serving.aggregates.planning import BY_AGE
    from training.planning_commands import planning_figures

    path = folder / "var" / "reports" / BY_AGE
    _show("planning-figures", f"--project {folder} --as-of {DEMO_AS_OF:%Y-%m-%d} --json > {path}")
    with path.open("w", encoding="utf-8") as file, redirect_stdout(file):
        planning_figures(project=folder, as_of=DEMO_AS_OF, as_json=True)


def _explain_somebody(folder: Path) -> None:
    """Explain one invented person of the cohort, whoever comes first: the reasons add up to the score."""
    from features.declarations.project import load_project
    from features.intake.linkage import pseudonyms_for
    from features.tables import find_stage_table
    from serving.commands.service import explain

    project = load_project(folder)
    table = find_stage_table(project, "score", project.stages["grade_10"], as_of=DEMO_AS_OF.date())
    if table is None:
        raise RuntimeError("the screening left no feature table")
    somebody = str(table.keys["subject_id"].iloc[0])
    pseudonym = str(pseudonyms_for(project, [somebody], purpose="score")["pseudonym"].iloc[0])
    _show("explain", f"{pseudonym} --project {folder} --stage grade_10 --as-of {DEMO_AS_OF:%Y-%m-%d}")
    explain(pseudonym, as_of=DEMO_AS_OF, project=folder, stage=["grade_10"])


def _show(command: str, *arguments: str) -> None:
    from features.command_line import print_line

    print_line()
    print_line(f"$ tidlig {command} {' '.join(arguments)}")


def _show_logins(folder: Path, *, port: int) -> list[dict[str, str]]:
    from features.command_line import print_line, print_table
    from features.declarations.project import load_project
    from serving.app import open_service
    from serving.demo.accounts import create_demo_accounts
    from serving.demo.cases import make_demo_cases
    from serving.roles import ROLES
    from serving.settings import Settings

    project, settings = load_project(folder), Settings()
    database, keys = open_service(settings, project)
    if not (folder / DEMO_CASES).is_file():
        make_demo_cases(database, project, keys, settings=settings, now=datetime.now(UTC))
        (folder / DEMO_CASES).touch()
    logins = create_demo_accounts(database, project, settings=settings, now=datetime.now(UTC))  # the citizen is somebody with a case
    database.close()
    print_line()
    one_per_role = {one.role: one for one in reversed(logins)}
    rows = [(one.login, one.password, ROLES[one.role].in_plain_words) for one in reversed(one_per_role.values())]
    print_table("Logins of the demo, one per role; everyone in it is invented", ("login", "password", "who it is"), rows)
    print_line("The roles of a municipality have one login in each; the number at the end is the municipality's.")
    print_line(f"Console: http://127.0.0.1:{port}    API: http://127.0.0.1:{port}/api/v1/openapi.json")
    print_line(f"MLflow: .venv/bin/mlflow ui --backend-store-uri sqlite:///{folder}/var/mlflow.db")
    print_line("Stop with Ctrl-C.")
    return [{"login": one.login, "password": one.password, "role": one.role.value} for one in logins]


def main() -> None:
    """Run the command line; an error that a user can mend is one line and its own exit status."""
    try:
        app(prog_name="tidlig")
    except ScreeningError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        sys.exit(error.exit_status)


if __name__ == "__main__":
    main()
