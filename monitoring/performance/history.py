"""Every screening of a model up to the one reported on, with what was shown then and what is known of the outcomes now.

Persons' rows are in memory here, as in `monitoring.reports.gathering`, and leave as aggregates only.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declarations.outcomes import Outcome
from features.declarations.project import Project
from features.followup import matured_outcomes
from features.scored import read_scored
from models.deployment import bundle_folder
from models.rungs.rung import read_json
from monitoring.performance.periods import Period


def read_periods(
    project: Project,
    scored: pd.DataFrame,
    label: NDArray[np.float64],
    outcome: Outcome,
    *,
    on: date,
    without_barred: Callable[[pd.DataFrame], pd.DataFrame],
) -> tuple[Period, ...]:
    """Read all screenings of a model up to the one that is reported on, which comes last.

    Parameters
    ----------
    scored, label
        Rows of the screening that is reported on, and their outcomes as far as they are known; shape (n_people,).
    on
        Day on which the audit purpose has to be valid, and last day a record may have become known.
    without_barred
        Leaves out people who have objected since (R-22).

    Raises
    ------
    PurposeError, DataError
        As `features.followup.matured_outcomes`.
    """
    model, as_of, version = (scored[name].iloc[0] for name in ("model", "as_of", "model_version"))
    kept = read_scored(project)
    kept = kept[(kept["model"] == model) & (kept["as_of"] <= as_of) & ~((kept["as_of"] == as_of) & (kept["model_version"] == version))]
    earlier = [
        _period(project, rows, matured_outcomes(project, rows, outcome, on=on))
        for rows in (without_barred(one) for _, one in kept.groupby(["as_of", "model_version"], sort=True))
        if len(rows)
    ]
    return (*earlier, _period(project, scored, label))


def _period(project: Project, rows: pd.DataFrame, label: NDArray[np.float64]) -> Period:
    # The same screening may have been run again: the later file's row of a person stands.
    last = ~rows["subject_id"].duplicated(keep="last").to_numpy()
    first, rows = rows.iloc[0], rows[last]
    return Period(
        as_of=first["as_of"],
        version=str(first["model_version"]),
        threshold=_threshold(project, str(first["model"]), str(first["model_version"])),
        subject=rows["subject_id"].to_numpy(dtype=np.str_),
        label=label[last],
        proposed=rows["proposed"].to_numpy(dtype=bool),
        probability=rows["probability"].to_numpy(dtype=np.float64),
        band=rows["band"].to_numpy(dtype=np.str_),
    )


def _threshold(project: Project, model: str, version: str) -> float | None:
    """Read a version's cut-off to the upper band; None where the version's files are gone."""
    path = bundle_folder(project, model, version) / "bundle.json"
    return float(read_json(path)["bands"]["should_be_assessed"]) if path.is_file() else None
