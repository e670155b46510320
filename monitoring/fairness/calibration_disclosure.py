"""Which figures on calibration may leave: a mean difference with exact limits gives the number of people behind it (R-09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness.disclosure import MOST_COMBINATIONS, NO_KNOWN_PAIRS, READ_TOGETHER, Key, KnownPairs, possible_profiles
from monitoring.fairness.group_calibration import NO_FIGURE, CalibrationTable, GroupCalibration
from monitoring.fairness.groups import FairnessTable, Gap, GroupFairness

KINDS = ("near_with", "near_without", "far_with", "far_without")
"""Disjoint people of a group: in the window around the cut-off or not, with the outcome or not."""

PIECES: Mapping[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in KINDS},
    "with": ("near_with", "far_with"),
    "without": ("near_without", "far_without"),
}

_DIGITS = 3


@dataclass(frozen=True)
class PublishedCalibration:
    """What leaves of one group's calibration; a figure that does not has None, or ``"too small"`` as verdict where none does."""

    group: str | None
    n_near: int | None
    slope: Gap
    intercept: Gap
    near: Gap
    verdict: Literal["measured", "too small"]


@dataclass(frozen=True)
class PublishedCalibrations:
    """What leaves of one attribute; bounds of the window in two decimals, since they are two people's probabilities."""

    attribute: str
    window: tuple[float, float]
    groups: tuple[PublishedCalibration, ...]
    everybody: PublishedCalibration


def publish_calibration(table: CalibrationTable, shown: FairnessTable, *, minimum: int = SMALLEST_CELL) -> PublishedCalibrations:
    """Withhold what a reader could use to learn about a few people; `publish_calibrations` for a table that stands alone."""
    return publish_calibrations([table], {table.attribute: shown}, minimum_of={table.attribute: minimum})[0]


def publish_calibrations(
    tables: Sequence[CalibrationTable],
    shown: Mapping[str, FairnessTable],
    *,
    minimum_of: Mapping[str, int],
    known_pairs: KnownPairs = NO_KNOWN_PAIRS,
) -> tuple[PublishedCalibrations, ...]:
    """Withhold what a reader of all tables could use to learn about a few people with or without the outcome.

    Slope and intercept are shown of a group whose base rate is. The difference at the cut-off gives the people in the window and those
    with the outcome among them, and with the base rate those outside: it is shown where none of the four is small or follows as small
    from the other groups and everybody.

    Parameters
    ----------
    tables
        Full counts of the same people, each by one attribute.
    shown
        Attribute -> its published table: what a reader knows already.
    minimum_of, known_pairs
        As `monitoring.fairness.disclosure.publish_together` takes them.

    Notes
    -----
    The row of everybody is decided first and alone, then the tables of one attribute, of each two and of more, as in
    `monitoring.fairness.disclosure`.
    """
    hidden: set[Key] = set()
    for table in tables[:1]:
        is_told = _is_told(shown[table.attribute].everybody)
        hidden |= withheld_counts(list(_counts(table.everybody, ("", "total"), [0], is_told=is_told, minimum=SMALLEST_CELL)))
    for width in range(1, min(READ_TOGETHER, len(tables)) + 1):
        for family in combinations(tables, width):
            if width > 2 and len(possible_profiles(_groups_of(family), known_pairs)) > MOST_COMBINATIONS:
                continue
            hidden |= withheld_counts(list(_family_counts(family, shown, hidden, minimum_of, known_pairs)))
    return tuple(_publish_table(table, shown[table.attribute], hidden) for table in tables)


def _family_counts(
    family: Sequence[CalibrationTable],
    shown: Mapping[str, FairnessTable],
    hidden: set[Key],
    minimum_of: Mapping[str, int],
    known_pairs: KnownPairs,
) -> Iterator[Count]:
    """List every count of some attributes over the combinations of their values."""
    profiles = possible_profiles(_groups_of(family), known_pairs)
    everybody, is_told = family[0].everybody, _is_told(shown[family[0].attribute].everybody)
    for count in _counts(everybody, ("", "total"), list(range(len(profiles))), is_told=is_told, minimum=SMALLEST_CELL):
        yield replace(count, is_fixed=True, is_shown=count.is_shown and count.name not in hidden)
    for table in family:
        told = {row.group: _is_told(row) for row in shown[table.attribute].groups}
        minimum = minimum_of.get(table.attribute, SMALLEST_CELL)
        for row in table.groups:
            numbers = [number for number, profile in enumerate(profiles) if profile[table.attribute] == row.group]
            for count in _counts(row, (table.attribute, f"group {row.group}"), numbers, is_told=told[row.group], minimum=minimum):
                yield replace(count, is_shown=count.is_shown and count.name not in hidden)


def _groups_of(family: Sequence[CalibrationTable]) -> dict[str, list[str]]:
    return {table.attribute: [str(row.group) for row in table.groups] for table in family}


def _is_told(row: GroupFairness) -> bool:
    """Whether a reader knows how many have the outcome and how many have not."""
    return row.rates["base_rate"].point is not None


def _publish_table(table: CalibrationTable, shown: FairnessTable, hidden: set[Key]) -> PublishedCalibrations:
    told = {row.group: _is_told(row) for row in shown.groups}
    groups = tuple(_published(row, (table.attribute, f"group {row.group}"), hidden, is_told=told[row.group]) for row in table.groups)
    everybody = _published(table.everybody, ("", "total"), hidden, is_told=_is_told(shown.everybody))
    low, high = table.window
    return PublishedCalibrations(table.attribute, (round(low, 2), round(high, 2)), groups, everybody)


def _counts(row: GroupCalibration, key: Key, numbers: list[int], *, is_told: bool, minimum: int) -> Iterator[Count]:
    """List the counts of one row; those outside the window are in no figure of their own but must not follow either."""
    values = _values(row)
    for piece, kinds in PIECES.items():
        cells = tuple(number * len(KINDS) + KINDS.index(kind) for number in numbers for kind in kinds)
        value = sum(values[kind] for kind in kinds)
        is_known = piece in ("with", "without")
        is_shown = is_told and (is_known or piece.startswith("near"))
        yield Count((*key, piece), cells, value, is_fixed=is_known and is_told, is_shown=is_shown, minimum=minimum, row=key)


def _values(row: GroupCalibration) -> dict[str, int]:
    far = (row.n_with - row.n_near_with, row.n_without - row.n_near_without)
    return dict(zip(KINDS, (row.n_near_with, row.n_near_without, *far), strict=True))


def _published(row: GroupCalibration, key: Key, hidden: set[Key], *, is_told: bool) -> PublishedCalibration:
    has_near = is_told and not {(*key, "near_with"), (*key, "near_without")} & hidden
    return PublishedCalibration(
        group=row.group,
        n_near=row.n_near_with + row.n_near_without if has_near else None,
        slope=_rounded(row.slope) if is_told else NO_FIGURE,
        intercept=_rounded(row.intercept) if is_told else NO_FIGURE,
        near=row.near if has_near else NO_FIGURE,
        verdict="measured" if is_told else "too small",
    )


def _rounded(gap: Gap) -> Gap:
    return Gap(*(None if value is None else round(value, _DIGITS) for value in (gap.point, gap.low, gap.high)))
