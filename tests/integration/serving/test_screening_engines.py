"""Who scores has no say in what comes out: blocks on threads, on Spark, or the whole matrix at once; and reasons are those of the score."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from features.declarations.project import Project
from features.engine.spark import _map_batches
from features.errors import DataError, ModelError
from features.progress import Progress, Silent
from features.store import open_store
from models.deployment import bundle_folder
from models.partitions import LocalScorer, ScoringWork, explained_log_odds, score_table
from serving.scoring.candidates import ScoredCohort
from serving.scoring.cohorts import score_stages
from serving.screening.proposing import build_proposal
from tests.support.projects import KEYS, NOW
from tests.support.screenable import AS_OF, screenable_project
from tests.support.spark import with_spark


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return screenable_project(tmp_path_factory.mktemp("engines") / "project")


@pytest.fixture(scope="module")
def scored(project: Project) -> ScoredCohort:
    return score_stages(project, None, as_of=AS_OF, now=NOW)[0][0]


class OnExecutors:
    """Scores through the very function that Spark maps over its batches."""

    def score(self, work: ScoringWork, progress: Progress) -> Iterator[np.ndarray]:
        numbers = pa.RecordBatch.from_pydict({"id": list(range(len(work.blocks.sizes)))})
        for batch in _map_batches(iter([numbers]), map_number=work.score):
            yield from (np.frombuffer(found) for found in batch["found"].to_pylist())


def test_blocks_are_scored_as_the_whole_is(project: Project, scored: ScoredCohort) -> None:
    bundle, table, folder = scored.bundle, scored.table, bundle_folder(project, scored.champion.name, scored.champion.version)
    whole = bundle.score(bundle.matrix_from(table.names, table.matrix()))
    for scorer in (LocalScorer(), LocalScorer(workers=2), OnExecutors()):
        found = score_table(bundle, folder, table, scorer, Silent())
        assert (found.log_odds == whole.log_odds).all()
        assert (found.band == whole.band).all()


def test_nobody_is_scored_where_reasons_do_not_add_up(scored: ScoredCohort) -> None:
    class Astray(type(scored.bundle.rung)):  # type: ignore[misc]
        def log_odds(self, matrix: np.ndarray) -> np.ndarray:
            return np.asarray(super().log_odds(matrix) + 1e-6)

    rung = Astray(**vars(scored.bundle.rung))
    with pytest.raises(ModelError, match="TID509"):
        explained_log_odds(replace(scored.bundle, rung=rung), scored.table.matrix(scored.bundle.feature_names))


def test_reasons_of_another_number_than_the_score_that_chose_are_refused(project: Project, scored: ScoredCohort) -> None:
    other = replace(scored, scores=replace(scored.scores, log_odds=scored.scores.log_odds[::-1].copy()))
    row = int(np.argmax(np.abs(scored.scores.log_odds - other.scores.log_odds)))
    with pytest.raises(DataError, match="TID448"):
        build_proposal(project, open_store(project, "score"), other, row, as_of=AS_OF)


@pytest.mark.proof
def test_the_command_proposes_the_same_on_spark(project: Project, tmp_path: Path) -> None:
    told, written = [], []
    for name, options in (("local", []), ("spark", ["--engine", "spark", "--master", "local[2]"])):
        copy = tmp_path / name
        shutil.copytree(project.root, copy)
        command = [sys.executable, "-m", "tidlig", "screen", "--project", str(copy), "--as-of", f"{AS_OF:%Y-%m-%d}", "--json", *options]
        done = subprocess.run(command, env=with_spark({**os.environ, **KEYS}), capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stderr
        told.append(json.loads(done.stdout)["screened"])
        written.append(pd.concat([pd.read_parquet(path) for path in sorted((copy / "var" / "scored").glob("*.parquet"))]))
    assert told[0] == told[1] != []
    pd.testing.assert_frame_equal(*(frame.sort_values("subject_id", ignore_index=True) for frame in written), check_exact=True)
