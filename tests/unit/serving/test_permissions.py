"""The matrix: every role, every right with its reason."""

from __future__ import annotations

import pytest

from serving.access.permissions import MATRIX, Action
from serving.aggregates.overview import hide_small
from serving.roles import ROLES, Role


def test_every_role_is_described_and_stands_in_the_matrix() -> None:
    assert set(MATRIX) == set(ROLES) == set(Role)
    assert all(len(reason) > 20 for rights in MATRIX.values() for reason in rights.values())


@pytest.mark.requirement("R-28")
def test_only_those_who_work_cases_reach_cases() -> None:
    working = {Action.LIST_CASES, Action.TAKE_CASES, Action.REVIEW_CASES, Action.REGISTER_OBJECTIONS}
    assert {role for role, rights in MATRIX.items() if working & set(rights)} == {Role.COORDINATOR, Role.SHIELDED_CASEWORKER}


def test_nobody_who_works_cases_reads_the_log() -> None:
    assert not [role for role, rights in MATRIX.items() if {Action.READ_LOG, Action.REVIEW_CASES} <= set(rights)]


@pytest.mark.requirement("R-09")
@pytest.mark.parametrize(
    ("counts", "shown"),
    [
        ({"a": 12, "b": 8}, {"a": 12, "b": 8}),
        ({"a": 12, "b": 3, "c": 9}, {"a": 12, "b": None, "c": None}),
        ({"a": 4, "b": 1, "c": 9}, {"a": None, "b": None, "c": None}),
        ({"a": 4, "b": 4, "c": 9}, {"a": None, "b": None, "c": 9}),
        ({"a": 0, "b": 2}, {"a": 0, "b": None}),
    ],
)
def test_small_counts_hide_and_take_another_with_them(counts: dict[str, int], shown: dict[str, int | None]) -> None:
    assert hide_small(counts) == shown
