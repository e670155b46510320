"""What of the tables of reviews may leave: small numbers withheld, and nothing left from which they could be recomputed (R-09).

A reader has the whole report side by side: these tables, and those of whom the model proposes. Every count is therefore a sum of the same
disjoint cells, and what is shown is what still withholds the small ones from a reader who subtracts (`features.suppression`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness.disclosure import PIECES
from monitoring.fairness.groups import CELLS, METRICS
from monitoring.oversight.by_group import NO_SHARE_GAP, ReviewTable, ReviewTables, Row, Share
from monitoring.oversight.paths import MARKS, NOBODY
from monitoring.oversight.steps import (
    ALL_STEPS,
    DECIDED,
    EVERYBODY,
    GUARDED,
    N_CELLS,
    OUTCOMES,
    PROPOSAL_CELLS,
    STEPS,
    Cells,
    Step,
    cell_of,
)

Key = tuple[str, ...]
Profile = Mapping[str, str]

_TOTAL: Key = ("", "total")

_OF_NOBODY = (STEPS["data_error"].yes, STEPS["reviewed"].no)
"""Where nobody is one of these, that is about registers and services and not about people: it is not told, but neither is it guarded."""

Told = Mapping[Cells, int]
"""What the rest of the report tells of a group's people, as sums of cells."""


def publish_reviews(tables: ReviewTables, *, proposals: Sequence[Mapping[str, Any]], minimum_of: Mapping[str, int]) -> ReviewTables:
    """Withhold what a reader of the whole report could use to learn about a few people.

    Parameters
    ----------
    proposals
        The report's tables by the same attributes (`monitoring.fairness.content`), as they are published: a reader has them too.
    minimum_of
        Attribute -> fewest people a count may stand for, `SMALLEST_CELL` where not named.

    Notes
    -----
    Everybody is decided first and alone; then each attribute, and each two of which one says the other. A share is shown when both its
    sides are. A withheld share keeps its row and says ``"too small"``, whether it is small itself or protects another.
    """
    whole: Told = _told(proposals[0]["everybody"]) if proposals else {}
    told = {table["attribute"]: {row["group"]: _told(row) for row in table["groups"]} for table in proposals}
    pieces = _Pieces.of_tables(tables)
    untold = _untold(tables, pieces, told, whole)
    hidden = set(withheld_counts(list(_total_counts(tables.everybody, pieces, [{}], whole))))
    for family in _families(tables):
        profiles = _profiles(family, tables.known_pairs)
        fixed = [
            replace(count, is_fixed=True, is_shown=count.is_shown and count.name not in hidden)
            for count in _total_counts(tables.everybody, pieces, profiles, whole)
        ]
        own = [
            count
            for table in family
            for count in _table_counts(
                table, pieces, profiles, told.get(table.attribute, {}), minimum_of.get(table.attribute, SMALLEST_CELL)
            )
        ]
        hidden |= withheld_counts([*fixed, *(replace(count, is_shown=count.is_shown and count.name not in hidden) for count in own)])
    hidden |= untold
    return ReviewTables(
        everybody=_publish_row(tables.everybody, _TOTAL, _steps_of(tables), pieces, hidden),
        by_group=tuple(_publish_table(table, pieces, hidden) for table in tables.by_group),
        by_mark=tuple(_publish_table(table, pieces, hidden) for table in tables.by_mark),
        known_pairs=tables.known_pairs,
    )


def _untold(tables: ReviewTables, pieces: _Pieces, told: Mapping[str, Mapping[str | None, Told]], whole: Told) -> set[Key]:
    """Name the counts that the rest of the report withholds: they are not told here either."""
    rows = [(_key(table, row), told.get(table.attribute, {}).get(row.group, {})) for table in tables.by_group for row in table.rows]
    return {
        (*key, pieces.names[cells])
        for key, known in [(_TOTAL, whole), *rows]
        for cells in _ELSEWHERE
        if cells in pieces.names and cells not in known
    }


