"""Trees grown from parts on disk are the trees grown from the matrix in memory, to the last bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from benchmarks.growing.table import open_table, read_label, write_table
from features.engine.table import FeatureTable
from features.errors import DataError
from features.records import PERSONS_PER_PART
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings

N_ROWS = 2 * PERSONS_PER_PART + 700


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("streamed") / "table"
    write_table(root, rows=N_ROWS, features=12)
    return root


@pytest.fixture(scope="module")
def table(folder: Path) -> FeatureTable:
    return open_table(folder)


def settings(n_threads: int, **boosted: int | float) -> FitSettings:
    directions = {"synthetic_000.sum@365d": 1, "synthetic_002.sum@365d": -1}
    return FitSettings(seed=5, directions=directions, boosted={"num_boost_round": 12, **boosted}, num_threads=n_threads)


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("n_drawn", [N_ROWS, 3_000])
def test_streamed_trees_are_those_of_the_matrix_in_memory_on_one_thread_or_two(folder: Path, table: FeatureTable, n_drawn: int) -> None:
    label = read_label(folder)
    matrix = table.matrix()
    fits = [
        fit
        for n_threads in (1, 2)
        for asked in (settings(n_threads, bin_construct_sample_cnt=n_drawn),)
        for fit in (
            BoostedRung.fit(matrix, label, feature_names=table.names, settings=asked),
            BoostedRung.fit_blocks(table.blocks(), label, feature_names=table.names, settings=asked),
        )
    ]
    assert len({fit.model_text for fit in fits}) == 1
    for fit in fits:
        assert_array_equal(fit.median_if_never_missing, fits[0].median_if_never_missing)
    assert np.isnan(fits[0].median_if_never_missing).any()
    assert not np.isnan(fits[0].median_if_never_missing).all()


def test_some_rows_and_columns_of_a_table(folder: Path, table: FeatureTable) -> None:
    rows = np.flatnonzero(np.random.default_rng(1).random(N_ROWS) < 0.3)
    rows = rows[(rows < PERSONS_PER_PART) | (rows >= 2 * PERSONS_PER_PART)]
    names = table.names[7:2:-1]
    blocks = table.blocks(names, rows=rows)
    assert len(blocks.sizes) == 2
    assert_array_equal(table.matrix(names, rows=rows), table.matrix(names)[rows])
    assert_array_equal(np.vstack([blocks.read(0), blocks.read(1)]), table.matrix(names)[rows])
    label, asked = read_label(folder)[rows], settings(1)
    streamed = BoostedRung.fit_blocks(blocks, label, feature_names=names, settings=asked)
    assert streamed.model_text == BoostedRung.fit(table.matrix(names)[rows], label, feature_names=names, settings=asked).model_text


def test_as_many_labels_as_rows(table: FeatureTable) -> None:
    with pytest.raises(DataError, match=rf"TID401: there are {N_ROWS} training rows and 7 labels"):
        BoostedRung.fit_blocks(table.blocks(), np.zeros(7), feature_names=table.names, settings=settings(1))
