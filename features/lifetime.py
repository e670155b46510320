"""Values that describe a person's later years, found in the records themselves.

A table with a row a person and year is often made at the end, and then columns such as *highest degree* or *year of the diploma* say on the
row of 1997 what was true in 2022. Such a column gives itself away: it never changes within a person although it describes something that
comes with time. Its disguises are looked for too: the years left until the event, a mark that is 0 until what is bound to come, and being
filled in at all only for those to whom it will happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import duckdb
import pyarrow as pa

ENOUGH_PEOPLE = 50
"""People with rows on several dates that a verdict needs."""
LONG_ENOUGH_DAYS = 300
"""Between a person's first and last row; in less, an honest state may well stay as it is."""
NEARLY_ALL = 0.999
"""Share of people who have to follow the pattern. A lifetime value follows it in all but broken rows; a slow state never does."""
FUTURE_SHARE = 0.01
"""Share of rows that lie before the moment they tell of, from which on it is no slip."""
DATES_FOR_PRESENCE = 3


class Sign(StrEnum):
    """How a column gives itself away."""

    SAME = "same"
    COUNTDOWN = "countdown"
    PROMISE = "promise"
    PRESENCE = "presence"


SIGNS = {
    Sign.SAME: "the same on every row of a person, early and late",
    Sign.COUNTDOWN: "counts the years to a moment that is still to come",
    Sign.PROMISE: "0 only where a 1 is bound to follow",
    Sign.PRESENCE: "on all of a person's rows or on none",
}
"""What each sign says, for people."""


@dataclass(frozen=True)
class LifetimeValue:
    """An indicator whose values look as though they were written at the end.

    Attributes
    ----------
    tells_dates
        Whether the value reads as a year later than its own row's, which leaves no doubt.
    """

    indicator: str
    sign: Sign
    n_people: int
    tells_dates: bool


def find_lifetime_values(records: pa.Table) -> list[LifetimeValue]:
    """Find indicators whose values describe later years.

    Parameters
    ----------
    records
        id, code, value (text) and day (date32): one row a value, all values of the people in it.

    Returns
    -------
    list of LifetimeValue
        One an indicator at most, in order of indicator. Empty also where nobody has rows on dates far enough apart: see `enough_people`.

    Examples
    --------
    Two hundred people with a row each year; who gets a degree in 2010 is marked in 2001 already:

    >>> people = [(person, year) for person in range(200) for year in (2001, 2005, 2010)]
    >>> records = pa.table(
    ...     {
    ...         "id": [person for person, _ in people],
    ...         "code": ["degree"] * len(people),
    ...         "value": [("BA", "none")[person % 2] for person, _ in people],
    ...         "day": pa.array([(year - 1970) * 365 for _, year in people], pa.int32()).cast(pa.date32()),
    ...     }
    ... )
    >>> [(found.indicator, found.sign.value) for found in find_lifetime_values(records)]
    [('degree', 'same')]
    """
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False})
    try:
        connection.register("records", records)
        connection.execute(_PEOPLE)
        return list(_verdicts(connection))
    finally:
        connection.close()


def enough_people(records: pa.Table) -> bool:
    """Whether enough people have rows far enough apart for the question to mean something."""
    connection = duckdb.connect(":memory:", config={"temp_directory": "", "python_enable_replacements": False})
    try:
        connection.register("records", records)
        spans = f"SELECT id FROM records GROUP BY id HAVING max(day) - min(day) >= {LONG_ENOUGH_DAYS}"
        found = connection.execute(f"SELECT count(*) FROM ({spans})").fetchone()
        return found is not None and found[0] >= ENOUGH_PEOPLE
    finally:
        connection.close()


