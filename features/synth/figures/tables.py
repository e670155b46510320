"""The tables that figures are read from: DuckDB over the source files, everybody at the ages that a statistic speaks of.

A person counts in a year of age when registers knew them from its start, and it lies before the last day of the files.
"""

from __future__ import annotations

from pathlib import Path

import duckdb

LAST_MATURED_BIRTH_YEAR = 2004
OUTSIDE = "(2408, 4848, 4864, 5608, 6408, 7208)"


def connect(data: Path) -> duckdb.DuckDBPyConnection:
    """Open the files of a population as tables."""
    connection = duckdb.connect(":memory:")
    for statement in _files(data):
        connection.execute(statement)
    for statement in (*PEOPLE, *SCHOOL, *SERVICES, *FAMILY, *WORK, *TRUTH):
        connection.execute(statement)
    return connection


def _files(data: Path) -> list[str]:
    views = [
        f"CREATE VIEW {path.stem}_file AS SELECT * FROM read_parquet('{path}')"
        for path in sorted(data.glob("*.parquet")) + sorted((data / "truth").glob("*.parquet"))
    ]
    plain = ["persons", "points", "programme", "household", "follow_up_service", "national_tests", "economy"]
    views += [
        f"CREATE VIEW {name}_file AS SELECT * FROM read_csv('{data / name}.csv', header = true, all_varchar = true)" for name in plain
    ]
    columns = "columns = {'person': 'VARCHAR', 'value': 'INTEGER', 'start': 'DATE', 'stop': 'DATE', 'attributes': 'VARCHAR'}"
    views += [
        f"CREATE VIEW {name}_file AS SELECT * FROM read_csv('{data / name}.csv', delim = ';', header = false, {columns})"
        for name in ("cws_support_measure", "cws_care_measure")
    ]
    return views


PEOPLE = (
    """CREATE TABLE last_day AS SELECT max(known_on) AS day FROM enrolment_file""",
    """CREATE TABLE measures AS
        SELECT person, start, stop, false AS care FROM cws_support_measure_file
        UNION ALL SELECT person, start, stop, true FROM cws_care_measure_file""",
    """CREATE TABLE people AS
        SELECT person, born_on::DATE AS born_on, year(born_on::DATE) AS birth_year, address_protection, arrived_on, sex, category, education
        FROM persons_file JOIN (
            SELECT person, min(happened_on) AS arrived_on, any_value(value) FILTER (indicator = 'aud_sex') AS sex,
                any_value(value) FILTER (indicator = 'int_category') AS category,
                any_value(value) FILTER (indicator = 'aud_parents_education') AS education
            FROM audit_file WHERE indicator IN ('aud_sex', 'int_category', 'aud_parents_education') GROUP BY person
        ) USING (person)""",
    """CREATE TABLE ever AS
        SELECT person, bool_or(start < born_on + INTERVAL 16 YEAR) AS by_16, bool_or(care) AS care
        FROM measures JOIN people USING (person) GROUP BY person""",
    """CREATE TABLE pupils AS
        SELECT people.*, replace(points_file.value, ',', '.')::DOUBLE AS points, completion_file.value::INT AS status,
            programme_file.value AS programme, coalesce(ever.by_16, false) AS ever_welfare, coalesce(ever.care, false) AS ever_care
        FROM people SEMI JOIN (SELECT person FROM enrolment_file WHERE value = 10) AS ten USING (person)
        LEFT JOIN points_file USING (person) LEFT JOIN completion_file USING (person) LEFT JOIN programme_file USING (person)
        LEFT JOIN ever USING (person)""",
    """CREATE VIEW done AS SELECT * FROM pupils, last_day WHERE make_date(birth_year + 16, 9, 1) < day""",
    """CREATE VIEW grown AS SELECT * FROM pupils, last_day WHERE born_on + INTERVAL 18 YEAR < day AND arrived_on = born_on""",
    f"""CREATE VIEW starters AS SELECT *, status IN (1, 2, 5) AS completed FROM pupils
        WHERE birth_year <= {LAST_MATURED_BIRTH_YEAR} AND status IS NOT NULL AND status NOT IN (8, 9)""",
    """CREATE VIEW residents AS SELECT *, date_diff('day', born_on, day) / 365.25 AS age FROM people, last_day
        WHERE born_on > day - INTERVAL 25 YEAR""",
)

