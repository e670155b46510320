"""The command that looks for breaks in published series."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from features.command_line import JsonOption, print_json, print_line, print_table, progress_for
from features.errors import DataError

if TYPE_CHECKING:
    from monitoring.series.finding import SeriesBreaks

FileArgument = Annotated[Path, typer.Argument(help="A published table, one month a row.", exists=True, dir_okay=False)]
LayoutOption = Annotated[
    str | None, typer.Option("--layout", help="A table that is known by name, such as nedsatt_arbeidsevne; instead of naming columns.")
]
MonthOption = Annotated[str | None, typer.Option("--month-column", help="Column of the months, as dates.")]
ValueOption = Annotated[str | None, typer.Option("--value-column", help="Column of the figures.")]
ByOption = Annotated[list[str] | None, typer.Option("--by", help="Column that tells series apart; may be repeated.")]
OnlyOption = Annotated[list[str] | None, typer.Option("--only", help="COLUMN=VALUE: only these rows; may be repeated.")]
DecimalOption = Annotated[str, typer.Option("--decimal", help="Decimal mark of the figures, where columns are named.")]
LevelOption = Annotated[float, typer.Option("--level", min=0.001, max=0.5, help="Chance of finding any break in one series that has none.")]
SeedOption = Annotated[int, typer.Option("--seed", help="The same seed gives the same p-values.")]


def series_breaks(
    file: FileArgument,
    layout: LayoutOption = None,
    month_column: MonthOption = None,
    value_column: ValueOption = None,
    by: ByOption = None,
    only: OnlyOption = None,
    decimal: DecimalOption = ".",
    level: LevelOption = 0.05,
    seed: SeedOption = 1,
    as_json: JsonOption = False,
) -> None:
    """Find from which months on published monthly figures grow at another rate.

    Growth from month to month is looked at, the usual growth of each calendar month taken out. A break says when, never why. Each series
    is tested by itself: of many series without a break, some are found to have one by chance, and how many is told.

    Without --layout, name the columns. With --layout nedsatt_arbeidsevne this reads NAV's table as it is published.
    """
    from monitoring.series.finding import find_series_breaks, layout_of

    chosen = layout_of(layout, month=month_column, value=value_column, by=by or (), decimal=decimal)
    found = find_series_breaks(file, chosen, only=_pairs(only or ()), seed=seed, level=level, progress=progress_for(as_json=as_json))
    if as_json:
        print_json(_content(file, found, level=level, seed=seed))
        return
    print_table(
        f"Breaks in {file.name}", ["series", "from", "to", "break", "before", "after", "p"], [row for one in found for row in _rows(one)]
    )
    n_asked, n_broken = _n_asked(found), sum(one.verdict == "breaks" for one in found)
    print_line(
        f"{n_broken} of {n_asked} series that could be asked have a break; without any, chance would give about {level * n_asked:.1f}. "
        "Growth is told for a year."
    )


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in texts]
    for column, mark, _ in pairs:
        if not mark or not column:
            raise DataError("TID473", "--only is COLUMN=VALUE, such as --only 'Kjønn=Begge kjønn'.")
    return {column.strip(): value.strip() for column, _, value in pairs}


def _content(file: Path, found: Sequence[SeriesBreaks], *, level: float, seed: int) -> dict[str, Any]:
    n_asked = _n_asked(found)
    return {
        "file": file.name,
        "level": level,
        "seed": seed,
        "n_series": len(found),
        "n_asked": n_asked,
        "expected_by_chance": round(level * n_asked, 2),
        "series": [asdict(one) for one in found],
    }


def _n_asked(found: Sequence[SeriesBreaks]) -> int:
    return sum(one.verdict in ("breaks", "no break") for one in found)


def _rows(one: SeriesBreaks) -> Iterator[tuple[str, ...]]:
    start = (_name(one.series), f"{one.first_month:%Y-%m}", f"{one.last_month:%Y-%m}")
    for found in one.breaks:
        yield (*start, f"{found.month:%Y-%m}", f"{found.before:+.1%}", f"{found.after:+.1%}", f"{found.p_value:.3f}")
    if not one.breaks:
        yield (*start, one.verdict, "", "", "")


def _name(series: Mapping[str, str]) -> str:
    return ", ".join(series.values()) or "(all rows)"
