"""`make bench-features`: the point-in-time engine beside DuckDB, Polars, pandas, featuretools and triage's collate.

All contenders first build a small sample, and must agree with ours to the last bit; then each does the whole work in a process of its own.
Those that do not bear the size asked for do as much as they bear, with ours beside them at that size.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from benchmarks.frame import Argument, BenchRow, Contender, compare, measure, write_rows
from benchmarks.point_in_time.ours import lay_out
from benchmarks.point_in_time.work import n_persons_of, read_wide, write_raw
from features.command_line import print_line, print_table
from features.records import IN_FORCE

PACKAGE = "benchmarks.point_in_time"
LAYOUT_INCLUDED, FROM_STORE = "tidlig, layout included", "tidlig, from its store"
SAMPLE = 40_000
SMALL = 20_000
"""Records of a size at which the tools with environments of their own are often seen: fixed costs rule there."""
OWN_DATES = 4_000
"""Records for dates that are each person's own: featuretools takes about a minute."""


@dataclass(frozen=True)
class Peer:
    """A contender that is not ours, and how many records it bears."""

    name: str
    function: str
    most: int
    environment: str | None = None
    """Folder of its own environment, where it has one; such a peer knows one date a record, and nothing of lateness and corrections."""
    is_loaded: bool = False
    """Whether its records are where it wants them before the clock starts; then so are ours."""
    writing: str | None = None
    """What writes its numbers for comparing, where `function` leaves them in a database."""

    def over(self, raw: Path, out: Path, n_persons: int, peers: Path) -> Contender:
        """Name the contender over this data."""
        arguments: dict[str, Argument] = {"raw": str(raw), "out": str(out), "n_persons": n_persons}
        contender = Contender(self.name, f"{PACKAGE}.{self.function}", arguments, self.most)
        if self.environment is None:
            return contender
        python = peers / self.environment / "bin" / "python"
        if not python.exists():
            raise FileNotFoundError(f"{python}: no environment of {self.name}; `make bench-features` makes it")
        return replace(contender, python=str(python))


FEATURETOOLS = Peer("featuretools, cutoff times", "featuretools_cutoffs:shared_dates", 2_000_000, "featuretools")
PEERS = (
    Peer("DuckDB SQL per part, long, scattered", "duckdb_sql:long_then_scatter", 100_000_000),
    Peer("DuckDB SQL per part, pivoted", "duckdb_sql:conditional_aggregates_and_pivot", 100_000_000),
    Peer("Polars, group-by and pivot", "polars_grid:grid_then_pivot", 50_000_000),
    Peer("pandas, loop over dates", "pandas_loop:loop_over_dates", 50_000_000),
    Peer(
        "collate on PostgreSQL, after loading",
        "collate_sql:aggregate",
        10_000_000,
        "collate",
        is_loaded=True,
        writing="collate_sql:aggregate_and_write",
    ),
    FEATURETOOLS,
)
FEATURETOOLS_OWN = Peer("featuretools, each person's own dates", "featuretools_cutoffs:own_dates", OWN_DATES, "featuretools")


@dataclass(frozen=True)
class RecordRow(BenchRow):
    """A row per record, so that sizes can be compared: CPU microseconds, and those over what ours takes at the size asked for.

    A peer whose records were loaded before the clock started stands beside ours from its store, every other beside ours with its layout.
    """

    cpu_us_per_record: float = 0
    ratio_per_record: float = 0


