"""`mlflow models serve` as a process of its own: a table in, score, band and reasons out, and no real person's score."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import numpy as np
import pandas as pd
import pytest

from models.bands import Band
from tests.support.bundles import NAMES, planted_people
from tests.support.mlflow_processes import served_model
from tests.support.registering import MODEL, Registry, bundle_for, project_of
from training.registry.tracking import local_tracking

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


def registry_of(folder: Path, data: str) -> Registry:
    """A registry with one challenger that learnt from data of this kind."""
    project = project_of(folder, data=data)
    registry = Registry(project, local_tracking(project))
    registry.register(bundle_for(project))
    return registry


def ask(address: str, frame: pd.DataFrame) -> tuple[int, Any]:
    """Send rows as MLflow's clients do; give status and answer."""
    body = json.dumps({"dataframe_split": json.loads(frame.to_json(orient="split", index=False))}).encode()
    request = Request(f"{address}/invocations", data=body, headers={"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except HTTPError as error:
        return error.code, json.loads(error.read())


def people(n: int) -> pd.DataFrame:
    """Rows with the model's columns, in another order."""
    return pd.DataFrame(planted_people(n, seed=3)[0].astype(np.float64), columns=list(NAMES))[list(reversed(NAMES))]


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Registry:
    return registry_of(tmp_path_factory.mktemp("served"), "synthetic")


@pytest.fixture(scope="module")
def address(registry: Registry) -> Iterator[str]:
    with served_model(f"models:/{MODEL}@challenger", registry.project.root, tracking=registry.tracking.uri) as address:
        yield address


def test_a_served_model_answers_as_the_bundle_does(registry: Registry, address: str) -> None:
    rows = people(20)
    status, answer = ask(address, rows)
    assert status == 200
    found = pd.DataFrame(answer["predictions"])
    bundle = bundle_for(registry.project)
    assert found["score"].to_numpy() == pytest.approx(bundle.score(rows[list(NAMES)].to_numpy(dtype=np.float64)).probability, abs=1e-12)
    assert set(found["band"]) <= {band.value for band in Band}
    assert found["of_100_low"].isna().all(), "this bundle learnt nothing of how sure it is, and says so"
    reasons = json.loads(found["reasons"].iloc[0])
    assert {"label", "direction", "strength", "value", "missing"} <= set(reasons[0])
    assert all(reason["indicator"] != "cws_measure" for text in found["reasons"] for reason in json.loads(text)), "R-05"


def test_a_missing_column_is_refused_and_no_value_is_told(address: str) -> None:
    status, answer = ask(address, people(3).drop(columns="edu_marks.last@ever"))
    assert status == 400
    assert "edu_marks.last@ever" in json.dumps(answer)


@pytest.mark.proof
@pytest.mark.requirement("R-18")
def test_a_model_of_real_people_is_served_and_refuses_to_answer(tmp_path: Path) -> None:
    """The process starts, since loading tells nobody anything; every question is refused without a declared test purpose."""
    registry = registry_of(tmp_path / "p", "real")
    with served_model(f"models:/{MODEL}@challenger", tmp_path, tracking=registry.tracking.uri) as address:
        status, answer = ask(address, people(3))
    assert status >= 400
    assert "TID513" in json.dumps(answer)
    assert "predictions" not in answer
