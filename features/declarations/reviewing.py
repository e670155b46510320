"""Who works with cases and for how long: municipalities with their capacity, services, deadlines, retention."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from features.declarations.catalogue import Code, Sector, Strict, Wording

WayOfWorking = Literal["specialised_services", "one_door", "cross_service_team", "family_coordinator"]
"""How a municipality's services work together; after the ways that Norwegian pilots tried (domain 4.1)."""


class Municipality(Strict):
    """A municipality that works cases here."""

    number: Annotated[str, Field(pattern=r"^\d{4}$")]
    name: str
    capacity: int = Field(ge=0)
    """Cases that can be proposed in one `review.capacity_period`, all screenings together."""
    works_as: WayOfWorking | None = None
    """Shown beside the services of a case; changes nothing else."""
    in_words: Wording | None = None
    """The same in a sentence: where somebody who wonders turns first here."""


class Retention(Strict):
    """How long things live (R-25)."""

    unreviewed_days: int = Field(default=60, ge=1)
    closed_days: int = Field(default=183, ge=1)
    reproposal_months: int = Field(default=6, ge=0)
    """Within so many months of a proposal only a band that rose brings the person back, and after them new evidence alone."""
    scored_days: int = Field(default=365, ge=31)
    """So long after its outcome can be known at the latest, or after the screening where that is later, what a screening said of everybody
    lives on under the audit purpose; until then it is needed to see whether the model was right."""


class StateDeadline(Strict):
    """A deadline of a review's state that differs from the service's own."""

    amount: int = Field(ge=1)
    unit: Literal["days", "working_days"]


class Review(Strict):
    """How cases are reviewed here (R-17, R-20, R-23)."""

    quality_share: float = Field(default=0.05, ge=0.05, le=1)
    """Share of cases, drawn at random, that a second reader looks at whatever they are about; upward only."""
    study_mode: bool = False
    """Whether some cases are decided without the model's proposal, to measure what seeing it does to decisions."""
    study_share: float = Field(default=0.05, gt=0, le=0.5)
    capacity_period: Literal["month", "quarter", "year"] = "month"
    """The calendar period that a municipality's capacity holds for, by the day of proposal (UTC), however many as-of dates fall in it."""
    planning_period: Literal["quarter", "year"] = "quarter"
    """The calendar period that planners' figures are told by; where few are proposed, a quarter hides nearly all of them (R-09)."""
    stopping_signals: tuple[Annotated[str, Field(pattern=r"^S-\d\d$")], ...] = ("S-01", "S-02", "S-04", "S-05", "S-06")
    """Signals of the monthly report that, when they fail so that the report says *suspend*, suspend the model by themselves (R-30)."""
    second_reader_under: int = Field(default=12, ge=12, le=25)
    """A second reader looks before a conversation with anybody younger; upward only."""
    consent_age: int = Field(default=16, ge=13, le=18)
    """From this age a young person consents themselves; below it a guardian does. Fields of law differ: 13, 15, 16 or 18."""
    child_heard_from: int = Field(default=7, ge=0, le=7)
    """From this age a child has to be given the chance to be heard, and before that too where the child can form views."""
    deadlines: dict[str, StateDeadline] = Field(default_factory=dict)
    """State, under its name in the reference of case states, and how long a case may stay there."""


class Service(Strict):
    """Who helps with what here and how to reach them."""

    code: Code
    name: Wording
    sectors: tuple[Sector, ...]
    municipality: tuple[str, ...] = ()
    """Municipality numbers; empty means all."""
    answers: Wording
    """Role that answers, in three languages; never a private person's name."""
    phone: str | None = None
    email: str | None = None
    helps_with: Wording


class Services(Strict):
    """`services.toml`."""

    service: tuple[Service, ...] = ()
