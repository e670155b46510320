"""`tidlig papers`: write a run's papers again, after the project's declarations or a person's words changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Write the papers of a run.")


@app.callback()
def _group() -> None:
    """Keep `papers` a command of its own name."""


@app.command("papers")
def papers(
    project: ProjectOption = HERE,
    model: Annotated[list[str] | None, typer.Option("--model", help="Only this model; may be repeated.", show_default="all")] = None,
    as_json: JsonOption = False,
) -> None:
    """Write model card, datasheet, Article 30 record, TRIPOD+AI, Annex IV, DPIA and FRIA of each model's newest run.

    They are drafts: what the run and the project's files know is filled in, with the place that each figure was read from; what a
    person must add is marked. As Markdown and HTML, in Bokmål and English, below var/reports/papers.
    """
    from features.declarations.project import load_project
    from training.papers.write import build_papers, papers_folder, write_papers
    from training.report import read_reports

    loaded = load_project(project)
    rows, written = [], []
    for report in read_reports(loaded, models=model or ()):
        found = build_papers(loaded, report, now=datetime.now(UTC))
        folder = papers_folder(loaded, report["model"], report["version"])
        written += [str(path) for path in write_papers(found, folder)]
        rows += [(report["model"], paper.title, paper.language, paper.n_figures, paper.n_to_fill) for paper in found]
    if as_json:
        print_json({"project": loaded.id, "synthetic": loaded.is_synthetic, "files": written})
        return
    print_table("Papers", ("model", "paper", "language", "figures", "places for a person"), rows)
    print_line(f"Below {loaded.var / 'reports' / 'papers'}")
