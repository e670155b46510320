"""What `make bench-explain` rests on: all explain the same rows alike, are compared per row, and a nation keeps its strongest reasons."""

from __future__ import annotations

import importlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.explain import READY, SERVED, check_agreement, contenders_over, measure_tables, per_row
from benchmarks.explanations import national
from benchmarks.explanations.work import ModelSize, write_work
from benchmarks.frame import BenchRow, Contender, compare
from models.bundle import load_bundle

PEERS = Path(__file__).parents[3] / "var" / "bench" / "peers"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("explain") / "work"
    write_work(folder, trees=5, rows=40, threads=1)
    return folder


@pytest.mark.filterwarnings("ignore:The set_(bad|over|under) function:PendingDeprecationWarning")
@pytest.mark.filterwarnings("ignore:LightGBM binary classifier with TreeExplainer:UserWarning")
def test_every_contender_explains_alike(work: Path) -> None:
    many, slow = contenders_over(work, peers=None, rows=40, few=20, threads=1)
    for contender in (*many, *slow):
        module, _, function = contender.function.partition(":")
        with getattr(importlib.import_module(module), function)(**contender.arguments) as explain:
            assert explain() == contender.arguments["rows"]
    check_agreement([*many, *slow])


@pytest.mark.proof
def test_in_processes_of_their_own_they_do_too_and_woodelf_as_far_as_it_counts(work: Path) -> None:
    many, slow = contenders_over(work, peers=PEERS, rows=40, few=20, threads=1)
    rows = [*compare("explain", many, 40, runs=1), *compare("explain", slow, 20, runs=1)]
    check_agreement([*many, *slow])
    assert [row.contender for row in rows] == [one.name for one in (*many, *slow)]
    tables = measure_tables(work, trees=5, threads=1, runs=1)
    assert tables.build_cpu_seconds > 0
    assert tables.table_mb > 0


def test_who_explains_otherwise_is_named(work: Path, tmp_path: Path) -> None:
    first, second = (Contender(name, "", {"out": str(tmp_path / f"{name}.npy")}) for name in (READY, SERVED))
    np.save(str(first.arguments["out"]), np.zeros((3, 2)))
    np.save(str(second.arguments["out"]), np.array([[0.0, 0.0], [0.0, 1e-6]]))
    with pytest.raises(AssertionError, match=f"{SERVED} differs from ours by 1.0e-06"):
        check_agreement([first, second])


def test_contenders_with_fewer_rows_are_compared_per_row() -> None:
    ours, slow = (BenchRow(name, size, 1.0, cpu, 1.0, 1.0, 1.0) for name, size, cpu in (("ours", 1_000, 0.5), ("slow", 10, 0.25)))
    rows = per_row([ours, slow], trees=7)
    assert [(row.trees, row.cpu_ms_per_row, row.ratio_per_row) for row in rows] == [(7, 0.5, 1.0), (7, 25.0, 50.0)]


def test_a_nation_keeps_its_scores_and_strongest_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(national, "ROWS_OF_PART", 100)
    national.write_nation(tmp_path / "work", ModelSize(trees=4, leaves=5, features=12), rows=250)
    with national.score_and_explain(str(tmp_path / "work")) as explain:
        assert explain() == 250
    kept = np.load(tmp_path / "work" / "explained.npz", allow_pickle=False)
    parts = [np.load(part, allow_pickle=False) for part in sorted((tmp_path / "work" / "parts").iterdir())]
    assert [part.shape for part in parts] == [(100, 12), (100, 12), (50, 12)]
    explained = load_bundle(tmp_path / "work" / "bundle").explain(np.concatenate(parts))
    assert np.array_equal(kept["log_odds"], explained.log_odds)
    strongest = np.sort(np.abs(explained.phi), axis=1)[:, -3:]
    assert np.array_equal(np.sort(np.abs(kept["contribution"]), axis=1), strongest)
    assert np.array_equal(np.take_along_axis(explained.phi, kept["feature"], axis=1), kept["contribution"])