_PEOPLE = """
    CREATE TABLE people AS
    WITH numbered AS (SELECT *, TRY_CAST(value AS DOUBLE) AS number, year(day) AS y FROM records),
        days AS (SELECT id, count(DISTINCT day) AS n_days FROM records GROUP BY id)
    SELECT code, id, any_value(days.n_days) AS n_days_of_person, count(DISTINCT day) AS n_days, max(day) - min(day) AS span,
        min(value) AS lowest, max(value) AS highest,
        min(number) AS least, max(number) AS most, count(number) AS n_numbers, count(*) AS n,
        min(y - number) AS before_low, max(y - number) AS before_high, min(y + number) AS after_low, max(y + number) AS after_high,
        count(*) FILTER (number < 0) AS n_negative, count(*) FILTER (number > 0) AS n_positive,
        count(*) FILTER (number > y AND number BETWEEN 1900 AND 2100 AND number = floor(number)) AS n_later_years,
        max(day) FILTER (number = 0) AS last_zero, min(day) FILTER (number = 1) AS first_one,
        count(*) FILTER (number IN (0, 1)) AS n_binary
    FROM numbered JOIN days USING (id) GROUP BY code, id
"""
"""What one person's values of one indicator look like."""

_VERDICTS = f"""
    SELECT code, count(*) AS n_people,
        avg((lowest = highest)::INT) AS same, count(DISTINCT lowest) FILTER (lowest = highest) AS n_values,
        avg((n_numbers = n AND before_low = before_high AND least <> most)::INT) AS counts_up,
        avg((n_numbers = n AND after_low = after_high AND least <> most)::INT) AS counts_down,
        sum(n_negative) / sum(n) AS negative, sum(n_positive) / sum(n) AS positive,
        sum(n_binary) = sum(n) AS is_binary,
        count(last_zero) AS n_zero, count(*) FILTER (first_one > last_zero) AS n_kept,
        count(DISTINCT first_one) FILTER (first_one > last_zero) AS n_turns,
        avg((n_days = n_days_of_person)::INT) AS whole, avg(n_days) AS n_days, count(DISTINCT lowest || ' ' || highest) AS n_spans,
        sum(n_later_years) / sum(n) AS later_years
    FROM people WHERE n_days >= 2 AND span >= {LONG_ENOUGH_DAYS}
    GROUP BY code HAVING count(*) >= {ENOUGH_PEOPLE} ORDER BY code
"""
"""What the people with rows on several dates have in common, by indicator."""


def _verdicts(connection: duckdb.DuckDBPyConnection) -> Iterator[LifetimeValue]:
    n_all = connection.execute("SELECT count(DISTINCT id) FROM people").fetchone()
    n_with = dict(connection.execute("SELECT code, count(DISTINCT id) FROM people GROUP BY code").fetchall())
    cursor = connection.execute(_VERDICTS)
    names = [column[0] for column in cursor.description]
    for row in cursor.fetchall():
        found = dict(zip(names, row, strict=True))
        share_with = n_with[found["code"]] / (n_all[0] if n_all else 1)
        sign = _sign(found, share_with)
        if sign is not None:
            yield LifetimeValue(found["code"], sign, int(found["n_people"]), found["later_years"] > FUTURE_SHARE)


def _sign(found: dict[str, float], share_with: float) -> Sign | None:
    if found["same"] >= NEARLY_ALL and found["n_values"] >= 2:
        return Sign.SAME
    if _counts_to_the_future(found):
        return Sign.COUNTDOWN
    if (
        found["is_binary"]
        and found["n_zero"] >= ENOUGH_PEOPLE
        and found["n_kept"] >= NEARLY_ALL * found["n_zero"]
        and found["n_turns"] >= 3
    ):
        return Sign.PROMISE
    is_partial = FUTURE_SHARE < share_with < 1 - FUTURE_SHARE
    if found["n_spans"] == 1 and is_partial and found["whole"] >= NEARLY_ALL and found["n_days"] >= DATES_FOR_PRESENCE:
        return Sign.PRESENCE
    return None


def _counts_to_the_future(found: dict[str, float]) -> bool:
    """Whether year and value make one moment for a person, and rows lie before it: an age is of a moment that has been."""
    since = found["counts_up"] >= NEARLY_ALL and found["negative"] > FUTURE_SHARE
    return since or (found["counts_down"] >= NEARLY_ALL and found["positive"] > FUTURE_SHARE)
