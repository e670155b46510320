"""Putting a bundle into MLflow as a model from code: the bundle's folder beside a script, no pickle."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.models import Model, ModelSignature
from mlflow.models.model import MLMODEL_FILE_NAME, ModelInfo
from mlflow.types.schema import ColSpec, Schema, TensorSpec

from features.declarations.screening import Purpose
from features.errors import PurposeError
from models.bundle import Bundle, load_bundle
from models.pyfunc import SCORES, TEXTS

_NEEDED = ("mlflow", "lightgbm", "scikit-learn", "scipy", "numpy", "pandas", "pydantic")


def log_pyfunc(bundle_folder: Path, *, name: str = "model", test_purpose: Purpose | None = None, **options: Any) -> ModelInfo:
    """Log a saved bundle to the active MLflow run and return what MLflow says of it.

    Parameters
    ----------
    test_purpose
        A purpose of kind ``test``: while it is valid the model answers for real people's rows outside a case. Needed by nothing else.
    options
        More of `mlflow.pyfunc.log_model`, such as ``registered_model_name`` or ``metadata``.

    Notes
    -----
    Every feature is a required double: NaN passes, a missing column is refused. The environment needs Tidlig itself; serve with
    ``--env-manager local`` where no package index has it.

    Raises
    ------
    ModelError
        When the bundle does not load.
    PurposeError
        TID223 when the purpose is of another kind.
    """
    if test_purpose is not None and test_purpose.kind != "test":
        raise PurposeError(
            "TID223",
            f"a purpose of kind {test_purpose.kind!r} does not let a model answer outside a case. Declare one of kind 'test', with its "
            "legal basis and dates (R-18).",
        )
    bundle = load_bundle(bundle_folder)
    config = {
        "test_purpose_from": None if test_purpose is None else test_purpose.valid_from.isoformat(),
        "test_purpose_until": None if test_purpose is None else test_purpose.valid_to.isoformat(),
    }
    with _no_bytecode():
        info: ModelInfo = mlflow.pyfunc.log_model(
            name=name,
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            artifacts={"bundle": str(bundle_folder)},
            signature=signature_of(bundle.feature_names),
            pip_requirements=requirements(),
            model_config=config,
            input_example=typical_row(bundle),
            **options,
        )
    _leave_places_out(info, name)
    return info


@contextmanager
def _no_bytecode() -> Iterator[None]:
    """Let Python compile nothing into the model's folder: MLflow tries the model there, and compiled files name the machine's folders."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


def _leave_places_out(info: ModelInfo, name: str) -> None:
    """Take the machine's folders out of what MLflow writes of a model: who is handed it needs names, and loading asks for no more."""
    client = MlflowClient()
    place = client.get_logged_model(info.model_id).artifact_location
    with TemporaryDirectory() as folder:
        path = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"{place}/{MLMODEL_FILE_NAME}", dst_path=folder))
        described = Model.load(str(path))
        python = described.flavors[mlflow.pyfunc.FLAVOR_NAME]
        python["model_code_path"] = Path(python["model_code_path"]).name
        for artifact in python["artifacts"].values():
            artifact["uri"] = Path(artifact["path"]).name
        described.artifact_path = name
        described.save(str(path))
        client.log_model_artifact(info.model_id, str(path))


def signature_of(feature_names: tuple[str, ...]) -> ModelSignature:
    """Required doubles in; score, band, uncertainty and reasons out."""
    inputs: list[ColSpec | TensorSpec] = [ColSpec("double", feature, required=True) for feature in feature_names]
    outputs: list[ColSpec | TensorSpec] = [ColSpec("string" if name in TEXTS else "double", name) for name in SCORES]
    return ModelSignature(Schema(inputs), Schema(outputs))


def typical_row(bundle: Bundle) -> pd.DataFrame:
    """Give one row of training medians, NaN where too little is known: an example of the shape, and nobody's row."""
    medians = [bundle.reference.typical[feature].median for feature in bundle.feature_names]
    return pd.DataFrame([medians], columns=list(bundle.feature_names), dtype="float64")


def requirements() -> list[str]:
    """Pins of what the model needs to run; Tidlig's own where it is installed rather than run from a checkout."""
    pins = [f"{package}=={version(package)}" for package in _NEEDED]
    try:
        return [f"tidlig=={version('tidlig')}", *pins]
    except PackageNotFoundError:
        return pins
