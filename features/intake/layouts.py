"""The layouts: which columns each needs and allows, and how a chunk of rows becomes records.

A *canonical chunk* has the columns line, id, code, value, happened, known, stop and record; what a source lacks is null. Dates and
values are still as the file has them, text or typed: reading them is `checks`' business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from features.declarations.catalogue import Source
from features.errors import IntakeError

SYNTHETIC = "synthetic"
PROTECTION = "address_protection"
BORN = "born_on"
CONSENT_COLUMNS = ("scope", "purpose", "valid_from", "valid_to", "withdrawn_on", "signed_by", "age_rule", "language")
"""Columns of the layout `consents` beside the person's; what they mean is `features.consent_table.CONSENTS`."""

_LEAK = (
    "Without the day on which a record became known, a feature could use what nobody knew yet: a leak (R-14). Name that column in "
    "`known_column`, or declare `known_lag_days`. "
)

_NAME = re.compile(r"^[^\W\d][\w .()%/-]{0,60}$")
_MANY_DIGITS = re.compile(r"\d{3}")

FIELDS = ("id", "code", "value", "happened", "known", "stop", "record")


@dataclass(frozen=True)
class Contract:
    """Columns of one source: needed, allowed, and the ones that hold an identifier."""

    source: Source
    data: Literal["synthetic", "public", "real"]
    """What the project says its data is."""

    @property
    def synthetic_project(self) -> bool:
        """Whether every row has to say that it is invented (R-33)."""
        return self.data == "synthetic"

    @cached_property
    def required(self) -> tuple[str, ...]:
        """Columns without which a file is refused."""
        source = self.source
        if source.layout == "spells":
            return ("value", "start", "stop")
        if source.layout == "persons":
            return tuple(c for c in (source.id_column, source.group_column, source.household_column) if c is not None)
        if source.layout == "consents":
            return (source.id_column, *CONSENT_COLUMNS)
        wanted: list[str | None] = [source.id_column, source.happened_column, source.record_column]
        if source.known_lag_days is None:
            wanted.append(source.known_column)
        if source.layout == "events":
            wanted += [source.value_column, *([] if source.indicator else [source.indicator_column])]
        else:
            wanted += source.columns
        return tuple(c for c in wanted if c is not None)

    @cached_property
    def allowed(self) -> tuple[str, ...]:
        """Every column that a file may have."""
        source, extra = self.source, [*self.source.ignored, SYNTHETIC]
        if source.layout == "persons":
            extra += [BORN, PROTECTION]
        elif source.layout == "spells":
            extra += ["unit_id", source.id_column, "attributes", *filter(None, (source.known_column, source.record_column))]
        elif source.layout != "consents":
            extra += [*filter(None, (source.known_column,)), *([source.indicator_column] if source.layout == "events" else [])]
        return tuple(dict.fromkeys([*self.required, *extra]))

    def id_columns(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Columns that may hold an identifier: replaced by pseudonyms, so not searched for identity numbers."""
        found = "unit_id" if self.source.layout == "spells" and "unit_id" in columns else self.source.id_column
        return tuple(c for c in (found, self.source.group_column, self.source.household_column) if c is not None)

    def check_columns(self, columns: tuple[str, ...], *, file: str) -> None:
        """Refuse a file whose columns are not the declared ones.

        Raises
        ------
        IntakeError
            TID301 a column that is not declared, TID302 a declared one is missing or a name stands twice.
        """
        place = f"{file} (source {self.source.name}, layout {self.source.layout!r})"
        columns = tuple(c for c in columns if c)  # a nameless column is left out where it holds nothing: `_check_nameless`
        unknown = [c for c in columns if c not in self.allowed]
        if unknown:
            raise IntakeError(
                "TID301",
                f"{place} has columns that the project does not declare: {_listed(unknown)}. Expected {', '.join(self.required)}, and "
                f"perhaps {', '.join(c for c in self.allowed if c not in self.required)}. Have them left out of the extract, or name them "
                "in `ignored`; only what is declared may be loaded (R-03).",
            )
        missing = [c for c in (*self.required, *self.id_columns(columns)) if c not in columns]
        twice = sorted({c for c in columns if columns.count(c) > 1})
        if missing or twice:
            what = f"lacks the columns {_listed(missing)}" if missing else f"has the columns {_listed(twice)} twice"
            leak = _LEAK if self.source.known_column in missing else ""
            raise IntakeError(
                "TID302", f"{place} {what}; it has {_listed(columns)}. {leak}Ask for the whole extract, or correct the source's columns."
            )

    def canonical(self, chunk: pa.Table, lines: pa.Array) -> pa.Table:
        """Turn a chunk of raw rows into a canonical one; a snapshot gives a row for each of its indicators.

        Raises
        ------
        IntakeError
            TID345 when a column without a name holds something.
        """
        self._check_nameless(chunk)
        if self.source.layout == "snapshots":
            return pa.concat_tables(_one_type([self._one(chunk, lines, column, code) for column, code in self.source.columns.items()]))
        return self._one(chunk, lines, None, self.source.indicator)

    def _check_nameless(self, chunk: pa.Table) -> None:
        """Programs end lines with empty columns; what stands in one that has no name is nobody's."""
        for place, name in enumerate(chunk.column_names):
            if name in ("", f"#{place}") and pc.any(_has_value(chunk[name])).as_py():
                raise IntakeError(
                    "TID345",
                    f"a file of source {self.source.name} has values in its column {place + 1}, which has no name in the header. Give the "
                    "column its name, or empty it where the file was made.",
                )

    def _one(self, chunk: pa.Table, lines: pa.Array, value_column: str | None, code: str | None) -> pa.Table:
        names = self._field_columns(tuple(chunk.column_names))
        if value_column is not None:
            names["value"] = value_column
        columns = {name: _column(chunk, names.get(name)) for name in FIELDS}
        if value_column is not None and pa.types.is_dictionary(columns["value"].type):
            columns["value"] = columns["value"].cast(columns["value"].type.value_type)
        if code is not None:
            columns["code"] = pa.chunked_array([pa.repeat(code, len(chunk))])
        table = pa.table({"line": lines, **columns})
        return table.filter(_has_value(table["value"])) if value_column is not None else table

    def _field_columns(self, columns: tuple[str, ...]) -> dict[str, str]:
        source = self.source
        fields: dict[str, str | None] = {"id": self.id_columns(columns)[0], "known": source.known_column, "record": source.record_column}
        if source.layout == "spells":
            fields |= {"value": "value", "happened": "start", "stop": "stop"}
        else:
            fields |= {"happened": source.happened_column}
        if source.layout == "events":
            fields |= {"value": source.value_column, "code": source.indicator_column}
        return {name: column for name, column in fields.items() if column is not None and column in columns}


def _has_value(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """An empty cell of a snapshot is no record."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.fill_null(pc.not_equal(pc.utf8_trim_whitespace(column), ""), False)
    return pc.invert(pc.is_null(column, nan_is_null=True))


def _one_type(tables: list[pa.Table]) -> list[pa.Table]:
    """Give the values of all columns one type: as they are, as numbers, or else as text."""
    kinds = {table["value"].type for table in tables}
    if len(kinds) < 2:
        return tables
    are_numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind) for kind in kinds)
    place = tables[0].column_names.index("value")
    return [table.set_column(place, "value", (_as_numbers if are_numbers else _as_text)(table["value"])) for table in tables]


def _as_numbers(column: pa.ChunkedArray) -> pa.ChunkedArray:
    plain = column.cast(pa.uint8()) if pa.types.is_boolean(column.type) else column
    return plain.cast(pa.float64(), safe=False)


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Text of a typed column; a whole number loses its ``.0``, so that it can be a level."""
    if not pa.types.is_floating(column.type):
        return column.cast(pa.string())
    text = column.cast(pa.string())
    return pc.if_else(pc.fill_null(pc.equal(column, pc.floor(column)), False), pc.replace_substring_regex(text, r"\.0$", ""), text)


def _column(chunk: pa.Table, name: str | None) -> pa.ChunkedArray:
    return chunk[name] if name is not None else pa.chunked_array([pa.nulls(len(chunk), pa.string())])


def _listed(names: Iterable[str]) -> str:
    """List names for a message; only what looks like a name is shown, since a file without header has values there."""
    shown = [name if _NAME.match(name) and not _MANY_DIGITS.search(name) else "(not a name)" for name in names]
    return ", ".join(dict.fromkeys(shown))
