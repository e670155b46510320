"""Ours: a bundle loaded from its folder explains the served number."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.contender import Work
from benchmarks.explanations.ready import explaining, read_rows
from models.bundle import Bundle, load_bundle
from models.rungs.boosted import BoostedRung


@contextmanager
def contributions(work: str, out: str, rows: int, threads: int) -> Iterator[Work]:
    """Load the bundle and build the tables, then explain all rows: contributions alone, which is what the others give."""
    rung, matrix = _loaded(work, threads).rung, read_rows(work, rows)
    rung.contributions(matrix[:1])
    yield explaining(rung.contributions, matrix, out)


@contextmanager
def contributions_after_building(work: str, out: str, rows: int, threads: int) -> Iterator[Work]:
    """Load the bundle, then build the tables and explain all rows; compiled code is loaded before, from where it is kept."""
    matrix = read_rows(work, rows)
    _loaded(work, threads).rung.contributions(matrix[:1])
    yield explaining(_loaded(work, threads).rung.contributions, matrix, out)


@contextmanager
def served(work: str, out: str, rows: int, threads: int) -> Iterator[Work]:
    """Load the bundle and build the tables, then score all rows, explain the served number and check that it adds up."""
    bundle, matrix = _loaded(work, threads), read_rows(work, rows)
    bundle.explain(matrix[:1])
    yield explaining(lambda asked: bundle.explain(asked).phi, matrix, out)


@contextmanager
def build(work: str, out: str, threads: int) -> Iterator[Work]:
    """Build the tables and write how large they are; as many rows as trees, so that a row is a tree."""
    _loaded(work, threads).rung.contributions(read_rows(work, 1))
    rung = _loaded(work, threads).rung
    if not isinstance(rung, BoostedRung):
        raise TypeError(f"the bundle holds a {rung.name} rung, expected boosted")

    def building() -> int:
        explainer = rung.explainer
        Path(out).write_text(json.dumps({"table_mb": round(explainer.table_bytes / 1e6, 1)}), encoding="utf-8")
        return len(explainer.flat.trees.split_begins) - 1

    yield building


def _loaded(work: str, threads: int) -> Bundle:
    return load_bundle(Path(work) / "bundle", num_threads=threads)
