"""Each route as nobody, as the wrong role, as another municipality's person, and as the right one."""

from __future__ import annotations

from typing import Any

import pytest

from serving.access.permissions import MATRIX, Action
from serving.roles import ROLES, Role
from tests.support.review import NEED, REASON, VIEW, Review

CASE_CHANGES: dict[str, tuple[str, Any]] = {
    "assign": ("assign", None),
    "open": ("open", {"need_to_know": NEED}),
    "own-view": ("own-view", VIEW),
    "decisions": ("decisions", {"step": "decide_no_need", "reason": REASON}),
    "close": ("close", None),
    "objections": ("objections", {"statement": "Nei."}),
}
OPEN_TO: dict[str, Action] = {
    "/screenings": Action.SEE_SCREENINGS,
    "/models": Action.SEE_MODELS,
    "/reports": Action.SEE_REPORTS,
    "/audit": Action.READ_LOG,
    "/audit/verification": Action.VERIFY_LOG,
    "/cases": Action.LIST_CASES,
}


def login_of(role: Role) -> str:
    return f"{role}-9901" if ROLES[role].has_municipality else role.value


@pytest.mark.requirement("R-28")
def test_nobody_gets_in_without_logging_in(review: Review) -> None:
    case, nobody = review.add_case(), review.anonymous()
    reads = [nobody.get(f"/api/v1{p}") for p in (*OPEN_TO, "/session", f"/cases/{case}", f"/cases/{case}/view")]
    writes = [nobody.post(f"/api/v1/cases/{case}/{step}", json=body) for step, body in CASE_CHANGES.values()]

    assert {(a.status_code, a.json()["code"]) for a in reads} == {(401, "TID711")}
    assert {a.status_code for a in writes} <= {401, 403, 428}
    assert review.row(case).state == "NY"


@pytest.mark.requirement("R-28")
def test_each_role_reads_what_the_matrix_says_and_nothing_else(review: Review) -> None:
    for role in (r for r in Role if ROLES[r].logs_in):
        caller = review.caller(login_of(role))

        answers = {path: caller.get(path).status_code for path in OPEN_TO}

        assert answers == {path: 200 if action in MATRIX[role] else 403 for path, action in OPEN_TO.items()}, role


@pytest.mark.requirement("R-28")
def test_a_role_without_cases_reaches_no_case(review: Review) -> None:
    case = review.add_case()
    for role in (r for r in Role if ROLES[r].logs_in and not {Action.LIST_CASES, Action.SECOND_READ} & set(MATRIX[r])):
        caller = review.caller(login_of(role))

        answers = [caller.get(f"/cases/{case}"), caller.get(f"/cases/{case}/view")]
        answers += [caller.post(f"/cases/{case}/{step}", body, version=1) for step, body in CASE_CHANGES.values()]

        assert {(a.status_code, a.json()["code"]) for a in answers} == {(403, "TID712")}, role


@pytest.mark.requirement("R-28")
@pytest.mark.requirement("R-06")
def test_another_municipality_s_case_answers_as_one_that_does_not_exist(review: Review) -> None:
    theirs, missing, caller = review.add_case(municipality="9902"), "0" * 32, review.caller("koordinator-9901")

    def answers(case: str) -> list[tuple[int, str]]:
        found = [caller.get(f"/cases/{case}"), caller.get(f"/cases/{case}/view")]
        found += [caller.post(f"/cases/{case}/{step}", body, version=1) for step, body in CASE_CHANGES.values()]
        return [(a.status_code, a.text) for a in found]

    assert answers(theirs) == answers(missing)
    assert {status for status, _ in answers(theirs)} == {404}
    assert caller.get("/cases").json()["data"] == []


@pytest.mark.requirement("R-28")
def test_a_colleague_s_case_is_theirs_alone(review: Review) -> None:
    case = review.add_case()
    review.caller("koordinator-9901").to_review(case)
    colleague = review.new_coordinator("9901")

    answers = [colleague.get(f"/cases/{case}"), colleague.get(f"/cases/{case}/view")]
    answers += [colleague.post(f"/cases/{case}/{step}", body, version=4) for step, body in CASE_CHANGES.values()]

    assert {a.status_code for a in answers} == {404}
    assert colleague.get("/cases").json()["data"] == []


@pytest.mark.requirement("R-08")
def test_a_shielded_person_s_case_is_seen_by_the_shielded_caseworker_alone(review: Review) -> None:
    case = review.add_case(municipality=None, is_shielded=True, needs_second_reader=True)
    shielded = review.caller("skjermet-saksbehandler")

    assert [row["case_id"] for row in shielded.get("/cases").json()["data"]] == [case]
    shielded.to_review(case)
    assert shielded.get(f"/cases/{case}").json()["data"]["municipality"] is None
    for municipality in ("9901", "9902"):
        other = review.caller(f"koordinator-{municipality}")
        assert other.get("/cases").json()["data"] == []
        assert other.get(f"/cases/{case}").status_code == 404


def test_a_change_without_the_csrf_token_is_refused(review: Review) -> None:
    case, caller = review.add_case(), review.caller("koordinator-9901")
    path = f"/api/v1/cases/{case}/assign"

    bare = caller.client.post(path, headers={"If-Match": '"1"'})
    wrong = caller.client.post(path, headers={"If-Match": '"1"', "X-CSRF-Token": review.caller("koordinator-9902").csrf})
    foreign = caller.client.post(path, headers={"If-Match": '"1"', "X-CSRF-Token": caller.csrf, "Origin": "https://elsewhere.example"})

    assert {(a.status_code, a.json()["code"]) for a in (bare, wrong, foreign)} == {(403, "TID713")}
    assert review.row(case).state == "NY"


@pytest.mark.requirement("R-33")
def test_every_answer_says_that_its_people_are_invented(review: Review) -> None:
    caller, case = review.caller("koordinator-9901"), review.add_case()
    answers = [caller.get(p) for p in ("/cases", f"/cases/{case}", "/models", "/screenings", "/nowhere")]

    assert {a.headers["X-Tidlig-Synthetic"] for a in answers} == {"true"}
    assert all(a.json()["synthetic"] is True for a in answers[:-1])


def test_answers_about_people_are_not_kept_and_run_nothing_inline(review: Review) -> None:
    answer = review.caller("koordinator-9901").get("/cases")

    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "unsafe" not in answer.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.requirement("R-09")
def test_small_numbers_of_a_screening_are_hidden(review: Review) -> None:
    review.add_case()
    line = review.caller("leder-9901").get("/screenings").json()["data"][0]

    assert (line["n_scored"], line["n_in_band"]) == (120, None)
    assert line["cases_by_municipality"] == {"9901": None, "9902": None}
