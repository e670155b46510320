"""`tidlig planning-figures`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for

if TYPE_CHECKING:
    from features.declarations.project import Project
    from training.planning.figures import PlanningFigures

app = typer.Typer(add_completion=False, no_args_is_help=False)


@app.command("planning-figures")
def planning_figures(
    project: ProjectOption = HERE,
    as_of: Annotated[
        datetime | None,
        typer.Option("--as-of", formats=["%Y-%m-%d"], help="Who lives where on this day, as it was known.", show_default="today"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say for each area how many children and young people there are and what older cohorts make likely; never about one.

    What services need to plan is how many live where at each age from 0 to 24, what is known of them together, and for how many an outcome
    is to be expected that is still to come at that age: rates of the latest cohorts whose outcomes are known, drawn towards the county's
    where a municipality is small, with 95 % intervals. Counts under five are withheld, and what would give them away. Of children under ten
    there are these figures and nothing else: so early a model would be wrong about most of those it names, and none of them gets a score.

    The table shows the nation, its counties and the project's own municipalities; --json has every municipality. Needs valid purposes
    `score` (the children) and `train` (the older cohorts), and a `planning` table in screening.toml.
    """
    from features.declarations.project import load_project
    from training.planning.figures import NOTE
    from training.planning.figures import planning_figures as count_figures

    loaded = load_project(project)
    today = datetime.now(UTC).date()
    with progress_for(as_json=as_json).step("Counting children and older cohorts"):
        figures = count_figures(loaded, on=today, as_of=today if as_of is None else as_of.date())
    if as_json:
        about = {"project": loaded.id, "synthetic": loaded.is_synthetic, "as_of": figures.as_of, "note": NOTE}
        print_json({**about, "outcomes": figures.outcomes, "places": figures.places})
        return
    _print(loaded, figures, NOTE)


def _print(project: Project, figures: PlanningFigures, note: str) -> None:
    outcomes = [str(one["outcome"]) for one in figures.outcomes]
    features = list(figures.places[0]["shares"]) if figures.places else []
    title = f"Everybody of these ages on {figures.as_of}{', all of them invented' if project.is_synthetic else ''}; – is too few to tell"
    print_table(title, ("area", "ages", "children", *features, *(f"expected: {one}" for one in outcomes)), list(_rows(project, figures)))
    for one in figures.outcomes:
        cohorts = f"{one['cohorts'][0]} to {one['cohorts'][-1]}"
        print_line(
            f"{one['outcome']}: {one['n_people']} people of {one['stage']}, cohorts {cohorts}, {100 * one['rate']:.1f} % with the outcome."
        )
    print_line(note)


def _rows(project: Project, figures: PlanningFigures) -> Iterator[tuple[object, ...]]:
    own = {place.number for place in project.screening.municipality}
    for place in figures.places:
        if place["level"] != "municipality" or place["area"] in own:
            first, last = place["ages"]
            shares = (_percent(share) for share in place["shares"].values())
            expected = (_between(one) for one in place["expected"].values())
            yield (_name(place), f"{first}-{last}", "–" if place["n"] is None else place["n"], *shares, *expected)


def _name(place: dict[str, Any]) -> str:
    return str(place.get("name") or (place["area"] if place["level"] == "nation" else f"{place['level']} {place['area']}"))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f} %"


def _between(expected: dict[str, Any] | None) -> str:
    return "–" if expected is None else f"{expected['number']} ({expected['low']}-{expected['high']})"
