"""The search for pickles finds every way in which one is planted, and takes nothing of ours for one."""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lightgbm import Booster, Dataset, train
from matplotlib.figure import Figure
from sklearn.linear_model import LogisticRegression

from models.bundle import save_bundle
from models.rungs.boosted import BoostedRung
from tests.conftest import ROOT
from tests.support.bundles import build_bundle
from tests.support.pickles import find_pickles, pickles_in

MODEL = LogisticRegression().fit(np.arange(8.0)[:, None], [0, 1] * 4)


class Attack:
    """What somebody would plant: opening it runs a command."""

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return print, ("owned",)


THINGS: list[object] = [Attack(), MODEL, {"a": [1, 2.5, None]}, np.arange(5), [1, 2, 3]]


@pytest.mark.parametrize("thing", THINGS, ids=lambda thing: type(thing).__name__)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_is_found_whatever_it_is_called(thing: object, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "notes.md").write_bytes(pickle.dumps(thing, protocol=protocol))
    assert len(find_pickles(tmp_path)) == 1


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize(
    "hide",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        zlib.compress,
        lambda content: lzma.compress(content, format=lzma.FORMAT_ALONE),
        lambda content: b"\x89PNG\r\n\x1a\n" + bytes(100) + content + b"more",
        lambda content: json.dumps({"model": base64.b64encode(content).decode()}).encode(),
        lambda content: gzip.compress(gzip.compress(content)),
    ],
    ids=["gzip", "bz2", "xz", "zlib", "lzma", "inside", "base64", "twice"],
)
def test_a_hidden_pickle_is_found(hide: Callable[[bytes], bytes], protocol: int) -> None:
    assert list(pickles_in(hide(pickle.dumps(Attack(), protocol=protocol))))
    assert list(pickles_in(hide(pickle.dumps(MODEL, protocol=protocol))))


@pytest.mark.parametrize("compress", [0, 3, ("gzip", 3), ("bz2", 3), ("xz", 3), ("lzma", 3)])
def test_joblib_is_found(compress: object, tmp_path: Path) -> None:
    joblib.dump(MODEL, tmp_path / "model.json", compress=compress)
    assert find_pickles(tmp_path)


def test_archives_are_opened(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights.bin", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", pickle.dumps(Attack()))
    np.savez(tmp_path / "numbers.bin.npz", a=np.array([Attack()], dtype=object))
    (tmp_path / "numbers.bin.npz").rename(tmp_path / "numbers.bin")
    stream = io.BytesIO()
    np.save(stream, np.array([Attack()], dtype=object))
    (tmp_path / "array.bin").write_bytes(stream.getvalue())
    assert {Path(line.partition(": ")[0]).name for line in find_pickles(tmp_path)} == {"weights.bin", "numbers.bin", "array.bin"}


def test_a_name_is_enough(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_text("nothing")
    assert find_pickles(tmp_path)


def test_nothing_of_ours_is_taken_for_one(tmp_path: Path) -> None:
    save_bundle(build_bundle(BoostedRung), tmp_path / "bundle")
    Figure().savefig(tmp_path / "figure.png")
    assert find_pickles(tmp_path) == []


def test_none_of_our_sources_is_one() -> None:
    """What goes into the wheel, file by file."""
    found = [
        line for package in ("features", "models", "training", "monitoring", "serving", "examples") for line in find_pickles(ROOT / package)
    ]
    assert [line for line in found if "__pycache__" not in line] == []


@given(st.text(max_size=300))
def test_text_is_none(text: str) -> None:
    assert list(pickles_in(json.dumps({"text": text}).encode())) == []


def test_a_boosters_text_is_none() -> None:
    booster: Booster = train({"verbosity": -1, "num_threads": 1}, Dataset(np.random.default_rng(0).random((60, 3)), np.arange(60) % 2), 5)
    assert list(pickles_in(booster.model_to_string().encode())) == []
