"""aequitas over the same people, in an environment of its own. It gives points, and for disparities a t-test; never an interval."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

from benchmarks.watching.work import draw_people

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from aequitas.bias import Bias
    from aequitas.group import Group


def points(n_people: int) -> int:
    """Rates of each group and their ratios to the largest one, without an interval."""
    _disparities(n_people, is_tested=False)
    return n_people


def tested(n_people: int) -> int:
    """The same with aequitas' own significance tests."""
    _disparities(n_people, is_tested=True)
    return n_people


def _disparities(n_people: int, *, is_tested: bool) -> None:
    label, proposed, _, group = draw_people(n_people)
    people = pd.DataFrame({"score": proposed.astype(np.int64), "label_value": label.astype(np.int64), "group": group.astype(str)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it writes into slices of frames, of which pandas warns
        table, _ = Group().get_crosstabs(people, attr_cols=["group"])
        Bias().get_disparity_major_group(table, original_df=people, check_significance=is_tested)