def _told(row: Mapping[str, Any]) -> Told:
    """Read what a published row of proposals tells, as a reader would."""
    found: dict[Cells, int | None] = {EVERYBODY: row["n_people"], _MATURED: row["n_matured"]}
    for name, rate in row["rates"].items():
        if rate["numerator"] is not None:
            yes, no = (_union(cells) for cells in (METRICS[name].numerator, METRICS[name].complement))
            found |= {yes: rate["numerator"], no: rate["denominator"] - rate["numerator"]}
    return {cells: n for cells, n in found.items() if n is not None}


def _union(kinds: Sequence[str]) -> Cells:
    return frozenset[int]().union(*(PROPOSAL_CELLS[kind] for kind in kinds))


_MATURED = _union(CELLS[:4])
_ELSEWHERE: Mapping[Cells, str] = {_union(kinds): f"elsewhere {name}" for name, kinds in PIECES.items()}
"""Counts that the report tells of proposals, or withholds there."""


def _steps_of(tables: ReviewTables) -> tuple[Step, ...]:
    return tuple(ALL_STEPS[name] for name in tables.everybody.shares)


@dataclass(frozen=True, eq=False)
class _Pieces:
    """Every count that any table shows or guards, named once however many shares use it, over cells that some count tells apart."""

    names: Mapping[Cells, str]
    worth: Mapping[str, int]
    """Name -> how much it is worth: what stands first in the list of steps is given up last."""
    atom_of: NDArray[np.int64]
    decided: frozenset[int]
    """Atoms of decided reviews; a mark of a review is theirs alone."""

    @classmethod
    def of_tables(cls, tables: ReviewTables) -> _Pieces:
        names = {**_ELSEWHERE, DECIDED: "decided"}
        worth = dict.fromkeys(names.values(), 0)
        for number, step in enumerate(_steps_of(tables)):
            for side, cells in _sides(step):
                worth.setdefault(names.setdefault(cells, f"{step.name} {side}"), -number)
        for number, cells in enumerate(GUARDED):
            names.setdefault(cells, f"guarded {number}")
        counted = tables.everybody.cells
        if counted is None or not counted.reshape(-1, len(OUTCOMES))[:, :2].any():
            # No outcome has matured, which the report says: nobody tells outcomes apart.
            names = {piece: name for piece, name in names.items() if _is_of_any_outcome(piece)}
        member = np.array([[cell in cells for cells in names] for cell in range(N_CELLS)])
        atom_of = np.unique(member, axis=0, return_inverse=True)[1].ravel()
        return cls(names, worth, atom_of, frozenset(int(atom_of[cell]) for cell in DECIDED))

    @property
    def n_atoms(self) -> int:
        return int(self.atom_of.max()) + 1

    def atoms(self, cells: Cells) -> list[int]:
        return sorted({int(self.atom_of[cell]) for cell in cells})

    def places(self, cells: Cells, numbers: Sequence[int], profiles: Sequence[Profile]) -> tuple[int, ...]:
        """Number the cells of some profiles that a count adds up: nobody has a mark without a decision, or a decision without one."""
        return tuple(
            number * self.n_atoms + atom
            for number in numbers
            for atom in self.atoms(cells)
            if all((value == NOBODY) != (atom in self.decided) for name, value in profiles[number].items() if name in MARKS)
        )


