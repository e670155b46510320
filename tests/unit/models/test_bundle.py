"""A bundle serves what it saved, and refuses everything else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from features.errors import ModelError
from models.bundle import load_bundle, save_bundle
from models.manifest import FORMAT
from models.rungs.ladder import LADDER, RungClass
from models.rungs.logistic import LogisticRung
from tests.support.bundles import NAMES, build_bundle, planted_people


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_bundle(build_bundle(LogisticRung), tmp_path / "v1")
    return tmp_path / "v1"


@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
def test_a_loaded_bundle_scores_and_explains_bit_for_bit_alike(rung_class: RungClass, tmp_path: Path) -> None:
    bundle = build_bundle(rung_class)
    saved = save_bundle(bundle, tmp_path / "v1")
    loaded = load_bundle(tmp_path / "v1", contract_hash="c" * 64)
    people, _ = planted_people(300, seed=3)
    assert np.array_equal(loaded.score(people).log_odds, bundle.score(people).log_odds)
    assert np.array_equal(loaded.score(people).band, bundle.score(people).band)
    assert np.array_equal(loaded.explain(people).phi, bundle.explain(people).phi)
    assert loaded.reasons(people[:5]) == bundle.reasons(people[:5])
    assert loaded.hash == saved
    assert (loaded.bands, loaded.frequencies, loaded.card, loaded.provenance) == (
        bundle.bands,
        bundle.frequencies,
        bundle.card,
        bundle.provenance,
    )


@pytest.mark.requirement("R-36")
@pytest.mark.parametrize("rung_class", LADDER, ids=lambda rung: rung.name)
def test_the_same_input_gives_the_same_bundle_byte_for_byte(rung_class: RungClass, tmp_path: Path) -> None:
    assert save_bundle(build_bundle(rung_class), tmp_path / "a") == save_bundle(build_bundle(rung_class), tmp_path / "b")


def test_files_are_text_and_json_only(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".txt", ".md"}
    for path in files:
        path.read_text(encoding="utf-8")


def test_a_version_is_never_overwritten(folder: Path) -> None:
    with pytest.raises(ModelError, match="TID502"):
        save_bundle(build_bundle(LogisticRung), folder)


def test_a_changed_file_is_refused(folder: Path) -> None:
    path = folder / "calibrator.json"
    path.write_text(path.read_text().replace("platt", "Platt"))
    with pytest.raises(ModelError, match=r"TID503.*calibrator\.json was changed"):
        load_bundle(folder)


def test_a_missing_file_is_refused(folder: Path) -> None:
    (folder / "rung" / "logistic.json").unlink()
    with pytest.raises(ModelError, match=r"TID503.*rung/logistic\.json is missing"):
        load_bundle(folder)


def test_an_added_file_is_refused(folder: Path) -> None:
    (folder / "model.pkl").write_bytes(b"\x80")
    with pytest.raises(ModelError, match=r"TID503.*model\.pkl is not listed"):
        load_bundle(folder)


def test_another_contract_is_refused(folder: Path) -> None:
    with pytest.raises(ModelError, match="TID504"):
        load_bundle(folder, contract_hash="f" * 64)


def test_another_format_is_refused(folder: Path) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    (folder / "bundle.json").write_text(json.dumps({**manifest, "format": 99}))
    with pytest.raises(ModelError, match="TID502"):
        load_bundle(folder)


@pytest.mark.parametrize("package", ["lightgbm", "numpy", "scikit-learn", "scipy"])
def test_another_major_version_of_what_the_numbers_come_from_is_refused(folder: Path, package: str) -> None:
    manifest = json.loads((folder / "bundle.json").read_text())
    here = manifest["provenance"]["packages"][package]
    for other in ("99.1", f"{here.split('.')[0]}9.0"):
        manifest["provenance"]["packages"][package] = other
        (folder / "bundle.json").write_text(json.dumps(manifest))
        with pytest.raises(ModelError, match=rf"TID511.*{package} {re.escape(other)}, here is {re.escape(here)}\. Install that major"):
            load_bundle(folder)
    manifest["provenance"]["packages"][package] = f"{here.split('.')[0]}.999.0"
    (folder / "bundle.json").write_text(json.dumps(manifest))
    load_bundle(folder)


@pytest.mark.parametrize("content", ["", "[]", "{", f'{{"format": {FORMAT}}}'])
def test_a_broken_manifest_is_refused(folder: Path, content: str) -> None:
    (folder / "bundle.json").write_text(content)
    with pytest.raises(ModelError, match="TID501"):
        load_bundle(folder)


def test_no_bundle_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="TID501"):
        load_bundle(tmp_path / "nowhere")


def test_columns_are_ordered_by_name_and_never_filled_in() -> None:
    bundle = build_bundle(LogisticRung)
    people, _ = planted_people(20, seed=3)
    shuffled = np.random.default_rng(0).permutation(len(NAMES))
    wider = np.column_stack([np.full(20, 7.0), people[:, shuffled]])
    names = ["something_else", *(NAMES[j] for j in shuffled)]
    assert np.array_equal(bundle.matrix_from(names, wider), people.astype(np.float64), equal_nan=True)
    with pytest.raises(ModelError, match=r"TID505.*edu_marks\.last@ever"):
        bundle.matrix_from([name for name in NAMES if name != "edu_marks.last@ever"], people[:, :-1])


def test_a_matrix_of_another_shape_or_with_infinity_is_refused() -> None:
    bundle = build_bundle(LogisticRung)
    people, _ = planted_people(20, seed=3)
    with pytest.raises(ModelError, match="TID505"):
        bundle.score(people[:, :-1])
    people[3, 0] = np.inf
    with pytest.raises(ModelError, match=r"TID505.*edu_absence_days\.sum@365d"):
        bundle.score(people)


def test_only_the_declarations_in_use_are_saved_and_no_source(folder: Path) -> None:
    content = json.loads((folder / "catalogue.json").read_text())
    assert [i["code"] for sector in content["sectors"] for i in sector["indicator"]] == [
        "edu_absence_days",
        "edu_marks",
        "edu_programme",
        "municipality",
        "cws_measure",
    ]
    assert all(sector["source"] == [] for sector in content["sectors"])
