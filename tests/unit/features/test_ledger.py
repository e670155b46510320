from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.errors import LedgerError
from features.ledger import (
    GENESIS,
    Anchor,
    Entry,
    append_entry,
    append_next,
    entry_hash,
    next_entry,
    open_content,
    read_entries,
    verify,
)
from tests.support.ingesting import repeatable_bytes

pytestmark = pytest.mark.requirement("R-27")

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))


def chain(length: int = 5) -> list[Entry]:
    entries, after, token_bytes = [], GENESIS, repeatable_bytes()
    for number in range(length):
        entry = next_entry(
            after,
            recorded_at=AT,
            actor="reviewer-1",
            action="opened",
            subject_id=f"{number:032x}",
            purpose="score",
            public={"number": number, "name": "Åse"},
            content={"own_view": "worried"},
            key=KEY,
            token_bytes=token_bytes,
        )
        entries.append(entry)
        after = entry.anchor
    return entries


def test_a_whole_ledger_verifies() -> None:
    entries = chain()
    assert verify(entries).anchor == Anchor(5, entries[-1].hash)
    assert verify([]).anchor == GENESIS


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "somebody"},
        {"action": "closed"},
        {"subject_id": "f" * 32},
        {"purpose": "train"},
        {"public": {"number": 7}},
        {"sealed": b"x" * 40},
        {"sealed": None},
        {"recorded_at": datetime(2026, 1, 1, tzinfo=UTC)},
    ],
)
def test_an_edited_entry_is_named(change: dict[str, object]) -> None:
    entries = chain()
    entries[2] = replace(entries[2], **change)  # type: ignore[arg-type]
    with pytest.raises(LedgerError, match="TID801: entry 3 was edited"):
        verify(entries)


def test_an_edit_with_its_hash_made_anew_breaks_the_chain() -> None:
    entries = chain()
    edited = replace(entries[2], actor="somebody")
    entries[2] = replace(edited, hash=entry_hash(edited))
    with pytest.raises(LedgerError, match=r"TID802.*before 4"):
        verify(entries)


def test_a_removed_entry_is_named() -> None:
    entries = chain()
    with pytest.raises(LedgerError, match="TID802: entry 3 was removed"):
        verify([*entries[:2], *entries[3:]])


def test_reordered_entries_are_found() -> None:
    entries = chain()
    with pytest.raises(LedgerError, match=r"TID80[23].*3"):
        verify([entries[0], entries[1], entries[3], entries[2], entries[4]])
    with pytest.raises(LedgerError, match="TID803: entry 1 was moved"):
        verify([entries[0], entries[0]])


def test_an_anchor_shows_a_cut_end_and_a_chain_made_anew() -> None:
    entries = chain()
    anchor = entries[-1].anchor
    verify(entries, anchor=anchor)
    verify(entries, anchor=entries[2].anchor)
    with pytest.raises(LedgerError, match=r"TID804.*ends at entry 3.*had 5"):
        verify(entries[:3], anchor=anchor)
    with pytest.raises(LedgerError, match="TID804"):
        verify([], anchor=anchor)
    with pytest.raises(LedgerError, match=r"TID801.*made anew"):
        verify(entries, anchor=Anchor(5, "0" * 64))


@pytest.mark.requirement("R-25")
def test_erasing_the_key_erases_the_person_and_the_chain_still_verifies() -> None:
    entries = chain()
    assert open_content(entries[1], KEY) == {"own_view": "worried"}
    assert b"worried" not in json.dumps([entry.as_dict() for entry in entries]).encode()
    with pytest.raises(LedgerError, match="TID806"):
        open_content(entries[1], bytes(32))
    verify(entries)


def test_sealed_content_opens_in_its_own_place_only() -> None:
    entries = chain()
    with pytest.raises(LedgerError, match="TID806"):
        open_content(replace(entries[1], sealed=entries[2].sealed), KEY)


def test_content_needs_a_person_a_key_and_randomness() -> None:
    with pytest.raises(ValueError, match="personal content"):
        next_entry(GENESIS, recorded_at=AT, actor="a", action="b", content={"x": 1})
    with pytest.raises(ValueError, match="aware"):
        next_entry(GENESIS, recorded_at=datetime(2026, 1, 1), actor="a", action="b")  # noqa: DTZ001


def test_a_file_gives_back_what_was_appended(tmp_path: Path) -> None:
    path = tmp_path / "ledger" / "promotions.jsonl"
    entries = chain()
    for entry in entries:
        append_entry(path, entry)
    assert list(read_entries(path)) == entries
    added = append_next(path, recorded_at=AT, actor="ci", action="promoted", public={"version": 3})
    assert added.sequence == 6
    assert verify(read_entries(path)).count == 6


def test_an_entry_that_does_not_follow_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    entries = chain()
    append_entry(path, entries[0])
    with pytest.raises(LedgerError, match="TID807"):
        append_entry(path, entries[2])


def test_a_line_torn_by_a_kill_was_never_said_to_be_there(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for entry in chain(3):
        append_entry(path, entry)
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert verify(read_entries(path)).count == 2
    append_entry(path, chain(3)[2])
    assert path.read_bytes() == whole


def test_a_line_that_is_no_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text('{"sequence": 1}\n', encoding="utf-8")
    with pytest.raises(LedgerError, match=r"TID805.*line 1"):
        list(read_entries(path))


def _append_ten(path: Path) -> None:
    for _ in range(10):
        append_next(path, recorded_at=AT, actor="ci", action="noted")


def test_processes_appending_at_once_make_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append_ten, args=(path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert verify(read_entries(path)).count == 30
