"""The loops: values to answers, answers to patterns, patterns to what tables add.

Rows come in blocks, rows innermost, so that the machine works on several at once. Each row's sums are made in the order of trees and
tables, one by one: no row's bits depend on who stands beside it, on the size of a block or on threads.

Everything here is compiled together (see `features.engine.compiled`); what it compiles against stands in this file.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from features.engine.compiled import compiled
from models.trees.columns import Columns, Splits
from models.trees.flat import Leaves, Tables, Trees
from models.trees.parse import MISSING_NAN, MISSING_ZERO

Matrix: TypeAlias = NDArray[np.float32] | NDArray[np.float64]
Numbers: TypeAlias = NDArray[np.float64]
Bits: TypeAlias = NDArray[np.uint8]
Places: TypeAlias = NDArray[np.int64]

ABOUT_ZERO = float(np.float32(1e-35))
"""LightGBM takes a value for zero when it is no further off."""


@compiled
def put_values(matrix: Matrix, begin: int, fill: Numbers, columns: Columns, values: Numbers) -> None:
    """Put the values of the rows from `begin` on as splits ask for them, into shape (n_columns, n_rows of the block).

    A missing value is taken for its feature's `fill` first. The rest is LightGBM's ``Tree::NumericalDecision``: what is as good as zero is
    zero, and a split that does not know NaN takes it for zero.
    """
    for column in range(values.shape[0]):
        feature, missing = columns.feature[column], columns.missing[column]
        of_missing = -np.inf if columns.goes_left[column] else np.nan
        for row in range(values.shape[1]):
            value = float(matrix[begin + row, feature])
            value = float(fill[feature]) if np.isnan(value) else value
            value = 0.0 if abs(value) <= ABOUT_ZERO or (np.isnan(value) and missing != MISSING_NAN) else value
            is_missing = np.isnan(value) or (missing == MISSING_ZERO and value == 0.0)
            values[column, row] = of_missing if is_missing else value


@compiled
def add_up(
    values: Numbers,
    splits: Splits,
    trees: Trees,
    tables: Tables,
    by_sets: Leaves,
    by_sets_at: Places,
    integrated: Leaves,
    points: Numbers,
    numbers: Numbers,
    answers: Bits,
    sums: Numbers,
) -> None:
    """Add every tree to the sums, shape (n_used + 1, n_rows of the block): contributions, and below them the log-odds.

    Parameters
    ----------
    points
        Gauss-Legendre points and weights on (0, 1): shape (2, n, n), row n - 1 of each for n points.
    numbers
        Those of tables and of leaves by sets, as `fill_numbers` fills them.
    answers
        Room for the answers of a tree, shape (most_answers, n_rows).

    Notes
    -----
    The innermost loops stand here as they are: a call for each would cost more than the loop where there is one row.
    """
    n_rows, n_terms = sums.shape[1], 2 * points.shape[1]
    pattern, left, product = np.empty(n_rows, dtype=np.uint32), np.empty(n_rows), np.empty((2 * n_terms, n_rows))
    for tree in range(len(trees.split_begins) - 1):
        first_split, n_splits = trees.split_begins[tree], trees.split_begins[tree + 1] - trees.split_begins[tree]
        for split in range(n_splits):
            column, threshold = splits.column[first_split + split], splits.threshold[first_split + split]
            for row in range(n_rows):
                answers[split, row] = values[column, row] <= threshold
        first_both = trees.both_begins[tree]
        for k in range(first_both, trees.both_begins[tree + 1]):
            to, one, other = n_splits + k - first_both, trees.both[k, 0], trees.both[k, 2]
            not_one, not_other = np.uint8(1 - trees.both[k, 1]), np.uint8(1 - trees.both[k, 3])
            for row in range(n_rows):
                answers[to, row] = (answers[one, row] ^ not_one) & (answers[other, row] ^ not_other)
        for table in range(trees.table_begins[tree], trees.table_begins[tree + 1]):
            first_answer, first_feature = tables.answer_begins[table], tables.feature_begins[table]
            width = np.uint32(tables.feature_begins[table + 1] - first_feature)
            for row in range(n_rows):
                pattern[row] = 0
            for nth in range(tables.answer_begins[table + 1] - first_answer):
                answer, weight = tables.answer[first_answer + nth], np.uint32(width << np.uint32(nth))
                for row in range(n_rows):
                    pattern[row] += answers[answer, row] * weight
            for place in range(width):
                feature, at = tables.feature[first_feature + place], np.uint64(tables.at[table] + place)
                for row in range(n_rows):
                    sums[feature, row] += numbers[at + pattern[row]]
        for leaf in range(trees.by_sets_begins[tree], trees.by_sets_begins[tree + 1]):
            begin, end, all_passed = by_sets.begins[leaf], by_sets.begins[leaf + 1], np.uint32(0)
            for row in range(n_rows):
                pattern[row] = 0
            for term in range(begin, end):
                answer, bit, unwanted = by_sets.mask[term], np.uint32(1 << (term - begin)), np.uint8(1 - by_sets.wanted[term])
                all_passed |= bit
                for row in range(n_rows):
                    pattern[row] += (answers[answer, row] ^ unwanted) * bit
            at = np.uint64(by_sets_at[leaf])
            for term in range(begin, end):
                feature, bit = by_sets.feature[term], np.uint32(1 << (term - begin))
                gained = 1.0 / by_sets.ratio[term] - 1.0
                for row in range(n_rows):
                    number = numbers[at + (pattern[row] & ~bit)]
                    sums[feature, row] += number * gained if pattern[row] & bit else -number
            value = by_sets.value[leaf]
            for row in range(n_rows):
                sums[sums.shape[0] - 1, row] += value if pattern[row] == all_passed else 0.0
        for leaf in range(trees.integrated_begins[tree], trees.integrated_begins[tree + 1]):
            _add_leaf(integrated, leaf, points, answers, sums, left, product)


@compiled
def _add_leaf(leaves: Leaves, leaf: int, points: Numbers, answers: Bits, sums: Numbers, running: Numbers, product: Numbers) -> None:
    """Add one leaf by integration, which is exact: the integrand is a polynomial of degree one less than there are features.

    Notes
    -----
    A feature's Shapley value is the integral over t of (passed - ratio) times the product over the other features of
    ``t * passed + (1 - t) * ratio``: the multilinear extension of Owen (1972) along its diagonal.
    """
    begin, n_rows = leaves.begins[leaf], sums.shape[1]
    n_terms, value = leaves.begins[leaf + 1] - begin, leaves.value[leaf]
    n_points = (n_terms + 1) // 2
    product[n_terms : 2 * n_terms] = 0.0
    for point in range(n_points):
        t, weight = points[0, n_points - 1, point], points[1, n_points - 1, point]
        for row in range(n_rows):
            running[row] = weight
        for term in range(n_terms):
            answer, wanted, failed = leaves.mask[begin + term], leaves.wanted[begin + term], (1 - t) * leaves.ratio[begin + term]
            for row in range(n_rows):
                product[term, row] = running[row]
                running[row] *= failed + t * (answers[answer, row] == wanted)
        for row in range(n_rows):
            running[row] = 1.0
        for term in range(n_terms - 1, -1, -1):
            answer, wanted, failed = leaves.mask[begin + term], leaves.wanted[begin + term], (1 - t) * leaves.ratio[begin + term]
            for row in range(n_rows):
                product[n_terms + term, row] += product[term, row] * running[row]
                running[row] *= failed + t * (answers[answer, row] == wanted)
    for row in range(n_rows):
        running[row] = value
    for term in range(n_terms):
        answer, wanted, ratio = leaves.mask[begin + term], leaves.wanted[begin + term], leaves.ratio[begin + term]
        feature = leaves.feature[begin + term]
        for row in range(n_rows):
            passed = np.float64(answers[answer, row] == wanted)
            sums[feature, row] += value * ((passed - ratio) * product[n_terms + term, row])
            running[row] *= passed
    for row in range(n_rows):
        sums[sums.shape[0] - 1, row] += running[row]


@compiled
def fill_numbers(tables: Tables, tabled: Leaves, by_sets: Leaves, by_sets_at: Places, points: Numbers, numbers: Numbers) -> None:
    """Fill numbers, which are 0: what each pattern of each table adds to each of its features, and the sets of the other leaves."""
    for table in range(len(tables.leaf_begins) - 1):
        n_patterns = 1 << (tables.answer_begins[table + 1] - tables.answer_begins[table])
        width = tables.feature_begins[table + 1] - tables.feature_begins[table]
        of_table = numbers[tables.at[table] : tables.at[table + 1]]
        for leaf in range(tables.leaf_begins[table], tables.leaf_begins[table + 1]):
            sets = np.empty(1 << (tabled.begins[leaf + 1] - tabled.begins[leaf]))
            _fill_sets(tabled, leaf, points, sets)
            _add_to_table(tabled, leaf, sets, of_table, n_patterns, width)
    for leaf in range(len(by_sets_at) - 1):
        _fill_sets(by_sets, leaf, points, numbers[by_sets_at[leaf] : by_sets_at[leaf + 1]])


@compiled
def _add_to_table(leaves: Leaves, leaf: int, sets: Numbers, of_table: Numbers, n_patterns: int, width: int) -> None:
    begin, n_terms = leaves.begins[leaf], leaves.begins[leaf + 1] - leaves.begins[leaf]
    for pattern in range(n_patterns):
        passed = 0
        for term in range(n_terms):
            passed |= (pattern & leaves.mask[begin + term] == leaves.wanted[begin + term]) << term
        for term in range(n_terms):
            number = sets[passed & ~(1 << term)]
            gained = 1.0 / leaves.ratio[begin + term] - 1.0
            of_table[pattern * width + leaves.feature[begin + term]] += number * gained if passed >> term & 1 else -number
        of_table[pattern * width + width - 1] += leaves.value[leaf] if passed == (1 << n_terms) - 1 else 0.0


@compiled
def _fill_sets(leaves: Leaves, leaf: int, points: Numbers, sets: Numbers) -> None:
    """Fill in what each feature that fails takes away, for each set of features that pass; what each one that passes adds follows.

    Notes
    -----
    With A passed of d features, each that fails takes away the leaf's value times the product of the failed ratios times the integral over
    t of (1 - t)^(d - 1 - |A|) times the product over A of ``t + (1 - t) * ratio``. One that passes adds what it would take away from
    A without it, times (1 - ratio) / ratio. The set of all is never asked for.
    """
    begin, n_terms = leaves.begins[leaf], leaves.begins[leaf + 1] - leaves.begins[leaf]
    n_points, product = (n_terms + 1) // 2, np.empty(len(sets))
    sets[:] = 0.0
    for point in range(n_points):
        t, weight = points[0, n_points - 1, point], points[1, n_points - 1, point]
        product[0] = weight * (1 - t) ** (n_terms - 1)
        for term in range(n_terms):
            factor = (t + (1 - t) * leaves.ratio[begin + term]) / (1 - t)
            for smaller in range(1 << term):
                product[smaller + (1 << term)] = product[smaller] * factor
        for passed in range(len(sets) - 1):
            sets[passed] += product[passed]
    _multiply_failed(leaves, leaf, sets, product)


@compiled
def _multiply_failed(leaves: Leaves, leaf: int, sets: Numbers, product: Numbers) -> None:
    """Multiply the number of each set by the leaf's value and the ratios of the features that fail."""
    begin, n_terms = leaves.begins[leaf], leaves.begins[leaf + 1] - leaves.begins[leaf]
    product[0] = leaves.value[leaf]
    for term in range(n_terms):
        for passed in range(1 << term):
            product[passed + (1 << term)] = product[passed]
            product[passed] *= leaves.ratio[begin + term]
    for passed in range(len(sets)):
        sets[passed] *= product[passed]
