"""`tidlig plan-capacity`: what so many reviews a month would find, read from the newest training's report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

if TYPE_CHECKING:
    from models.intervals import Interval
    from training.evaluation.planning import PlannedYear

app = typer.Typer(add_completion=False, no_args_is_help=True)

WORDS = {
    "found": "with the outcome, reviewed",
    "missed": "with the outcome, not reviewed",
    "in_vain": "reviewed, without the outcome",
}
GAINS = {
    "more_capacity": "10 % more reviews, as measured",
    "next_rung": "the next rung of the ladder, as measured",
    "more_capacity_smooth": "10 % more reviews, on a smooth ranking",
    "better_ranking_smooth": "an AUC higher by 0.01, on a smooth ranking",
}


@app.command("plan-capacity")
def plan_capacity(
    model: Annotated[str, typer.Option("--model", metavar="NAME", help="Model, as `tidlig models list` names it.")],
    reviews: Annotated[float, typer.Option("--reviews", min=0.01, help="Reviews a month that the service can do.")],
    people: Annotated[
        int | None, typer.Option("--people", min=1, help="People screened in a year.", show_default="as many as were tested")
    ] = None,
    project: ProjectOption = HERE,
    as_json: JsonOption = False,
) -> None:
    """Say what so many reviews a month find, miss and approach in vain; and what more reviews or a better model would add.

    Figures are those of the newest registered version's test, people it was not fitted on, scaled to the number of people you screen in a
    year. Nothing is trained. They hold for a cohort like the tested one, and say nothing of what a review leads to.
    """
    from features.declarations.project import load_project
    from training.evaluation.planning import plan_year
    from training.report import report_path

    loaded = load_project(project)
    report = read_report(report_path(loaded, model), model)
    section = capacity_section(report, model)
    planned = plan_year(section, reviews_a_month=reviews, people_a_year=people)
    if as_json:
        print_json(
            {
                "synthetic": report["synthetic"],
                "model": model,
                "version": report["version"],
                "run": report["run_id"],
                "rung": section["rung"],
                **plan_fields(planned),
            }
        )
    else:
        _print(planned, section, f"{model} version {report['version']}")


def read_report(path: Path, model: str) -> dict[str, Any]:
    """Read the newest training's report of a model.

    Raises
    ------
    DataError
        TID450 when there is none, or it does not read.
    """
    from features.errors import DataError

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(
            "TID450",
            f"no report of model {model} can be read at {path}. `tidlig models list` names the models; `tidlig train` writes a report.",
        ) from error
    return dict(found)


def capacity_section(report: dict[str, Any], model: str) -> dict[str, Any]:
    """Return the report's capacity plan.

    Raises
    ------
    DataError
        TID451 when an earlier version wrote the report without one.
    """
    from features.errors import DataError

    try:
        return dict(report["sections"]["capacity_plan"])
    except KeyError as error:
        raise DataError(
            "TID451", f"the report of {model} has no capacity plan: an earlier version wrote it. Train again with `tidlig train`."
        ) from error


def plan_fields(planned: PlannedYear) -> dict[str, Any]:
    """Give a plan as JSON-ready fields; people in a year."""
    return {
        "reviews_a_year": planned.reviews_a_year,
        "people_a_year": planned.people_a_year,
        "share_reviewed": planned.share,
        "found": planned.found.to_json(),
        "missed": planned.missed.to_json(),
        "in_vain": planned.in_vain.to_json(),
        "would_find_more": {name: gain.to_json() for name, gain in planned.gains.items()},
    }


def _print(planned: PlannedYear, section: dict[str, Any], model: str) -> None:
    title = (
        f"{model} ({section['rung']}): {planned.reviews_a_year:.0f} reviews a year of {planned.people_a_year} people, {planned.share:.1%}"
    )
    rows = [(text, *_people(getattr(planned, name))) for name, text in WORDS.items()]
    print_table(title, ("in a year", "people", "95 % interval"), rows)
    gains = [(text, *_people(planned.gains[name])) for name, text in GAINS.items() if name in planned.gains]
    print_table("What would find more", ("instead", "more people found", "95 % interval"), gains)
    print_line("People found are people reviewed who would get the outcome; what a review leads to is not in these figures.")


def _people(interval: Interval) -> tuple[str, str]:
    estimate, low, high = (round(value, 1) + 0.0 for value in (interval.estimate, interval.low, interval.high))
    return f"{estimate:.1f}", f"{low:.1f} to {high:.1f}"
