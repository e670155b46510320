"""From claims to a role: what grants hold, and which files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.declarations.project import load_project
from features.errors import ProjectError, ReviewError
from serving.oidc.mapping import AccessFile, Grant, find_grant, read_access, values_at
from serving.roles import Role
from tests.support.projects import tiny_project


def access(*grants: Grant) -> AccessFile:
    return AccessFile(grant=grants)


def test_the_first_grant_that_holds_counts() -> None:
    rules = access(Grant(when={"groups": "a"}, role=Role.PLANNER), Grant(when={"groups": ("b", "a")}, role=Role.OPERATOR))

    found = [find_grant(rules, {"groups": groups}, within=None) for groups in (["a", "b"], ["b"], "a", [], None, {"a": "a"})]

    assert [None if grant is None else grant.role for grant in found] == [Role.PLANNER, Role.OPERATOR, Role.PLANNER, None, None, None]


def test_every_condition_of_a_grant_has_to_hold() -> None:
    rules = access(Grant(when={"groups": "a", "tenant": "t"}, role=Role.PLANNER))

    assert find_grant(rules, {"groups": ["a"], "tenant": "t"}, within=None) is not None
    assert find_grant(rules, {"groups": ["a"], "tenant": "u"}, within=None) is None
    assert find_grant(rules, {"groups": ["a"]}, within=None) is None


def test_nothing_but_the_same_text_is_the_same() -> None:
    rules = access(Grant(when={"level": "1"}, role=Role.PLANNER))

    assert [find_grant(rules, {"level": level}, within=None) for level in (1, True, "1 ", "01", ["1x"])] == [None] * 5


@pytest.mark.requirement("R-28")
def test_who_fits_leader_and_officer_is_refused() -> None:
    rules = access(
        Grant(when={"groups": "l"}, role=Role.LEADER, municipality="9901"), Grant(when={"groups": "o"}, role=Role.DATA_PROTECTION_OFFICER)
    )

    with pytest.raises(ReviewError, match="TID717"):
        find_grant(rules, {"groups": ["o", "l"]}, within=None)


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a.b"]), inner, max_size=3),
    max_leaves=12,
)


@given(claims=st.dictionaries(st.sampled_from(["a", "b", "a.b"]), json_like, max_size=3), path=st.sampled_from(["a", "a.b", "b.a.b"]))
def test_whatever_the_claims_are_nobody_gets_in_by_what_is_not_there(claims: dict[str, object], path: str) -> None:
    rules = access(Grant(when={path: "the value"}, role=Role.PLANNER))

    assert find_grant(rules, claims, within=None) is None
    assert "the value" not in list(values_at(claims, path))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "TID738"),
        ("", "TID738"),
        ('[[grant]]\nwhen = {}\nrole = "planlegger"', "TID103"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "sjef"', "TID103"),
        ('subject = "pid"\n[[grant]]\nwhen = { g = "x" }\nrole = "planlegger"', "TID103"),
        ('email = "mail"\n[[grant]]\nwhen = { g = "x" }\nrole = "planlegger"', "TID103"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "koordinator"', "TID738"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "koordinator"\nmunicipality = "0301"', "TID738"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "stafettholder"\nmunicipality = "9901"\nservice = "nowhere"', "TID738"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "innbygger"', "TID738"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "maskinklient"', "TID738"),
        ('[[grant]]\nwhen = { g = "x" }\nrole = "personvernombud"\nmunicipality = "9901"', "TID738"),
    ],
)
def test_a_file_that_grants_what_there_is_not_is_refused(tmp_path: Path, text: str | None, code: str) -> None:
    root = tiny_project(tmp_path / "project")
    if text is not None:
        (root / "access.toml").write_text(text, encoding="utf-8")

    with pytest.raises(ProjectError, match=code):
        read_access(load_project(root))


def test_a_file_that_fits_is_read(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    (root / "access.toml").write_text(
        '[[grant]]\nwhen = { g = "x" }\nrole = "stafettholder"\nmunicipality = "9901"\nservice = "school_team"\n'
        '[[grant]]\nwhen = { g = "y" }\nrole = "planlegger"\nmunicipality = "99"\n',
        encoding="utf-8",
    )

    assert [grant.role for grant in read_access(load_project(root)).grant] == [Role.RELAY_HOLDER, Role.PLANNER]
