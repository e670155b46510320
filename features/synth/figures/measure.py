"""The figures of a population, measured from its source files as intake would see them; the truth file only where no register reaches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np

from features.synth.figures.tables import connect


@dataclass(frozen=True)
class Figure:
    """A measured figure."""

    value: float
    standard_error: float


Figures = dict[str, Figure]


def measure_population(data: Path) -> Figures:
    """Measure every figure that has a target.

    Parameters
    ----------
    data
        Folder that `write_sources` wrote, with everything delivered.
    """
    connection = connect(data)
    try:
        return {key: figure for part in PARTS for key, figure in part(connection)}
    finally:
        connection.close()


Part = Callable[[duckdb.DuckDBPyConnection], Iterator[tuple[str, Figure]]]


def _shares(connection: duckdb.DuckDBPyConnection, group: str, source: str, **conditions: str) -> Iterator[tuple[str, Figure]]:
    """Share of a source's rows for which a condition holds; a condition may be limited, `what if where`."""
    for name, condition in conditions.items():
        what, _, where = condition.partition(" IF ")
        row = connection.execute(
            f"SELECT avg(({what})::INT::DOUBLE), count(*) FROM {source} {f'WHERE {where}' if where else ''}"
        ).fetchone()
        share, n = row if row is not None else (None, 0)
        if share is None:
            yield f"{group}.{name}", Figure(float("nan"), float("inf"))
        else:
            yield f"{group}.{name}", Figure(float(share), float(np.sqrt(max(share * (1 - share), 1 / n) / n)))


def _means(connection: duckdb.DuckDBPyConnection, group: str, source: str, **columns: str) -> Iterator[tuple[str, Figure]]:
    for name, text in columns.items():
        what, _, where = text.partition(" IF ")
        row = connection.execute(
            f"SELECT avg({what}), stddev({what}) / sqrt(count({what})) FROM {source} {f'WHERE {where}' if where else ''}"
        ).fetchone()
        yield f"{group}.{name}", Figure(*(float("nan") if x is None else float(x) for x in row or (None, None)))


def _number(connection: duckdb.DuckDBPyConnection, key: str, query: str) -> tuple[str, Figure]:
    row = connection.execute(query).fetchone()
    return key, Figure(float(row[0]) if row is not None and row[0] is not None else float("nan"), 0.0)


