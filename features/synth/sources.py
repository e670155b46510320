"""Write a population as the files that a real deployment would deliver, every row marked synthetic.

Which register is in which file stands in `registers.py`. Beside them: ``persons.csv`` (id, household, birth, address grading),
``consents.csv``, ``national_tests.csv`` and ``economy.csv`` (one wide row a person and date), ``drawn.parquet`` (indicators that the causal
structure does not know), ``truth/truth.parquet`` (what no register knows; no source declares it) and ``README.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.declarations.constraints import ValueContract
from features.synth.consents import PURPOSES, SCOPES, SIGNS_ALONE_FROM, VALID_DAYS, Consents
from features.synth.events import Events
from features.synth.generate import ADDRESS_GRADES, Cohort
from features.synth.registers import ECONOMY_COLUMNS, TEST_COLUMNS, Delivery, EventFile
from features.synth.spell_files import spell_metadata, spell_rows
from features.synth.truth import truth_rows
from features.synth.values import check_values, delivered_values, with_comma

README = """# SYNTHETIC DATA / SYNTETISKE DATA

Nobody here exists. Alle personer her er oppdiktede. Everything in this folder was made by `tidlig synth`: every row says `synthetic`, every
identifier starts with `SYN-`. Numbers resemble Norwegian statistics and describe no real person, municipality or school.
Real data may never be put into this folder, and these files never into a project with real data (R-33).

`truth/` holds what no register knows. No source declares it: nothing may be trained on it.
"""
DRAWN_README = """
{files}: {codes}: drawn at random from the declaration and related to nothing. Nothing can be learnt from them.
"""
AT_HOME_UNTIL = 19


@dataclass(frozen=True)
class Written:
    """What was written: rows by file, below the folder."""

    folder: Path
    n_people: int
    rows: dict[str, int]
    others: tuple[str, ...] = ()
    """Files without rows: metadata, README."""
    drawn: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Of the files, those of indicators drawn from their contracts alone, with the indicators."""


def write_sources(
    cohorts: Iterable[Cohort],
    folder: Path,
    *,
    people: int,
    last_day: int,
    delivery: Delivery,
    advance: Callable[[float], None] = lambda _: None,
) -> Written:
    """Write all files below `folder`, one birth year at a time; memory holds one of them.

    `people` is the size of the whole population: identifiers are a fixed shuffle of 1 to `people`, so that they say nothing about age.

    Raises
    ------
    DataError
        TID464 when the contract of an indicator does not allow what the generator made of it.
    """
    with ExitStack() as stack:
        files = _Files(folder, stack)
        n_people = 0
        for cohort in cohorts:
            ids = person_ids(cohort, people=people)
            for name, table in cohort_tables(cohort, ids, last_day=last_day, delivery=delivery):
                files.write(name, table)
            n_people += cohort.people.n_people
            advance(cohort.people.n_people)
    others = {file.metadata_name: spell_metadata(file) for file in delivery.spell_files} | {"README.md": _readme(delivery)}
    for name, text in others.items():
        (folder / name).write_text(text, encoding="utf-8")
    drawn = {file.name: file.indicators for file in delivery.drawn_files}
    return Written(folder, n_people, dict(files.rows), tuple(others), drawn)


def _readme(delivery: Delivery) -> str:
    files, codes = ", ".join(f"`{file.name}`" for file in delivery.drawn_files), ", ".join(delivery.drawn)
    return README + (DRAWN_README.format(files=files, codes=codes) if codes else "")


def person_ids(cohort: Cohort, *, people: int) -> pa.StringArray:
    """Opaque identifiers with the reserved prefix, ``SYN-0000001``."""
    stride = next(step for step in range(int(people * 0.618) | 1, 2 * people + 3) if np.gcd(step, people) == 1)
    numbers = (np.arange(cohort.first_number, cohort.first_number + cohort.people.n_people, dtype=np.int64) * stride) % people + 1
    return pc.binary_join_element_wise("SYN-", pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 7, "0"), "")


def cohort_tables(cohort: Cohort, ids: pa.StringArray, *, last_day: int, delivery: Delivery) -> Iterator[tuple[str, pa.Table]]:
    """Yield (file name, rows) of one birth year."""
    yield "persons.csv", _persons(cohort, ids, last_day)
    if delivery.has_consents:
        yield "consents.csv", pa.concat_tables([_consents(cohort.consents, ids, purpose) for purpose in PURPOSES])
    for file in (*delivery.event_files, *delivery.drawn_files):
        yield file.name, _events(file, cohort.events, ids, delivery.contracts)
    for spell_file in delivery.spell_files:
        spells = cohort.spells[spell_file.indicator]
        check_values(spells.indicator, spells.value, delivery.contracts[spells.indicator])
        yield spell_file.name, spell_rows(spells, ids)
    yield "national_tests.csv", _national_tests(cohort, ids, last_day, delivery.contracts)
    yield "economy.csv", _economy(cohort, ids, last_day, delivery.contracts)
    yield "truth/truth.parquet", marked(truth_rows(cohort, ids))


def _persons(cohort: Cohort, ids: pa.StringArray, last_day: int) -> pa.Table:
    """One row a person; brothers and sisters under 19 share a household, who is older has none on record."""
    people = cohort.people
    grades = pa.array(ADDRESS_GRADES).take(pa.array(cohort.graded_address))
    numbers = pa.array(people.home.founded).cast(pa.string()), pa.array(people.home.household).cast(pa.string())
    household = pc.binary_join_element_wise("SYN-H", *numbers, "-")
    at_home = pa.array(people.born_on + AT_HOME_UNTIL * 365.25 > last_day)
    columns = {"person": ids, "household": pc.if_else(at_home, household, ""), "born_on": _days(people.born_on)}
    return marked(columns | {"address_protection": grades})


