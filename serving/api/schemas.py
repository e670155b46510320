"""Bodies of the API. Unknown fields are refused."""

from __future__ import annotations

from typing import Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from serving.cases.pages import Inclination
from serving.cases.states import Step
from serving.roles import Role

ItemT = TypeVar("ItemT")


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Answer(BaseModel, Generic[ItemT]):
    """Any answer: what was asked for, and whether every person in it is invented (R-33)."""

    synthetic: bool = Field(description="True where every person is invented.")
    data: ItemT


class LoginBody(Body):
    """A login."""

    login: str = Field(max_length=80, examples=["koordinator-9001"])
    password: str = Field(max_length=200, examples=["demo-koordinator"])


class Me(BaseModel):
    """Who is logged in."""

    login: str
    role: Role
    municipality: str | None
    permissions: list[str]
    csrf: str = Field(description="Send this in the header X-CSRF-Token with everything that changes something.")


class NeedBody(Body):
    """Why a case is opened."""

    need_to_know: str = Field(max_length=2000, examples=["Jeg er kontaktlærer og BTI-koordinator for trinnet."])


class OwnViewBody(Body):
    """What the reviewer knows and leans to, before the proposal is shown."""

    text: str = Field(max_length=8000, examples=["Har vært mye borte etter jul, men er i godt driv i praksisperioden."])
    inclination: Inclination = Field(examples=["unsure"])


class DecisionBody(Body):
    """One decision in one case."""

    step: Step = Field(description="One of the decisions that the case offers in `steps`.", examples=["decide_wondering"])
    reason: str = Field(max_length=8000, examples=["Fraværet har økt siden påske; vi tar en samtale om hvordan hverdagen er."])


class ObjectionBody(Body):
    """An objection by the person or a guardian; saying why is not needed."""

    statement: str = Field(default="", max_length=8000, examples=["Vil ikke at opplysningene brukes slik."])


class WeightyReasonBody(Body):
    """Why the processing goes on although the person objects (GDPR Art. 21)."""

    reason: str = Field(max_length=8000, examples=["Eleven har vedtak om oppfølging, som vi ikke kan gi uten denne vurderingen."])


class PassOnBody(Body):
    """Who takes a case over, and why. The reason is told in the person's own report."""

    to: str = Field(max_length=80, description="Login of one who is listed for the case.", examples=["koordinator-9001"])
    reason: str = Field(max_length=8000, examples=["Koordinatoren arbeider ikke her lenger, og familien venter på svar."])


class NoteBody(Body):
    """What was said; kept sealed, and held against nobody."""

    note: str = Field(default="", max_length=8000, examples=["Familien vil heller snakke med skolen selv."])


class CorrectionBody(Body):
    """What of the information is wrong, for the services that own it."""

    indicators: tuple[str, ...] = Field(min_length=1, max_length=20, examples=[["edu_absence_days"]])
    text: str = Field(max_length=8000, examples=["Fraværet i mars var praksis i bedrift, ikke fravær."])


class Health(BaseModel):
    """Whether the service runs."""

    status: str = Field(examples=["ok"])
    parts: dict[str, str] | None = Field(default=None, description="What was found of each part.", examples=[{"keys": "open"}])


class LogVerdict(BaseModel):
    """What verifying the log found."""

    n_entries: int
    head: str = Field(description="Hash of the newest entry; keep it elsewhere, and a log that is cut off shows.")
    is_whole: bool
