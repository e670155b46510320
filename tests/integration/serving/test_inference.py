"""Two people whom only child welfare tells apart: nothing that the service sends about their cases differs (R-06)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from features.declarations.project import Project
from models.bands import Band
from models.rungs.boosted import BoostedRung
from serving.cases.proposal import Proposal
from tests.support.bundles import planted_people
from tests.support.console import console_service, reader
from tests.support.review import NEED, VIEW, Review
from tests.support.shown import CONTACT, bundle_with_uncertainty, project_of_planted_people, propose

IDS = re.compile(r"[0-9a-f]{32}|T-[0-9A-F]{8}|\b[0-9a-f]{64}\b|[A-Za-z0-9_-]{43}")
"""Ids, references and tokens: random, and so different for everybody."""
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.+Z]+")


@pytest.fixture(scope="module")
def review(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Review]:
    with console_service(tmp_path_factory.mktemp("console") / "project") as running:
        yield running


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Proposal, Proposal]]:
    """Proposals of the same people without and with child welfare's measures; with them the whole score is higher, often by a band."""
    project: Project = project_of_planted_people(tmp_path_factory.mktemp("planted"))
    bundle = bundle_with_uncertainty(BoostedRung)
    people, _ = planted_people(400, seed=12)
    people = people[bundle.score(people).band != Band.NO_FOLLOW_UP_NOW.value][:12]
    without, with_contact = people.copy(), people.copy()
    without[:, CONTACT], with_contact[:, CONTACT] = 0, 2
    pairs = [(propose(project, bundle, a), propose(project, bundle, b)) for a, b in zip(without, with_contact, strict=True)]
    assert any(a.band is not b.band for a, b in pairs), "the test has to have something to hide"
    assert all(a.reasons != b.reasons for a, b in pairs)
    return pairs


def case_of(review: Review, proposal: Proposal) -> str:
    subject = secrets.token_hex(16)
    with review.database.transaction() as session:
        sealed = review.keys.seal(session, subject, proposal.to_json(), now=review.clock())
    return review.add_case(subject_id=subject, sealed_proposal=sealed)


def plain(content: Any) -> str:
    return MOMENT.sub("MOMENT", IDS.sub("ID", str(content)))


@pytest.mark.requirement("R-06")
def test_the_api_sends_the_same_of_both(review: Review, pairs: list[tuple[Proposal, Proposal]]) -> None:
    coordinator = review.caller("koordinator-9901")
    for pair in pairs[:6]:
        answers = []
        for proposal in pair:
            case = case_of(review, proposal)
            listed = [row for row in coordinator.get("/cases").json()["data"] if row["case_id"] == case]
            before = coordinator.get(f"/cases/{case}")
            coordinator.to_review(case)
            after, view = coordinator.get(f"/cases/{case}"), coordinator.get(f"/cases/{case}/view")
            assert view.status_code == 200
            sizes = [len(answer.content) for answer in (before, after, view)]
            answers.append((plain(listed), plain(before.json()), plain(after.json()), plain(view.json()), sizes))
        assert answers[0] == answers[1]


@pytest.mark.requirement("R-06")
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_the_page_is_the_same_for_both(review: Review, pairs: list[tuple[Proposal, Proposal]], language: str) -> None:
    pages = []
    for proposal in pairs[7]:
        case = case_of(review, proposal)
        person = reader(review, "koordinator-9901", language=language)
        _, page = person.send(person.open(f"/cases/{case}"), f"/cases/{case}/assign")
        _, page = person.send(page, f"/cases/{case}/open", need_to_know=NEED)
        status, page = person.send(page, f"/cases/{case}/own-view", **VIEW)
        assert status == 200
        pages.append(plain(page))
    assert pages[0] == pages[1]


@pytest.mark.requirement("R-06")
def test_the_list_is_in_no_order_of_what_is_hidden(review: Review, pairs: list[tuple[Proposal, Proposal]]) -> None:
    """Cases come by due date and reference; references are drawn without looking at anybody."""
    with_contact = {case_of(review, pair[1]) for pair in pairs}
    without = {case_of(review, pair[0]) for pair in pairs}
    coordinator = review.caller("koordinator-9901")
    rows = [row for row in coordinator.get("/cases").json()["data"] if row["case_id"] in with_contact | without]
    assert [(row["due_on"], row["reference"]) for row in rows] == sorted((row["due_on"], row["reference"]) for row in rows)
    told = {key for row in rows for key, value in row.items() if key not in ("case_id", "reference") and np.size(value)}
    assert all(len({str(row[key]) for row in rows}) == 1 for key in told), "nothing but id and reference differs between rows"
