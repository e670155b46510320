"""Consents that a deployer's own system delivers (layout ``consents``): read anew at every ingest, whole or not at all (R-23, R-36).

One row for each person, scope and purpose. What is kept says nothing of the source but subject ids and codes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from features.consent_table import CONSENTS, check_consents
from features.declarations.project import Project
from features.errors import PurposeError
from features.exchange import fit_table
from features.intake.layouts import CONSENT_COLUMNS
from features.intake.people import People, find_links
from features.intake.quarantine import FileTally
from features.intake.roster import Roster
from features.intake.sources import SourceUnit, read_unit

_NEEDED = ["scope", "purpose", "signed_by", "language", "valid_from", "valid_to", "age_rule"]
"""Cells without which a row is no consent."""


def read_delivered(
    project: Project, units: Sequence[SourceUnit], people: People, roster: Roster, *, tallies: Sequence[FileTally]
) -> pa.Table:
    """Read all sources of consents into one table of `features.consent_table.CONSENTS`, in a fixed order.

    Rows of people whom no persons source knows are set aside. Of people who may leave no trace (R-08) nothing is looked at or counted.

    Raises
    ------
    PurposeError
        TID221 when a row is no consent, TID222 when the project has no purpose of kind ``score``, whose subjects consents stand on.
    """
    if not any(purpose.kind == "score" for purpose in project.screening.purpose):
        raise PurposeError(
            "TID222",
            f"source {units[0].source.name} delivers consents, and {project.root / 'screening.toml'} declares no purpose of kind 'score': "
            "consents are kept on its subjects. Declare it with its legal basis, or leave the source out.",
        )
    found = [_read(project, unit, people, roster, tally) for unit, tally in zip(units, tallies, strict=True)]
    table = pa.concat_tables(found)
    return table.group_by(CONSENTS.names, use_threads=False).aggregate([]).sort_by([(name, "ascending") for name in CONSENTS.names])


def _read(project: Project, unit: SourceUnit, people: People, roster: Roster, tally: FileTally) -> pa.Table:
    chunks = [_texts(chunk.table, chunk.lines, unit) for chunk in read_unit(unit, tally)]
    _check_whole(tally, unit)
    if not chunks:
        return CONSENTS.empty_table()
    rows = pd.concat(chunks, ignore_index=True)
    rows = rows[~rows["raw"].isin(roster.hidden)]
    tally.rows_read += len(rows)
    subject = rows["raw"].map(_subjects(rows["raw"].dropna().unique().tolist(), people, roster))
    for reason, mask in (("missing_id", rows["raw"].isna()), ("unknown_person", rows["raw"].notna() & subject.isna())):
        if mask.any():
            tally.add(reason, rows.loc[mask, "line"].tolist())
    kept = rows[subject.notna()].assign(subject_id=subject[subject.notna()])
    _check_readable(kept, unit)
    table = fit_table(pa.Table.from_pandas(kept[CONSENTS.names], preserve_index=False), CONSENTS, place=unit.name)
    check_consents(project, table, place=f"{unit.name} (source {unit.source.name})")
    return table


def _texts(table: pa.Table, lines: pa.Array, unit: SourceUnit) -> pd.DataFrame:
    """Read a chunk's cells: codes as text, dates and ages as such; null where they do not read."""
    columns = {name: f"nullif(trim(\"{name}\"::VARCHAR), '')" for name in (unit.source.id_column, *CONSENT_COLUMNS)}
    codes = [f"{columns[name]} AS {name}" for name in ("scope", "purpose", "signed_by", "language")]
    days = [f"{_day(columns[name])} AS {name}" for name in ("valid_from", "valid_to")]
    withdrawn = columns["withdrawn_on"]
    with duckdb.connect(":memory:", config={"temp_directory": "", "threads": 1}) as connection:
        connection.register("chunk", table.append_column("__line", lines))
        read: Any = connection.execute(
            f"""SELECT __line AS line, {columns[unit.source.id_column]} AS raw, {", ".join([*codes, *days])},
                TRY_CAST({columns["age_rule"]} AS TINYINT) AS age_rule, {_day(withdrawn)} AS withdrawn_at,
                {withdrawn} IS NOT NULL AND {_day(withdrawn)} IS NULL AS is_unreadable
            FROM chunk"""
        )
        frame: pd.DataFrame = read.to_arrow_table().to_pandas(date_as_object=True, integer_object_nulls=True)
    return frame


def _day(text: str) -> str:
    return f"coalesce(TRY_CAST({text} AS DATE), TRY_CAST(try_strptime({text}, '%d.%m.%Y') AS DATE))"


def _subjects(raw: Sequence[str], people: People, roster: Roster) -> dict[str, str]:
    """Score subject of each of these people, as far as they are known: from the roster, or from before."""
    links = dict(zip(roster.people["raw"], people.links, strict=False))
    others = [one for one in raw if one not in links]
    earlier = find_links(others, people.mapping, people.keys, synthetic=people.synthetic)
    links |= {one: link for one, link in zip(others, earlier, strict=True) if link is not None}
    rows = people.mapping.of("score")
    subject = dict(zip(rows["link"], rows["subject_id"], strict=True))
    return {one: subject[links[one]] for one in raw if one in links and links[one] in subject}


def _check_whole(tally: FileTally, unit: SourceUnit) -> None:
    """Refuse the file when the reader has set a line aside."""
    if tally.rows_bad:
        raise PurposeError(
            "TID221", f"{unit.name} (source {unit.source.name}): {tally.describe()} Any of them could be a withdrawal (R-23)."
        )


def _check_readable(rows: pd.DataFrame, unit: SourceUnit) -> None:
    """Refuse the file when a cell is empty or does not read: one of them could be a withdrawal."""
    broken = rows["is_unreadable"] | rows[_NEEDED].isna().any(axis=1)
    if broken.any():
        first = ", ".join(map(str, sorted(rows.loc[broken, "line"])[:3]))
        raise PurposeError(
            "TID221",
            f"{unit.name} (source {unit.source.name}): {int(broken.sum())} rows lack a cell that every consent has, or one does not read "
            f"(first at line {first}). Only `withdrawn_on` may be empty. No consent is guessed: have the list corrected (R-23).",
        )
