"""The commands of monitoring."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for
from features.errors import DataError
from monitoring.incident_commands import incidents

app = typer.Typer(add_completion=False, no_args_is_help=True)
monitor_group = typer.Typer(invoke_without_command=True)
app.add_typer(monitor_group, name="monitor")
app.add_typer(incidents, name="incidents")

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Month of the screening's as-of date, YYYY-MM.", show_default="the month of the newest screening"),
]


def is_month(text: str) -> bool:
    """Whether a text is a month as ``YYYY-MM``.

    >>> is_month("2026-06"), is_month("2026-13"), is_month("june")
    (True, False, False)
    """
    return re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is not None


@monitor_group.callback(invoke_without_command=True)
def monitor_command(context: typer.Context, project: ProjectOption = HERE, month: MonthOption = None, as_json: JsonOption = False) -> None:
    """Write the monthly report of every model that is in use.

    Each report says whether the records have changed, whether groups are treated alike, how often the model is right and how people
    use its proposals; small numbers are withheld. It is written to var/reports/MODEL/MONTH as a page for people (report.html, Bokmål;
    report-en.html), as JSON for machines and, with enough people, as Evidently's own pages.

    Doing it again is harmless: a report is only renewed when there is something new to say, such as matured outcomes or finished
    reviews. Needs a valid purpose of kind audit.
    """
    if context.invoked_subcommand is None:
        write_reports(project, month=month, as_json=as_json)


def write_reports(project: Path, *, month: str | None, as_json: bool = False) -> None:
    """Write the monthly reports and say what became of each.

    Raises
    ------
    DataError
        TID483 when the month is none, and as `monitoring.monthly.monitor`.
    """
    if month is not None and not is_month(month):
        raise DataError("TID483", f"--month {month} is no month. Expected YYYY-MM, such as 2026-06.")
    from features.declarations.project import load_project
    from monitoring.monthly import monitor

    reports = monitor(load_project(project), month=month, now=datetime.now(UTC), progress=progress_for(as_json=as_json))
    if as_json:
        print_json([{"folder": report.folder, "unchanged": report.is_unchanged, **report.content} for report in reports])
        return
    for report in reports:
        rows = [[signal["code"], signal["title"], signal["verdict"]] for signal in report.content["signals"]]
        print_table(f"{report.model} {report.month}", ["signal", "question", "verdict"], rows)
        if report.content["suspended_by"]:
            signals = ", ".join(report.content["suspended_by"])
            print_line(f"Take this model out of use until somebody has looked at {signals}: `tidlig models withdraw`.")
        print_line(f"{'Unchanged' if report.is_unchanged else 'Written'}: {report.folder / 'report.html'}")
