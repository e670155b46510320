"""Ingest: all or nothing, the same again changes nothing, corrections add and never rewrite."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.declarations.project import load_project
from features.errors import DataError, IntakeError, ProjectError, PurposeError
from features.intake.load import ingest
from features.intake.mapping import load_mapping
from features.keys import read_keys
from features.manifest import find_manifest
from features.progress import Silent
from features.store import EventStore, open_store
from tests.support.ingesting import ingest_tiny, keys_of, repeatable_bytes, store_bytes
from tests.support.projects import EDUCATION, KEYS, NOW, SCREENING, tiny_project, write_csv

LATER = NOW + timedelta(days=30)


def store(root: Path, purpose: str = "train") -> EventStore:
    return open_store(load_project(root), purpose)  # type: ignore[arg-type]


def links(root: Path) -> pd.DataFrame:
    folder = root / "var" / "store"
    manifest = find_manifest(folder)
    assert manifest is not None
    assert manifest.mapping is not None
    return load_mapping(folder / manifest.mapping).rows


def append(path: Path, line: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def test_everything_reaches_the_stores_it_belongs_to(root: Path) -> None:
    train, score, audit = (store(root, purpose) for purpose in ("train", "score", "audit"))
    assert train.n_records == score.n_records == 1649 + 60 + 14 + 14
    assert audit.n_records == 60
    assert audit.indicators == ("aud_sex",)
    assert "aud_sex" not in train.indicators
    assert train.n_persons == 60
    subjects = train.subjects()
    assert subjects["person"].tolist() == list(range(60))
    assert subjects["group"].tolist() == list(range(60))
    assert not subjects["shielded"].any()
    assert {day.year for day in subjects["born_on"]} == {2000, 2001, 2002, 2003, 2004, 2010}


@pytest.mark.requirement("R-02")
def test_purposes_share_neither_subject_ids_nor_codes(root: Path) -> None:
    train, score = store(root).subjects(), store(root, "score").subjects()
    assert not set(train["subject_id"]) & set(score["subject_id"])
    rows = links(root).pivot(index="link", columns="purpose", values="person")
    assert (rows["train"] != rows["score"]).mean() > 0.8
    assert sorted(rows["train"]) == list(range(60))


def test_records_come_in_store_order_with_levels_and_numbers(root: Path) -> None:
    opened = store(root)
    records = opened.read_part(0)
    order = np.lexsort((records.known_on, records.happened_on, records.person))
    assert (order == np.arange(len(records))).all()
    only = opened.read_part(0, indicators=["edu_municipality"])
    assert set(np.unique(only.indicator)) == {opened.indicators.index("edu_municipality")}
    assert set(only.value.tolist()) == {0.0, 1.0}
    levels = opened.read_part(0, indicators=["edu_grade_level"])
    assert set(levels.value.tolist()) == {8.0, 9.0, 10.0}


def test_a_flag_in_force_ends_on_the_day_after_its_spell(root: Path) -> None:
    opened = store(root)
    records = opened.read_part(0, indicators=["nav_low_income_hh"])
    person = int(records.person[0])
    known = opened.records_of([person], as_of=date(2026, 6, 1))
    mine = known[known["indicator"] == "nav_low_income_hh"]
    assert mine["value"].tolist() == [1.0, 0.0]
    assert (mine["happened_on"].iloc[1].month, mine["happened_on"].iloc[1].day) == (1, 1)


def test_the_same_files_again_change_nothing(root: Path) -> None:
    before = store_bytes(root)
    report = ingest_tiny(root, now=LATER)
    assert report.batch is None
    assert report.rows_loaded == 60  # the persons, read anew each time
    assert all(s.unchanged for s in report.sources if s.source != "register")
    assert store_bytes(root) == before


def test_a_longer_extract_adds_only_what_is_new(root: Path) -> None:
    before = store(root)
    line = "SYN-055,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true"
    append(root / "data" / "school.csv", line)
    report = ingest_tiny(root, now=LATER)
    school = next(s for s in report.sources if s.source == "school")
    assert (school.rows_read, school.rows_loaded, school.rows_already_loaded) == (1650, 1, 1649)
    assert store(root).n_records == before.n_records + 1
    assert store(root).subjects().equals(before.subjects())


@pytest.mark.requirement("R-14")
def test_a_correction_supersedes_and_what_was_known_before_stays(root: Path) -> None:
    path = root / "data" / "school.csv"
    first = next(line for line in path.read_text(encoding="utf-8").splitlines() if "SYN-007" in line and "edu_grade_mean" in line)
    person, happened, known, code, value, record, mark = first.split(",")
    corrected = date.fromisoformat(known) + timedelta(days=100)
    before = store(root)
    append(path, f"{person},{happened},{corrected},{code},{float(value) + 1:.2f},{record},{mark}")
    ingest_tiny(root, now=LATER)
    after = store(root)
    rows = links(root)
    changed = set(after.read_part(0).person[after.read_part(0).known_to < 2**31 - 1]) - set(
        before.read_part(0).person[before.read_part(0).known_to < 2**31 - 1]
    )
    everybody = rows.loc[rows["purpose"] == "train", "person"].to_numpy()
    early, late = corrected - timedelta(days=1), corrected
    pd.testing.assert_frame_equal(before.records_of(everybody, as_of=early), after.records_of(everybody, as_of=early))
    old, new = (s.records_of(everybody, as_of=late) for s in (before, after))
    assert len(old) == len(new)
    different = (old[["person", "value"]].to_numpy() != new[["person", "value"]].to_numpy()).any(axis=1).sum()
    assert different == 1
    assert len(changed) <= 1


def test_a_record_number_is_kept_as_a_digest_only(root: Path) -> None:
    for content in store_bytes(root).values():
        assert b"level-8" not in content
        assert b"completion" not in content.replace(b"edu_completion", b"")


def test_known_people_keep_their_ids_and_new_ones_get_the_next_codes(root: Path) -> None:
    before = store(root).subjects()
    append(root / "data" / "persons.csv", "SYN-900,2009-05-05,true")
    append(root / "data" / "persons.csv", "SYN-901,2009-06-05,true")
    append(root / "data" / "school.csv", "SYN-900,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true")
    report = ingest_tiny(root, now=LATER)
    after = store(root).subjects()
    assert report.n_persons == {"train": 62, "score": 62, "audit": 62}
    pd.testing.assert_frame_equal(after.iloc[:60], before)
    assert after["person"].tolist() == list(range(62))


def test_people_no_longer_in_the_register_are_still_known(root: Path) -> None:
    path = root / "data" / "persons.csv"
    path.write_text("".join(line for line in path.read_text(encoding="utf-8").splitlines(keepends=True) if "SYN-055" not in line))
    before = store(root)
    append(root / "data" / "school.csv", "SYN-055,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true")
    report = ingest_tiny(root, now=LATER)
    assert not any(s.quarantined for s in report.sources)
    assert store(root).n_records == before.n_records + 1
    assert store(root).subjects().equals(before.subjects())


def test_rows_of_strangers_are_loaded_once_the_register_knows_them(root: Path) -> None:
    append(root / "data" / "school.csv", "SYN-900,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true")
    report = ingest_tiny(root, now=LATER)
    assert next(s for s in report.sources if s.source == "school").quarantined == {"unknown_person": 1}
    before = store(root).n_records
    append(root / "data" / "persons.csv", "SYN-900,2009-05-05,true")
    ingest_tiny(root, now=LATER + timedelta(days=1))
    assert store(root).n_records == before + 1


def test_rows_of_people_whom_no_store_of_the_source_has_are_those_of_strangers(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    more = '[[source]]\nname = "elsewhere"\nlayout = "persons"\nfiles = ["data/more.csv"]\npurposes = ["train"]\n'
    text = EDUCATION.replace('record_column = "record"', 'record_column = "record"\npurposes = ["score"]') + more
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    write_csv(root / "data" / "more.csv", [{"person": "SYN-900", "born_on": "2009-05-05"}])
    append(root / "data" / "school.csv", "SYN-900,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true")
    report = ingest_tiny(root)
    school = next(s for s in report.sources if s.source == "school")
    assert school.quarantined == {"unknown_person": 1}
    assert school.rows_loaded == store(root, "score").n_records - 60 - 28 == 1649
    assert report.n_persons == {"train": 61, "score": 60, "audit": 61}


def test_a_group_column_ties_rows_of_one_human_being(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    source = EDUCATION.replace('layout = "persons"', 'layout = "persons"\ngroup_column = "student"')
    (root / "indicators" / "education.toml").write_text(source, encoding="utf-8")
    write_csv(
        root / "data" / "persons.csv", [{"person": f"SYN-{n:03d}", "student": f"S{n // 2}", "born_on": "2000-01-01"} for n in range(60)]
    )
    ingest_tiny(root)
    train = store(root).subjects()
    assert train.groupby("group").size().tolist() == [2] * 30
    append(root / "data" / "persons.csv", "SYN-900,S3,2000-01-01,true")
    ingest_tiny(root, now=LATER)
    after = store(root).subjects()
    assert sorted(after.groupby("group").size()) == [2] * 29 + [3]
    assert after["group"].tolist()[:60] == train["group"].tolist()


# --- address protection


def with_protection(root: Path, grades: dict[str, str]) -> None:
    rows = [
        {"person": f"SYN-{n:03d}", "born_on": f"{2000 + n % 5}-01-01", "address_protection": grades.get(f"SYN-{n:03d}", "ugradert")}
        for n in range(60)
    ]
    write_csv(root / "data" / "persons.csv", rows)


@pytest.mark.requirement("R-08")
def test_a_strictly_confidential_person_leaves_no_trace(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    with_protection(root, {"SYN-007": "strengtFortrolig", "SYN-008": "fortrolig", "SYN-009": "klientadresse"})
    report = ingest_tiny(root)
    without = tiny_project(tmp_path / "without")
    with_protection(without, {"SYN-008": "fortrolig", "SYN-009": "klientadresse"})
    for path in (without / "data").glob("*.csv"):
        path.write_text("".join(line for line in path.read_text().splitlines(keepends=True) if "SYN-007" not in line))
    expected = ingest_tiny(without)
    assert report.as_dict()["sources"] == expected.as_dict()["sources"]
    assert report.n_persons == expected.n_persons == {"train": 59, "score": 59, "audit": 59}
    assert report.quarantine is None
    assert store(root).subjects()["shielded"].sum() == 2
    assert sorted(links(root)["pseudonym"]) == sorted(links(without)["pseudonym"])


@pytest.mark.requirement("R-08")
def test_somebody_who_becomes_strictly_confidential_is_taken_out(root: Path) -> None:
    with_protection(root, {"SYN-007": "STRENGT_FORTROLIG"})
    before = store(root)
    subjects, records = before.subjects(), before.read_part(0)
    ingest_tiny(root, now=LATER)
    after = store(root)
    assert len(after.subjects()) == 59
    (gone,) = set(subjects["subject_id"]) - set(after.subjects()["subject_id"])
    person = int(subjects.set_index("subject_id").loc[gone, "person"])
    assert person not in set(after.read_part(0).person.tolist())
    assert after.n_records == before.n_records - int((records.person == person).sum())
    with pytest.raises(DataError, match=r"TID404.*an ingest has replaced it"):
        before.read_part(0)
    for content in store_bytes(root).values():
        assert gone.encode() not in content
    ingest_tiny(root, now=LATER + timedelta(days=1))
    assert store(root).subjects().equals(after.subjects())


# --- killed in the middle


class Killed(BaseException):
    """Stands for the process being gone."""


@pytest.mark.parametrize("step", range(1, 9))
def test_a_killed_ingest_leaves_the_old_state_or_the_new_one(root: Path, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rename and replace are the only calls that change what a reader sees: die at each of them."""
    append(root / "data" / "persons.csv", "SYN-900,2009-05-05,true")
    append(root / "data" / "school.csv", "SYN-900,2026-03-02,2026-03-03,edu_absence_days,4,abs-new,true")
    before = store(root)
    calls = iter(range(1, 100))

    def dying(original):  # type: ignore[no-untyped-def]
        def call(*arguments, **options):  # type: ignore[no-untyped-def]
            if next(calls) == step:
                raise Killed
            return original(*arguments, **options)

        return call

    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", dying(Path.rename))
        patched.setattr(os, "replace", dying(os.replace))
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        try:
            ingest_tiny(root, now=LATER)
            died = False
        except Killed:
            died = True
    after = store(root)
    assert after.n_persons in ((60,) if died else (61,))
    if died:
        assert after.content_hash == before.content_hash
        assert after.read_part(0).person.tolist() == before.read_part(0).person.tolist()
    ingest_tiny(root, now=LATER)
    assert store(root).n_persons == 61
    assert store(root).n_records == before.n_records + 1
    folder = root / "var" / "store"
    assert not list(folder.glob("tmp-*"))
    assert len(list(folder.glob("mapping-*"))) == 1
    assert len(list((folder / "train").glob("subjects-*"))) == 1


