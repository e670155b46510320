"""A ledger with its head file: what it looks like on disk, and which damage shows without an anchor kept elsewhere."""

from __future__ import annotations

import json
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from features.errors import LedgerError
from features.ledger import GENESIS, append_next, read_entries
from features.ledger_file import LedgerFile

pytestmark = pytest.mark.requirement("R-27")

AT = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def ledger(folder: Path, *, head_indent: int | None = None) -> LedgerFile:
    return LedgerFile(folder / "kept" / "steps.jsonl", "the book of steps", head_indent=head_indent)


def write(file: LedgerFile, times: int) -> None:
    for number in range(times):
        file.append(recorded_at=AT, actor="tester", action="step", public={"number": number})


def test_the_head_names_the_last_entry_and_both_layouts_stay_as_they_are(tmp_path: Path) -> None:
    file = ledger(tmp_path)
    assert (file.read(), file.find_head()) == ((), None)
    write(file, 3)
    last = file.read()[-1]
    assert file.find_head() == last.anchor
    assert file.head_path == tmp_path / "kept" / "steps.head.json"
    assert file.head_path.read_text(encoding="utf-8") == f'{{"count":3,"head":"{last.hash}"}}\n'
    write(spread := ledger(tmp_path, head_indent=1), 1)
    last = spread.read()[-1]
    assert spread.head_path.read_text(encoding="utf-8") == f'{{\n "count": 4,\n "head": "{last.hash}"\n}}\n'
    assert sorted(path.name for path in file.path.parent.iterdir()) == ["steps.head.json", "steps.jsonl"]


def test_what_a_writer_left_that_was_killed_before_its_head_still_verifies(tmp_path: Path) -> None:
    file = ledger(tmp_path)
    append_next(file.path, recorded_at=AT, actor="tester", action="step", public={})
    assert len(file.read()) == 1, "the first entry, before there was any head"
    write(file, 1)
    append_next(file.path, recorded_at=AT, actor="tester", action="step", public={})
    assert len(file.read()) == 3
    write(file, 1)
    assert file.find_head() == file.read()[-1].anchor


def test_a_cut_end_a_head_that_is_gone_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    file = ledger(tmp_path)
    write(file, 3)
    whole, head = file.path.read_text(encoding="utf-8"), file.head_path.read_text(encoding="utf-8")
    file.path.write_text("".join(whole.splitlines(keepends=True)[:2]), encoding="utf-8")
    with pytest.raises(LedgerError, match="TID804: the ledger was cut off"):
        file.read()
    file.path.write_text(whole, encoding="utf-8")
    for damaged in ("{}", "[]", "no json", json.dumps({"count": "three", "head": ""})):
        file.head_path.write_text(damaged, encoding="utf-8")
        with pytest.raises(LedgerError, match=r"TID805: .*steps\.head\.json does not say where the book of steps ends"):
            file.read()
    file.head_path.unlink()
    with pytest.raises(LedgerError, match=r"TID804: .*head\.json is missing, so the end of the book of steps"):
        file.read()
    file.head_path.write_text(head, encoding="utf-8")
    assert len(file.read()) == 3


def append_twenty(folder: Path) -> None:
    file = ledger(folder)
    for number in range(20):
        with file.writing():
            file.append(recorded_at=AT, actor="tester", action="step", public={"number": number, "after": len(file.read())})


def test_one_process_writes_at_a_time(tmp_path: Path) -> None:
    """What each writer read under the lock is what its entry follows."""
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=append_twenty, args=(tmp_path,)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    entries = list(read_entries(ledger(tmp_path).path))
    assert entries[0].previous_hash == GENESIS.head
    assert [entry.public["after"] for entry in entries] == list(range(60))
    assert ledger(tmp_path).find_head() == ledger(tmp_path).read()[-1].anchor
