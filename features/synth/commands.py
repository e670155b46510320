"""`tidlig synth`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for

if TYPE_CHECKING:
    from features.declarations.project import Project
    from features.synth.sources import Written

app = typer.Typer(add_completion=False, no_args_is_help=True)

UNTIL = datetime(2026, 11, 1)  # noqa: DTZ001 - a day; typer hands days over as datetimes


@app.command("synth")
def synth(
    people: Annotated[int, typer.Option("--people", "-n", help="How many invented people, born from 1988 to the last day.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same population, byte for byte.")] = 1,
    project: ProjectOption = HERE,
    until: Annotated[
        datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Nothing that became known after this day is written.")
    ] = UNTIL,
    plant: Annotated[
        list[str] | None,
        typer.Option(
            "--plant",
            help="Plant something on purpose, by name; may be given several times: drift_absence_2026, drift_notifications_2025, "
            "unfair_absence_immigrant, unfair_labels_norwegian_born, leak_school_changes, effect_moves. docs/reference/synthetic-norway.md "
            "says what each does.",
        ),
    ] = None,
    local_share: Annotated[
        float, typer.Option("--local-share", help="Share of the people who live in the four invented municipalities that work cases.")
    ] = 0.5,
    as_json: JsonOption = False,
) -> None:
    """Make a synthetic population: the project's source files, below data/, of invented people.

    Numbers resemble Norwegian statistics; nobody in them exists, and every row says `synthetic`. Works only in a project with
    `data = "synthetic"`, so that invented and real people never mix. What no register knows, the true probability of each person, goes to
    data/truth/, which no source reads. Children of 0 to 24 today, and the cohorts before them that training learns from.

    An indicator that you declared and the generator does not know is drawn at random from its declaration, into data/drawn.parquet (one
    of the audit sector into data/drawn_audit.parquet): related to nothing, enough to try a source and its features.

    Next: `tidlig ingest`.
    """
    from features.declarations.project import load_project
    from features.synth.generate import Settings
    from features.synth.project_data import write_population

    loaded = load_project(project)
    settings = Settings(people, until.date(), frozenset(plant or ()), local_share)
    with progress_for(as_json=as_json).step(f"Inventing {people:,} people", total=people) as step:
        written = write_population(loaded, settings, seed, advance=step.advance)
    if as_json:
        print_json(
            {
                "folder": written.folder,
                "people": written.n_people,
                "seed": seed,
                "synthetic": True,
                "rows": written.rows,
                "drawn": written.drawn,
            }
        )
        return
    print_table(f"{written.n_people:,} invented people in {written.folder}", ("file", "rows"), list(written.rows.items()))
    _print_drawn(loaded, written)
    print_line("Nobody here exists. Next: tidlig ingest")


def _print_drawn(project: Project, written: Written) -> None:
    """Say which files hold nothing but chance, and which of them no source reads yet."""
    declared = {file for source in project.catalogue.sources.values() for file in source.files}
    for name, codes in written.drawn.items():
        print_line(f"data/{name}: {', '.join(codes)}. Drawn at random from the declaration, related to nothing.")
        if f"data/{name}" not in declared:
            print_line(f'No source reads it. Declare a [[source]] with layout = "events" and files = ["data/{name}"] in indicators/.')