SCHOOL = (
    """CREATE TABLE classes AS SELECT person, value::INT AS grade, happened_on, year(happened_on + INTERVAL 20 DAY) AS autumn,
            sex, programme
        FROM enrolment_file JOIN people USING (person) LEFT JOIN (SELECT person, value AS programme FROM programme_file) USING (person)""",
    """CREATE TABLE absence AS
        WITH last_known AS (
            SELECT person, indicator, happened_on, arg_max(value, known_on) AS value FROM attendance_file
            GROUP BY person, indicator, record, happened_on
        ), years AS (
            SELECT person, year(happened_on) - (month(happened_on) < 8)::INT AS autumn,
                sum(value) FILTER (indicator = 'edu_absence_days') AS days,
                sum(value) FILTER (indicator = 'edu_absence_hours') AS hours FROM last_known GROUP BY ALL
        )
        SELECT grade, coalesce(days, 0) AS days, coalesce(hours, 0) AS hours FROM classes LEFT JOIN years USING (person, autumn), last_day
        WHERE grade >= 10 AND make_date(autumn + 1, 8, 1) < day""",
    """CREATE TABLE support AS SELECT classes.person, grade, sex, given.person IS NOT NULL AS supported FROM classes LEFT JOIN (
            SELECT DISTINCT person, year(happened_on) AS autumn FROM school_life_file WHERE indicator = 'edu_special_support'
        ) AS given ON given.person = classes.person AND given.autumn = classes.autumn, last_day
        WHERE make_date(classes.autumn, 12, 31) < day""",
    """CREATE TABLE five_year_olds AS SELECT people.person, helped.person IS NOT NULL AS helped FROM people
        SEMI JOIN (SELECT person FROM school_life_file JOIN people USING (person)
            WHERE indicator = 'edu_kindergarten_attendance' AND year(happened_on) = birth_year + 5) AS there USING (person)
        LEFT JOIN (SELECT DISTINCT person FROM school_life_file WHERE indicator = 'edu_sped_help_kindergarten') AS helped
            USING (person), last_day
        WHERE make_date(birth_year + 6, 1, 1) < day""",
    """CREATE VIEW tests AS SELECT try_cast(reading AS DOUBLE) AS reading, try_cast(maths AS DOUBLE) AS maths,
        try_cast(english AS DOUBLE) AS english,
        year(happened_on::DATE) - birth_year - 5 AS grade FROM national_tests_file JOIN people USING (person)""",
    """CREATE TABLE upper_years AS SELECT programme, EXISTS (
            SELECT 1 FROM school_life_file AS told
            WHERE told.indicator = 'edu_status_change' AND told.value = 1 AND told.person = classes.person
                AND told.happened_on BETWEEN make_date(autumn, 10, 1) AND make_date(autumn + 1, 9, 30)
                AND NOT EXISTS (SELECT 1 FROM classes AS later WHERE later.person = told.person AND later.happened_on > told.happened_on)
        ) AS quit FROM classes, last_day WHERE grade > 10 AND make_date(autumn + 1, 10, 15) < day""",
)

SERVICES = (
    """CREATE TABLE welfare_years AS
        WITH years AS (SELECT person, age::INT AS age, born_on + INTERVAL 1 YEAR * age AS begins
            FROM people, range(6, 18) AS ages (age), last_day
            WHERE arrived_on <= born_on + INTERVAL 1 YEAR * age AND born_on + INTERVAL 1 YEAR * (age + 1) < day)
        SELECT EXISTS (SELECT 1 FROM measures
                WHERE measures.person = years.person AND start >= begins AND start < begins + INTERVAL 1 YEAR) AS measure,
            EXISTS (SELECT 1 FROM child_welfare_file AS told WHERE told.person = years.person AND indicator = 'cws_notification'
                AND happened_on >= begins AND happened_on < begins + INTERVAL 1 YEAR) AS notified
        FROM years""",
    """CREATE TABLE health_years AS
        WITH years AS (SELECT person, sex, age::INT AS age, birth_year + age AS year FROM people, range(0, 25) AS ages (age), last_day
            WHERE year(arrived_on) <= birth_year + age AND make_date((birth_year + age + 1)::INT, 4, 1) < day),
        told AS (SELECT person, year(happened_on) AS year, sum(value) FILTER (indicator = 'hlt_gp_contacts') AS gp,
            bool_or(indicator IN ('hlt_bup_active', 'hlt_adult_mh')) AS specialist FROM health_file
            WHERE indicator IN ('hlt_gp_contacts', 'hlt_bup_active', 'hlt_adult_mh') GROUP BY ALL)
        SELECT sex, age, coalesce(gp, 0) AS gp, coalesce(specialist, false) AS specialist FROM years LEFT JOIN told USING (person, year)""",
)

