"""What a project may set of LightGBM, and what the house sets itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from features.errors import ModelError
from features.small_cells import SMALLEST_CELL
from models.rungs.rung import FitSettings

DEFAULTS: Mapping[str, float | int | str | bool] = {
    "num_boost_round": 200,
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "lambda_l2": 1.0,
    "feature_fraction": 0.7,
}
"""Moderate trees: larger ones cost more to explain and do no more good (decision 23)."""

RESERVED = frozenset(
    (
        *("objective", "objective_type", "app", "application", "loss", "boosting", "boosting_type", "boost", "linear_tree", "linear_trees"),
        *("seed", "random_seed", "random_state", "data_random_seed", "data_seed", "deterministic", "force_row_wise", "force_col_wise"),
        *("num_threads", "num_thread", "nthread", "nthreads", "n_jobs", "device_type", "device"),
        *("is_enable_sparse", "is_sparse", "enable_sparse", "sparse"),
        *("monotone_constraints", "mc", "monotone_constraint", "monotonic_cst"),
        *("categorical_feature", "cat_feature", "categorical_column", "cat_column", "categorical_features"),
        *("use_missing", "zero_as_missing", "data", "train", "input_model", "output_model"),
    )
)
"""Parameters that the house sets itself, with LightGBM's aliases: they decide determinism, directions and exact explanations."""

_ALIASES = {
    "shrinkage_rate": "learning_rate",
    "eta": "learning_rate",
    "num_leaf": "num_leaves",
    "max_leaves": "num_leaves",
    "max_leaf": "num_leaves",
    "max_leaf_nodes": "num_leaves",
    "min_data_per_leaf": "min_data_in_leaf",
    "min_data": "min_data_in_leaf",
    "min_child_samples": "min_data_in_leaf",
    "min_samples_leaf": "min_data_in_leaf",
    "reg_lambda": "lambda_l2",
    "lambda": "lambda_l2",
    "l2_regularization": "lambda_l2",
    "sub_feature": "feature_fraction",
    "colsample_bytree": "feature_fraction",
    "num_iterations": "num_boost_round",
    "num_iteration": "num_boost_round",
    "n_iter": "num_boost_round",
    "num_tree": "num_boost_round",
    "num_trees": "num_boost_round",
    "num_round": "num_boost_round",
    "num_rounds": "num_boost_round",
    "nrounds": "num_boost_round",
    "n_estimators": "num_boost_round",
    "max_iter": "num_boost_round",
}
"""Other names of what stands in `DEFAULTS`. LightGBM would listen to our default rather than to an alias beside it."""


def check_boosted(asked: Mapping[str, Any]) -> None:
    """Refuse parameters that the house sets itself, other names of our own, and leaves about fewer than five people.

    Raises
    ------
    ModelError
        TID508, saying which and what to write instead.

    Examples
    --------
    >>> check_boosted({"num_leaves": 7, "min_child_samples": 60})
    >>> check_boosted({"n_estimators": 100})
    Traceback (most recent call last):
    ...
    features.errors.ModelError: TID508: [training.boosted] sets n_estimators. Write `num_boost_round` for the number of trees.
    """
    refused = sorted(RESERVED.intersection(asked))
    if refused:
        raise ModelError("TID508", f"[training.boosted] sets {', '.join(refused)}, which the house sets itself. Remove it.")
    rounds = sorted(name for name in asked if _ALIASES.get(name) == "num_boost_round")
    if rounds:
        raise ModelError("TID508", f"[training.boosted] sets {rounds[0]}. Write `num_boost_round` for the number of trees.")
    if len(_by_main_name(asked)) < len(asked):
        raise ModelError("TID508", "[training.boosted] sets one parameter under two names. Keep one of them.")
    # A leaf of fewer rows would be about someone, and its count stands in the model's text.
    leaf = _by_main_name(asked).get("min_data_in_leaf", SMALLEST_CELL)
    if float(leaf) < SMALLEST_CELL:
        raise ModelError(
            "TID508",
            f"[training.boosted] allows leaves of fewer than {SMALLEST_CELL} rows: those would be about someone (R-09). Raise it.",
        )


VALUES_A_THREAD = 10_000_000
"""Values of a matrix that are worth a thread. With fewer, LightGBM's threads mostly wait for each other, and they wait by spinning: beside
other work two threads took eight times as long as one on 5,000 rows × 110 features, and a quarter longer on 200,000."""


def useful_threads(n_values: int, *, at_most: int) -> int:
    """Threads that pay on a matrix of so many values; no result depends on them.

    >>> useful_threads(5_000 * 110, at_most=2), useful_threads(200_000 * 110, at_most=2)
    (1, 2)
    """
    return max(1, min(at_most, n_values // VALUES_A_THREAD))


def lightgbm_parameters(feature_names: tuple[str, ...], settings: FitSettings) -> dict[str, Any]:
    """Put the project's parameters on top of our defaults and the house's own on top of both; ``num_boost_round`` is among them.

    Raises
    ------
    ModelError
        TID508 as `check_boosted`.
    """
    check_boosted(settings.boosted)
    return {
        **DEFAULTS,
        **_by_main_name(settings.boosted),
        "objective": "binary",
        "monotone_constraints": [settings.directions.get(name, 0) for name in feature_names],
        "deterministic": True,
        # Column by column every sum runs over the rows in their order, whatever the number of threads; row by row, LightGBM would also keep
        # a second copy of the binned data.
        "force_col_wise": True,
        # Dense bins take a byte a value; sparse ones take eight for each that is not the commonest while they are filled, and train slower.
        "is_enable_sparse": False,
        "seed": settings.seed,
        # Named for itself: a streamed dataset draws the rows for its bins by this one alone, one in memory by either.
        "data_random_seed": settings.seed,
        "num_threads": settings.num_threads,
        "verbosity": -1,
    }


def main_name(name: str) -> str:
    """Name of a parameter as it stands in `DEFAULTS`, whichever of LightGBM's names it was given by.

    >>> main_name("min_child_samples"), main_name("max_bin")
    ('min_data_in_leaf', 'max_bin')
    """
    return _ALIASES.get(name, name)


def _by_main_name(asked: Mapping[str, Any]) -> dict[str, Any]:
    return {main_name(name): value for name, value in asked.items()}
