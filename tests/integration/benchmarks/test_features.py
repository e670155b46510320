"""What `make bench-features` rests on: equal answers where the contenders can say the same, fair sizes, and everybody's time counted."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from benchmarks.contender import cpu_seconds
from benchmarks.features import FROM_STORE, LAYOUT_INCLUDED, PEERS, Peer, check_agreement, check_equal, per_record, sizes, write_plain
from benchmarks.frame import BenchRow, Contender, measure
from benchmarks.point_in_time import ours, pandas_loop
from benchmarks.point_in_time.ready import own_dates, own_dates_from_store, own_rows
from benchmarks.point_in_time.work import INDICATORS, NAMES, SPECS, n_persons_of, read_wide, write_raw
from features.engine.kernel import Rows
from features.engine.table import FeatureTable
from features.oracle import oracle_features
from features.records import IN_FORCE, day_numbers
from tests.conftest import ROOT

RECORDS = 1_900
N_PERSONS = n_persons_of(RECORDS)


def row(name: str, size: int, cpu: float) -> BenchRow:
    return BenchRow(name, size, cpu, cpu, 100.0, size / cpu, 1.0)


def laid_out(folder: Path) -> Path:
    """A store of the records of ``raw.parquet`` there."""
    (folder / "store").mkdir()
    ours.lay_out(str(folder / "raw.parquet"), str(folder / "store"), N_PERSONS)
    return folder / "store"


def test_ours_and_a_loop_in_pandas_agree_on_late_and_corrected_records(tmp_path: Path) -> None:
    write_raw(tmp_path / "raw.parquet", events=RECORDS)
    raw = pd.read_parquet(tmp_path / "raw.parquet")
    assert (raw["known_on"] > raw["happened_on"]).any()
    assert (raw["known_to"] < IN_FORCE).any()
    ours.from_store(str(laid_out(tmp_path)), str(tmp_path / "ours"), N_PERSONS, 1)
    (tmp_path / "pandas").mkdir()
    pandas_loop.loop_over_dates(str(tmp_path / "raw.parquet"), str(tmp_path / "pandas"), N_PERSONS)
    pd.testing.assert_frame_equal(read_wide(tmp_path / "ours"), read_wide(tmp_path / "pandas"), check_dtype=False, check_exact=True)


def test_plain_records_are_neither_late_nor_corrected(tmp_path: Path) -> None:
    write_plain(tmp_path / "plain", records=RECORDS)
    raw = pd.read_parquet(tmp_path / "plain" / "raw.parquet")
    assert len(raw) == RECORDS
    assert (raw["known_on"] == raw["happened_on"]).all()
    assert (raw["known_to"] == IN_FORCE).all()
    assert raw["record"].is_unique
    records = ours.open_laid_out(laid_out(tmp_path / "plain"), N_PERSONS).read_part(0)
    assert (records.known_to == IN_FORCE).all()


def test_dates_of_their_own_are_nobody_elses_and_come_out_as_the_oracle_says(tmp_path: Path) -> None:
    assert len(set(own_dates(N_PERSONS))) == 10 * N_PERSONS
    write_raw(tmp_path / "raw.parquet", events=RECORDS)
    store = laid_out(tmp_path)
    with own_dates_from_store(str(store), str(tmp_path / "own"), N_PERSONS, 1) as build:
        assert build() == 10 * N_PERSONS
    rows = own_rows(N_PERSONS)
    keys = Rows(rows["person"].to_numpy(), day_numbers(rows["as_of"]))
    answers = oracle_features(ours.open_laid_out(store, N_PERSONS).read_part(0), keys, SPECS, indicators=INDICATORS, levels={})
    expected = pd.DataFrame(answers)[list(NAMES)].astype("float32")
    pd.testing.assert_frame_equal(
        pd.DataFrame(FeatureTable.open(tmp_path / "own").matrix(), columns=list(NAMES)), expected, check_exact=True
    )


def test_a_contender_whose_numbers_differ_is_named(tmp_path: Path) -> None:
    write_raw(tmp_path / "raw.parquet", events=RECORDS)
    arguments: dict[str, str | int | float | bool] = {"n_persons": N_PERSONS, "workers": 1}
    right = {"work": str(laid_out(tmp_path)), "out": str(tmp_path / "right"), **arguments}
    (tmp_path / "other").mkdir()
    write_raw(tmp_path / "other" / "raw.parquet", events=RECORDS, seed=8)
    wrong = {"work": str(laid_out(tmp_path / "other")), "out": str(tmp_path / "wrong"), **arguments}
    function = "benchmarks.point_in_time.ours:from_store"
    with pytest.raises(AssertionError, match="somebody else"):
        check_equal([Contender("ours", function, right), Contender("somebody else", function, wrong)])


def test_whoever_does_not_bear_the_size_does_what_it_bears_beside_ours() -> None:
    told = {size: [peer.environment or peer.name.split(",")[0] for peer in able] for size, able in sizes(20_000_000, PEERS[2:])}
    assert told == {
        20_000_000: ["Polars", "pandas"],
        10_000_000: ["collate"],
        2_000_000: ["featuretools"],
        20_000: ["collate", "featuretools"],
    }
    assert [size for size, _ in sizes(300_000_000, PEERS)] == [300_000_000, 100_000_000, 50_000_000, 10_000_000, 2_000_000, 20_000]
    assert list(sizes(1_000, ())) == [(1_000, [])]


def test_sizes_are_compared_per_record_and_loaded_peers_with_our_store() -> None:
    collate = next(peer.name for peer in PEERS if peer.is_loaded)
    rows = [row(LAYOUT_INCLUDED, 1_000, 0.004), row(FROM_STORE, 1_000, 0.001), row(collate, 1_000, 0.030), row("other", 100, 0.020)]
    told = per_record([*rows, row(FROM_STORE, 100, 0.0005)])
    assert [one.cpu_us_per_record for one in told] == [4.0, 1.0, 30.0, 200.0, 5.0]
    assert [one.ratio_per_record for one in told] == [1.0, 1.0, 30.0, 50.0, 5.0]
    assert told[0].to_json()["ratio_per_record"] == 1.0


def test_a_peer_without_its_environment_says_how_to_make_it(tmp_path: Path) -> None:
    peer = Peer("featuretools", "featuretools_cutoffs:shared_dates", 100, "featuretools")
    with pytest.raises(FileNotFoundError, match="make bench-features"):
        peer.over(tmp_path / "raw.parquet", tmp_path, 1, tmp_path)


def test_a_contender_runs_on_the_interpreter_it_names(tmp_path: Path) -> None:
    marker = tmp_path / "python"
    marker.write_text(f'#!/bin/sh\ntouch "{tmp_path}/ran"\nexec "{sys.executable}" "$@"\n')
    marker.chmod(0o755)
    assert measure(Contender("other", "benchmarks.point_in_time.work:n_persons_of", {"events": 1900}, python=str(marker))).rows == 10
    assert (tmp_path / "ran").exists()


def test_the_time_of_processes_that_ended_inside_a_server_counts() -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    server = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {busy!r}])\nprint(flush=True)\nsys.stdin.read()"
    before = cpu_seconds()
    with subprocess.Popen([sys.executable, "-c", server], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        assert cpu_seconds() - before > 0.25


@pytest.mark.proof
def test_every_contender_agrees(tmp_path: Path) -> None:
    check_agreement(tmp_path / "work", PEERS, ROOT / "var" / "bench" / "peers", workers=2)
    assert pq.read_metadata(tmp_path / "work" / "raw.parquet").num_rows == 40_000