def _consents(consents: Consents, ids: pa.StringArray, purpose: str) -> pa.Table:
    n = len(consents.person)
    withdrawn = pc.if_else(pa.array(consents.withdrawn_on == 0), pa.scalar(None, pa.date32()), _days(consents.withdrawn_on))
    columns = {
        "person": _person_of(ids, consents.person),
        "scope": pa.array(SCOPES).take(pa.array(consents.scope)),
        "purpose": pa.repeat(purpose, n),
        "valid_from": _days(consents.valid_from),
        "valid_to": _days(consents.valid_from + VALID_DAYS),
        "withdrawn_on": withdrawn,
        "signed_by": pc.if_else(pa.array(consents.signs_alone), "child", "guardian_a+guardian_b"),
        "age_rule": pa.repeat(SIGNS_ALONE_FROM, n),
        "language": pc.if_else(pa.array(consents.in_nynorsk), "nn", "nb"),
    }
    return marked(columns)


def _events(file: EventFile, events: Mapping[str, Events], ids: pa.StringArray, contracts: Mapping[str, ValueContract]) -> pa.Table:
    tables = [_event_rows(file, place, events[code], ids, contracts[code]) for place, code in enumerate(file.indicators)]
    return pa.concat_tables(tables)


def _event_rows(file: EventFile, position: int, events: Events, ids: pa.StringArray, contract: ValueContract) -> pa.Table:
    n = len(events)
    columns: dict[str, pa.Array] = {
        "person": _person_of(ids, events.person),
        "indicator": pa.DictionaryArray.from_arrays(pa.array(np.full(n, position, np.int32)), pa.array(file.indicators)),
        "value": delivered_values(file, events, contract),
        "happened_on": _days(events.happened_on),
        "known_on": _days(events.known_on),
    }
    if file.has_records:
        columns["record"] = pa.array(events.record).cast(pa.string())
    return marked(columns)


def _national_tests(cohort: Cohort, ids: pa.StringArray, last_day: int, contracts: Mapping[str, ValueContract]) -> pa.Table:
    tables = []
    for test in cohort.tests:
        seen = test.present & (test.known_on <= last_day)
        rows = np.flatnonzero(seen).astype(np.int32)
        scores = {name: test.scores[rows, column] for column, name in enumerate(TEST_COLUMNS)}
        _check_columns(scores, TEST_COLUMNS, contracts)
        dates = {"happened_on": _days(np.full(len(rows), test.happened_on, np.int32)), "known_on": _days(test.known_on[rows])}
        columns = {name: pa.array(column, from_pandas=True) for name, column in scores.items()}
        tables.append(marked({"person": _person_of(ids, rows), **dates, **columns}))
    return pa.concat_tables(tables)


def _economy(cohort: Cohort, ids: pa.StringArray, last_day: int, contracts: Mapping[str, ValueContract]) -> pa.Table:
    tables = []
    for year in cohort.economy:
        rows = np.flatnonzero((cohort.people.arrived_on <= year.happened_on) & (year.known_on <= last_day)).astype(np.int32)
        dates = {"happened_on": year.happened_on, "known_on": year.known_on}
        values = {
            "low_income": year.low_income[rows],
            "social_assistance_months": year.assistance_months[rows],
            "parents_in_work": year.parents_in_work[rows],
        }
        _check_columns(values, ECONOMY_COLUMNS, contracts)
        columns = {name: _days(np.full(len(rows), day, np.int32)) for name, day in dates.items()}
        columns |= {name: with_comma(column) for name, column in values.items()}
        tables.append(marked({"person": _person_of(ids, rows)} | columns))
    return pa.concat_tables(tables)


def _check_columns(columns: Mapping[str, NDArray[np.floating]], codes: Mapping[str, str], contracts: Mapping[str, ValueContract]) -> None:
    """Hold the columns of a wide row to their contracts; an empty field there is no record."""
    for name, column in columns.items():
        if codes[name] in contracts:
            check_values(codes[name], column[~np.isnan(column)], contracts[codes[name]])


def marked(columns: dict[str, pa.Array]) -> pa.Table:
    """Add the watermark that every row carries (R-33)."""
    n = len(next(iter(columns.values())))
    return pa.table({**columns, "synthetic": pa.array(np.ones(n, dtype=bool))})


def _person_of(ids: pa.StringArray, rows: NDArray[np.int32]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(rows), ids)


def _days(days: NDArray[np.int32]) -> pa.Array:
    return pa.array(np.asarray(days, dtype=np.int32)).cast(pa.date32())


class _Files:
    """Open files by name, each written cohort after cohort and closed with the stack."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._writers: dict[str, pq.ParquetWriter | pa_csv.CSVWriter] = {}
        self.rows: dict[str, int] = {}

    def write(self, name: str, table: pa.Table) -> None:
        if not name.endswith(".parquet"):
            table = _plain(table)
        if name not in self._writers:
            self._writers[name] = self._stack.enter_context(self._open(name, table.schema))
        self._writers[name].write_table(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter | pa_csv.CSVWriter:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            # Without Arrow's own schema a reader sees plain text in place of our dictionaries.
            return pq.ParquetWriter(path, schema, compression="zstd", store_schema=False)
        delimiter = "," if name == "national_tests.csv" else ";"
        has_header = schema.names[0] != "unit_id"
        options = pa_csv.WriteOptions(include_header=has_header, delimiter=delimiter, quoting_style="needed")
        return pa_csv.CSVWriter(path, schema, write_options=options)


def _plain(table: pa.Table) -> pa.Table:
    """Turn dictionaries into text: CSV has none."""
    fields = [pa.field(f.name, pa.string()) if pa.types.is_dictionary(f.type) else f for f in table.schema]
    return table.cast(pa.schema(fields))
