"""Everybody finds a page of theirs, and every page can be found."""

from __future__ import annotations

import re
from pathlib import Path

from serving.roles import ROLES, Role

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"
PAGE_OF = {
    Role.COORDINATOR: "coordinator",
    Role.SECOND_READER: "second-reader",
    Role.RELAY_HOLDER: "relay-holder",
    Role.LEADER: "leader",
    Role.MODEL_KEEPER: "model-keeper",
    Role.FAIRNESS_AUDITOR: "auditor",
    Role.DATA_PROTECTION_OFFICER: "data-protection-officer",
    Role.CONTROLLER: "controller",
    Role.SHIELDED_CASEWORKER: "shielded-caseworker",
    Role.OPERATOR: "operator",
    Role.PLANNER: "planner",
    Role.CITIZEN: "young-person",
}


def _navigation() -> list[str]:
    _, _, nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")
    return re.findall(r"([\w./-]+\.md)$", nav, re.MULTILINE)


def test_every_role_that_logs_in_has_a_how_to_and_the_list_names_it() -> None:
    assert set(PAGE_OF) == {role for role, described in ROLES.items() if described.logs_in}
    listed = (DOCS / "how-to" / "README.md").read_text(encoding="utf-8")
    for page in PAGE_OF.values():
        assert (DOCS / "how-to" / f"{page}.md").is_file()
        assert f"]({page}.md)" in listed


def test_the_navigation_has_every_page_once_but_single_decisions() -> None:
    there = {path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md")}
    decisions = {page for page in there if re.match(r"decisions/\d", page)}
    nav = _navigation()
    assert len(nav) == len(set(nav))
    assert set(nav) == there - decisions


def test_parts_stand_in_the_order_in_which_somebody_learns() -> None:
    nav = _navigation()
    order = ["tutorial.md", "how-to/README.md", "explanation/README.md", "reference/README.md", "decisions/README.md", "glossary.md"]
    assert [page for page in nav if page in order] == order
