"""The command that reports on another product's scores."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import JsonOption, print_json, print_line, print_table

ScoresArgument = Annotated[Path, typer.Argument(help="Scores in Parquet, one person a row.", exists=True, dir_okay=False)]
AboutOption = Annotated[
    Path,
    typer.Option("--about", help="TOML that says which model it is, why it may be watched, and what the columns mean.", exists=True),
]
ReferenceOption = Annotated[
    Path | None,
    typer.Option("--reference", help="Earlier rows of the same columns, in Parquet; without them nothing is said of drift.", exists=True),
]
ToOption = Annotated[Path, typer.Option("--to", help="Folder of the report.")]


def monitor_scores(
    scores: ScoresArgument, about: AboutOption, to: ToOption, reference: ReferenceOption = None, as_json: JsonOption = False
) -> None:
    """Write the monthly report for a model that another product serves, from its scores in Parquet.

    The same figures, rules and pages as for a model of this product: fairness, calibration, drift, expected and matured figures, coded
    signals, small numbers withheld. Only declared columns are read; a column of names or numbers of persons is not among them. Of reviews
    nothing is known here, so nothing is said of them. See docs/monitoring.md for the declaration.
    """
    from monitoring.outside.declaration import read_outside
    from monitoring.outside.report import build_outside_report, write_outside_report
    from monitoring.outside.scores import read_scores

    now = datetime.now(UTC)
    declared = read_outside(about, on=now.date())
    before = None if reference is None else read_scores(reference, declared.columns, is_reference=True)
    content = build_outside_report(declared, read_scores(scores, declared.columns), before, now=now)
    written = write_outside_report(content, to)
    if as_json:
        print_json({"folder": to, **content})
        return
    rows = [[signal["code"], signal["title"], signal["verdict"]] for signal in content["signals"]]
    print_table(f"{content['model']} {content['month']}", ["signal", "question", "verdict"], rows)
    print_line(f"Written: {written[0]}")
