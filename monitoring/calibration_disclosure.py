"""Which figures on calibration may leave: a mean difference with exact limits gives the number of people behind it (R-09)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from features.small_cells import SMALLEST_CELL
from features.suppression import Count, withheld_counts
from monitoring.fairness import FairnessTable, Gap
from monitoring.group_calibration import NO_FIGURE, CalibrationTable, GroupCalibration

KINDS = ("near_with", "near_without", "far_with", "far_without")
"""Disjoint people of a group: in the window around the cut-off or not, with the outcome or not."""

PIECES: Mapping[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in KINDS},
    "with": ("near_with", "far_with"),
    "without": ("near_without", "far_without"),
}

_DIGITS = 3
Key = tuple[str, ...]


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
    """Withhold what a reader could use to learn about fewer than `minimum` people with or without the outcome.

    Slope and intercept are shown of a group whose base rate is. The difference at the cut-off gives the people in the window and those
    with the outcome among them, and with the base rate those outside: it is shown where none of the four is small or follows as small
    from the other groups and everybody.

    Parameters
    ----------
    shown
        The published table of the same attribute: what a reader knows already.

    Notes
    -----
    The row of everybody is decided first and alone, as in `monitoring.disclosure`. Windows are protected one attribute at a time.
    """
    told = {row.group: row.rates["base_rate"].point is not None for row in (*shown.groups, shown.everybody)}
    totals = withheld_counts(list(_counts(table.everybody, "total", [0], is_told=told[None], minimum=SMALLEST_CELL)))
    hidden = totals | withheld_counts(list(_all_counts(table, told, totals, minimum)))
    groups = tuple(_published(row, f"group {row.group}", hidden, is_told=told[row.group]) for row in table.groups)
    everybody = _published(table.everybody, "total", hidden, is_told=told[None])
    low, high = table.window
    return PublishedCalibrations(table.attribute, (round(low, 2), round(high, 2)), groups, everybody)


def _all_counts(table: CalibrationTable, told: Mapping[str | None, bool], totals: frozenset[Key], minimum: int) -> Iterator[Count]:
    everybody = _counts(table.everybody, "total", list(range(len(table.groups))), is_told=told[None], minimum=SMALLEST_CELL)
    for count in everybody:
        yield Count(count.name, count.cells, count.value, is_fixed=True, is_shown=count.is_shown and count.name not in totals)
    for number, row in enumerate(table.groups):
        yield from _counts(row, f"group {row.group}", [number], is_told=told[row.group], minimum=minimum)


def _counts(row: GroupCalibration, key: str, numbers: list[int], *, is_told: bool, minimum: int) -> Iterator[Count]:
    """List the counts of one row; those outside the window are in no figure of their own but must not follow either."""
    values = _values(row)
    for piece, kinds in PIECES.items():
        cells = tuple(number * len(KINDS) + KINDS.index(kind) for number in numbers for kind in kinds)
        value = sum(values[kind] for kind in kinds)
        is_known = piece in ("with", "without")
        is_shown = is_told and (is_known or piece.startswith("near"))
        yield Count((key, piece), cells, value, is_fixed=is_known and is_told, is_shown=is_shown, minimum=minimum)


def _values(row: GroupCalibration) -> dict[str, int]:
    far = (row.n_with - row.n_near_with, row.n_without - row.n_near_without)
    return dict(zip(KINDS, (row.n_near_with, row.n_near_without, *far), strict=True))


def _published(row: GroupCalibration, key: str, hidden: frozenset[Key], *, is_told: bool) -> PublishedCalibration:
    has_near = is_told and not {(key, "near_with"), (key, "near_without")} & hidden
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
