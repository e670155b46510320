"""The boosted rung grown from a table on disk: streamed, and with the whole matrix in memory. Both write the model's text."""

from __future__ import annotations

from pathlib import Path

from benchmarks.growing.table import open_table, read_label
from models.rungs.boosted import BoostedRung
from models.rungs.rung import FitSettings


def streamed(work: str, out: str, *, trees: int, threads: int) -> int:
    """Grow trees from the parts on disk, one at a time."""
    table, label = open_table(Path(work)), read_label(Path(work))
    rung = BoostedRung.fit_blocks(table.blocks(), label, feature_names=table.names, settings=_settings(trees, threads))
    Path(out).write_text(rung.model_text, encoding="utf-8")
    return len(label)


def in_memory(work: str, out: str, *, trees: int, threads: int) -> int:
    """Read the whole matrix first, as float32."""
    table, label = open_table(Path(work)), read_label(Path(work))
    rung = BoostedRung.fit(table.matrix(), label, feature_names=table.names, settings=_settings(trees, threads))
    Path(out).write_text(rung.model_text, encoding="utf-8")
    return len(label)


def _settings(trees: int, threads: int) -> FitSettings:
    return FitSettings(seed=1, boosted={"num_boost_round": trees, "num_leaves": 31}, num_threads=threads)
