"""Whatever the history: no training label was known only after the first test row was assessed (R-14)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.declarations.learning import Split as DeclaredSplit
from features.errors import DataError
from features.periods import period_names
from training.splits.folds import forward_folds
from training.splits.periods import LabelledRows
from training.splits.temporal import check_honest, temporal_split


@st.composite
def histories(draw: st.DrawFn) -> LabelledRows:
    kind = draw(st.sampled_from(["month", "year"]))
    n_rows = draw(st.integers(2, 80))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    as_of = random.integers(14_000, 14_000 + draw(st.integers(100, 2_000)), n_rows)
    lag = random.integers(0, draw(st.integers(1, 900)), n_rows)
    as_of = as_of.astype(np.int32)
    # A stage some days after its anchor: periods are the anchors'.
    period = period_names((as_of - draw(st.integers(0, 200))).astype(np.int32), kind=kind)
    return LabelledRows(as_of, (as_of + lag).astype(np.int32), random.integers(0, n_rows, n_rows).astype(np.int32), period)


@pytest.mark.requirement("R-14")
@settings(max_examples=200, deadline=None)
@given(histories())
def test_no_label_from_after_the_first_test_row_teaches(rows: LabelledRows) -> None:
    try:
        split = temporal_split(rows, DeclaredSplit())
    except DataError as refused:
        if refused.code not in ("TID441", "TID442"):
            raise
        return
    check_honest(rows, split)
    first = rows.as_of[split.test].min()
    assert rows.known_on[split.train].max() <= first
    assert rows.as_of[split.train].max() < first
    assert not (split.train & split.test).any()
    assert not set(rows.group[split.unseen]) & set(rows.group[split.train])
    for fold in forward_folds(rows, split):
        assert rows.known_on[fold.fit].max() <= rows.as_of[fold.predict].min()
        assert not (fold.predict & ~split.train).any()
