"""Who taught the rungs, and how settings of the boosted one were looked for."""

from __future__ import annotations

from typing import Any

from training.evaluation.examined import Examined


def teaching(examined: Examined) -> dict[str, Any]:
    """Count the rows that taught, those left on disk or undrawn, and the trials on the forward folds.

    Easy to get wrong: the AUCs here are of the forward folds of the training years, the best of many; only the ladder's are of the test.
    """
    experiment, tuned = examined.experiment, examined.experiment.tuned
    whole = experiment.whole
    n_train = int(experiment.split.train.sum())
    return {
        "rows": "sample" if whole is None and experiment.table.n_not_drawn else "all",
        "n_train": n_train,
        "n_train_boosted": n_train if whole is None else int(whole.split.train.sum()),
        "n_not_drawn": experiment.table.n_not_drawn,
        "boosted": dict(experiment.candidates["boosted"].settings.boosted),
        "tuning": None
        if tuned is None
        else {
            "trials": tuned.n_trials,
            "best": tuned.best,
            "median": tuned.median,
            "house": tuned.house,
            "gain": None if tuned.gain is None else tuned.gain.to_json(),
            "pays": tuned.pays,
            "note": tuned.note,
        },
    }
