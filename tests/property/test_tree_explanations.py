"""Reasons of trees are those of the definition, over all coalitions, however the tree is cut, and LightGBM's own."""

from __future__ import annotations

import math

import lightgbm
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.trees.explainer import TreeExplainer
from tests.support.trees import VALUES, Node, Split, model_text, shapley_values, trees, value_of

N_FEATURES = 4
EVERYTHING_KNOWN = frozenset(range(N_FEATURES))
forests = st.lists(trees(n_features=N_FEATURES), min_size=1, max_size=3)
rows = st.lists(st.lists(st.sampled_from(VALUES), min_size=N_FEATURES, max_size=N_FEATURES), min_size=1, max_size=5)
cuts = st.sampled_from([0, 1, 4, 9, 40, 2**13])
"""From no tables at all, by sets of features, to whole trees in one table."""


@pytest.mark.requirement("R-19")
@settings(max_examples=150, deadline=None)
@given(forest=forests, people=rows, most_numbers=cuts)
def test_contributions_are_those_of_the_definition(forest: list[Node], people: list[list[float]], most_numbers: int) -> None:
    explainer = TreeExplainer.build(model_text(forest, n_features=N_FEATURES), most_numbers=most_numbers)
    explained = explainer.explain(np.array(people))
    for row, person in enumerate(people):
        by_definition = np.sum([shapley_values(tree, person) for tree in forest], axis=0)
        assert np.abs(explained.phi[row] - by_definition).max() < 1e-12
        assert explained.log_odds[row] == pytest.approx(sum(value_of(tree, person, EVERYTHING_KNOWN) for tree in forest), abs=1e-12)
    assert explainer.base == pytest.approx(sum(value_of(tree, people[0], frozenset()) for tree in forest), abs=1e-12)


@settings(max_examples=100, deadline=None)
@given(forest=forests.filter(lambda forest: isinstance(forest[0], Split)), people=rows, most_numbers=cuts)
def test_log_odds_are_lightgbms_to_the_bit_and_contributions_its_own(
    forest: list[Node], people: list[list[float]], most_numbers: int
) -> None:
    text, matrix = model_text(forest, n_features=N_FEATURES), np.array(people)
    booster, explainer = lightgbm.Booster(model_str=text), TreeExplainer.build(text, most_numbers=most_numbers)
    theirs = np.asarray(booster.predict(matrix, pred_contrib=True, num_threads=1))
    explained = explainer.explain(matrix)
    assert np.array_equal(explained.log_odds, booster.predict(matrix, raw_score=True, num_threads=1))
    assert np.abs(explained.phi - theirs[:, :-1]).max() < 1e-12
    assert np.abs(explainer.base - theirs[:, -1]).max() < 1e-12


@settings(max_examples=50, deadline=None)
@given(forest=forests, people=rows, most_numbers=cuts)
def test_a_value_taken_for_missing_ones_is_as_if_it_stood_there(forest: list[Node], people: list[list[float]], most_numbers: int) -> None:
    fill = np.array([0.75, math.nan, -1.0, math.nan])
    explainer = TreeExplainer.build(model_text(forest, n_features=N_FEATURES), most_numbers=most_numbers)
    matrix = np.array(people)
    given_fill, put_in = explainer.explain(matrix, fill=fill), explainer.explain(np.where(np.isnan(matrix), fill, matrix))
    assert np.array_equal(given_fill.phi, put_in.phi)
    assert np.array_equal(given_fill.log_odds, put_in.log_odds)
