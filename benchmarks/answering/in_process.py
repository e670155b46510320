"""Ours without HTTP: a request's text in, checked, scored and explained."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.answering.scoring_work import NOW
from benchmarks.contender import Work
from features.declarations.project import load_project
from serving.histories.bodies import ScoringBody
from serving.histories.checking import check_histories
from serving.histories.scoring import score
from serving.scoring.deployed import DeployedModels


@contextmanager
def score_each(work: str) -> Iterator[Work]:
    """Score every history alone."""
    project = load_project(Path(work) / "project")
    deployed = DeployedModels(project).get(stage="grade_10", outcome="planted", on=NOW.date())
    bodies = [json.dumps(body) for body in json.loads((Path(work) / "bodies.json").read_text(encoding="utf-8"))]

    def one(text: str) -> float:
        started = time.perf_counter()
        body = ScoringBody.model_validate_json(text)
        histories = check_histories(project, project.stages["grade_10"], deployed.reader, body, today=NOW.date())
        score(project, deployed, histories, keys=[history.key for history in body.histories], as_of=body.as_of)
        return time.perf_counter() - started

    one(bodies[0])
    yield lambda: [one(body) for body in bodies]