FAMILY = (
    """CREATE VIEW economy AS SELECT economy_file.low_income, category FROM economy_file JOIN people USING (person)""",
    """CREATE MACRO parents_at(wanted) AS TABLE
        SELECT people.person, arg_max(told.value::INT, told.happened_on::DATE) = 1 AS together
        FROM people JOIN household_file AS told USING (person), last_day
        WHERE indicator = 'fam_both_parents' AND arrived_on <= born_on + INTERVAL 1 YEAR * wanted
            AND born_on + INTERVAL 1 YEAR * wanted < day - INTERVAL 180 DAY
            AND told.happened_on::DATE <= born_on + INTERVAL 1 YEAR * wanted
        GROUP BY people.person""",
    """CREATE TABLE home_years AS
        WITH years AS (SELECT person, age::INT AS age, born_on + INTERVAL 1 YEAR * age AS begins
            FROM people, range(0, 18) AS ages (age), last_day
            WHERE arrived_on <= born_on + INTERVAL 1 YEAR * age AND born_on + INTERVAL 1 YEAR * (age + 1) < day - INTERVAL 180 DAY)
        SELECT age, EXISTS (SELECT 1 FROM household_file AS told WHERE told.person = years.person AND indicator = 'fam_moves'
            AND happened_on::DATE >= begins AND happened_on::DATE < begins + INTERVAL 1 YEAR) AS moved FROM years""",
)

WORK = (
    """CREATE TABLE follow_up AS
        WITH years AS (SELECT * FROM (
                SELECT person, arrived_on, make_date((birth_year + age)::INT, 6, 30) AS june FROM people, range(17, 21) AS ages (age)
            ), last_day WHERE arrived_on <= june AND june < day - INTERVAL 90 DAY)
        SELECT years.person, june, coalesce(arg_max(told.value::INT, told.happened_on::DATE), 0) = 1 AS registered
        FROM years LEFT JOIN follow_up_service_file AS told ON told.person = years.person AND told.happened_on::DATE <= june
        GROUP BY ALL""",
    f"""CREATE TABLE november AS
        SELECT (year(happened_on) - birth_year)::INT AS age, value IN {OUTSIDE} AS outside,
            coalesce(lag(value IN {OUTSIDE}) OVER (PARTITION BY person ORDER BY happened_on), false) AS before
        FROM labour_status_file JOIN people USING (person)""",
)

TRUTH = (
    f"""CREATE TABLE november_to_29 AS
        SELECT age::INT AS age, code IN {OUTSIDE} AS outside, age >= pension_age AND code <> 0 AS pension FROM (
            SELECT birth_year, arrived_on, pension_age, unnest(range(15, 30)) AS age,
                unnest([4008, {", ".join(f"status_{age}" for age in range(16, 30))}]) AS code FROM truth_file
        ) WHERE code <> 0 AND arrived_on < make_date((birth_year + age)::INT, 11, 16) AND birth_year <= 2001""",
    """CREATE VIEW truth_completion AS SELECT probability, status IN (4, 6, 9) AS label FROM truth_file
        WHERE probability IS NOT NULL AND status NOT IN (3, 8)""",
    f"""CREATE VIEW truth_outside AS SELECT outside_probability AS probability, status_20 IN {OUTSIDE} AND status_21 IN {OUTSIDE} AS label
        FROM truth_file WHERE status_20 <> 0 AND status_21 <> 0 AND probability IS NOT NULL""",
)
