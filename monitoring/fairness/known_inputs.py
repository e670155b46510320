"""Do the registers tell as much of everybody? How many of each group a sector says anything of, before any outcome is known.

A model can only treat people alike as far as it sees them alike. Of what a sector always says, such as a count that is nought where nothing
was recorded, there is nothing to compare; what may be unknown is compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_SECTOR_CELL
from features.suppression import Count, withheld_counts
from models.multiplicity import holm
from monitoring.fairness.groups import MUNICIPALITY, group_people
from monitoring.statistics.exact_test import exact_p_value
from monitoring.statistics.intervals import proportion

Flags = NDArray[np.bool_]

LEVEL = 0.05


@dataclass(frozen=True)
class Known:
    """How many of a group one sector says anything of."""

    attribute: str
    sector: str
    group: str
    n_known: int
    n_people: int


def sectors_known(rows: NDArray[Any], sectors: Sequence[str]) -> dict[str, Flags]:
    """Say of each person whether each sector says anything of them that it does not say of everybody.

    Parameters
    ----------
    rows
        Features, shape (n_people, n_features); NaN is unknown.
    sectors
        Sector of each feature.

    Returns
    -------
    dict[str, Flags]
        Sector -> shape (n_people,); without sectors whose features are known of everybody.

    Examples
    --------
    >>> nan = float("nan")
    >>> rows = np.array([[0.0, 1.0, nan], [0.0, nan, nan]])
    >>> {name: known.tolist() for name, known in sectors_known(rows, ["education", "education", "health"]).items()}
    {'education': [True, False], 'health': [False, False]}
    """
    may_be_unknown = np.isnan(rows).any(axis=0)
    found = {}
    for sector in dict.fromkeys(sectors):
        asked = may_be_unknown & (np.asarray(sectors) == sector)
        if asked.any():
            found[sector] = ~np.isnan(rows[:, asked]).all(axis=1)
    return found


def measure_known(known: Mapping[str, Flags], groups: Mapping[str, Sequence[str | None]]) -> tuple[Known, ...]:
    """Count, for each sector and group, whom the sector says anything of.

    By municipality is left out: what a municipality's records lack is told where drift is.
    """
    return tuple(
        Known(attribute, sector, member, int(flags[rows].sum()), int(rows.sum()))
        for attribute, values in groups.items()
        if attribute != MUNICIPALITY
        for grouping in [group_people(values, attribute=attribute)]
        for sector, flags in known.items()
        for code, (member,) in enumerate(grouping.members)
        for rows in [grouping.codes == code]
    )


def known_content(counted: Sequence[Known], fairness: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Give what may be told, JSON-ready: numbers under ten withheld with what would give them away (R-09).

    Parameters
    ----------
    fairness
        The report's published tables: how many each group has is told there or nowhere.
    """
    told_people = {(table["attribute"], row["group"]): row["n_people"] for table in fairness for row in table["groups"]}
    rows, asked = [], []
    for attribute, sector in dict.fromkeys((one.attribute, one.sector) for one in counted):
        table = [one for one in counted if (one.attribute, one.sector) == (attribute, sector)]
        hidden = _withheld(table, told_people)
        for one in table:
            is_told = told_people.get((attribute, one.group)) is not None and (one.group,) not in hidden
            rows.append((one, is_told))
            asked.append(_p_value(one, table) if is_told and not hidden else 1.0)
    return [_row(one, is_told=is_told, p_value=p) for (one, is_told), p in zip(rows, holm(asked), strict=True)]


def _withheld(table: Sequence[Known], told_people: Mapping[tuple[str, str], int | None]) -> frozenset[tuple[str, ...]]:
    """Attack one table of an attribute and a sector: those known, those not, of each group and of everybody."""
    counts = []
    for place, one in enumerate(table):
        known, unknown = 2 * place, 2 * place + 1
        counts += [
            Count((one.group,), (known,), one.n_known),
            Count((one.group, "unknown"), (unknown,), one.n_people - one.n_known, is_shown=False),
        ]
        if told_people.get((one.attribute, one.group)) is not None:
            counts.append(Count((one.group, "people"), (known, unknown), one.n_people, is_fixed=True))
    cells = range(len(table))
    everybody = (tuple(2 * place for place in cells), tuple(2 * place + 1 for place in cells))
    counts += [
        Count(("everybody", "known"), everybody[0], sum(one.n_known for one in table), is_fixed=True),
        Count(("everybody", "unknown"), everybody[1], sum(one.n_people - one.n_known for one in table), is_fixed=True),
    ]
    return frozenset(name for name in withheld_counts(counts, minimum=SMALLEST_SECTOR_CELL) if len(name) == 1)


def _p_value(one: Known, table: Sequence[Known]) -> float:
    """Compare a group with everybody else; asked only where the whole table is told, so that it tells nothing more."""
    n_known, n_people = (sum(getattr(other, name) for other in table if other is not one) for name in ("n_known", "n_people"))
    return exact_p_value(one.n_known, one.n_people, n_known, n_people)


def _row(one: Known, *, is_told: bool, p_value: float) -> dict[str, Any]:
    point, low, high = (float(limit) for limit in proportion(one.n_known, one.n_people)) if is_told else (None, None, None)
    return {
        "attribute": one.attribute,
        "sector": one.sector,
        "group": one.group,
        "n_people": one.n_people if is_told else None,
        "point": point,
        "low": low,
        "high": high,
        "verdict": "measured" if is_told else "too small",
        "differs": is_told and p_value < LEVEL,
    }
