"""`tidlig synth`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for

app = typer.Typer(add_completion=False, no_args_is_help=True)

UNTIL = datetime(2026, 11, 1)  # noqa: DTZ001 - a day; typer hands days over as datetimes


@app.command("synth")
def synth(
    people: Annotated[int, typer.Option("--people", "-n", help="How many invented people, born 1988 to 2021.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", "-s", help="The same seed gives the same population, byte for byte.")] = 1,
    project: ProjectOption = HERE,
    until: Annotated[
        datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="Nothing that became known after this day is written.")
    ] = UNTIL,
    plant: Annotated[
        list[str] | None, typer.Option("--plant", help="Plant something on purpose: drift_absence_2026. May be given several times.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a synthetic population: the project's source files, below data/, of invented people.

    Numbers resemble Norwegian statistics; nobody in them exists, and every row says `synthetic`. Works only in a project with
    `data = "synthetic"`, so that invented and real people never mix. What no register knows, the true probability of each person, goes to
    data/truth/, which no source reads.

    Next: `tidlig ingest`.
    """
    import numpy as np

    from features.project import load_project
    from features.synth.generate import Settings
    from features.synth.project_data import write_population

    loaded = load_project(project)
    settings = Settings(people, until.date(), frozenset(plant or ()))
    with progress_for(as_json=as_json).step(f"Inventing {people:,} people", total=people) as step:
        written = write_population(loaded, settings, np.random.default_rng(seed), advance=step.advance)
    if as_json:
        print_json({"folder": written.folder, "people": written.n_people, "seed": seed, "synthetic": True, "rows": written.rows})
        return
    print_table(f"{written.n_people:,} invented people in {written.folder}", ("file", "rows"), list(written.rows.items()))
    print_line("Nobody here exists. Next: tidlig ingest")
