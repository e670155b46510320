"""The report's figures by group, put together for one attribute: each rate with its interval and its difference to the reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from serving.console.months.naming import Naming

Told = Mapping[str, Any]
"""A figure as report.json has it: ``point``, ``low`` and ``high``, each None where it is withheld."""

METRICS = ("proposal_rate", "base_rate", "tpr", "fpr", "ppv", "npv")
"""Rates in the order of the page; a report tells those that need outcomes once these are known."""

TOGETHER = {
    "proposed": ("proposal_rate", "worried_before", "both_together"),
    "tpr": ("tpr", "reviewers_tpr", "both_tpr"),
    "fpr": ("fpr", "reviewers_fpr", "both_fpr"),
    "ppv": ("ppv", "reviewers_ppv", "both_ppv"),
}
"""Question -> its figure of the model alone, of reviewers alone, and of both together."""

NOTHING: Told = {"point": None, "low": None, "high": None}
"""What a report does not tell."""


@dataclass(frozen=True)
class GroupRow:
    """A group's figure; `gap` is None for the reference and for everybody."""

    name: str
    n: int | None
    rate: Told
    gap: Told | None
    is_reference: bool
    is_everybody: bool


@dataclass(frozen=True)
class RateTable:
    """One rate of every group of an attribute."""

    metric: str
    rows: Sequence[GroupRow]

    @property
    def end(self) -> float:
        """Value at which the drawings of its intervals end: the next tenth above the highest limit."""
        highs = [float(row.rate["high"]) for row in self.rows if row.rate["point"] is not None]
        return min(1.0, ceil(max(highs, default=1.0) * 10) / 10)

    @property
    def reference(self) -> float | None:
        """The reference's figure, which each drawing marks; None where it is withheld."""
        return next((row.rate["point"] for row in self.rows if row.is_reference), None)


@dataclass(frozen=True)
class TogetherRow:
    """A group's figures of the model alone, reviewers alone, and both."""

    name: str
    is_reference: bool
    figures: tuple[Told, Told, Told]


@dataclass(frozen=True)
class TogetherTable:
    """One question of every group of an attribute."""

    question: str
    rows: Sequence[TogetherRow]


def attributes_of(content: Mapping[str, Any]) -> list[str]:
    """List what the report tells groups by."""
    return [str(table["attribute"]) for table in content["fairness"]]


def rate_tables(content: Mapping[str, Any], attribute: str, naming: Naming) -> list[RateTable]:
    """Build the tables of an attribute: the share proposed always, others where the report tells anything of them."""
    table = _table(content["fairness"], attribute)
    found = [RateTable(metric, _rows(table, metric, naming)) for metric in METRICS]
    return [one for one in found if one.metric == METRICS[0] or any(row.rate["point"] is not None for row in one.rows)]


def calibration_rows(content: Mapping[str, Any], attribute: str, naming: Naming) -> list[GroupRow]:
    """Give each group's calibration: what the model said on average less what came; empty where the report tells none."""
    table = _table(content["fairness"], attribute)
    rows = [
        GroupRow(_name(row, table, naming), row["n_matured"], row["calibration"], None, _is_reference(row, table), row["group"] is None)
        for row in _all_rows(table)
    ]
    return rows if any(row.rate["point"] is not None for row in rows) else []


def together_tables(content: Mapping[str, Any], attribute: str, naming: Naming) -> list[TogetherTable]:
    """Set the model alone beside reviewers alone and both, of every group; a question that nothing is told of is left out."""
    model = {row["group"]: row["rates"] for row in _table(content["fairness"], attribute)["groups"]}
    reviews = next((table for table in content["oversight"]["by_group"] if table["attribute"] == attribute), None)
    if reviews is None:
        return []
    tables = [
        TogetherTable(question, [_together(row, model, names, reviews, naming) for row in reviews["groups"]])
        for question, names in TOGETHER.items()
    ]
    return [
        one
        for one in tables
        if one.question == "proposed" or any(figure["point"] is not None for row in one.rows for figure in row.figures)
    ]


def _together(row: Told, model: Mapping[str, Any], names: Sequence[str], table: Told, naming: Naming) -> TogetherRow:
    alone, people, both = names
    figures = (model.get(row["group"], {}).get(alone, NOTHING), row["shares"].get(people, NOTHING), row["shares"].get(both, NOTHING))
    return TogetherRow(naming.group(str(table["attribute"]), row["group"]), row["group"] == table["reference"], figures)


def _table(tables: Sequence[Mapping[str, Any]], attribute: str) -> Mapping[str, Any]:
    return next(table for table in tables if table["attribute"] == attribute)


def _rows(table: Mapping[str, Any], metric: str, naming: Naming) -> list[GroupRow]:
    return [
        GroupRow(
            _name(row, table, naming),
            row["n_people"],
            row["rates"][metric],
            row["differences"].get(metric),
            _is_reference(row, table),
            row["group"] is None,
        )
        for row in _all_rows(table)
    ]


def _all_rows(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [*table["groups"], table["everybody"]]


def _is_reference(row: Mapping[str, Any], table: Mapping[str, Any]) -> bool:
    return row["group"] is not None and row["group"] == table["reference"]


def _name(row: Mapping[str, Any], table: Mapping[str, Any], naming: Naming) -> str:
    if row["group"] is None:
        return naming.t("month.everybody")
    return naming.group(str(table["attribute"]), row["group"])
