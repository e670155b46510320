"""What of a fairness table may leave: small numbers withheld, and nothing left from which they could be recomputed (R-09, R-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness import CELLS, METRICS, FairnessTable, Gap, GroupFairness, Rate

WITHHELD = Rate(None, None, None, None, None, "too small")
NO_GAP = Gap(None, None, None)

PIECES: Mapping[str, tuple[str, ...]] = {
    "people": CELLS,
    "matured": CELLS[:4],
    "with": ("true_proposed", "missed"),
    "without": ("false_proposed", "rightly_left"),
    "proposed": ("true_proposed", "false_proposed", "unknown_proposed"),
    "left": ("missed", "rightly_left", "unknown_left"),
    **{cell: (cell,) for cell in CELLS[:4]},
}
"""The counts that a table shows of a group, each a sum of cells."""

_PIECE_OF = {cells: name for name, cells in PIECES.items()}

Key = tuple[str, ...]


def publish(table: FairnessTable, *, minimum: int = SMALLEST_CELL) -> FairnessTable:
    """Withhold what a reader could use to learn about fewer than `minimum` people.

    A rate is shown when both its numerator and the rest of its denominator are. A withheld rate keeps its row and says
    ``"too small"``, whether it is small itself or is withheld to protect another: the two must look alike. Cell counts never leave.

    Notes
    -----
    The row of everybody is decided first and alone, so that all tables of the same people show the same of it: what one table withholds
    there could be read in another. Tables are protected one by one; combining attributes is protected through that row only.
    """
    totals = withheld_counts(_row_counts("total", table.everybody, [0]))
    hidden = totals | withheld_counts(_counts(table, totals), minimum=minimum)
    shown = {row.group: _publish_rates(row, hidden, _row_key(table, row)) for row in (*table.groups, table.everybody)}
    against = shown.get(table.reference)
    groups = tuple(_publish_gaps(shown[row.group], against) for row in table.groups)
    return replace(table, groups=groups, everybody=shown[None])


def _row_key(table: FairnessTable, row: GroupFairness) -> str:
    """Name a row so that a group called like the total can't be taken for it."""
    return "total" if row is table.everybody else f"group {row.group}"


def _counts(table: FairnessTable, withheld_totals: frozenset[Key]) -> list[Count]:
    totals = [
        replace(count, is_fixed=True, is_shown=count.is_shown and count.name not in withheld_totals)
        for count in _row_counts("total", table.everybody, list(range(len(table.groups))))
    ]
    any_matured = bool(table.everybody.n_matured)
    groups = (_row_counts(_row_key(table, row), row, [n], any_matured=any_matured) for n, row in enumerate(table.groups))
    return [*totals, *(count for counts in groups for count in counts)]


def _row_counts(key: str, row: GroupFairness, numbers: list[int], *, any_matured: bool | None = None) -> list[Count]:
    """List the counts of one row; `numbers` are the groups that it adds up."""
    if row.cells is None:
        raise ValueError("this table was published already: expected the full counts")
    matured = bool(row.n_matured) if any_matured is None else any_matured
    pieces = {name: cells for name, cells in PIECES.items() if matured or name in ("people", "proposed", "left")}
    counts = [_count((key, name), row.cells, cells, numbers) for name, cells in pieces.items()]
    # People whose outcome is not known yet are in no rate of their own, but follow from `people` minus `matured`.
    guarded = [_count((key, cell), row.cells, (cell,), numbers) for cell in CELLS[4:] if matured]
    return counts + [replace(count, is_shown=False) for count in guarded if count.value > 0]


def _count(name: Key, cells: tuple[int, ...], kinds: tuple[str, ...], numbers: list[int]) -> Count:
    places = [CELLS.index(kind) for kind in kinds]
    return Count(name, tuple(n * len(CELLS) + place for n in numbers for place in places), sum(cells[place] for place in places))


def _publish_rates(row: GroupFairness, hidden: frozenset[Key], key: str) -> GroupFairness:
    rates = {name: rate if _is_shown(name, key, hidden) and rate.denominator else WITHHELD for name, rate in row.rates.items()}
    has_people, has_outcome = (key, "people") not in hidden, rates["base_rate"].point is not None
    return replace(
        row,
        n_people=row.n_people if has_people else None,
        n_matured=row.n_matured if (key, "matured") not in hidden or row.n_matured == 0 else None,
        cells=None,
        rates=rates,
        mean_predicted=row.mean_predicted if has_people and (has_outcome or not row.n_matured) else None,
        calibration=row.calibration if has_outcome else NO_GAP,
    )


def _is_shown(metric: str, key: str, hidden: frozenset[Key]) -> bool:
    pieces = (_PIECE_OF[METRICS[metric].numerator], _PIECE_OF[METRICS[metric].complement])
    return not any((key, piece) in hidden for piece in pieces)


def _publish_gaps(row: GroupFairness, against: GroupFairness | None) -> GroupFairness:
    comparable = {
        name: against is not None and rate.point is not None and against.rates[name].point is not None for name, rate in row.rates.items()
    }
    return replace(
        row,
        differences={name: gap if comparable[name] else NO_GAP for name, gap in row.differences.items()},
        ratios={name: gap if comparable[name] else NO_GAP for name, gap in row.ratios.items()},
    )
