"""What every command shares: options, drawn progress, and how a result is said to a person or a machine."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import progress as rich_progress
from rich.console import Console
from rich.table import Table
from rich.text import Text

from features.progress import Silent, Step

ProjectOption = Annotated[Path, typer.Option("--project", "-p", help="The project folder.", show_default="this folder")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines; nothing else goes to standard output.")]

HERE = Path()


class _DrawnStep:
    def __init__(self, bar: rich_progress.Progress, task: rich_progress.TaskID) -> None:
        self._bar, self._task = bar, task

    def advance(self, amount: float = 1) -> None:
        self._bar.advance(self._task, amount)


class _Count(rich_progress.ProgressColumn):
    """So many of so many where they can be counted, a percentage where they are bytes or rows."""

    def render(self, task: rich_progress.Task) -> Text:
        if task.total is None:
            return Text("")
        if 1 < task.total <= MOST_COUNTED:
            return Text(f"{task.completed:.0f} of {task.total:.0f}")
        return Text(f"{task.percentage:.0f} %")


MOST_COUNTED = 1_000


class Drawn:
    """Progress drawn on standard error, so that standard output stays the result's; a step inside another below it, while it runs."""

    def __init__(self) -> None:
        self._bars: rich_progress.Progress | None = None

    @contextmanager
    def step(self, description: str, *, total: float | None = None) -> Iterator[Step]:
        """Draw one bar; without a total it only shows that work goes on."""
        if self._bars is not None:
            task = self._bars.add_task(description, total=total)
            try:
                yield _DrawnStep(self._bars, task)
            finally:
                self._bars.remove_task(task)
            return
        columns = (
            rich_progress.TextColumn("{task.description:<44}"),
            rich_progress.BarColumn(),
            _Count(),
            rich_progress.TimeElapsedColumn(),
        )
        with rich_progress.Progress(*columns, console=Console(stderr=True)) as bars:
            task, self._bars = bars.add_task(description, total=total), bars
            try:
                yield _DrawnStep(bars, task)
            finally:
                self._bars = None
            bars.update(task, total=total or 1, completed=total or 1)


def progress_for(*, as_json: bool) -> Drawn | Silent:
    """Choose drawn progress for a person at a terminal, silence otherwise."""
    return Drawn() if not as_json and sys.stderr.isatty() else Silent()


def print_json(result: Any) -> None:
    """Print one JSON document; dates as ISO text."""
    typer.echo(json.dumps(result, indent=2, ensure_ascii=False, default=_plain))


def print_line(text: str = "") -> None:
    """Print one line for a person."""
    Console(soft_wrap=True, highlight=False).print(text, markup=False)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table for a person; numbers to the right."""
    table = Table(title=title, title_justify="left")
    for index, column in enumerate(columns):
        numeric = bool(rows) and all(isinstance(row[index], int | float) for row in rows)
        table.add_column(column, justify="right" if numeric else "left")
    for row in rows:
        table.add_row(*(f"{value:.3f}" if isinstance(value, float) else str(value) for value in row))
    Console(soft_wrap=False, highlight=False, width=None if sys.stdout.isatty() else 160).print(table)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{type(value).__name__} has no JSON form")
