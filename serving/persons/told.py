"""What a person report tells, as values. Words are in three languages; nothing here is a rank or a number of the model's (R-18)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from features.declarations.catalogue import Wording
from features.declarations.windows import CalendarWindow


class Reader(StrEnum):
    """Whose hands a report passes through."""

    PERSON = "person"
    """The person it is about: everything."""
    GUARDIAN = "guardian"
    """A guardian: without what services keep confidential and where the person lives, whether there is any such or not (R-06, R-08)."""
    REVIEWER = "reviewer"
    """A reviewer who hands it over: the same as for a guardian, and of their own case alone."""


@dataclass(frozen=True)
class RecordTold:
    """One record that may be used about the person."""

    indicator: str
    label: Wording
    meaning: Wording | None
    value: str | float | None
    """A number, the name of a level, or a code as its register writes it; None where the record itself is all there is."""
    is_place: bool
    """Whether the value is the number of a municipality."""
    is_flag: bool
    unit: str | None
    sector: str
    registers: tuple[str, ...]
    """Where it comes from."""
    use: str
    happened_on: date
    known_on: date


@dataclass(frozen=True)
class ModelTold:
    """A model that has looked at the person: what it estimates, what it uses."""

    name: str
    version: str
    stage: Wording
    outcome: Wording
    uses: tuple[Wording, ...]
    """Indicators that it uses; empty where the model's folder is gone."""
    worth_a_look: str | None
    """The share of 100 from which somebody may be proposed, as text; the same for everybody."""


@dataclass(frozen=True)
class ReasonTold:
    """One thing that moved the model's estimate of this person, and which way. Not a cause."""

    label: Wording
    direction: str
    value: str | float | None
    unit: str | None
    happened_on: date | None
    is_missing: bool
    is_flag: bool = False
    """Whether a value of 1 means that it is so."""
    aggregation: str | None = None
    """What the value is of the records: their sum, count, trend …"""
    window_days: int | None = None
    """How far back the value looks; None is everything known."""
    calendar: CalendarWindow | None = None
    level: str | None = None
    value_words: Wording | None = None
    """The project's own words for a value that is one of the indicator's levels."""
    level_words: Wording | None = None


@dataclass(frozen=True)
class ScoreTold:
    """One time that a model looked at the person."""

    as_of: date
    stage: Wording
    outcome: Wording
    model_name: str
    model_version: str
    band: Wording | None
    """None where the reader may not be told, or it was purged."""
    frequency: Wording | None
    was_proposed: bool
    reasons: tuple[ReasonTold, ...] = ()
    """Of a case alone; somebody who was not proposed has no kept reasons."""


@dataclass(frozen=True)
class DeedTold:
    """What somebody did, in which role; who they are stays out."""

    at: datetime
    what: str
    """The log's name of the event."""
    step: Wording | None
    """What was decided, or how far the case went over; None for everything else."""
    role: Wording
    municipality: str | None
    """Told to the person alone: it says where they live."""


@dataclass(frozen=True)
class WordsTold:
    """What somebody wrote about the person, as it was written."""

    at: datetime
    kind: str
    step: Wording | None
    role: Wording
    fields: dict[str, str]
    """Name of the field -> text. Third persons' names are left out."""


@dataclass(frozen=True)
class ConsentTold:
    """A consent to share, or its withdrawal."""

    given_on: date
    valid_to: date
    withdrawn_at: datetime | None
    fields: dict[str, str]


@dataclass(frozen=True)
class RestrictionTold:
    """An objection or another restriction."""

    kind: str
    registered_at: datetime
    lifted_at: datetime | None
    role: Wording
    statement: str | None


@dataclass(frozen=True)
class CaseTold:
    """One review case."""

    reference: str
    state: Wording
    created_on: date
    purged_on: date | None
    decided: tuple[DeedTold, ...]
    """What was decided and answered; of `done`, what a reader asks for first."""
    opened: tuple[DeedTold, ...]
    """Who looked, in which role and municipality, and when."""
    done: tuple[DeedTold, ...]
    written: tuple[WordsTold, ...]
    consents: tuple[ConsentTold, ...]


@dataclass(frozen=True)
class PersonReport:
    """Everything that is known and was done about one person (GDPR Art. 15), for people and machines (Art. 20)."""

    project: str
    controller: str
    synthetic: bool
    made_at: datetime
    reader: Reader
    subject_id: str | None
    """The random id that stands for the person here; None in a report that passes through a reviewer's hands."""
    is_erased: bool
    records: tuple[RecordTold, ...]
    models: tuple[ModelTold, ...]
    scores: tuple[ScoreTold, ...]
    cases: tuple[CaseTold, ...]
    restrictions: tuple[RestrictionTold, ...]
    purposes: tuple[tuple[str, str, date, date], ...]
    """Kind, legal basis, first and last day of each purpose."""
    kept_days: dict[str, int]
    """How long what is kept."""
