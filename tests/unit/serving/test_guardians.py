"""Who answers for whom: the register's extract, what the vault keeps of it, and how little that tells."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import create_engine, select
from sqlalchemy.pool import StaticPool

from features.declarations.citizens import Citizens
from features.errors import ReviewError
from serving.identities.guardians import read_guardians
from serving.identities.recognising import LOGIN_LASTS, fill_guardians, note_login, recognise, responsibilities_of
from serving.identities.vault import GUARDIANS, LOGINS, METADATA, PEOPLE, IdentityVault

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
TODAY = NOW.date()
PEOPLE_OF = {f"SYN-{number}": f"{number:032x}" for number in range(6)}

names = st.sampled_from([*PEOPLE_OF, "SYN-NOT-HERE"])
pairs = st.lists(st.tuples(names, st.sampled_from(["SYN-G1", "SYN-G2", "SYN-1"]), st.none() | st.just(date(2030, 1, 1))), max_size=12)


def vault_of(people: dict[str, str]) -> IdentityVault:
    """Fill a vault in memory."""
    engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
    METADATA.create_all(engine)
    vault = IdentityVault(engine, bytes(range(32)))

    def hand_over(write: object) -> int:
        for raw, subject in people.items():
            write(subject, raw)  # type: ignore[operator]
        return len(people)

    vault.fill(hand_over, left_out=())
    return vault


@pytest.fixture
def vault() -> Iterator[IdentityVault]:
    made = vault_of(PEOPLE_OF)
    yield made
    made.engine.dispose()


@pytest.mark.requirement("R-07")
def test_the_way_back_holds_nothing_that_reads_and_knows_who_is_there(vault: IdentityVault) -> None:
    assert {raw: recognise(vault, raw) for raw in PEOPLE_OF} == PEOPLE_OF
    assert recognise(vault, "SYN-NOT-HERE") is None
    note_login(vault, account_id="a", identifier="SYN-G1", now=NOW)
    fill_guardians(vault, [("SYN-1", "SYN-G1", None)], today=TODAY)
    with vault.engine.connect() as connection:
        kept = "".join(repr(row) for table in (PEOPLE, GUARDIANS, LOGINS) for row in connection.execute(select(table)))
    assert not [word for word in (*PEOPLE_OF, *PEOPLE_OF.values(), "SYN-G1") if word in kept]


@pytest.mark.requirement("R-25")
def test_who_is_removed_is_not_recognised_and_nobody_s_child(vault: IdentityVault) -> None:
    fill_guardians(vault, [("SYN-1", "SYN-G1", None), ("SYN-2", "SYN-G1", None)], today=TODAY)
    note_login(vault, account_id="a", identifier="SYN-G1", now=NOW)
    vault.remove(PEOPLE_OF["SYN-1"])
    assert recognise(vault, "SYN-1") is None
    assert [one.child for one in responsibilities_of(vault, account_id="a", now=NOW)] == [PEOPLE_OF["SYN-2"]]


def test_a_login_is_noted_for_a_day_and_for_its_own_account(vault: IdentityVault) -> None:
    fill_guardians(vault, [("SYN-1", "SYN-G1", None)], today=TODAY)
    note_login(vault, account_id="a", identifier="SYN-G1", now=NOW)
    note_login(vault, account_id="b", identifier="SYN-G2", now=NOW)
    assert responsibilities_of(vault, account_id="b", now=NOW) == ()
    assert responsibilities_of(vault, account_id="c", now=NOW) == ()
    assert len(responsibilities_of(vault, account_id="a", now=NOW + LOGIN_LASTS - timedelta(seconds=1))) == 1
    assert responsibilities_of(vault, account_id="a", now=NOW + LOGIN_LASTS) == ()
    note_login(vault, account_id="c", identifier="SYN-G2", now=NOW + LOGIN_LASTS)
    with vault.engine.connect() as connection:
        assert len(connection.execute(select(LOGINS)).all()) == 1, "what is a day old is gone"


@given(pairs)
@settings(max_examples=50, deadline=None)
def test_children_are_those_of_the_extract_whom_the_vault_has(extract: list[tuple[str, str, date | None]]) -> None:
    vault = vault_of(PEOPLE_OF)
    try:
        wanted = {(child, guardian): last for child, guardian, last in extract if child in PEOPLE_OF}
        assert fill_guardians(vault, extract, today=TODAY) == len(wanted)
        for guardian in ("SYN-G1", "SYN-G2", "SYN-1"):
            note_login(vault, account_id=guardian, identifier=guardian, now=NOW)
            found = {(one.child, one.valid_to, one.read_on) for one in responsibilities_of(vault, account_id=guardian, now=NOW)}
            assert found == {(PEOPLE_OF[child], last, TODAY) for (child, of), last in wanted.items() if of == guardian}
    finally:
        vault.engine.dispose()


def test_an_altered_row_opens_for_nobody(vault: IdentityVault) -> None:
    fill_guardians(vault, [("SYN-1", "SYN-G1", None), ("SYN-2", "SYN-G2", None)], today=TODAY)
    note_login(vault, account_id="a", identifier="SYN-G1", now=NOW)
    mine, other = (vault.place("guardian", name) for name in ("SYN-G1", "SYN-G2"))
    with vault.begun() as connection:
        sealed = connection.execute(select(GUARDIANS.c.sealed).where(GUARDIANS.c.place == other)).scalar_one()
        connection.execute(GUARDIANS.update().where(GUARDIANS.c.place == mine).values(sealed=sealed))
    with pytest.raises(ReviewError, match="TID758"):
        responsibilities_of(vault, account_id="a", now=NOW)


def test_an_extract_is_read_with_either_separator(tmp_path: Path) -> None:
    path = tmp_path / "guardians.csv"
    expected = [("SYN-1", "SYN-G1", None), ("SYN-2", "SYN-G1", date(2031, 5, 17))]
    for mark in (",", ";"):
        lines = (("child", "guardian", "valid_to"), ("SYN-1", " SYN-G1 ", ""), ("SYN-2", "SYN-G1", "2031-05-17"))
        path.write_text("\n".join(mark.join(line) for line in lines), encoding="utf-8-sig")
        assert read_guardians(path) == expected


@pytest.mark.requirement("R-07")
@pytest.mark.parametrize(
    "text",
    [
        "barn,foresatt,til\nSYN-1,SYN-G1,",
        "child,guardian,valid_to\nSYN-1,,",
        "child,guardian,valid_to\nSYN-1,SYN-G1,snart",
        "child,guardian,valid_to\nSYN-1,SYN-G1,,SYN-9",
        "child,guardian,valid_to,name\nSYN-1,SYN-G1,,Kari",
    ],
)
def test_another_extract_is_refused_without_a_word_of_anybody(tmp_path: Path, text: str) -> None:
    path = tmp_path / "guardians.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ReviewError, match="TID766") as refusal:
        read_guardians(path)
    assert "SYN-" not in str(refusal.value)
    with pytest.raises(ReviewError, match="TID766"):
        read_guardians(tmp_path / "nowhere.csv")


@pytest.mark.parametrize("ages", [{"alone_from": 16, "guardians_until": 15}, {"alone_from": 9}, {"guardians_until": 19}])
def test_ages_that_leave_somebody_out_or_nobody_young_are_refused(ages: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Citizens(**ages)
