"""Key rotation: everybody has a new pseudonym, nothing else has changed, and no old one is left, wherever it was stopped."""

from __future__ import annotations

import gzip
import os
import shutil
import sqlite3
import zipfile
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from features.check import check_project
from features.declarations.project import load_project
from features.errors import DataError, IntakeError, PurposeError
from features.intake.keyring import compare_keys
from features.intake.load import ingest
from features.intake.mapping import load_mapping
from features.intake.pseudonyms import pseudonym_of
from features.intake.rotation import RotationReport, rotate_key
from features.intake.scan import scan_for_pseudonyms
from features.keys import create_keys, create_new_key, read_keys, read_new_key
from features.manifest import find_manifest
from features.progress import Silent
from tests.support.ingesting import ingest_tiny, repeatable_bytes, store_bytes
from tests.support.projects import EDUCATION, KEYS, NOW, raw_ids, tiny_project, write_csv

pytestmark = pytest.mark.requirement("R-07")

LATER = NOW + timedelta(days=30)
NEW = {**KEYS, "TIDLIG_NEW_KEY_SCORE": "77" * 32}
AFTER = {**KEYS, "TIDLIG_KEY_SCORE": "77" * 32}


def rotate(root: Path, environ: dict[str, str] = NEW, *, allow_lost: bool = False) -> RotationReport:
    project = load_project(root)
    return rotate_key(
        project,
        "score",
        keys=read_keys(project, environ=environ),
        new_key=read_new_key(project, "score", environ=environ),
        environ={},
        now=LATER,
        progress=Silent(),
        allow_lost=allow_lost,
    )


def ingest_after(root: Path) -> object:
    project = load_project(root)
    keys = read_keys(project, environ=AFTER)
    return ingest(project, keys=keys, environ={}, now=LATER, progress=Silent(), token_bytes=repeatable_bytes("after")).batch


def mapping(root: Path) -> pd.DataFrame:
    folder = root / "var" / "store"
    manifest = find_manifest(folder)
    assert manifest is not None
    return load_mapping(folder / str(manifest.mapping)).rows


def old_pseudonyms(root: Path) -> list[str]:
    rows = mapping(root)
    return rows.loc[rows["purpose"] == "score", "pseudonym"].tolist()


def test_everybody_has_a_new_pseudonym_and_nothing_else_has_changed(root: Path) -> None:
    before, files = mapping(root), store_bytes(root)
    report = rotate(root)
    after = mapping(root)
    assert (report.n_people, report.n_lost, report.was_done_before) == (60, 0, False)
    assert report.scan.matches == ()
    assert report.scan.n_files == len([path for path in (root / "var").rglob("*") if path.is_file()])
    mine = before["purpose"] == "score"
    pd.testing.assert_frame_equal(after[~mine], before[~mine])
    same = ["purpose", "subject_id", "person", "link"]
    pd.testing.assert_frame_equal(after.loc[mine, same], before.loc[mine, same])
    assert not set(after.loc[mine, "pseudonym"]) & set(before.loc[mine, "pseudonym"])
    assert set(after.loc[mine, "pseudonym"]) == {pseudonym_of(raw, b"\x77" * 32, synthetic=True) for raw in raw_ids()}
    changed = {name for name, content in store_bytes(root).items() if files.get(name) != content}
    assert changed == {"manifest.json", "mapping-0002.parquet"}
    assert not (root / "var" / "store" / "mapping-0001.parquet").exists()


def test_an_ingest_under_the_new_key_finds_everybody_and_nothing_new(root: Path) -> None:
    rotate(root)
    with pytest.raises(PurposeError, match=r"TID208.*tidlig keys rotate"):
        ingest_tiny(root, now=LATER)
    assert ingest_after(root) is None


