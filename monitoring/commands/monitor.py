"""The commands of monitoring."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.command_line import HERE, JsonOption, ProjectOption, print_json, print_line, print_table, progress_for
from features.errors import DataError
from monitoring.commands.incidents import incidents
from monitoring.commands.offline_signing import sign_statement
from monitoring.commands.scores import monitor_scores
from monitoring.commands.series import series_breaks
from monitoring.commands.signing import list_reports, sign, verify

if TYPE_CHECKING:
    from features.declarations.project import Project
    from monitoring.reports.monthly import Failure, Report
    from monitoring.sinks.sending import Sent

app = typer.Typer(add_completion=False, no_args_is_help=True)
monitor_group = typer.Typer(invoke_without_command=True)
app.add_typer(monitor_group, name="monitor")
app.add_typer(incidents, name="incidents")
app.command("series-breaks")(series_breaks)
app.command("monitor-scores")(monitor_scores)

MonthOption = Annotated[
    str | None,
    typer.Option("--month", help="Month of the screening's as-of date, YYYY-MM.", show_default="the month of the newest screening"),
]


RenewOption = Annotated[
    bool,
    typer.Option("--renew", help="Instead of one month's: make all reports of an earlier format anew, except those that are signed."),
]


def is_month(text: str) -> bool:
    """Whether a text is a month as ``YYYY-MM``.

    >>> is_month("2026-06"), is_month("2026-13"), is_month("june")
    (True, False, False)
    """
    return re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text) is not None


PrometheusOption = Annotated[
    Path | None,
    typer.Option("--prometheus", help="Also write this file for node_exporter's textfile collector, such as tidlig.prom."),
]


@monitor_group.callback(invoke_without_command=True)
def monitor_command(
    context: typer.Context,
    project: ProjectOption = HERE,
    month: MonthOption = None,
    renew: RenewOption = False,
    prometheus: PrometheusOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the monthly report of every model that is in use.

    Each report says whether the records have changed, whether groups are treated alike, how often the model is right and how people
    use its proposals; small numbers are withheld. It is written to var/reports/MODEL/MONTH as a page for people (report.html, Bokmål;
    report-en.html), as JSON for machines and, with enough people, as Evidently's own pages.

    Doing it again is harmless: a report is only renewed when there is something new to say, such as matured outcomes, finished reviews
    or another threshold, and a run that was killed is finished by the next. A signal that fails opens an incident (`tidlig incidents`).
    Events go to the sinks that the project declares, and nowhere without. Needs a valid purpose of kind audit.

    After an upgrade, reports may be of an earlier format, which later ones can't be compared with. Each run names them, and --renew makes
    them anew, oldest first. A report that is signed is left as it was signed.

    One model's failure does not keep the others from their reports; the exit status is that of the first failure.
    """
    if context.invoked_subcommand is None:
        write_reports(project, month=month, renew=renew, prometheus=prometheus, as_json=as_json)


monitor_group.command("list")(list_reports)
monitor_group.command("sign")(sign)
monitor_group.command("sign-statement")(sign_statement)
monitor_group.command("verify")(verify)


def write_reports(project: Path, *, month: str | None, renew: bool = False, prometheus: Path | None = None, as_json: bool = False) -> None:
    """Write the monthly reports, follow them up, and say what became of each.

    Raises
    ------
    DataError
        TID483 when the month is none, TID495 when a sink did not take everything, and as `monitoring.reports.monthly.monitor`.
    LedgerError
        TID801 to TID805 when the incidents' book does not verify.
    """
    if month is not None and not is_month(month):
        raise DataError("TID483", f"--month {month} is no month. Expected YYYY-MM, such as 2026-06.")
    if renew and month is not None:
        raise typer.BadParameter("give --month, or --renew for all months")
    from features.declarations.project import load_project
    from monitoring.reports.following_up import follow_up, world_of
    from monitoring.reports.gauges import write_textfile
    from monitoring.reports.monthly import Failure, Report

    loaded, now = load_project(project), datetime.now(UTC)
    made = _make(loaded, month=month, renew=renew, now=now, as_json=as_json)
    reports = [one for one in made if isinstance(one, Report)]
    failures = [one for one in made if isinstance(one, Failure)]
    say_reports(reports, as_json=as_json)
    for failure in failures:
        typer.echo(f"No report on {failure.model}: {failure.error}", err=True)
    try:
        sent = follow_up(loaded, [report.content for report in reports], world=world_of(os.environ), now=now)
    finally:
        if prometheus is not None:
            write_textfile(loaded, prometheus, now=datetime.now(UTC))
    if failures:
        raise failures[0].error
    _say_old_reports(loaded)
    check_sent(sent)


def _make(project: Project, *, month: str | None, renew: bool, now: datetime, as_json: bool) -> Sequence[Report | Failure]:
    progress = progress_for(as_json=as_json)
    if not renew:
        from monitoring.reports.monthly import monitor_each

        return monitor_each(project, month=month, now=now, progress=progress)
    from monitoring.reports.renewing import renew_reports

    renewal = renew_reports(project, now=now, progress=progress)
    if not renewal.made and not renewal.left:
        typer.echo("No report is of an earlier format.", err=True)
    for one in renewal.left:
        typer.echo(f"Left as it is: {one.model} {one.month}, since {one.why}.", err=True)
    return renewal.made


def _say_old_reports(project: Project) -> None:
    from monitoring.reports.overview import list_monthly_reports, old_reports_words

    if (old := old_reports_words(list_monthly_reports(project))) is not None:
        typer.echo(old, err=True)


def say_reports(reports: list[Report], *, as_json: bool) -> None:
    """Print what the reports say."""
    if as_json:
        print_json([{"folder": report.folder, "unchanged": report.is_unchanged, **report.content} for report in reports])
        return
    for report in reports:
        rows = [[signal["code"], signal["title"], signal["verdict"]] for signal in report.content["signals"]]
        print_table(f"{report.model} {report.month}", ["signal", "question", "verdict"], rows)
        asking = [code for code in report.content["suspended_by"] if code not in report.content["stopped_by"]]
        if report.content["stopped_by"]:
            print_line(f"{', '.join(report.content['stopped_by'])} suspend this model by themselves until somebody lifts it.")
        if asking:
            print_line(f"Take this model out of use until somebody has looked at {', '.join(asking)}: `tidlig models withdraw`.")
        print_line(f"{'Unchanged' if report.is_unchanged else 'Written'}: {report.folder / 'report.html'}")


def check_sent(sent: Iterable[Sent]) -> None:
    """Refuse to end well while events wait for a sink: whoever schedules this has to see it.

    Raises
    ------
    DataError
        TID495.
    """
    waiting = [one for one in sent if one.n_waiting]
    if waiting:
        what = "; ".join(f"{one.n_waiting} for {one.sink} ({one.problem})" for one in waiting)
        raise DataError("TID495", f"the reports are written, and events wait for a sink: {what}. They are sent by the next run.")


@monitor_group.command("workspace")
def show_workspace(
    project: ProjectOption = HERE,
    port: Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on, this machine only.")] = 8010,
) -> None:
    """Open Evidently's own console over what the monthly reports keep for it, until Ctrl-C.

    The same as `evidently ui --workspace var/evidently`, with its telemetry off. What lies there is coarse and holds nobody's rows.
    """
    from features.declarations.project import load_project
    from monitoring.drift.workspace import open_workspace

    with open_workspace(load_project(project), port=port, environ=os.environ) as process:
        print_line(f"http://127.0.0.1:{port} (Ctrl-C ends it)")
        with suppress(KeyboardInterrupt):
            raise typer.Exit(process.wait())
