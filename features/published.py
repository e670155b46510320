"""Tables that Norwegian bodies publish: counts and rates of places and groups, read into rows with one figure each.

They are for calibration and for watching drift; nobody in them is a person, and an ingest refuses them as persons. What makes each hard to
read is declared in a `PublishedLayout`: a header over several rows, years side by side, marks in place of figures, notes of a break in
the series among the columns, shares written as parts or as per cent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.readers import open_file
from features.published_tables import PublishedLayout

MARKS: Mapping[str, str] = {
    "": "not given",
    ":": "withheld: too few",
    "*": "withheld: too few",
    ".": "can't be: the category does not exist",
    "..": "not available",
    "...": "not available yet",
}
"""What stands where no figure does (Statistics Norway's standard signs, and the Directorate of Education's star)."""


def read_published(path: Path, layout: PublishedLayout) -> pd.DataFrame:
    """Read a published table into tidy rows.

    Returns
    -------
    pandas.DataFrame
        The keys as text (dates as `datetime64`), for side-by-side tables the parts of the column's name, `measure` for tables with several
        value columns, then `value` (float64, NaN where there is no figure), `missing` (why, None where there is one) and `note`
        (text on a break in the series, None without).

    Raises
    ------
    IntakeError
        TID346 a column is missing or its name has other parts than declared, TID347 a cell is neither a figure nor a known mark, and
        TID303 to TID307 as the reader of sources.
    """
    names, cells = _read_cells(path, layout)
    _check_columns(names, layout, path)
    wide = bool(layout.parts) or layout.header_rows > 1
    long = _side_by_side(names, cells, layout, path) if wide else _one_period_a_row(names, cells, layout)
    return _with_figures(long, layout, path)


def _read_cells(path: Path, layout: PublishedLayout) -> tuple[list[tuple[str, ...]], pd.DataFrame]:
    """Read a name for each column, one text a header row, and the rows below; through the reader that sources have."""
    source = Source(name="published", layout="snapshots", files=(path.name,), known_lag_days=0)
    broken: list[int] = []
    opened = open_file(path, source, expected=layout.keys, on_bad_lines=lambda _, lines: broken.extend(lines))
    text = pd.concat([chunk.table.to_pandas() for chunk in opened.chunks], ignore_index=True).astype(object)
    if broken:
        raise IntakeError("TID347", f"{path.name}: {len(broken)} lines have too many or too few fields (first at line {broken[0]}).")
    text = text.where(text.notna(), "")
    text.columns = pd.RangeIndex(len(text.columns))
    more = [text.iloc[row].tolist() for row in range(layout.header_rows - 1)]
    names = [tuple(str(part).strip() for part in parts) for parts in zip(opened.columns, *more, strict=True)]
    return names, text.iloc[layout.header_rows - 1 :].reset_index(drop=True)


def _check_columns(names: list[tuple[str, ...]], layout: PublishedLayout, path: Path) -> None:
    have = [parts[0] for parts in names]
    missing = [column for column in (*layout.keys, *layout.values) if column not in have]
    if missing:
        raise IntakeError("TID346", f"{path.name} lacks the columns {', '.join(missing)}. It has {', '.join(dict.fromkeys(have))}.")


def _one_period_a_row(names: list[tuple[str, ...]], cells: pd.DataFrame, layout: PublishedLayout) -> pd.DataFrame:
    table = cells.set_axis([parts[0] for parts in names], axis="columns")
    long = table.melt(id_vars=list(layout.keys), value_vars=list(layout.values), var_name="measure", value_name="cell")
    return (long if len(layout.values) > 1 else long.drop(columns="measure")).assign(note=None)


def _side_by_side(names: list[tuple[str, ...]], cells: pd.DataFrame, layout: PublishedLayout, path: Path) -> pd.DataFrame:
    """Turn columns of periods into rows; a column of notes goes to the figures of the period it names."""
    places = {parts[0]: place for place, parts in reversed(list(enumerate(names)))}
    keys = cells[[places[key] for key in layout.keys]].set_axis(list(layout.keys), axis="columns")
    figures: dict[tuple[tuple[str, str], ...], pd.Series] = {}
    notes: dict[tuple[tuple[str, str], ...], pd.Series] = {}
    for place, parts in enumerate(names):
        if parts[0] in layout.keys:
            continue
        told, is_note = _parts(parts, layout, path)
        (notes if is_note else figures)[tuple(told.items())] = cells[place]
    pieces = [keys.assign(**dict(told), cell=column, note=notes.get(told)) for told, column in figures.items()]
    return pd.concat(pieces, ignore_index=True)


def _parts(parts: tuple[str, ...], layout: PublishedLayout, path: Path) -> tuple[dict[str, str], bool]:
    """Give the parts of a column's name by what they are, and whether it is a column of notes."""
    if layout.header_rows > 1:
        pairs = [part.partition(": ") for part in parts]
        if all(mark for _, mark, _ in pairs):
            return {name: value for name, _, value in pairs}, False
        raise IntakeError("TID346", f"{path.name} has a column named {' | '.join(parts)!r}. Expected `Name: value` in every header row.")
    told = parts[0].split(".")
    is_note = layout.note_part is not None and told[-1] == layout.note_part
    told = told[:-1] if is_note else told
    if len(told) != len(layout.parts):
        raise IntakeError("TID346", f"{path.name} has a column named {parts[0]!r}. Expected the parts {', '.join(layout.parts)}.")
    return dict(zip(layout.parts, told, strict=True)), is_note


def _with_figures(long: pd.DataFrame, layout: PublishedLayout, path: Path) -> pd.DataFrame:
    """Read the cells as figures or marks, the dates as dates, and bring shares to [0, 1]."""
    cell = long.pop("cell").str.strip()
    is_mark = cell.isin(MARKS.keys())
    plain = cell.str.replace("[ \u00a0\u202f]", "", regex=True)  # thousands are set apart by blanks
    strange = ~is_mark & ~plain.str.fullmatch(rf"-?\d+(?:{re.escape(layout.decimal)}\d+)?").astype(bool)
    value = pd.to_numeric(plain.where(~is_mark & ~strange).str.replace(layout.decimal, "."))
    if strange.any():
        raise IntakeError(
            "TID347",
            f"{path.name}: {int(strange.sum())} cells are neither a figure with the decimal mark {layout.decimal!r} nor one of the marks "
            f"{' '.join(mark for mark in MARKS if mark)}. Correct the layout's `decimal`, or add the mark with its meaning.",
        )
    told: dict[str, pd.Series] = {name: long[name].str.strip() for name in long.columns if name != "note"}
    told.update({name: pd.to_datetime(told[name]) for name in layout.dates})
    note = long["note"].where(long["note"].notna() & (long["note"] != ""), None)
    scale = _scale(long, layout)
    missing = cell.map(MARKS).astype(object).where(is_mark, None)
    return pd.DataFrame({**told, "value": value.astype(np.float64) * scale, "missing": missing, "note": note})


def _scale(long: pd.DataFrame, layout: PublishedLayout) -> pd.Series:
    """Factor of each row: by its measure, by a part of its column's name, or that of the only value column."""
    factor = pd.Series(1.0, index=long.index)
    if len(layout.values) == 1:
        return factor * layout.scale.get(layout.values[0], 1.0)
    for name in long.columns.difference([*layout.keys, "note"]):
        factor *= long[name].map(layout.scale).fillna(1.0).astype(np.float64)
    return factor
