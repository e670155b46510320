"""What is wrong with the declared outcomes, found before any data is read."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import date

import numpy as np

from features.declarations.outcomes import Outcome
from features.declarations.project import Project
from features.declarations.stages import Stage
from features.outcomes import outcome_at
from features.records import day_number
from features.statuses import reference_days


def outcome_problems(project: Project) -> Iterator[str]:
    """Name indicators that outcomes read and nobody declares, and reference dates that lie after a stage's horizon."""
    for outcome in project.screening.outcome:
        read = (*outcome.contact, *([outcome.dated_by] if outcome.dated_by else []))
        yield from (f"outcome {outcome.name}: unknown indicator {code}" for code in read if code not in project.catalogue.declared)
    for stage in project.screening.stage:
        for name in stage.outcomes:
            yield from _horizon_problems(stage, outcome_at(project, stage.name, project.outcomes[name]))


def _horizon_problems(stage: Stage, outcome: Outcome) -> Iterator[str]:
    """Say where the last reference date can lie after the horizon: its status would never count, and nobody would have the outcome."""
    needed = _days_to_the_last(stage, outcome)
    if needed > outcome.horizon_days:
        yield (
            f"stage {stage.name}, outcome {outcome.name}: the last reference date lies up to {needed} days after the as-of date, and "
            f"`horizon_days` is {outcome.horizon_days}"
        )


def _days_to_the_last(stage: Stage, outcome: Outcome) -> int:
    """Most days from an as-of date to the last reference date looked at; 0 for an outcome without any."""
    if outcome.reference is None:
        return 0
    month, day = stage.as_of.month, stage.as_of.day
    if month is None or day is None:  # so many days after an anchor, which may fall on any day of the year
        return 366 * outcome.reference.look_at
    starts = [day_number(date(year, month, min(day, monthrange(year, month)[1]))) for year in range(2020, 2024)]
    last = reference_days(np.array(starts, dtype=np.int32), outcome.reference)[:, -1]
    return int((last - np.array(starts)).max())
