"""The page that puts targets beside results, and the command that measures the results anew.

Making 200,000 people for every check of the pages would take too long, so the figures are kept in ``docs/synthetic-norway.json``. After a
change of the generator: ``python -m docs.synthetic_norway`` (half a minute), then ``make docs``. `make proof` holds the file against a
fresh run.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TypedDict

from numpy.random import SeedSequence

from features.declarations.project import load_project
from features.synth.figures.measure import Figures, measure_population
from features.synth.figures.targets import TARGETS, Target
from features.synth.generate import Settings, generate_cohorts
from features.synth.plants import PLANTS
from features.synth.registers import delivery_of
from features.synth.sources import write_sources

STORED = Path(__file__).parent / "synthetic-norway.json"
NORWAY = Path(__file__).parents[1] / "examples" / "norway"
PEOPLE, SEED, UNTIL = 200_000, 5, date(2026, 11, 1)


class StoredFigures(TypedDict):
    """What the file holds: the population, and for each key value and standard error."""

    people: int
    seed: int
    until: str
    figures: dict[str, tuple[float, float]]


def fresh_figures(*, people: int, seed: int, until: date) -> Figures:
    """Make a population in a temporary folder and measure it."""
    settings = Settings(people, until)
    with tempfile.TemporaryDirectory() as folder:
        delivery = delivery_of(load_project(NORWAY).catalogue)
        cohorts = generate_cohorts(settings, SeedSequence(seed))
        write_sources(cohorts, Path(folder), people=people, last_day=settings.last_day, delivery=delivery)
        return measure_population(Path(folder))


def read_stored() -> StoredFigures:
    """Read the kept figures."""
    stored: StoredFigures = json.loads(STORED.read_text(encoding="utf-8"))
    return stored


def write_stored() -> None:
    """Measure anew and keep the figures, rounded to four digits."""
    figures = fresh_figures(people=PEOPLE, seed=SEED, until=UNTIL)
    rounded = {key: (round(figure.value, 4), round(figure.standard_error, 5)) for key, figure in figures.items()}
    stored = StoredFigures(people=PEOPLE, seed=SEED, until=UNTIL.isoformat(), figures=rounded)
    STORED.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def synthetic_norway_page() -> str:
    """Put each target beside the result, and say what can be planted."""
    stored = read_stored()
    lines = [
        "# Synthetic Norway: target and result",
        "",
        "Made by `make docs` from `features/synth/figures/targets.py`, `features/synth/plants.py` and `docs/synthetic-norway.json`.",
        "**Nobody here exists**; a figure that fits says that the invented population resembles the statistics, and nothing about",
        "Norway. How it comes about stands in [synthetic.md](../synthetic.md).",
        "",
        f"{stored['people']:,} people, seed {stored['seed']}, known by {stored['until']}, measured from the source files as intake would",
        "read them. The truth file is used only for what no register reaches: 25 to 29 years, and the ceilings. Anew:",
        "`python -m docs.synthetic_norway`.",
        "",
        "A share may be off by one percentage point, or by a tenth of itself where that is less, and by no less than three standard",
        "errors; other tolerances are given. S: read in a public page, D: derived from such, M: from memory, to be verified.",
        "",
        "| what | from | target | result | tolerance | met |",
        "|---|---|---|---|---|---|",
        *_rows(stored),
        "",
        "A ceiling is the area under the curve of the probability that the outcomes were drawn from: no model can do better without",
        "knowing what it can't. A model sees less than the truth does, and ends a few hundredths below.",
        "",
        "## What can be planted",
        "",
        "`tidlig synth --plant NAME`, one or several. A plant draws from a stream of its own: whatever it does not speak of stays the",
        "same to the byte.",
        "",
        "| name | kind | what it does, and what ought to notice |",
        "|---|---|---|",
        *(f"| `{plant.name}` | {plant.kind} | {plant.says} |" for plant in PLANTS.values()),
    ]
    return "\n".join(lines) + "\n"


def _rows(stored: StoredFigures) -> Iterator[str]:
    for target in TARGETS:
        value, standard_error = stored["figures"][target.key]
        tolerance = target.tolerance(value, standard_error)
        met = "yes" if target.is_met(value, standard_error) else "**no**"
        numbers = " | ".join(_shown(target, number) for number in (target.value, value, tolerance))
        yield f"| {target.says} | {target.mark} | {numbers} | {met} |"


def _shown(target: Target, value: float) -> str:
    if target.unit == "number":
        return f"{value:.3f}" if target.key.startswith("ceiling") else f"{value:.2f}"
    return f"{100 * value:.3g} %" if value < 0.001 else f"{100 * value:.1f} %"


PAGES = {"synthetic-norway.md": synthetic_norway_page}


if __name__ == "__main__":
    write_stored()
    print(f"wrote {STORED.name}", file=sys.stderr)
