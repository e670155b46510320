"""A bundle in a real MLflow store: logged, registered, loaded and asked, with no pickle anywhere."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features.declarations.screening import Purpose
from features.errors import ModelError, PurposeError
from models.bands import Band
from models.bundle import load_bundle, save_bundle
from models.rungs.boosted import BoostedRung
from models.uncertainty import fit_rate_table
from tests.support.bundles import NAMES, build_bundle, planted_people
from tests.support.pickles import find_pickles

pytestmark = [
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),
    pytest.mark.filterwarnings("ignore:.*:FutureWarning:mlflow"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import mlflow

    folder = tmp_path_factory.mktemp("mlflow")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.set_registry_uri(f"sqlite:///{folder / 'mlflow.db'}")
        mlflow.create_experiment("tiny", artifact_location=(folder / "artifacts").as_uri())
    mlflow.set_experiment("tiny")
    return folder


def logged(store: Path, name: str, *, data: str = "synthetic", test_purpose: Purpose | None = None) -> tuple[Path, str]:
    import mlflow

    from models.packaging import log_pyfunc

    folder = store / f"bundle-{name}"
    bundle = build_bundle(BoostedRung, data=data)  # type: ignore[arg-type]
    later, outcome = planted_people(1_500, seed=2)
    table = fit_rate_table(bundle.score(later).log_odds, outcome, groups=np.arange(1_500, dtype=np.int32), seed=1, n_resamples=20)
    save_bundle(replace(bundle, rate_table=table), folder)
    with mlflow.start_run():
        info = log_pyfunc(folder, test_purpose=test_purpose, registered_model_name=name)
    return folder, info.model_uri


@pytest.fixture(scope="module")
def synthetic(store: Path) -> tuple[Path, str]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return logged(store, "tiny-not_completed-grade_10")


def test_the_registered_model_answers_as_the_bundle_does(synthetic: tuple[Path, str]) -> None:
    import mlflow

    folder, _ = synthetic
    people, _ = planted_people(30, seed=3)
    frame = pd.DataFrame(people.astype(np.float64), columns=list(NAMES))
    model = mlflow.pyfunc.load_model("models:/tiny-not_completed-grade_10/1")
    result = model.predict(frame[list(reversed(NAMES))])
    bundle = load_bundle(folder)
    assert np.array_equal(result["score"], bundle.score(people).probability)
    assert list(result["band"]) == list(bundle.score(people).band)
    assert set(result["band"]) <= {band.value for band in Band}
    spans = [bundle.rate_table.span(float(z)) for z in bundle.score(people).log_odds]
    told = list(zip(result["of_100_low"], result["of_100_high"], strict=True))
    assert told == [(span.low, span.high) for span in spans if span is not None]
    assert len(set(spans)) > 1
    first = json.loads(result["reasons"].iloc[0])
    assert first[-1]["label"]["en"] == "other matters at another service"
    assert "cws_measure" not in {reason["indicator"] for text in result["reasons"] for reason in json.loads(text)}


@pytest.mark.requirement("R-19")
def test_every_reason_has_words_value_typical_value_and_what_is_missing(synthetic: tuple[Path, str]) -> None:
    import mlflow

    people, _ = planted_people(40, seed=3)
    frame = pd.DataFrame(people.astype(np.float64), columns=list(NAMES))
    frame["edu_marks.last@ever"] = np.nan
    result = mlflow.pyfunc.load_model(synthetic[1]).predict(frame)
    for text in result["reasons"]:
        *named, coarse = json.loads(text)
        assert coarse["indicator"] is None
        assert [reason["missing"] for reason in named if reason["indicator"] == "edu_marks"] == [True]
        for reason in named:
            assert set(reason["label"]) == {"nb", "nn", "en"}
            assert all(reason["label"].values())
            assert reason["typical"] is not None
            assert reason["direction"] in ("raises", "lowers", "neither")
            assert (reason["value"] is None) == reason["missing"]


@pytest.mark.requirement("R-06")
def test_contact_with_child_welfare_changes_no_reason(synthetic: tuple[Path, str]) -> None:
    import mlflow

    people, _ = planted_people(40, seed=3)
    frame = pd.DataFrame(people.astype(np.float64), columns=list(NAMES))
    model = mlflow.pyfunc.load_model(synthetic[1])
    told = [model.predict(frame.assign(**{"cws_measure.count@730d": value}))["reasons"].tolist() for value in (0.0, 3.0)]
    assert told[0] == told[1]


def test_a_missing_column_is_refused_and_a_missing_value_is_not(synthetic: tuple[Path, str]) -> None:
    import mlflow

    people, _ = planted_people(3, seed=3)
    frame = pd.DataFrame(people.astype(np.float64), columns=list(NAMES))
    frame.iloc[0, 2] = np.nan
    model = mlflow.pyfunc.load_model(synthetic[1])
    assert len(model.predict(frame)) == 3
    with pytest.raises(mlflow.exceptions.MlflowException, match=r"edu_marks\.last@ever"):
        model.predict(frame.drop(columns="edu_marks.last@ever"))


def test_no_artefact_is_pickled(store: Path, synthetic: tuple[Path, str]) -> None:
    files = [path for path in (store / "artifacts").rglob("*") if path.is_file()]
    assert any(path.name == "MLmodel" for path in files)
    assert find_pickles(store / "artifacts") == []


@pytest.mark.requirement("R-18")
def test_a_model_of_real_people_does_not_answer_outside_a_case(store: Path, synthetic: tuple[Path, str]) -> None:
    import mlflow

    people, _ = planted_people(3, seed=3)
    frame = pd.DataFrame(people.astype(np.float64), columns=list(NAMES))
    _, uri = logged(store, "real", data="real")
    with pytest.raises(ModelError, match="TID513"):
        mlflow.pyfunc.load_model(uri).predict(frame)
    over = Purpose(kind="test", legal_basis="X", controller="X", valid_from=date(2020, 1, 1), valid_to=date(2020, 2, 1))
    _, uri = logged(store, "real-over", data="real", test_purpose=over)
    with pytest.raises(ModelError, match="TID513"):
        mlflow.pyfunc.load_model(uri).predict(frame)
    to_come = over.model_copy(update={"valid_from": date(9998, 1, 1), "valid_to": date(9999, 1, 1)})
    _, uri = logged(store, "real-to-come", data="real", test_purpose=to_come)
    with pytest.raises(ModelError, match="TID513"):
        mlflow.pyfunc.load_model(uri).predict(frame)
    with pytest.raises(PurposeError, match="TID223"):
        logged(store, "real-to-train", data="real", test_purpose=over.model_copy(update={"kind": "train"}))
    running = over.model_copy(update={"valid_to": date(9999, 1, 1)})
    _, uri = logged(store, "real-tested", data="real", test_purpose=running)
    assert len(mlflow.pyfunc.load_model(uri).predict(frame)) == 3
