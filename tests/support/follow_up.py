"""What is filled in after a decision, for tests, and the way there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.support.projects import NOW
from tests.support.review import REASON, Caller

TODAY = NOW.date()
SECOND_VIEW = {"text": "Kjenner familien; tror hverdagen er tyngre enn den ser ut.", "inclination": "concern"}
NEEDS = "Fast voksen på skolen, og kortere dager en stund."
HOW = "Fortalte selv om hverdagen på skolen."
WRONG = "Fraværet i mars var praksis i bedrift og skal ikke telle."
WEIGHTY = "Vedtaket om oppfølging kan ikke gis uten denne vurderingen."


def talk(**changes: Any) -> dict[str, Any]:
    """Plan a conversation for tomorrow."""
    planned = {"planned_on": day(1), "talks": "Kontaktlærer", "with_whom": ["child", "guardian_a"], "about": "Hvordan hverdagen er."}
    return {**planned, **changes}


def informed(**changes: Any) -> dict[str, Any]:
    """Tell that the family was informed today and the young person heard."""
    told = {"informed_on": day(0), "talked": "Kontaktlærer", "with_whom": ["child"], "child_heard": "heard", "child_heard_how": HOW}
    return {**told, "sheet_given": True, **changes}


def consent(**changes: Any) -> dict[str, Any]:
    """Consent by both guardians to share with the school team for half a year."""
    given = {"given_by": "guardians", "age": 15, "purpose": "Samarbeid om en trygg hverdag.", "services": ["school_team"], "language": "nb"}
    return {**given, "categories": ["education"], "given_on": day(0), "valid_to": day(180), **changes}


def handover(**changes: Any) -> dict[str, Any]:
    """Hand over to the relay holder of the municipality, to be evaluated in eight weeks."""
    form = {"holder": "stafettholder-9901", "needs": NEEDS, "child_heard": "heard", "child_heard_how": HOW, "evaluate_on": day(56)}
    return {**form, **changes}


EVALUATION = {
    "wellbeing": "better",
    "outcome": "Er på skolen fire dager i uka og sover bedre.",
    "child_said": "Vil fortsette med korte dager til påske.",
}


def day(after: int, *, start: date = TODAY) -> str:
    """Name a day so many days after the tests' today."""
    return (start + timedelta(days=after)).isoformat()


def decide(caller: Caller, case: str, step: str, *, reason: str | None = None) -> Any:
    """Decide a case, with a reason that is its own."""
    return caller.step(case, "decisions", {"step": step, "reason": reason or f"{REASON} {case}"})


def to_wondering(caller: Caller, case: str) -> None:
    """Bring a new case to where a conversation is planned."""
    caller.to_review(case)
    assert decide(caller, case, "decide_wondering").status_code == 201


def to_family(caller: Caller, case: str) -> None:
    """Bring a new case to where the family was informed."""
    to_wondering(caller, case)
    ok(caller.step(case, "talk", talk()))
    ok(caller.step(case, "family-informed", informed()))


def to_consent(caller: Caller, case: str, **changes: Any) -> None:
    """Bring a new case to where a consent was given."""
    to_family(caller, case)
    ok(caller.step(case, "consents", consent(**changes)), 201)


def to_second_reading(caller: Caller, case: str) -> None:
    """Bring a new case to where it waits for a second reader."""
    caller.to_review(case)
    assert decide(caller, case, "decide_second_reader").status_code == 201


def to_second_view(caller: Caller, second: Caller, case: str) -> None:
    """Bring a new case to where both readers have written."""
    to_second_reading(caller, case)
    ok(second.step(case, "second-reading"))
    ok(second.step(case, "second-view", SECOND_VIEW))


def ok(answer: Any, status: int = 200) -> Any:
    """Give the answer's data, which has to be a success."""
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def refused(answer: Any) -> tuple[int, str]:
    """Give status and code of a refusal."""
    return answer.status_code, answer.json()["code"]
