"""The day on which each OULAD record became known is true: nothing that happened later in the raw tables changes what was known.

The raw tables of two modules are cut as they stood on day 14 of 2014J; every query has to give the same records then as it gives from the
whole tables up to that day. This holds the queries; that the engine keeps to the day is held in test_oulad_leak.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from features.declarations.project import load_project
from tests.support.oulad import EXAMPLE, undated_score

pytestmark = pytest.mark.realdata("oulad")

AS_OF = date(2014, 10, 14)
"""Day 13 of 2014J: what was known at the end of it counts on day 14."""
MODULES = "('AAA', 'GGG')"
TABLES = ("assessments", "courses", "studentAssessment", "studentInfo", "studentRegistration", "studentVle", "vle")
QUERIES = sorted(source.query for source in load_project(EXAMPLE).catalogue.sources.values() if source.layout == "events" and source.query)

_START = """CASE right(code_presentation, 1) WHEN 'B' THEN make_date(left(code_presentation, 4)::INT, 2, 1)
    ELSE make_date(left(code_presentation, 4)::INT, 10, 1) END"""
_AS_IT_STOOD = {
    "studentRegistration": f"""SELECT * REPLACE (
        CASE WHEN {_START} + date_unregistration::INT <= $day THEN date_unregistration END AS date_unregistration
    ) FROM raw.studentRegistration WHERE date_registration IS NULL OR {_START} + date_registration::INT <= $day""",
    "studentInfo": f"""SELECT * REPLACE (CASE WHEN {_START} + module_presentation_length::INT <= $day
            OR final_result = 'Withdrawn' AND {_START} + date_unregistration::INT <= $day THEN final_result ELSE 'Pass' END AS final_result
        ) FROM raw.studentInfo JOIN raw.courses USING (code_module, code_presentation)
        JOIN raw.studentRegistration USING (code_module, code_presentation, id_student)""",
    "studentAssessment": f"""SELECT s.* FROM raw.studentAssessment s JOIN raw.assessments USING (id_assessment)
        WHERE {_START} + date_submitted::INT <= $day""",
    "studentVle": f"SELECT * FROM raw.studentVle WHERE {_START} + date::INT <= $day",
}
"""What is cut from a table; a table not named here holds plans, which were public from the start."""


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


@pytest.fixture
def tables(connection: duckdb.DuckDBPyConnection, realdata: Path) -> duckdb.DuckDBPyConnection:
    """The raw tables of the modules in schema `raw`, and the same as they stood on the day in schema `then`."""
    if connection.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = 'raw'").fetchone() is None:
        connection.execute('CREATE SCHEMA raw; CREATE SCHEMA "then"')
        for table in TABLES:
            connection.read_parquet(str(realdata / f"{table}.parquet")).create_view("whole", replace=True)
            chosen = (
                f"code_module IN {MODULES}"
                if table != "studentAssessment"
                else "id_assessment IN (FROM raw.assessments SELECT id_assessment)"
            )
            connection.execute(f"CREATE TABLE raw.{table} AS FROM whole WHERE {chosen}")
        for table in TABLES:
            text = _AS_IT_STOOD.get(table, f"FROM raw.{table}")
            connection.execute(f'CREATE TABLE "then".{table} AS {text}', {"day": AS_OF} if table in _AS_IT_STOOD else None)
    return connection


def known_records(connection: duckdb.DuckDBPyConnection, schema: str, text: str) -> str:
    """Make a table of a query's records known by the day, and return its name."""
    name = f"main.records_{schema}"
    connection.execute(f'SET schema = "{schema}"')
    connection.execute(
        f"""CREATE OR REPLACE TABLE {name} AS
        SELECT * REPLACE (CASE WHEN typeof(value) = 'VARCHAR' THEN value::VARCHAR ELSE round(value::DOUBLE, 6)::VARCHAR END AS value)
        FROM ({text}) WHERE known_on <= $day""",
        {"day": AS_OF},
    )
    return name


def count_known_and_changed(connection: duckdb.DuckDBPyConnection, text: str) -> tuple[int, int]:
    """Count a query's records known by the day, and those that are there from one set of tables only."""
    whole, then = (known_records(connection, schema, text) for schema in ("raw", "then"))
    only_one = f"(FROM {whole} EXCEPT ALL FROM {then}) UNION ALL (FROM {then} EXCEPT ALL FROM {whole})"
    found = connection.execute(f"SELECT (SELECT count(*) FROM {whole}), (SELECT count(*) FROM ({only_one}))").fetchone()
    assert found is not None
    return found[0], found[1]


@pytest.mark.requirement("R-14")
@pytest.mark.parametrize("query", QUERIES)
def test_what_came_later_changes_no_record(tables: duckdb.DuckDBPyConnection, query: str) -> None:
    n_known, n_changed = count_known_and_changed(tables, (EXAMPLE / query).read_text(encoding="utf-8"))
    assert n_known > 100, "a query without records would prove nothing"
    assert n_changed == 0


@pytest.mark.requirement("R-14")
def test_a_score_known_from_the_first_day_is_found_out(tables: duckdb.DuckDBPyConnection) -> None:
    _, n_changed = count_known_and_changed(tables, undated_score())
    assert n_changed > 100


def test_there_was_something_to_cut(tables: duckdb.DuckDBPyConnection) -> None:
    for table in ("studentRegistration", "studentAssessment", "studentVle"):
        (whole,) = tables.execute(f"SELECT count(*) FROM raw.{table}").fetchone() or (0,)
        (then,) = tables.execute(f'SELECT count(*) FROM "then".{table}').fetchone() or (0,)
        assert 0 < then < whole, table