def test_a_killed_rotation_is_the_old_state_or_the_new_and_ends_when_run_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every call that changes a file on disk is where it could die."""

    class Killed(BaseException):
        pass

    def dying(original, calls, step):  # type: ignore[no-untyped-def]
        def call(*arguments, **options):  # type: ignore[no-untyped-def]
            if next(calls) == step:
                raise Killed
            return original(*arguments, **options)

        return call

    before = old_pseudonyms(root)
    expected = sorted(pseudonym_of(raw, b"\x77" * 32, synthetic=True) for raw in raw_ids())
    deaths = 0
    for step in range(1, 20):
        copy = Path(shutil.copytree(root, root.parent / f"copy-{step}"))
        calls = iter(range(1, 100))
        with monkeypatch.context() as patched:
            for where, name in ((Path, "rename"), (Path, "unlink"), (Path, "mkdir"), (os, "replace"), (os, "fsync"), (pq, "write_table")):
                patched.setattr(where, name, dying(getattr(where, name), calls, step))
            try:
                rotate(copy)
            except Killed:
                deaths += 1
        found = old_pseudonyms(copy)
        assert sorted(found) in (sorted(before), expected)
        report = rotate(copy)
        assert report.scan.matches == ()
        assert sorted(old_pseudonyms(copy)) == expected
        assert scan_for_pseudonyms(copy / "var", before).matches == ()
        assert len(list((copy / "var" / "store").glob("mapping-*"))) == 1
        assert not list((copy / "var" / "store").glob("tmp-*"))
        shutil.rmtree(copy)
    assert deaths >= 8


def test_key_files_change_places_last_of_all(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "var")
    environ = {"TIDLIG_KEYS_DIR": str(tmp_path / "keys")}
    project = load_project(root)
    folder = create_keys(project, environ=environ, token_bytes=repeatable_bytes("old"))
    ingest(project, keys=read_keys(project, environ=environ), environ={}, now=NOW, progress=Silent(), token_bytes=repeatable_bytes())
    path = create_new_key(project, "score", environ=environ, token_bytes=repeatable_bytes("new"))
    made = path.read_text(encoding="ascii")
    create_new_key(project, "score", environ=environ, token_bytes=repeatable_bytes("another"))
    assert path.read_text(encoding="ascii") == made, "a key that waits for a stopped rotation is kept"
    report = rotate(root, environ)
    assert report.key_file == folder / "score.key"
    assert (folder / "score.key").read_text(encoding="ascii") == made
    assert not path.exists()
    assert [one.verdict for one in compare_keys(project, keys=read_keys(project, environ=environ))] == ["the same"] * 3


def test_people_in_no_source_are_lost_only_when_that_is_said(root: Path) -> None:
    path = root / "data" / "persons.csv"
    whole = path.read_text(encoding="utf-8")
    path.write_text("".join(line for line in whole.splitlines(keepends=True) if "SYN-007" not in line), encoding="utf-8")
    before = store_bytes(root)
    with pytest.raises(PurposeError, match=r"TID213: 1 of 60 people.*--allow-lost"):
        rotate(root)
    assert store_bytes(root) == before
    report = rotate(root, allow_lost=True)
    assert (report.n_people, report.n_lost) == (59, 1)
    assert mapping(root).groupby("purpose").size().to_dict() == {"audit": 60, "score": 60, "train": 60}
    again = rotate(root, {**AFTER, "TIDLIG_NEW_KEY_SCORE": "78" * 32})
    assert (again.n_people, again.n_lost) == (59, 1), "who was lost before is not lost anew"
    path.write_text(whole, encoding="utf-8")
    project = load_project(root)
    keys = read_keys(project, environ={**KEYS, "TIDLIG_KEY_SCORE": "78" * 32})
    ingest(project, keys=keys, environ={}, now=LATER, progress=Silent(), token_bytes=repeatable_bytes("after"))
    rows = mapping(root)
    assert rows.groupby("purpose").size().to_dict() == {"audit": 60, "score": 60, "train": 60}, "the other purposes still know the person"
    found = set(rows.loc[rows["purpose"] == "score", "pseudonym"])
    assert found == {pseudonym_of(raw, b"\x78" * 32, synthetic=True) for raw in raw_ids()}


def test_groups_are_renamed_and_keep_their_members(tmp_path: Path) -> None:
    root = tiny_project(tmp_path / "project")
    source = EDUCATION.replace('layout = "persons"', 'layout = "persons"\ngroup_column = "student"')
    (root / "indicators" / "education.toml").write_text(source, encoding="utf-8")
    people = [{"person": f"SYN-{n:03d}", "student": f"S{n // 2}", "born_on": "2000-01-01"} for n in range(60)]
    write_csv(root / "data" / "persons.csv", people)
    ingest_tiny(root)
    before = mapping(root).query("purpose == 'score'")
    write_csv(root / "data" / "persons.csv", people[2:])
    report = rotate(root, allow_lost=True)
    after = mapping(root).query("purpose == 'score'")
    assert report.n_lost == 2
    assert not set(after["group_pseudonym"]) & set(before["group_pseudonym"])
    together = [frame.groupby("group_pseudonym")["person"].agg(sorted).sort_values().tolist() for frame in (before, after)]
    assert together[0] == together[1]
    assert ingest_after(root) is None, "the groups are the ones that the next ingest makes"


@pytest.mark.parametrize("kind", ["plain", "parquet", "gzip", "zip", "sqlite", "name"])
def test_what_still_holds_an_old_pseudonym_is_named_and_the_old_key_stays(root: Path, kind: str, tmp_path: Path) -> None:
    text = f"x{old_pseudonyms(root)[5]}AB"
    path = root / "var" / "forgotten" / ("list.parquet" if kind == "parquet" else f"{text}.txt" if kind == "name" else "list.bin")
    path.parent.mkdir()
    if kind == "parquet":
        pq.write_table(pa.table({"note": [text, "b"] * 50, "n": range(100)}), path, compression="zstd")
    elif kind == "gzip":
        path.write_bytes(gzip.compress(text.encode() + bytes(100)))
    elif kind == "zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("inside.txt", text)
    elif kind == "sqlite":
        with sqlite3.connect(path) as database:
            database.execute("CREATE TABLE notes (note TEXT)")
            database.execute("INSERT INTO notes VALUES (?)", ("å" * 5000 + text,))
        database.close()
    else:
        path.write_bytes(bytes(5_000_000) + (text.encode() if kind == "plain" else b""))
    with pytest.raises(PurposeError, match=r"TID214.*1 of \d+ files.*var/forgotten/") as caught:
        rotate(root)
    if kind != "name":
        assert text[1:30] not in str(caught.value)
    path.unlink()
    assert rotate(root).was_done_before


def test_a_pseudonym_on_the_border_of_two_pieces_is_found(tmp_path: Path) -> None:
    text = pseudonym_of("a", bytes(32), synthetic=True)
    for cut in (1, 13, 25, 26):
        (tmp_path / "file").write_bytes(b"a" * ((1 << 22) - cut) + text.removeprefix("SYN-").encode() + b"b" * 100)
        assert scan_for_pseudonyms(tmp_path, [text]).matches == (tmp_path / "file",)
        assert scan_for_pseudonyms(tmp_path, [pseudonym_of("b", bytes(32), synthetic=True)]).matches == ()


def test_a_new_key_that_is_another_purposes_is_refused(root: Path) -> None:
    for taken in ("11" * 32, "22" * 32):
        with pytest.raises(PurposeError, match=r"TID211.*is its own"):
            rotate(root, {**KEYS, "TIDLIG_NEW_KEY_SCORE": taken})


def test_without_a_new_key_or_a_store_there_is_nothing_to_do(root: Path, tmp_path: Path) -> None:
    with pytest.raises(PurposeError, match=r"TID209.*TIDLIG_NEW_KEY_SCORE.*score\.key\.new"):
        rotate(root, {**KEYS, "TIDLIG_KEYS_DIR": str(tmp_path / "keys")})
    shutil.rmtree(root / "var")
    with pytest.raises(DataError, match=r"TID402.*nothing to re-key"):
        rotate(root)


def test_an_old_key_that_is_not_the_stores_is_refused(root: Path) -> None:
    with pytest.raises(PurposeError, match="TID208"):
        rotate(root, {**NEW, "TIDLIG_KEY_SCORE": "44" * 32})


@pytest.mark.requirement("R-08")
def test_somebody_newly_protected_is_taken_out_by_an_ingest_first(root: Path) -> None:
    rows = [
        {"person": raw, "born_on": "2000-01-01", "address_protection": "strengtFortrolig" if raw == "SYN-007" else "ugradert"}
        for raw in raw_ids()
    ]
    write_csv(root / "data" / "persons.csv", rows)
    with pytest.raises(IntakeError, match=r"TID319.*tidlig ingest") as caught:
        rotate(root)
    assert not any(letter.isdigit() for letter in str(caught.value).removeprefix("TID319").replace("R-08", ""))
    ingest_tiny(root, now=LATER)
    assert rotate(root).n_people == 59


def test_the_check_notices_a_changed_key(root: Path) -> None:
    project = load_project(root)
    findings = [f for f in check_project(project, environ=AFTER, now=NOW) if f.code == "C-02" and f.is_failed]
    assert [(f.evidence["error"], "'score'" in str(f.evidence["problem"])) for f in findings] == [("TID215", True)]
    assert not [f for f in check_project(project, environ=KEYS, now=NOW) if f.code == "C-02" and f.is_failed]