def _is_of_any_outcome(cells: Cells) -> bool:
    return cells == frozenset(cell_of(cell // len(OUTCOMES), outcome) for cell in cells for outcome in range(len(OUTCOMES)))


def _sides(step: Step) -> tuple[tuple[str, Cells], ...]:
    return ("yes", step.yes), ("no", step.no), ("all", step.both)


def _families(tables: ReviewTables) -> Iterator[list[ReviewTable]]:
    """Give the tables that are read together."""
    by_name = {table.attribute: table for table in (*tables.by_group, *tables.by_mark)}
    yield from ([table] for table in by_name.values())
    yield from ([by_name[a], by_name[b]] for a, b in tables.known_pairs)


def _profiles(family: Sequence[ReviewTable], known_pairs: Mapping[tuple[str, str], frozenset[tuple[str, str]]]) -> list[Profile]:
    names = [table.attribute for table in family]
    profiles = [dict(zip(names, groups, strict=True)) for groups in product(*([str(row.group) for row in table.rows] for table in family))]
    known = known_pairs.get((names[0], names[-1])) if len(names) == 2 else None
    return [one for one in profiles if known is None or (one[names[0]], one[names[1]]) in known]


def _total_counts(row: Row, pieces: _Pieces, profiles: Sequence[Profile], told: Told) -> Iterator[Count]:
    yield from _row_counts(_TOTAL, row, set(pieces.worth), pieces, range(len(profiles)), profiles, told, SMALLEST_CELL)


def _table_counts(
    table: ReviewTable, pieces: _Pieces, profiles: Sequence[Profile], told: Mapping[str | None, Told], minimum: int
) -> Iterator[Count]:
    shown = {pieces.names[cells] for step in table.steps for _, cells in _sides(step)} | {"decided"}
    for row in table.rows:
        if table.attribute in MARKS and row.group == NOBODY:
            continue
        numbers = [number for number, profile in enumerate(profiles) if profile[table.attribute] == row.group]
        yield from _row_counts(_key(table, row), row, shown, pieces, numbers, profiles, told.get(row.group, {}), minimum)


def _key(table: ReviewTable, row: Row) -> Key:
    return (table.attribute, f"group {row.group}")


def _row_counts(
    key: Key, row: Row, shown: set[str], pieces: _Pieces, numbers: Sequence[int], profiles: Sequence[Profile], told: Told, minimum: int
) -> Iterator[Count]:
    if row.cells is None:
        raise ValueError("these tables were published already: expected the full counts")
    is_counted_only = shown == {"decided"}
    for cells, name in pieces.names.items():
        if is_counted_only and name != "decided":
            continue
        places = pieces.places(cells, numbers, profiles)
        value = int(row.cells[sorted(cells)].sum())
        count = Count((*key, name), places, value, minimum=minimum, worth=pieces.worth.get(name, 0))
        if not places:
            continue
        if cells in told:
            yield replace(count, is_fixed=True)
        elif name in shown and cells not in _ELSEWHERE and (value or cells not in _OF_NOBODY):
            yield count
        elif 0 < value < minimum:
            yield replace(count, is_shown=False)


def _publish_table(table: ReviewTable, pieces: _Pieces, hidden: set[Key]) -> ReviewTable:
    rows = [_publish_row(row, _key(table, row), table.steps, pieces, hidden) for row in table.rows]
    against = next((row for row in rows if row.group == table.reference), None)
    return replace(table, rows=tuple(_publish_differences(row, against) for row in rows))


def _publish_row(row: Row, key: Key, steps: Sequence[Step], pieces: _Pieces, hidden: set[Key]) -> Row:
    decided = None if row.n_decided is None or (*key, "decided") in hidden else row.n_decided
    return replace(
        row,
        cells=None,
        by_reviewer=None,
        n_decided=decided,
        shares={step.name: _publish_share(row, step, key, pieces, hidden) for step in steps},
    )


def _publish_share(row: Row, step: Step, key: Key, pieces: _Pieces, hidden: set[Key]) -> Share:
    """Show a share when both its sides are; else how many it is of, where that is shown."""
    share = row.shares[step.name]
    yes, no, both = ((*key, pieces.names[cells]) in hidden for _, cells in _sides(step))
    if share.denominator and not (yes or no or both) and (share.numerator or 0) > 0:
        return share
    return Share(None, None if both or not share.denominator else share.denominator, None, None, None, "too small")


def _publish_differences(row: Row, against: Row | None) -> Row:
    if against is None:
        return replace(row, differences={})
    shown = {name for name, share in row.shares.items() if share.point is not None and against.shares[name].point is not None}
    return replace(row, differences={name: gap if name in shown else NO_SHARE_GAP for name, gap in row.differences.items()})
