"""Deadlines: calendar days and Norwegian working days."""

from __future__ import annotations

from datetime import date, timedelta

import holidays

from features.declarations.project import Project
from features.declarations.reviewing import Review
from features.errors import ProjectError
from serving.cases.states import STATES, CaseState, Deadline


def is_working_day(day: date) -> bool:
    """Answer whether offices are open: no Saturday, Sunday or Norwegian public holiday.

    Examples
    --------
    >>> is_working_day(date(2026, 5, 17)), is_working_day(date(2026, 11, 23))
    (False, True)
    """
    return day.weekday() < 5 and day not in holidays.country_holidays("NO", years=day.year)


def due_after(start: date, deadline: Deadline) -> date:
    """Give the last day of a deadline that starts to run the day after `start`.

    A deadline in days that ends on a Saturday, Sunday or holiday runs to the next working day, as in Norwegian procedure.

    Examples
    --------
    >>> due_after(date(2026, 11, 20), Deadline(3, "working_days"))  # a Friday
    datetime.date(2026, 11, 25)
    >>> due_after(date(2026, 12, 11), Deadline(14, "days"))  # would end on Christmas Day
    datetime.date(2026, 12, 28)
    """
    if deadline.unit == "working_days":
        return _working_days_after(start, deadline.amount)
    return _next_working_day(start + timedelta(days=deadline.amount))


def deadline_of(state: CaseState, review: Review) -> Deadline | None:
    """Give a state's deadline: the project's own, or the service's; None where no deadline runs."""
    own, deadline = review.deadlines.get(state.value), STATES[state].deadline
    return deadline if own is None or deadline is None else Deadline(own.amount, own.unit)


def check_deadlines(project: Project) -> None:
    """Refuse deadlines of the project for states that there are not, or in which none runs; before anybody works by them.

    Raises
    ------
    ProjectError
        TID781.
    """
    with_deadline = [state.value for state, rule in STATES.items() if rule.deadline is not None]
    unknown = sorted(set(project.screening.review.deadlines) - set(with_deadline))
    if unknown:
        raise ProjectError(
            "TID781",
            f"[review.deadlines] in {project.root / 'screening.toml'} names {', '.join(unknown)}, and no deadline runs there. States with "
            f"one are {', '.join(with_deadline)}.",
        )


def due_in_state(state: CaseState, since: date, review: Review) -> date | None:
    """Give the day by which a case in this state has to move on; None where no deadline runs."""
    deadline = deadline_of(state, review)
    return None if deadline is None else due_after(since, deadline)


def _working_days_after(start: date, amount: int) -> date:
    day = start
    while amount:
        day += timedelta(days=1)
        amount -= is_working_day(day)
    return day


def _next_working_day(day: date) -> date:
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
