"""Write a population as the files that a real deployment would deliver: several systems, formats and habits, every row marked synthetic.

```
persons.csv            ;  one row a person: id, birth, address grading
enrolment.parquet         grade by school year                    education
attendance.parquet        absence, with record ids and corrections
marks.parquet             term marks, missing grading basis
points.csv             ;  lower-secondary points, decimal comma
national_tests.csv     ,  one wide row a person and autumn (snapshots)
school_life.parquet       support, referrals, changes, status changes
programme.csv          ;  education programme (a category, by name)
completion.parquet        status codes (the label)
residence.csv          ;  municipality (a category, by number)    family
household.csv          ;  parents, moves
child_welfare.parquet
follow_up_logs.csv     ;  open follow-up logs (suppressor)
economy.csv            ;  one wide row a person and year, decimal comma (snapshots)   labour
follow_up_service.csv  ;  registered with the county's follow-up service
settlement.csv         ;                                          integration
health.parquet                                                    health
consents.csv           ;  one row for each person, scope and purpose (consents)
audit.parquet             audit attributes (categories, by name)  audit
truth/truth.parquet       what no register knows; no source declares it
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.synth import rates
from features.synth.consents import PURPOSES, SCOPES, SIGNS_ALONE_FROM, VALID_DAYS
from features.synth.events import Events
from features.synth.generate import ADDRESS_GRADES, Cohort
from features.synth.household import economy_known_on
from features.synth.places import PLACES
from features.synth.school_year import day_of

LEVELS: dict[str, dict[int, str]] = {
    "edu_programme": {0: "studieforberedende", 1: "yrkesfag"},
    "fam_municipality": {place.number: str(place.number) for place in PLACES},
    "aud_sex": dict(enumerate(rates.SEX)),
    "int_category": dict(enumerate(rates.IMMIGRATION)),
    "aud_parents_education": dict(enumerate(rates.EDUCATION)),
    "aud_centrality": {level: str(level) for level in range(1, 7)},
}
"""Categories are delivered by name."""


@dataclass(frozen=True)
class EventFile:
    """A file in the `events` layout."""

    name: str
    indicators: tuple[str, ...]
    has_records: bool = False
    decimal_comma: bool = False


EVENT_FILES = (
    EventFile("enrolment.parquet", ("edu_grade",)),
    EventFile("attendance.parquet", ("edu_absence_days", "edu_absence_hours"), has_records=True),
    EventFile("marks.parquet", ("edu_grades_core", "edu_iv_count"), has_records=True),
    EventFile("points.csv", ("edu_gsp",), decimal_comma=True),
    EventFile(
        "school_life.parquet",
        (
            "edu_special_support",
            "edu_ppt_referral",
            "edu_school_changes",
            "edu_env_case",
            "edu_kindergarten_attendance",
            "edu_sped_help_kindergarten",
            "edu_choice_rank",
            "edu_status_change",
        ),
    ),
    EventFile("programme.csv", ("edu_programme",)),
    EventFile("completion.parquet", ("edu_vgo_status",)),
    EventFile("residence.csv", ("fam_municipality",)),
    EventFile("household.csv", ("fam_both_parents", "fam_moves")),
    EventFile("child_welfare.parquet", ("cws_notification", "cws_support_measure", "cws_care_measure", "cws_placements_n")),
    EventFile("follow_up_logs.csv", ("fam_bti_level",), has_records=True),
    EventFile("follow_up_service.csv", ("ot_registered",)),
    EventFile("settlement.csv", ("int_settlement_moves",)),
    EventFile("health.parquet", ("hlt_gp_contacts", "hlt_gp_psych", "hlt_bup_active", "hlt_school_nurse_contacts")),
    EventFile("audit.parquet", ("aud_sex", "int_category", "aud_parents_education", "aud_centrality")),
)


@dataclass(frozen=True)
class Written:
    """What was written: rows by file, below the folder."""

    folder: Path
    n_people: int
    rows: dict[str, int]


def write_sources(
    cohorts: Iterable[Cohort], folder: Path, *, people: int, last_day: int, advance: Callable[[float], None] = lambda _: None
) -> Written:
    """Write all files below `folder`, one birth year at a time; memory holds one of them.

    `people` is the size of the whole population: identifiers are a fixed shuffle of 1 to `people`, so that they say nothing about age.
    """
    with ExitStack() as stack:
        files = _Files(folder, stack)
        n_people = 0
        for cohort in cohorts:
            ids = person_ids(cohort, people=people)
            for name, table in cohort_tables(cohort, ids, last_day=last_day):
                files.write(name, table)
            n_people += cohort.people.n_people
            advance(cohort.people.n_people)
    return Written(folder, n_people, dict(files.rows))


def person_ids(cohort: Cohort, *, people: int) -> pa.StringArray:
    """Opaque identifiers with the reserved prefix, ``SYN-0000001``."""
    stride = next(step for step in range(int(people * 0.618) | 1, 2 * people + 3) if np.gcd(step, people) == 1)
    numbers = (np.arange(cohort.first_number, cohort.first_number + cohort.people.n_people, dtype=np.int64) * stride) % people + 1
    return pc.binary_join_element_wise("SYN-", pc.utf8_lpad(pa.array(numbers).cast(pa.string()), 7, "0"), "")


def cohort_tables(cohort: Cohort, ids: pa.StringArray, *, last_day: int) -> Iterable[tuple[str, pa.Table]]:
    """Yield (file name, rows) of one birth year."""
    yield "persons.csv", _persons(cohort, ids)
    for file in EVENT_FILES:
        yield file.name, _events(file, cohort.events, ids)
    yield "national_tests.csv", _national_tests(cohort, ids, last_day)
    yield "economy.csv", _economy(cohort, ids, last_day)
    yield "consents.csv", pa.concat_tables(_consents(cohort, ids, purpose) for purpose in PURPOSES)
    yield "truth/truth.parquet", _truth(cohort, ids)


def _persons(cohort: Cohort, ids: pa.StringArray) -> pa.Table:
    grades = pa.array(ADDRESS_GRADES).take(pa.array(cohort.graded_address))
    return _marked({"person": ids, "born_on": _days(cohort.people.born_on), "address_protection": grades})


def _events(file: EventFile, events: Mapping[str, Events], ids: pa.StringArray) -> pa.Table:
    return pa.concat_tables(_event_rows(file, events[indicator], ids) for indicator in file.indicators)


def _event_rows(file: EventFile, events: Events, ids: pa.StringArray) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "person": _repeat(ids, events.person),
        "indicator": pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(events), np.int32)), pa.array([events.indicator])).cast(
            pa.string()
        ),
        "value": _values(events, decimal_comma=file.decimal_comma),
        "happened_on": _days(events.happened_on),
        "known_on": _days(events.known_on),
    }
    if file.has_records:
        columns["record"] = pa.array(events.record).cast(pa.string())
    return _marked(columns)


def _values(events: Events, *, decimal_comma: bool) -> pa.Array:
    levels = LEVELS.get(events.indicator)
    if levels is not None:
        position = np.searchsorted(list(levels), events.value.astype(int))
        return pa.array(list(levels.values())).take(pa.array(position))
    return _with_comma(events.value.astype(np.float64)) if decimal_comma else pa.array(events.value)


def _national_tests(cohort: Cohort, ids: pa.StringArray, last_day: int) -> pa.Table:
    tables = []
    for test in cohort.tests:
        rows = np.flatnonzero(test.present & (test.known_on <= last_day)).astype(np.int32)
        scores = {
            name: pa.array(test.scores[rows, column], from_pandas=True) for column, name in enumerate(("reading", "maths", "english"))
        }
        dates = {"happened_on": _days(np.full(len(rows), test.happened_on, np.int32)), "known_on": _days(test.known_on[rows])}
        tables.append(_marked({"person": _repeat(ids, rows), **dates, **scores}))
    return pa.concat_tables(tables)


def _economy(cohort: Cohort, ids: pa.StringArray, last_day: int) -> pa.Table:
    tables = []
    for year, low_income, months, working in cohort.parents.economy:
        happened, known = day_of(year, 12, 31), economy_known_on(year)
        rows = np.flatnonzero((cohort.people.arrived_on <= happened) & (known <= last_day)).astype(np.int32)
        dates = {"happened_on": np.full(len(rows), happened, np.int32), "known_on": np.full(len(rows), known, np.int32)}
        values = {"low_income": low_income, "social_assistance_months": months, "parents_in_work": working}
        tables.append(
            _marked(
                {"person": _repeat(ids, rows)}
                | {n: _days(d) for n, d in dates.items()}
                | {n: _with_comma(v[rows]) for n, v in values.items()}
            )
        )
    return pa.concat_tables(tables)


def _consents(cohort: Cohort, ids: pa.StringArray, purpose: str) -> pa.Table:
    given = cohort.consents
    stands = pa.array(given.withdrawn_on == 0)
    return _marked(
        {
            "person": _repeat(ids, given.person),
            "scope": pa.array(SCOPES).take(pa.array(given.scope)),
            "purpose": pa.array([purpose] * len(given.person), pa.string()),
            "valid_from": _days(given.valid_from),
            "valid_to": _days(given.valid_from + VALID_DAYS),
            "withdrawn_on": pc.if_else(stands, pa.scalar(None, pa.date32()), _days(given.withdrawn_on)),
            "signed_by": pc.if_else(pa.array(given.signs_alone), "child", "guardian_a+guardian_b"),
            "age_rule": pa.array(np.full(len(given.person), SIGNS_ALONE_FROM, np.int8)),
            "language": pc.if_else(pa.array(given.in_nynorsk), "nn", "nb"),
        }
    )


def _truth(cohort: Cohort, ids: pa.StringArray) -> pa.Table:
    truth = cohort.truth
    return _marked(
        {
            "person": ids,
            "probability": pa.array(truth.probability, from_pandas=True),
            "status": pa.array(truth.status),
            "birth_year": pa.array(np.full(cohort.people.n_people, cohort.people.birth_year, np.int32)),
        }
    )


def _marked(columns: dict[str, pa.Array]) -> pa.Table:
    """Add the watermark that every row carries (R-33)."""
    n = len(next(iter(columns.values())))
    return pa.table({**columns, "synthetic": pa.array(np.ones(n, dtype=bool))})


def _repeat(ids: pa.StringArray, rows: NDArray[np.int32]) -> pa.Array:
    return ids.take(pa.array(rows))


def _days(days: NDArray[np.int32]) -> pa.Array:
    return pa.array(np.asarray(days, dtype=np.int32)).cast(pa.date32())


def _with_comma(values: NDArray[np.float64]) -> pa.Array:
    """Write numbers with one decimal and a decimal comma."""
    unique, inverse = np.unique(values, return_inverse=True)
    return pa.array([f"{value:.1f}".replace(".", ",") for value in unique], pa.string()).take(pa.array(inverse))


class _Files:
    """Open files by name, each written cohort after cohort and closed with the stack."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder = folder
        self._stack = stack
        self._writers: dict[str, pq.ParquetWriter | pa_csv.CSVWriter] = {}
        self.rows: dict[str, int] = {}

    def write(self, name: str, table: pa.Table) -> None:
        if name not in self._writers:
            self._writers[name] = self._stack.enter_context(self._open(name, table.schema))
        self._writers[name].write_table(table)
        self.rows[name] = self.rows.get(name, 0) + table.num_rows

    def _open(self, name: str, schema: pa.Schema) -> pq.ParquetWriter | pa_csv.CSVWriter:
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".parquet":
            return pq.ParquetWriter(path, schema, compression="zstd")
        delimiter = "," if name == "national_tests.csv" else ";"
        return pa_csv.CSVWriter(path, schema, write_options=pa_csv.WriteOptions(delimiter=delimiter, quoting_style="needed"))
