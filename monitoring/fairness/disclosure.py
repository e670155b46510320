"""What of fairness tables may leave: small numbers withheld, and nothing left from which they could be recomputed (R-09, R-10).

A reader has all tables of a report side by side. Girls born abroad are girls less girls born here, and those born abroad less boys born
abroad. So the tables of several attributes and of their crossings are protected together: as sums of the same cells, which are the
combinations of all their values.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations, product
from types import MappingProxyType

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness.groups import CELLS, METRICS, FairnessTable, Gap, GroupFairness, Rate

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

READ_TOGETHER = 3
"""Attributes whose tables, single and crossed, are read side by side by the reader they are protected from."""

MOST_COMBINATIONS = 120
"""Combinations of values of more than two attributes that are still read side by side: the attack takes minutes beyond."""

Key = tuple[str, ...]
KnownPairs = Mapping[tuple[str, str], frozenset[tuple[str, str]]]

NO_KNOWN_PAIRS: KnownPairs = MappingProxyType({})


def publish(table: FairnessTable, *, minimum: int = SMALLEST_CELL) -> FairnessTable:
    """Withhold what a reader could use to learn about fewer than `minimum` people; `publish_together` for a table that stands alone."""
    return publish_together([table], minimum_of=dict.fromkeys(table.attributes, minimum))[0]


def publish_together(
    tables: Sequence[FairnessTable], *, minimum_of: Mapping[str, int], known_pairs: KnownPairs = NO_KNOWN_PAIRS
) -> tuple[FairnessTable, ...]:
    """Withhold what a reader of all tables could use to learn about a few people.

    A rate is shown when both its numerator and the rest of its denominator are. A withheld rate keeps its row and says
    ``"too small"``, whether it is small itself or is withheld to protect another: the two must look alike. Cell counts never leave.

    Parameters
    ----------
    tables
        Full counts of the same people, by one attribute or by several crossed.
    minimum_of
        Attribute -> fewest people a count may stand for, `SMALLEST_CELL` where not named; of crossed attributes the highest counts.
    known_pairs
        Two attributes -> pairs of their values that occur at all, where everybody knows that, as which centrality a municipality has.

    Notes
    -----
    The row of everybody is decided first and alone, so that all tables show the same of it: what one table withholds there could be
    read in another. Then the table of each attribute is protected, the tables of each two with their crossing, and those of
    `READ_TOGETHER` with at most `MOST_COMBINATIONS` of values; what is crossed is given up first, and a table by one
    attribute loses a count to a crossed one only where that would be known to the very person. A count that one such family
    withholds is withheld everywhere, and withholding more only widens what is possible, so that one round is enough. What only
    follows from tables of more attributes is not looked for.

    Raises
    ------
    ValueError
        When the tables are of different people or were published already.
    """
    if not tables:
        return ()
    totals = {table.everybody.cells for table in tables}
    if len(totals) > 1:
        raise ValueError("expected tables of the same people: their totals differ")
    hidden = {("", *name) for name in withheld_counts(_row_counts("total", tables[0].everybody, [0]))}
    for family in _families(tables, known_pairs):
        hidden |= withheld_counts(list(_family_counts(family, hidden, minimum_of, known_pairs)))
    return tuple(_publish_table(table, hidden) for table in tables)


def _families(tables: Sequence[FairnessTable], known_pairs: KnownPairs) -> Iterator[list[FairnessTable]]:
    """Give the tables that are read together: those of one attribute, then of two and their crossing, then of more."""
    attributes = list(dict.fromkeys(name for table in tables for name in table.attributes))
    for width in range(1, min(READ_TOGETHER, len(attributes)) + 1):
        for together in combinations(attributes, width):
            family = [table for table in tables if set(table.attributes) <= set(together)]
            if family and (width <= 2 or len(possible_profiles(_values(family), known_pairs)) <= MOST_COMBINATIONS):
                yield family


def _family_counts(
    family: Sequence[FairnessTable], hidden: set[Key], minimum_of: Mapping[str, int], known_pairs: KnownPairs
) -> Iterator[Count]:
    """List every count of a family over the combinations of its attributes' values, the cells that all its tables add up."""
    everybody = family[0].everybody
    profiles = possible_profiles(_values(family), known_pairs)
    for count in _row_counts("total", everybody, list(range(len(profiles)))):
        name = ("", *count.name)
        yield replace(count, name=name, is_fixed=True, is_shown=count.is_shown and name not in hidden)
    for table in family:
        minimum = max(minimum_of.get(name, SMALLEST_CELL) for name in table.attributes)
        numbers: dict[tuple[str, ...], list[int]] = {row.members: [] for row in table.groups}
        for number, profile in enumerate(profiles):
            numbers[tuple(profile[name] for name in table.attributes)].append(number)
        for row in table.groups:
            for count in _row_counts(_row_key(row), row, numbers[row.members], any_matured=bool(everybody.n_matured)):
                name = (table.attribute, *count.name)
                is_shown = count.is_shown and name not in hidden
                count = replace(count, name=name, is_shown=is_shown, minimum=minimum, row=name[:-1])
                yield replace(count, worth=-len(table.attributes), spares_more_than=-len(table.attributes))


