"""How older cohorts fared by municipality: the latest whose outcomes are known, counted where they lived at the stage."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from features.cohort import build_cohort, without_protected_areas
from features.declarations.project import Project
from features.declarations.screening import PlannedOutcome
from features.errors import DataError
from features.lists import apply_lists
from features.outcomes import label_rows, may_still_come, outcome_at
from features.records import day_numbers
from features.small_cells import SMALLEST_CELL
from training.planning.rates import AreaRates, fit_rates
from training.splits.temporal import MATURED_SHARE


@dataclass(frozen=True)
class OlderCohorts:
    """Rates of one outcome by area, and from which cohorts."""

    planned: PlannedOutcome
    periods: tuple[str, ...]
    n_people: int
    rates: AreaRates


def read_older(project: Project, planned: PlannedOutcome, *, n_cohorts: int, county_digits: int, on: date) -> OlderCohorts:
    """Count the latest matured cohorts of a stage and learn their areas' rates.

    A cohort has matured when nearly all outcomes that may still come have come: of one that has not, those known early are a selection.

    Raises
    ------
    DataError
        TID470 when no cohort has matured or hardly anybody has the outcome, and as `build_cohort` and `label_rows`.
    PurposeError
        As `features.lists.apply_lists`.
    """
    stage, outcome = project.stages[planned.stage], project.outcomes[planned.outcome]
    lists = apply_lists(project, "train", on=on)
    cohort = without_protected_areas(build_cohort(project, lists.store, stage, known_by=on, restricted=lists.restricted))
    labels = label_rows(project, lists.store, cohort, outcome, known_by=on)
    pending = labels["status"].isna().to_numpy() & may_still_come(
        outcome_at(project, stage.name, outcome), day_numbers(cohort.frame["as_of"]), known_by=on
    )
    frame = cohort.frame[["municipality", "period"]].assign(label=labels["label"].to_numpy(), pending=pending)
    periods = _matured(frame.groupby("period").agg(known=("label", "count"), pending=("pending", "sum")))[-n_cohorts:]
    kept = frame[frame["period"].isin(periods)].dropna(subset=["label", "municipality"])
    ones = int(kept["label"].sum())
    if min(ones, len(kept) - ones) < SMALLEST_CELL:
        raise DataError(
            "TID470",
            f"too few people of stage {stage.name} have a known outcome {outcome.name} and a municipality to expect anything from. Plan "
            "from another stage, or wait until a cohort's outcomes are known.",
        )
    counted = kept.groupby("municipality")["label"].agg(["sum", "count"])
    areas = [str(area) for area in counted.index]
    return OlderCohorts(
        planned,
        tuple(periods),
        len(kept),
        fit_rates(
            areas,
            [area[:county_digits] for area in areas],
            counted["sum"].to_numpy(np.int64),
            counted["count"].to_numpy(np.int64),
        ),
    )


def _matured(by_period: pd.DataFrame) -> list[str]:
    enough = (by_period["known"] > 0) & (by_period["known"] >= MATURED_SHARE * (by_period["known"] + by_period["pending"]))
    return [str(period) for period in by_period.index[enough].sort_values()]