def test_two_at_once_are_refused(root: Path) -> None:
    project = load_project(root)

    class SecondOne(Silent):
        def step(self, description: str, *, total: float | None = None):  # type: ignore[no-untyped-def]
            ingest_tiny(root)
            return super().step(description, total=total)

    with pytest.raises(IntakeError, match=r"TID317.*another ingest"):
        ingest(project, keys=keys_of(project), environ={}, now=NOW, progress=SecondOne(), token_bytes=repeatable_bytes())


# --- purposes and keys


@pytest.mark.requirement("R-02")
def test_nothing_starts_without_a_valid_purpose(root: Path) -> None:
    with pytest.raises(PurposeError, match="TID202"):
        ingest_tiny(root, now=datetime(2031, 1, 1, tzinfo=UTC))


def test_an_undeclared_purpose_gets_no_store(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    text = (root / "screening.toml").read_text(encoding="utf-8").replace('kind = "score"', 'kind = "test"')
    (root / "screening.toml").write_text(text, encoding="utf-8")
    assert set(ingest_tiny(root).n_persons) == {"train", "audit"}


def test_a_purpose_added_later_is_filled_from_files_loaded_before(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    whole = (root / "screening.toml").read_text(encoding="utf-8")
    (root / "screening.toml").write_text(whole.replace('kind = "score"', 'kind = "test"'), encoding="utf-8")
    ingest_tiny(root)
    before = store(root)
    (root / "screening.toml").write_text(whole, encoding="utf-8")
    ingest_tiny(root, now=LATER)
    assert store(root, "score").n_records == before.n_records == store(root).n_records
    assert links(root).groupby("link").size().tolist() == [3] * 60


@pytest.mark.requirement("R-07")
def test_another_key_is_refused_before_people_double(root: Path) -> None:
    project = load_project(root)
    other = read_keys(project, environ={**KEYS, "TIDLIG_KEY_TRAIN": "44" * 32})
    with pytest.raises(PurposeError, match=r"TID208.*'train'"):
        ingest(project, keys=other, environ={}, now=LATER, progress=Silent(), token_bytes=repeatable_bytes())


def test_a_project_without_a_persons_source_is_refused(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    persons = '[[source]]\nname = "register"\nregisters = ["fiktivt folkeregister"]\nlayout = "persons"\nfiles = ["data/persons.csv"]\n'
    assert persons in EDUCATION
    text = EDUCATION.replace(persons, "")
    (root / "indicators" / "education.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ProjectError, match=r"TID106.*layout = 'persons'"):
        ingest_tiny(root)


@pytest.mark.requirement("R-33")
def test_synthetic_and_real_never_mix(root: Path) -> None:
    (root / "screening.toml").write_text(SCREENING.replace('"synthetic"', '"public"'), encoding="utf-8")
    with pytest.raises(IntakeError, match=r"TID311.*never mix"):
        ingest_tiny(root, now=LATER)
    shutil.rmtree(root / "var")
    with pytest.raises(IntakeError, match=r"TID311.*60 rows are marked .* with data = 'public'"):
        ingest_tiny(root, now=LATER)
