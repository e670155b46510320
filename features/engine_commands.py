"""The command `tidlig features`."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_table, progress_for

if TYPE_CHECKING:
    from features.declarations.project import Project
    from features.declarations.stages import Stage
    from features.engine.parts import Partitioner
    from features.engine.spark import SparkCluster

app = typer.Typer(add_completion=False)


class BuiltFor(StrEnum):
    """Purposes that feature tables are built under."""

    TRAIN = "train"
    SCORE = "score"


class Engine(StrEnum):
    """Where tables are built; what is in them does not depend on it."""

    LOCAL = "local"
    SPARK = "spark"


EngineOption = Annotated[
    Engine, typer.Option(help="Work on this machine, or on Spark (needs the extra `spark`, and Java); the same result.")
]
MasterOption = Annotated[str | None, typer.Option(metavar="URL", help="With --engine spark: local[2], spark://host:7077, yarn, k8s://…")]


@dataclass(frozen=True)
class BuiltTable:
    """What the command says about one table."""

    stage: str
    rows: int
    """Rows of people whose address is not protected: every count that is told leaves the others out (R-08)."""
    features: int
    seconds: float
    folder: str
    exclusions_off: str
    """Exclusions of the stage that could not be applied, since their sector is off."""


@app.command("features")
def features(
    project: ProjectOption = HERE,
    purpose: Annotated[BuiltFor, typer.Option(help="The purpose to build under; each has a store of its own.")] = BuiltFor.TRAIN,
    stage: Annotated[
        list[str] | None, typer.Option(help="Only this stage; may be given several times.", show_default="every stage")
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Only the cohort of this date.", show_default="every date")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, help="Threads; each takes the memory of one part.", show_default="one per core, 1 for a small store"),
    ] = None,
    engine: EngineOption = Engine.LOCAL,
    master: MasterOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build point-in-time features for the cohort of every stage.

    A feature on a date uses only what was known on that date. Tables go to var/features/<purpose>/<stage>/ and are replaced as a
    whole. Training builds what it needs itself: run this to look at a table, or to see how long it takes.

    With --engine spark the executors of a cluster build the parts, with the same kernel, from the store's own files: the project folder
    has to lie on storage that all of them reach.
    """
    from features.declarations.project import load_project

    check_engine(engine, master=master, workers=workers)
    plan = load_project(project)
    plan.check_purpose(purpose.value, on=datetime.now(UTC).date())
    stages = _stages(plan, stage)
    with cluster_of(master) as partitioner:
        done = [_build(plan, purpose, one, partitioner, as_of=as_of, workers=workers, as_json=as_json) for one in stages]
    if as_json:
        print_json([asdict(table) for table in done])
        return
    columns = ("stage", "rows", "features", "seconds", "folder")
    print_table(f"Features under purpose {purpose.value}", columns, [(t.stage, t.rows, t.features, t.seconds, t.folder) for t in done])


def check_engine(engine: Engine, *, master: str | None, workers: int | None) -> None:
    """Refuse options that say two things about who builds."""
    if (engine is Engine.SPARK) != (master is not None):
        raise typer.BadParameter("goes together with --engine spark, such as --engine spark --master local[2]", param_hint="--master")
    if engine is Engine.SPARK and workers is not None:
        raise typer.BadParameter("on Spark the master says how many; leave out --workers", param_hint="--workers")


@contextmanager
def cluster_of(master: str | None) -> Iterator[SparkCluster | None]:
    """Start Spark where a master is named, and stop it at the end."""
    if master is None:
        yield None
        return
    from features.engine.spark import spark_cluster

    with spark_cluster(master, environ=os.environ) as cluster:
        yield cluster


def _stages(project: Project, names: list[str] | None) -> list[Stage]:
    unknown = sorted(set(names or ()) - set(project.stages))
    if unknown:
        raise typer.BadParameter(f"unknown stage {', '.join(unknown)}; the project has {', '.join(project.stages)}", param_hint="--stage")
    return [project.stages[name] for name in names or project.stages]


def _build(
    project: Project,
    purpose: BuiltFor,
    stage: Stage,
    partitioner: Partitioner | None,
    *,
    as_of: datetime | None,
    workers: int | None,
    as_json: bool,
) -> BuiltTable:
    from features.store import open_store
    from features.tables import build_stage_table

    started = time.perf_counter()
    cohort, table = build_stage_table(
        project,
        purpose.value,
        stage,
        on=datetime.now(UTC).date(),
        as_of=as_of.date() if as_of else None,
        workers=workers or default_workers(open_store(project, purpose.value).n_records, cores=os.cpu_count() or 1),
        partitioner=partitioner,
        progress=progress_for(as_json=as_json),
    )
    seconds = round(time.perf_counter() - started, 3)
    n_shown = int((~cohort.frame["shielded"]).sum())
    return BuiltTable(stage.name, n_shown, len(table.names), seconds, str(table.folder), ", ".join(cohort.not_applied))


def default_workers(n_records: int, *, cores: int) -> int:
    """One process for a store that is done before others would have started, else one per core."""
    return cores if n_records > 5_000_000 else 1
