"""What the earlier months' reports of a model have told about groups: published figures alone, so that comparing them tells nothing new."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitoring.fairness.changed_odds import Fourfold
from monitoring.fairness.comparisons import ASKED, BEFORE_OUTCOMES
from monitoring.files import CONTENT, read_content

MOST_REPORTS = 12
"""Earlier reports that are compared with, the newest ones."""


@dataclass(frozen=True, order=True)
class Question:
    """One rate of one group."""

    attribute: str
    group: str
    metric: str


@dataclass(frozen=True)
class ToldRates:
    """What one report told of groups.

    Parameters
    ----------
    rates
        Question -> counts of the group and of everybody else; None where either is withheld, of nobody, or can't be known.
    """

    month: str
    version: str
    rates: Mapping[Question, Fourfold | None]


@dataclass(frozen=True)
class EarlierReports:
    """The earlier reports of a model, oldest first, and the months whose report is of another format and can't be compared."""

    told: tuple[ToldRates, ...]
    not_readable: tuple[str, ...]

    def as_json(self) -> str:
        """Give everything that is compared with in one spelling, so that a change of it renews a report."""
        told = [
            [one.month, one.version, [[*asdict(q).values(), asdict(r) if r else None] for q, r in sorted(one.rates.items())]]
            for one in self.told
        ]
        return json.dumps([told, self.not_readable], ensure_ascii=False)


NO_REPORTS = EarlierReports((), ())


def read_earlier_reports(folder: Path, *, before: str, version: int) -> EarlierReports:
    """Read the reports of a model on earlier months.

    Parameters
    ----------
    folder
        ``var/reports/<model>``, with a folder for each month.
    before
        Month as ``YYYY-MM`` that the present report is about.
    version
        Format of `report.json` that can be compared; of other formats the month is named.

    Raises
    ------
    DataError
        TID482 when a report is not the JSON that monitoring wrote.
    """
    months = sorted(path.parent.name for path in folder.glob(f"*/{CONTENT}") if path.parent.name < before)
    contents = {month: read_content(folder / month / CONTENT) for month in months[-MOST_REPORTS:]}
    return EarlierReports(
        tuple(told_rates(content) for content in contents.values() if content.get("format") == version),
        tuple(month for month, content in contents.items() if content.get("format") != version),
    )


def told_rates(content: Mapping[str, Any]) -> ToldRates:
    """Read the rates of a report's single tables as they were told."""
    return ToldRates(str(content["month"]), str(content["version"]), rates_of(content["fairness"]))


def rates_of(tables: Sequence[Mapping[str, Any]]) -> dict[Question, Fourfold | None]:
    """Give each rate that was asked of each group, beside everybody else's.

    Of two groups only the smaller one is asked: what it is to the other, the other is to it.
    """
    found: dict[Question, Fourfold | None] = {}
    for table in tables:
        everybody = table["everybody"]
        for row in table["groups"]:
            if len(table["groups"]) == 1 or (len(table["groups"]) == 2 and row["group"] == table["reference"]):
                continue
            for metric in ASKED if everybody["n_matured"] != 0 else BEFORE_OUTCOMES:
                found[Question(table["attribute"], row["group"], metric)] = _beside(row["rates"][metric], everybody["rates"][metric])
    return found


def _beside(own: Mapping[str, Any], everybody: Mapping[str, Any]) -> Fourfold | None:
    counts = (own["numerator"], own["denominator"], everybody["numerator"], everybody["denominator"])
    if None in counts:
        return None
    k, n, all_k, all_n = counts
    return Fourfold(k, n, all_k - k, all_n - n) if n and all_n > n else None
