"""What a posted history may not be: checked before anything is computed, and refused by place, never by value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from features.declarations.project import Project
from features.declarations.stages import Stage
from features.errors import ReviewError
from features.histories import Fault, HistoryReader, ToldRecord
from features.nationalid import holds_national_id
from serving.histories.bodies import HistoryBody, ScoringBody

_SHOWN = 5
"""Places named in a refusal; how many there are is said too."""


def check_model_asked_for(project: Project, body: ScoringBody) -> Stage:
    """Give the stage that is asked about.

    Raises
    ------
    ReviewError
        TID744 when the project has no such stage, or the stage no such outcome.
    """
    stage = project.stages.get(body.stage)
    if stage is None or body.outcome not in stage.outcomes:
        offered = "; ".join(f"{s.name}: {', '.join(s.outcomes)}" for s in project.stages.values())
        raise ReviewError("TID744", f"no such outcome at such a stage. This project has {offered}.")
    return stage


def check_histories(project: Project, stage: Stage, reader: HistoryReader, body: ScoringBody, *, today: date) -> list[list[ToldRecord]]:
    """Read the records of all histories.

    Raises
    ------
    ReviewError
        TID743 naming the first places where something is wrong, and how many there are.
    """
    faults = [*_faults_of_keys(body.histories), *_faults_of_ages(project, stage, body)]
    histories = [[ToldRecord(r.indicator, r.value, r.happened_on, r.known_on, r.record) for r in h.records] for h in body.histories]
    faults += [_place(fault) for fault in reader.find_faults(histories, today=today)]
    if faults:
        more = f" and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ReviewError(
            "TID743", f"nothing was scored: {'; '.join(faults[:_SHOWN])}{more}. See the project's indicators for what a record may say."
        )
    return histories


def _faults_of_keys(histories: Sequence[HistoryBody]) -> list[str]:
    often = Counter(history.key for history in histories)
    found = [f"histories.{n}.key: looks_like_an_identity_number" for n, h in enumerate(histories) if holds_national_id(h.key)]
    return found + [f"histories.{n}.key: given_twice" for n, h in enumerate(histories) if often[h.key] > 1]


def _faults_of_ages(project: Project, stage: Stage, body: ScoringBody) -> list[str]:
    needed = any(source.layout == "persons" for source in project.catalogue.sources.values())
    return [
        f"histories.{number}.born_on: {fault}"
        for number, history in enumerate(body.histories)
        if (fault := _fault_of_age(history.born_on, stage, on=body.as_of, is_needed=needed)) is not None
    ]


def _fault_of_age(born_on: str | None, stage: Stage, *, on: date, is_needed: bool) -> str | None:
    """Answer why a month of birth does not fit the stage; a month that may fit does."""
    if born_on is None:
        return "missing" if is_needed else None
    year, month = map(int, born_on.split("-"))
    months = (on.year - year) * 12 + on.month - month
    oldest, youngest = months // 12, (months - 1) // 12
    return None if oldest >= stage.min_age and youngest <= stage.max_age else "not_of_the_ages_of_this_stage"


def _place(fault: Fault) -> str:
    return f"histories.{fault.history}.records.{fault.record}.{fault.field}: {fault.what}"