def _people(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield from _shares(connection, "population", "people", boy="sex = 'boy'", girl="sex = 'girl'")
    names = ("compulsory", "upper_secondary", "short_tertiary", "long_tertiary", "unknown")
    yield from _shares(connection, "parental_education", "pupils", **{name: f"education = '{name}'" for name in names})
    categories = ("immigrant", "norwegian_born", "other")
    yield from _shares(connection, "immigration_category_at_16", "pupils", **{name: f"category = '{name}'" for name in categories})


def _points(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield from _means(connection, "gsp", "done", mean="points")
    yield _number(connection, "gsp.sd", "SELECT stddev(points) FROM done")
    ahead = "SELECT avg(points) FILTER (sex = 'girl') - avg(points) FILTER (sex = 'boy') FROM done"
    yield _number(connection, "gsp.girls_minus_boys", ahead)
    names = ("compulsory", "upper_secondary", "short_tertiary", "long_tertiary")
    yield from _means(connection, "gsp.by_parent", "done", **{name: f"points IF education = '{name}'" for name in names})
    yield from _shares(connection, "gsp", "done", missing="points IS NULL", missing_given_cws="points IS NULL IF ever_welfare")


def _completion(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    names = ("compulsory", "upper_secondary", "short_tertiary", "long_tertiary")
    yield from _shares(
        connection,
        "completion_5_6",
        "starters",
        all="completed",
        men="completed IF sex = 'boy'",
        women="completed IF sex = 'girl'",
        sf="completed IF programme = 'studieforberedende'",
        yf="completed IF programme = 'yrkesfag'",
        **{name: f"completed IF education = '{name}'" for name in names},
        **{name: f"completed IF category = '{name}'" for name in ("immigrant", "norwegian_born", "other")},
        ever_cws="completed IF ever_welfare",
        cws_and_gsp_le_34="completed IF ever_welfare AND points <= 34",
        gsp_lt30="completed IF points < 30",
        gsp_ge50="completed IF points >= 50",
    )


def _school(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield _number(connection, "absence_grade10_days.median", "SELECT median(days) FROM absence WHERE grade = 10")
    yield from _shares(connection, "absence_grade10_days", "absence", share_ge_20="days >= 20 IF grade = 10")
    for key, column in (("median_days", "days"), ("median_hours", "hours")):
        yield _number(connection, f"absence_vgs.{key}", f"SELECT median({column}) FROM absence WHERE grade > 10")
    upper = {"share_ge20d": "days >= 20 IF grade > 10", "share_ge50h": "hours >= 50 IF grade > 10"}
    yield from _shares(connection, "absence_vgs", "absence", **upper)
    yield from _shares(
        connection,
        "special_ed",
        "support",
        g1="supported IF grade = 1",
        g10="supported IF grade = 10",
        boys="supported IF grade <= 10 AND sex = 'boy'",
        girls="supported IF grade <= 10 AND sex = 'girl'",
        vg1="supported IF grade = 11",
    )
    yield from _shares(connection, "special_ed", "five_year_olds", kindergarten_5y="helped")
    lowest = {name: f"{name} <= 42 IF {name} IS NOT NULL AND grade = 5" for name in ("reading", "maths", "english")}
    yield from _shares(connection, "np5_lowest", "tests", **lowest)
    kinds = {"sf": "quit IF programme = 'studieforberedende'", "yf": "quit IF programme = 'yrkesfag'"}
    yield from _shares(connection, "quit_in_year", "upper_years", **kinds)


def _services(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield from _shares(connection, "cws", "grown", ever_measure_by_16="ever_welfare", care_order_given_ever="ever_care IF ever_welfare")
    yield from _shares(connection, "cws", "welfare_years", in_year_6_17="measure", notification_in_year_6_17="notified")
    yield from _shares(
        connection,
        "bup_in_year",
        "health_years",
        b10_14="specialist IF sex = 'boy' AND age BETWEEN 10 AND 14",
        g10_14="specialist IF sex = 'girl' AND age BETWEEN 10 AND 14",
        b15_19="specialist IF sex = 'boy' AND age BETWEEN 15 AND 19",
        g15_19="specialist IF sex = 'girl' AND age BETWEEN 15 AND 19",
    )
    ages = {"a0_5": (0, 5), "a6_15": (6, 15), "a16_19": (16, 19), "a20_24": (20, 24)}
    contacts = {name: f"gp IF age BETWEEN {first} AND {last}" for name, (first, last) in ages.items()}
    yield from _means(connection, "gp_contacts_per_year", "health_years", **contacts)
    graded = "address_protection <> 'ugradert'"
    yield from _shares(connection, "protected_address", "residents", share=graded, children_share=f"age < 18 IF {graded}")


def _family(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield from _shares(
        connection,
        "persistent_low_income",
        "economy",
        all="low_income = '1,0'",
        immigrant_bg="low_income = '1,0' IF category <> 'other'",
        other="low_income = '1,0' IF category = 'other'",
    )
    for age in (6, 10, 13, 16):
        yield from _shares(connection, "both_parents", f"parents_at({age})", **{f"a{age}": "together"})
    moves = {"a0_5": "moved IF age < 6", "a6_17": "moved IF age BETWEEN 6 AND 17"}
    yield from _shares(connection, "move_between_municipalities_per_year", "home_years", **moves)


def _work(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    yield from _shares(connection, "ot_17_20", "follow_up", all="registered")
    yield from _shares(
        connection,
        "neet_15_29",
        "november",
        a20_24_point="outside IF age BETWEEN 20 AND 24",
        persistent_2y="outside AND before IF age BETWEEN 21 AND 24",
    )
    yield from _shares(connection, "neet_15_29", "november_to_29", all="outside")
    yield from _shares(connection, "disability_pension_18_29", "november_to_29", all="pension IF age >= 18")


def _ceilings(connection: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, Figure]]:
    """Area under the curve of the true probabilities: no model can be better without knowing what it can't."""
    for key, source in (("ceiling.grade_10", "truth_completion"), ("ceiling.outside_19", "truth_outside")):
        table = connection.execute(f"SELECT probability, label FROM {source}").fetchnumpy()
        yield key, Figure(*auc(np.asarray(table["probability"]), np.asarray(table["label"]).astype(bool)))


def auc(score: np.ndarray[tuple[int], np.dtype[np.float64]], label: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> tuple[float, float]:
    """Area under the curve and its standard error (Hanley and McNeil 1982); ties count half.

    >>> auc(np.array([0.1, 0.4, 0.35, 0.8]), np.array([False, False, True, True]))[0]
    0.75
    """
    order = np.argsort(score, kind="stable")
    _, inverse, counts = np.unique(score[order], return_inverse=True, return_counts=True)
    rank = (counts.cumsum() - (counts - 1) / 2)[inverse]
    ones = int(label.sum())
    zeros = len(label) - ones
    if not ones or not zeros:
        return float("nan"), float("inf")
    area = (rank[label[order]].sum() - ones * (ones + 1) / 2) / (ones * zeros)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    variance = (area * (1 - area) + (ones - 1) * (q1 - area**2) + (zeros - 1) * (q2 - area**2)) / (ones * zeros)
    return float(area), float(np.sqrt(variance))


PARTS: tuple[Part, ...] = (_people, _points, _completion, _school, _services, _family, _work, _ceilings)