def main(arguments: Sequence[str] | None = None) -> list[RecordRow]:
    """Run the benchmark from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features", description=__doc__)
    parser.add_argument("--records", type=int, default=2_000_000, help="records, such as 10000000 or 300000000; default %(default)s")
    parser.add_argument("--runs", type=int, default=3, help="runs of each contender, the median counts; default %(default)s")
    parser.add_argument("--workers", type=int, default=2, help="threads of ours; default %(default)s")
    parser.add_argument("--only-ours", action="store_true", help="leave the peers out")
    parser.add_argument("--beside", default="", metavar="PEER", help="only peers whose name begins so, such as featuretools")
    parser.add_argument("--folder", type=Path, default=Path("var/bench"), help="where results go; default %(default)s")
    parser.add_argument("--peers", type=Path, default=Path("var/bench/peers"), help="environments of their own; default %(default)s")
    asked = parser.parse_args(arguments)
    work, environments = asked.folder / "features-work", asked.peers
    peers = [] if asked.only_ours else [peer for peer in PEERS if peer.name.startswith(asked.beside)]
    if not peers and not asked.only_ours:
        parser.error(f"no peer's name begins with {asked.beside}; there are {', '.join(peer.name for peer in PEERS)}")
    try:
        if peers:
            check_agreement(work, peers, environments, workers=asked.workers)
        rows = [
            row
            for size, able in sizes(asked.records, peers)
            for row in _compared(work, size, able, environments, workers=asked.workers, runs=asked.runs)
        ]
        if FEATURETOOLS in peers:
            rows += _compared_on_own_dates(work, environments, workers=asked.workers)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    told = per_record(rows)
    shown = [row.to_json() for row in told]
    print_table("bench-features, per record", list(shown[0]), [list(row.values()) for row in shown])
    write_rows("features", told, folder=asked.folder)
    return told


def sizes(records: int, peers: Sequence[Peer]) -> Iterator[tuple[int, list[Peer]]]:
    """Yield each size that is run and who runs it beside ours, the size asked for first."""
    yield records, [peer for peer in peers if peer.most >= records]
    for size in sorted({peer.most for peer in peers if peer.most < records}, reverse=True):
        yield size, [peer for peer in peers if peer.most == size]
    if records > SMALL and any(peer.environment for peer in peers):
        yield SMALL, [peer for peer in peers if peer.environment]


def per_record(rows: Sequence[BenchRow]) -> list[RecordRow]:
    """Scale rows of several sizes to one record; the first two rows are ours at the size asked for."""
    is_loaded = {FROM_STORE} | {peer.name for peer in PEERS if peer.is_loaded}
    ours = {row.contender: _cpu_us(row) for row in rows[:2]}
    beside = [ours[FROM_STORE if row.contender in is_loaded else LAYOUT_INCLUDED] for row in rows]
    return [
        RecordRow(**asdict(row), cpu_us_per_record=round(_cpu_us(row), 3), ratio_per_record=round(_cpu_us(row) / other, 2))
        for row, other in zip(rows, beside, strict=True)
    ]


def _cpu_us(row: BenchRow) -> float:
    return 1e6 * row.cpu_seconds / row.size


def prepare(work: Path, peers: Sequence[Peer], environments: Path, *, workers: int) -> list[Contender]:
    """Lay out the records of ``raw.parquet`` there and name the contenders over them, ours first."""
    raw = work / "raw.parquet"
    n_persons = n_persons_of(pq.read_metadata(raw).num_rows)
    lay_out(str(raw), str(work / "store"), n_persons)
    outs = [work / f"out-{number}" for number in range(2 + len(peers))]
    for out in outs:
        out.mkdir()
    ours: dict[str, Argument] = {"n_persons": n_persons, "workers": workers}
    laying_out: dict[str, Argument] = {"raw": str(raw), "work": str(work / "again"), "out": str(outs[0]), **ours}
    return [
        Contender(LAYOUT_INCLUDED, f"{PACKAGE}.ready:from_raw", laying_out),
        Contender(FROM_STORE, f"{PACKAGE}.ready:from_store", {"work": str(work / "store"), "out": str(outs[1]), **ours}),
        *(peer.over(raw, out, n_persons, environments) for peer, out in zip(peers, outs[2:], strict=True)),
    ]


def check_agreement(work: Path, peers: Sequence[Peer], environments: Path, *, workers: int) -> None:
    """Build small samples with every contender and compare all of it: late and corrected records where these are known, plain ones else.

    Raises
    ------
    AssertionError
        Naming the contender whose numbers differ from ours.
    """
    _new_folder(work)
    write_raw(work / "raw.parquet", events=SAMPLE)
    knowing = prepare(work, [peer for peer in peers if peer.environment is None], environments, workers=workers)
    check_equal(knowing)
    print_line(f"All {len(knowing)} that know of lateness agree to the last bit on {SAMPLE:,} records, late and corrected ones among them.")
    write_plain(work / "plain", records=SAMPLE)
    knowing_one_date = [replace(peer, function=peer.writing or peer.function) for peer in peers if peer.environment]
    plain = prepare(work / "plain", knowing_one_date, environments, workers=workers)
    check_equal(plain)
    if FEATURETOOLS in peers:
        write_plain(work / "own", records=400)
        check_equal(_on_own_dates(work / "own", environments, workers=workers))
    print_line(f"All {len(plain)} that know one date a record agree to the last bit on {SAMPLE:,} records of which none is late.")


def write_plain(work: Path, *, records: int) -> None:
    """Write ``raw.parquet`` with records that are known the day they happen and never corrected."""
    _new_folder(work)
    write_raw(work / "raw.parquet", events=records)
    frame = pd.read_parquet(work / "raw.parquet")
    plain = frame.assign(known_on=frame["happened_on"], known_to=IN_FORCE, record=range(1, len(frame) + 1))
    pq.write_table(pq.read_schema(work / "raw.parquet").empty_table().from_pandas(plain, preserve_index=False), work / "raw.parquet")


def check_equal(contenders: Sequence[Contender]) -> None:
    """Run each once and compare what it wrote with what the first one wrote, to the last bit.

    Raises
    ------
    AssertionError
        Naming the contender that differs.
    """
    first: pd.DataFrame | None = None
    for contender in contenders:
        measure(contender)
        built = read_wide(Path(str(contender.arguments["out"])))
        first = built if first is None else first
        pd.testing.assert_frame_equal(built, first, check_dtype=False, check_exact=True, obj=contender.name)


def _compared(work: Path, size: int, able: Sequence[Peer], environments: Path, *, workers: int, runs: int) -> list[BenchRow]:
    _new_folder(work)
    write_raw(work / "raw.parquet", events=size)
    return compare("features", prepare(work, able, environments, workers=workers), size, runs=runs)


def _on_own_dates(work: Path, environments: Path, *, workers: int) -> list[Contender]:
    raw, n_persons = work / "raw.parquet", n_persons_of(pq.read_metadata(work / "raw.parquet").num_rows)
    lay_out(str(raw), str(work / "store"), n_persons)
    for name in ("ours", "theirs"):
        (work / name).mkdir()
    arguments: dict[str, Argument] = {"work": str(work / "store"), "out": str(work / "ours"), "n_persons": n_persons, "workers": workers}
    return [
        Contender("tidlig, each person's own dates", f"{PACKAGE}.ready:own_dates_from_store", arguments),
        FEATURETOOLS_OWN.over(raw, work / "theirs", n_persons, environments),
    ]


def _compared_on_own_dates(work: Path, environments: Path, *, workers: int) -> list[BenchRow]:
    _new_folder(work)
    write_raw(work / "raw.parquet", events=OWN_DATES)
    return compare("features, own dates", _on_own_dates(work, environments, workers=workers), OWN_DATES, runs=1)


def _new_folder(work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)


if __name__ == "__main__":
    main()
