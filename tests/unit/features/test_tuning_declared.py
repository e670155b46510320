"""What a project may say about tuning and the size of a training."""

from __future__ import annotations

import tomllib

import pytest
from pydantic import ValidationError

from features.declarations.learning import Training


def declared(text: str) -> Training:
    return Training.model_validate(tomllib.loads(text))


def test_off_by_default_and_as_written() -> None:
    assert declared("").tuning.trials == 0
    assert (declared("").rows, declared("").max_rows) == ("sample", 200_000)
    training = declared('rows = "all"\nmax_rows = 5000\n[tuning]\ntrials = 40\nnum_leaves = [4, 8]\nlambda_l2 = [1, 10]\n')
    assert (training.rows, training.max_rows, training.tuning.trials) == ("all", 5000, 40)
    assert (training.tuning.num_leaves, training.tuning.lambda_l2) == ((4, 8), (1.0, 10.0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("num_leaves = [9, 4]", "goes from 9 down to 4"),
        ("num_leaves = [1, 4]", "a tree of one leaf says nothing"),
        ("min_data_in_leaf = [4, 40]", "would be about someone"),
        ("feature_fraction = [0.5, 1.5]", "share of the features"),
        ("learning_rate = [0.0, 0.1]", "greater than 0"),
        ("trials = -1", "greater than or equal to 0"),
        ("objective = 'logloss'", "Extra inputs"),
    ],
)
def test_ranges_that_make_no_sense_are_refused(text: str, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        declared(f"[tuning]\n{text}\n")


def test_a_sample_of_a_handful_is_refused() -> None:
    with pytest.raises(ValidationError, match="greater than or equal to 1000"):
        declared("max_rows = 10")
