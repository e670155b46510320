"""Commands of the service: screen, explain, serve, and those on its ledgers. The edge: clock, environment and keys are taken here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for
from features.engine_commands import Engine, EngineOption, MasterOption, check_engine, cluster_of
from serving.commands.audit import audit

if TYPE_CHECKING:
    from models.reasons import Reason

app = typer.Typer(add_completion=False, no_args_is_help=True)
app.add_typer(audit, name="audit")

AsOfOption = Annotated[datetime, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The date to stand on: nothing known later counts.")]
StageOption = Annotated[list[str] | None, typer.Option("--stage", help="Only this stage; may be given more than once. Default: all.")]
WorkersOption = Annotated[
    int | None, typer.Option("--workers", min=1, help="Threads that build features and score; 1 where it is not given.", show_default="1")
]


@app.command("screen")
def screen(
    as_of: AsOfOption,
    project: ProjectOption = HERE,
    stage: StageOption = None,
    workers: WorkersOption = None,
    engine: EngineOption = Engine.LOCAL,
    master: MasterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Propose cases for review, within each municipality's capacity.

    Scores the cohorts of the date with the models that serve, and makes a review case of the highest, at most as many as a municipality
    can look at. Nobody is told and no score leaves: a person opens the case, writes what they know, sees the proposal and decides.

    Running it again for the same date and models proposes nobody twice.

    With --engine spark the executors of a cluster build the features, score and explain, with the same code: the project folder has to
    lie on storage that all of them reach.
    """
    from dataclasses import asdict

    from features.consents import consent_lines
    from features.declarations.project import load_project
    from models.partitions import SparkScorer
    from serving.app import open_service
    from serving.scoring.cohorts import ScreeningEngine, local_engine
    from serving.screening.run import check_can_screen
    from serving.screening.run import screen as run
    from serving.settings import Settings

    check_engine(engine, master=master, workers=workers)
    loaded, settings, now = load_project(project), Settings(), datetime.now(UTC)
    check_can_screen(loaded, as_of=as_of.date(), today=now.date())
    database, keys = open_service(settings, loaded)
    with cluster_of(master) as cluster:
        report = run(
            loaded,
            database,
            keys,
            as_of=as_of.date(),
            now=now,
            stages=stage,
            engine=local_engine(workers or 1) if cluster is None else ScreeningEngine(cluster, SparkScorer(cluster)),
            progress=progress_for(as_json=as_json),
        )
    consents = consent_lines(loaded, on=now.date())
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, **asdict(report), "consents": list(consents)})
        return
    rows = [
        (s.stage, s.outcome, s.model_version, _few(s.n_scored), _few(s.n_in_band), _few(s.n_cases), "yes" if s.is_repeat else "")
        for s in report.screened
    ]
    print_table(f"Screening as of {report.as_of}", ("stage", "outcome", "version", "scored", "in band", "cases", "done before"), rows)
    for name, why in report.skipped:
        print_line(f"{name} was not screened. {why}")
    for line in consents:
        print_line(line)
    print_line("The cases wait in the queue of each municipality: `tidlig serve`.")


@app.command("explain")
def explain(
    pseudonym: str, as_of: AsOfOption, project: ProjectOption = HERE, stage: StageOption = None, as_json: JsonOption = False
) -> None:
    """Explain what the models say of one person as of a date; on synthetic or public data, or under a declared test purpose.

    With real data a person's score exists only in a case that somebody took. This command then refuses, unless the project declares a
    purpose of kind "test" that is valid today.
    """
    from features.declarations.project import load_project
    from serving.screening.explaining import explain_person

    loaded = load_project(project)
    found = explain_person(loaded, pseudonym, as_of=as_of.date(), now=datetime.now(UTC), stages=stage)
    if as_json:
        print_json({"synthetic": loaded.is_synthetic, "as_of": as_of.date(), "explanations": [p.to_json() for p in found]})
        return
    for proposal in found:
        print_line(f"{proposal.stage}, {proposal.outcome}: {proposal.band.value} ({proposal.model_name} {proposal.model_version})")
        print_line(proposal.uncertainty.en)
        print_line(f"log-odds {proposal.log_odds:+.4f} = {proposal.base_log_odds:+.4f} and the reasons below")
        rows = [
            (r.label.en, _told(r), r.unit or "", _plain(r.typical), r.happened_on or "", f"{r.contribution:+.4f}") for r in proposal.reasons
        ]
        print_table("Reasons are not causes", ("indicator", "value", "unit", "typical", "newest record", "contribution"), rows)
    print_line("Confidential reasons are shown here because this is no real person's record; reviewers see them as one coarse group.")


@app.command("serve")
def serve(
    project: ProjectOption = HERE,
    host: Annotated[str, typer.Option("--host", help="Address to listen on. Anything but this machine needs TLS in front.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the API and the console until stopped (Ctrl-C).

    The database is brought to this version's schema first. Settings come from the environment, with the prefix TIDLIG_:
    TIDLIG_DATABASE_URL for PostgreSQL, TIDLIG_ENV=prod to refuse demo accounts.
    """
    import uvicorn

    from features.declarations.project import load_project
    from serving.app import create_app
    from serving.settings import Settings

    loaded = load_project(project)
    served = create_app(Settings(), loaded, clock=lambda: datetime.now(UTC))
    print_line(f"{loaded.screening.project.title}: http://{host}:{port} (API description: /api/v1/openapi.json)")
    uvicorn.run(served, host=host, port=port, log_level="warning", server_header=False, access_log=False)


def _few(n: int | None) -> str:
    return "<5" if n is None else str(n)


def _told(reason: Reason) -> str:
    """Tell a value; days since something that is not on record are not unknown, it never was."""
    if reason.value is None and reason.main_feature.aggregation.startswith("days_since"):
        return "never on record"
    return _plain(reason.value)


def _plain(value: float | str | None) -> str:
    return "not known" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