def possible_profiles(values: Mapping[str, Sequence[str]], known_pairs: KnownPairs) -> list[dict[str, str]]:
    """Give each combination of the attributes' values that a person may have as far as a reader knows.

    >>> known = {("town", "central"): frozenset({("a", "yes"), ("b", "no")})}
    >>> possible_profiles({"town": ["a", "b"], "central": ["no", "yes"]}, known)
    [{'town': 'a', 'central': 'yes'}, {'town': 'b', 'central': 'no'}]
    """
    profiles = [dict(zip(values, one, strict=True)) for one in product(*values.values())]
    known = [(a, b, pairs) for (a, b), pairs in known_pairs.items() if a in values and b in values]
    return [one for one in profiles if all((one[a], one[b]) in pairs for a, b, pairs in known)]


def _values(family: Sequence[FairnessTable]) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(dict.fromkeys(row.members[place] for row in table.groups))
        for table in family
        for place, name in enumerate(table.attributes)
    }


def _row_key(row: GroupFairness) -> str:
    """Name a row so that a group called like the total can't be taken for it."""
    return "total" if row.group is None else f"group {row.group}"


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


def _publish_table(table: FairnessTable, hidden: set[Key]) -> FairnessTable:
    everybody = _publish_rates(table.everybody, hidden, ("", "total"))
    rows = [_publish_rates(row, hidden, (table.attribute, _row_key(row))) for row in table.groups]
    against = next((row for row in rows if row.group == table.reference), None)
    return replace(table, groups=tuple(_publish_gaps(row, against) for row in rows), everybody=everybody)


def _publish_rates(row: GroupFairness, hidden: set[Key], key: Key) -> GroupFairness:
    rates = {name: rate if _is_shown(name, key, hidden) and rate.denominator else WITHHELD for name, rate in row.rates.items()}
    has_people, has_outcome = (*key, "people") not in hidden, rates["base_rate"].point is not None
    return replace(
        row,
        n_people=row.n_people if has_people else None,
        n_matured=row.n_matured if (*key, "matured") not in hidden else None,
        cells=None,
        rates=rates,
        mean_predicted=row.mean_predicted if has_people and (has_outcome or not row.n_matured) else None,
        calibration=row.calibration if has_outcome else NO_GAP,
    )


def _is_shown(metric: str, key: Key, hidden: set[Key]) -> bool:
    pieces = (_PIECE_OF[METRICS[metric].numerator], _PIECE_OF[METRICS[metric].complement])
    return not any((*key, piece) in hidden for piece in pieces)


def _publish_gaps(row: GroupFairness, against: GroupFairness | None) -> GroupFairness:
    comparable = {
        name: against is not None and rate.point is not None and against.rates[name].point is not None for name, rate in row.rates.items()
    }
    return replace(
        row,
        differences={name: gap if comparable[name] else NO_GAP for name, gap in row.differences.items()},
        ratios={name: gap if comparable[name] else NO_GAP for name, gap in row.ratios.items()},
    )
