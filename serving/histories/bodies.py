"""What a machine client posts, and what it gets back: a band and reasons for each history, never a number of the model's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from features.declarations.catalogue import Wording
from serving.cases.pages import ReasonLine

MOST_HISTORIES = 200
MOST_RECORDS = 5_000
"""Of one history: far more than a childhood has."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]


class Told(BaseModel):
    """Something that a client tells; what is not asked for is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RecordBody(Told):
    """One record of a history, as a source would deliver it."""

    indicator: Code = Field(description="Code of an indicator of the project's catalogue.", examples=["edu_absence_days"])
    value: Annotated[float, Field(allow_inf_nan=False)] | Annotated[str, Field(max_length=100)] | None = Field(
        description="What the indicator's contract allows: a number, a level's name, or null where the record itself is what happened.",
        examples=[4],
    )
    happened_on: date = Field(examples=["2026-03-02"])
    known_on: date = Field(description="From this day on it could be used.", examples=["2026-03-05"])
    record: str | None = Field(
        default=None,
        min_length=1,
        max_length=100,
        description="Names the record within this history and indicator; the same name known later is its correction.",
        examples=["r1"],
    )


class HistoryBody(Told):
    """What is known of one person, under a key that only the client can read."""

    key: str = Field(
        min_length=1,
        max_length=64,
        pattern=r"^[A-Za-z0-9_.:-]+$",
        description="Chosen by the client, and given back. Never an identity number; random is best.",
        examples=["a81f"],
    )
    born_on: str | None = Field(
        default=None,
        pattern=r"^(19|20)\d{2}-(0[1-9]|1[0-2])$",
        description="Year and month of birth. Asked for where the project knows birth dates: a model speaks of people of its stage's ages.",
        examples=["2010-04"],
    )
    records: list[RecordBody] = Field(max_length=MOST_RECORDS)


class ScoringBody(Told):
    """Histories to score with one model as of one day."""

    stage: Code = Field(examples=["grade_10"])
    outcome: Code = Field(examples=["not_completed"])
    as_of: date = Field(description="Only what was known on this day counts.", examples=["2026-06-15"])
    histories: list[HistoryBody] = Field(min_length=1, max_length=MOST_HISTORIES)


@dataclass(frozen=True)
class HistoryScore:
    """What the model says of one history, in the words that a reviewer of no service would read. There is no number to read (R-18)."""

    key: str
    band: str
    band_label: Wording
    frequency: Wording | None
    """Of 100 people in this band: about the band, never about this person. None where there were too few people to say."""
    uncertainty: Wording
    raises: tuple[ReasonLine, ...]
    lowers: tuple[ReasonLine, ...]
    coarse: ReasonLine
    """Always there, always the same; stands for everything confidential (R-05)."""
    missing: tuple[Wording, ...]
    newest_record_on: date | None
    """Happened last of what is shown."""


@dataclass(frozen=True)
class Scored:
    """Answers in the order of the histories, and who gave them."""

    model_name: str
    model_version: str
    as_of: date
    scores: tuple[HistoryScore, ...]
