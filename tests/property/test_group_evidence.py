"""A reader of the whole evidence, and of every total, can't say how many a few people of a group are (R-09)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from numpy.typing import NDArray

from features.findings import Finding
from features.small_cells import SMALLEST_CELL, SMALLEST_SECTOR_CELL
from training.evaluation.group_counts import MIN_GROUP, WITHHELD
from training.gates.group_figures import AssessedRows
from training.gates.groups import group_gates

SIZE = st.one_of(st.integers(0, 12), st.integers(46, 58), st.integers(80, 120))
CELLS = st.lists(st.tuples(SIZE, SIZE), min_size=1, max_size=5)


@dataclass(frozen=True)
class People:
    """Rows of an attribute; the last cell's group is unknown."""

    rows: AssessedRows
    group: NDArray[np.str_]
    counts: NDArray[np.int64]

    @classmethod
    def of(cls, cells: Sequence[tuple[int, int]], *, seed: int) -> People:
        names = [*(f"group {number}" for number in range(len(cells) - 1)), ""]
        counts = np.array(cells, dtype=np.int64)
        label = np.concatenate([np.repeat([1.0, 0.0], pair) for pair in cells])
        group = np.repeat(np.array(names), counts.sum(axis=1))
        random = np.random.default_rng(seed)
        n = len(label)
        rows = AssessedRows(label, random.uniform(0.05, 0.9, n), random.random(n) < 0.3, np.arange(n, dtype=np.int32))
        return cls(rows, group, counts)


def told_of(found: Sequence[Finding], code: str) -> dict[str, Mapping[str, object]]:
    return {
        str(one.evidence["group"]): {**one.evidence, "verdict": one.verdict}
        for one in found
        if one.code == code and "group" in one.evidence
    }


def ranges(known: Sequence[int | None], least: Sequence[int], total: int) -> list[int]:
    """Width of what each number may be: what is told of it, what it is at least, and what all of them are; one equation, solved by hand."""
    left = total - sum(one for one in known if one is not None)
    beyond = left - sum(low for one, low in zip(known, least, strict=True) if one is None)
    n_hidden = sum(one is None for one in known)
    return [0 if one is not None or n_hidden == 1 else beyond for one in known]


@pytest.mark.requirement("R-09")
@settings(max_examples=150, deadline=None)
@given(cells=CELLS, fewest=st.sampled_from([SMALLEST_CELL, SMALLEST_SECTOR_CELL]), seed=st.integers(0, 9))
@example(cells=[(6, 49), (1, 39), (19, 378), (0, 0)], fewest=5, seed=1)  # what a report told: 26 less 6 and 19
@example(cells=[(50, 60), (1, 60), (0, 0)], fewest=5, seed=1)  # judging the fifty would tell that the other is one
@example(cells=[(52, 60), (51, 70), (2, 80), (0, 0)], fewest=5, seed=1)
@example(cells=[(60, 60), (8, 0), (0, 1)], fewest=5, seed=1)  # one person without the outcome outside the group: resamples may hold none
def test_no_small_count_follows_from_the_evidence(cells: list[tuple[int, int]], fewest: int, seed: int) -> None:
    people = People.of(cells, seed=seed)
    totals = people.counts.sum(axis=0)
    assume(totals.min() >= fewest and len(np.unique(people.group[people.group != ""])) > 0)
    found = group_gates(people.rows, {"kind": people.group}, seed=1, n_resamples=20, fewest={"kind": fewest})
    told = told_of(found, "G-05")
    names = [*told, ""]
    counts = np.array([[np.sum((people.group == name) & (people.rows.label == y)) for y in (1, 0)] for name in names])
    for column, part in enumerate(("n_with", "n_without")):
        known = [None if name == "" or told[name][part] == WITHHELD else told[name][part] for name in names]
        assert all(one is None or one == n for one, n in zip(known, counts[:, column], strict=True))
        judged = [name != "" and told[name]["verdict"] != "NOT_APPLICABLE" for name in names]
        widths = ranges(known, [MIN_GROUP if one else 0 for one in judged], int(totals[column]))  # type: ignore[arg-type]
        for name, n, width in zip(names, counts[:, column], widths, strict=True):
            if n < fewest and (name or n):
                assert width >= fewest, (part, name, n, known)


@pytest.mark.requirement("R-09")
@settings(max_examples=80, deadline=None)
@given(cells=st.lists(st.tuples(st.integers(50, 90), st.integers(50, 90)), min_size=2, max_size=4), seed=st.integers(0, 30))
def test_no_small_number_of_false_proposals_follows_from_the_ratios(cells: list[tuple[int, int]], seed: int) -> None:
    """With the counts a ratio gives the number proposed in vain, and everybody less those the number in the other groups."""
    people = People.of([*cells, (0, 0)], seed=seed)
    few = np.random.default_rng(seed).random(len(people.group)) < np.where(people.group == "group 0", 0.06, 0.3)
    rows = AssessedRows(people.rows.label, people.rows.probability, few, people.rows.person)
    told = told_of(group_gates(rows, {"kind": people.group}, seed=1, n_resamples=20), "G-06")
    vain = {name: int(np.sum(few & (people.group == name) & (rows.label == 0))) for name in told}
    assume(sum(vain.values()) >= SMALLEST_CELL)
    known = [vain[name] if "estimate" in told[name] else None for name in told]
    for (name, n), width in zip(vain.items(), ranges(known, [0] * len(known), sum(vain.values())), strict=True):
        if n < SMALLEST_CELL:
            assert width >= SMALLEST_CELL, (name, vain, known)
