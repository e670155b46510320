"""What a reviewer fills in after the decision: a talk, the family informed, a consent, a handover, an evaluation.

The API takes these as bodies and the console fills them from its forms. Nothing has a default that would say yes for somebody: what is
not answered is refused.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from features.declarations.catalogue import Sector

Participant = Literal["child", "guardian_a", "guardian_b"]
"""Who is spoken with. A person of full age is `child` too: the one whom the case is about."""

ChildHeard = Literal["heard", "through_somebody", "declined", "not_yet"]
"""How the young person was heard (R-39): they said it themselves, through somebody who knows them, did not want to, or not yet."""

Signer = Literal["child", "guardian_a", "guardian_b", "guardians"]
"""Who gave a consent: the young person, one guardian, or both (R-23)."""

Wellbeing = Literal["better", "unchanged", "worse"]
"""How the young person's days are since the measure began, as they and those around them say; nothing about the model."""

Language = Literal["nb", "nn", "en", "se", "other"]
"""Language in which a consent was explained; ``se`` is Northern Sámi, and `other` was interpreted."""

Text = Annotated[str, Field(max_length=8000)]


class CaseForm(BaseModel):
    """Anything a reviewer fills in about one case. Unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class PlannedTalk(CaseForm):
    """A conversation of wondering, as it is planned."""

    planned_on: date = Field(examples=["2026-12-01"])
    talks: Annotated[str, Field(min_length=1, max_length=200, description="Who speaks with the family.", examples=["Kontaktlærer"])]
    with_whom: Annotated[tuple[Participant, ...], Field(min_length=1, max_length=3, examples=[["child", "guardian_a"]])]
    about: Text = Field(description="What the talk wonders about.", examples=["Hvordan hverdagen er etter jul."])


class FamilyInformed(CaseForm):
    """What was told to the family, and whether the young person was heard."""

    informed_on: date = Field(examples=["2026-12-01"])
    talked: Annotated[str, Field(min_length=1, max_length=200, description="Who spoke with the family.", examples=["Kontaktlærer"])]
    with_whom: Annotated[tuple[Participant, ...], Field(min_length=1, max_length=3, examples=[["child", "guardian_a"]])]
    child_heard: ChildHeard = Field(examples=["heard"])
    child_heard_how: Text = Field(
        description="How, by age and maturity; or why not yet.", examples=["Fortalte selv om hverdagen på skolen og i praksis."]
    )
    sheet_given: bool = Field(description="Whether the family got the plain-language sheet.", examples=[True])


class ConsentForm(CaseForm):
    """A consent to share with named services, for a time (R-23)."""

    given_by: Signer = Field(examples=["guardians"])
    age: int = Field(ge=0, le=25, description="Completed years of the young person on the day it was given.", examples=[15])
    purpose: Text = Field(examples=["Samarbeid om en trygg hverdag på skolen."])
    services: Annotated[tuple[str, ...], Field(min_length=1, max_length=20, description="Codes of services.toml.", examples=[["ppt"]])]
    categories: Annotated[
        tuple[Sector, ...], Field(min_length=1, max_length=6, description="What the shared needs may be about.", examples=[["education"]])
    ]
    language: Language = Field(examples=["nb"])
    given_on: date = Field(examples=["2026-12-01"])
    valid_to: date = Field(description="Last day, at most twelve months after `given_on`.", examples=["2027-06-01"])


class HandoverForm(CaseForm):
    """What goes over to the one who follows up: agreed needs, never the proposal or its score."""

    holder: str | None = Field(
        max_length=80,
        description="Login of the relay holder; null where the own service goes on alone at level 1 and nothing is shared.",
        examples=["stafettholder-9901"],
    )
    needs: Text = Field(description="The needs that the family agreed on.", examples=["Fast voksen på skolen og kortere dager en stund."])
    child_heard: ChildHeard = Field(examples=["heard"])
    child_heard_how: Text = Field(examples=["Sa selv hva som ville hjelpe på skolen."])
    evaluate_on: date = Field(description="Six to twelve weeks from today.", examples=["2027-01-20"])


class EvaluationForm(CaseForm):
    """How it went for the young person."""

    wellbeing: Wellbeing = Field(examples=["better"])
    outcome: Text = Field(
        description="What changed in the young person's days.", examples=["Er på skolen fire dager i uka og har det bedre."]
    )
    child_said: Text = Field(description="What the young person says about it.", examples=["Vil fortsette med korte dager til påske."])
