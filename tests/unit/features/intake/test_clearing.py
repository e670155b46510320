"""Records of erased people leave the store, theirs alone, and leave again when a source delivers them once more."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from features.declarations.project import Project, load_project
from features.errors import IntakeError
from features.intake.clearing import clear_records, count_records
from features.intake.commit import alone
from features.intake.linkage import resolve_pseudonym, translate_subjects
from features.intake.pseudonyms import pseudonym_of
from features.manifest import StorePurpose
from features.store import find_store_manifest, open_store, store_folder
from tests.support.ingesting import ingest_tiny, store_bytes
from tests.support.projects import KEYS, NOW, tiny_project

pytestmark = pytest.mark.requirement("R-25")

PURPOSES: tuple[StorePurpose, ...] = ("train", "score", "audit")
RAW = "SYN-005"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tiny_project(tmp_path / "project")
    ingest_tiny(root)
    return load_project(root)


def subject_of(project: Project, raw: str = RAW) -> str:
    pseudonym = pseudonym_of(raw, bytes.fromhex(KEYS["TIDLIG_KEY_SCORE"]), synthetic=True)
    return resolve_pseudonym(project, pseudonym, purpose="score")


def persons_of(project: Project, subject: str) -> dict[StorePurpose, list[int]]:
    return {
        purpose: translate_subjects(project, [subject], from_purpose="score", to_purpose=purpose)["to_person"].tolist()
        for purpose in PURPOSES
    }


def records(project: Project, purpose: StorePurpose) -> pd.DataFrame:
    """Read everything that was ever recorded, as a reader of the store sees it."""
    store = open_store(project, purpose)
    return store.records_of(store.subjects()["person"].tolist(), as_of=NOW.date())


def test_the_records_of_one_person_leave_every_purpose_and_nobody_else_s_change(project: Project) -> None:
    subject = subject_of(project)
    codes, before = persons_of(project, subject), {purpose: records(project, purpose) for purpose in PURPOSES}
    there = count_records(project, [subject])
    assert there >= sum(before[purpose]["person"].isin(codes[purpose]).sum() for purpose in PURPOSES) > 0

    assert clear_records(project, [subject]) == there

    assert count_records(project, [subject]) == 0
    for purpose in PURPOSES:
        others = before[purpose][~before[purpose]["person"].isin(codes[purpose])]
        pd.testing.assert_frame_equal(records(project, purpose), others.reset_index(drop=True))
    assert persons_of(project, subject) == codes  # whose the restriction is can still be said
    for path in store_folder(project).rglob("part-*.parquet"):
        purpose = path.relative_to(store_folder(project)).parts[0]
        assert not pd.read_parquet(path)["person"].isin(codes[purpose]).any()  # type: ignore[index]


def test_again_changes_nothing_and_neither_do_people_whom_the_store_does_not_know(project: Project) -> None:
    clear_records(project, [subject_of(project)])
    after = store_bytes(project.root)

    assert clear_records(project, [subject_of(project), "0" * 32]) == clear_records(project, []) == 0
    assert store_bytes(project.root) == after


def test_files_that_were_loaded_do_not_bring_them_back_and_new_ones_do_until_they_are_cleared_again(project: Project) -> None:
    subject = subject_of(project)
    there = clear_records(project, [subject])
    ingest_tiny(project.root, now=NOW + timedelta(days=1))
    assert count_records(project, [subject]) == 0

    school = project.root / "data" / "school.csv"
    lines = school.read_text(encoding="utf-8").splitlines()
    school.write_text("\n".join([lines[0], *lines[:0:-1]]) + "\n", encoding="utf-8")  # another extract of the same records
    ingest_tiny(project.root, now=NOW + timedelta(days=2))

    assert 0 < count_records(project, [subject]) <= there
    assert clear_records(project, [subject]) > 0
    assert count_records(project, [subject]) == 0


def test_nothing_is_cleared_while_an_ingest_runs_or_before_the_first(project: Project, tmp_path: Path) -> None:
    empty = load_project(tiny_project(tmp_path / "empty"))
    assert clear_records(empty, ["0" * 32]) == count_records(empty, ["0" * 32]) == 0

    generation = find_store_manifest(project)
    with alone(store_folder(project)), pytest.raises(IntakeError, match="TID317"):
        clear_records(project, [subject_of(project)])
    assert find_store_manifest(project) == generation
