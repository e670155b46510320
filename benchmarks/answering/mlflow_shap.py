"""What a team writes around a LightGBM model for MLflow: probability and shap's contributions of the row, in one answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import lightgbm
import mlflow
import pandas as pd
import shap
from mlflow.pyfunc.model import PythonModel
from scipy.special import expit


class WithShap(PythonModel):
    """Loads the booster's text and asks shap for each row."""

    def load_context(self, context: Any) -> None:
        """Read the booster's text and prepare shap."""
        self._booster = lightgbm.Booster(model_file=context.artifacts["model"])
        self._explainer = shap.TreeExplainer(self._booster)

    def predict(self, context: Any, model_input: pd.DataFrame, params: Any = None) -> pd.DataFrame:
        """Give probability and contributions of each row."""
        rows = model_input.to_numpy(dtype="float64")
        contributions = self._explainer.shap_values(rows)
        probability = expit(self._booster.predict(rows, raw_score=True, num_threads=1))
        return pd.DataFrame({"probability": probability, "contributions": [json.dumps(one.tolist()) for one in contributions]})


def save_mlflow_model(work: Path) -> None:
    """Save the same trees as an MLflow model that explains itself, and the names of its columns."""
    (rung,) = (work / "project" / "var" / "models").rglob("rung")
    names = json.loads((rung / "boosted.json").read_text(encoding="utf-8"))["feature_names"]
    (work / "names.json").write_text(json.dumps(names), encoding="utf-8")
    example = pd.DataFrame([[0.0] * len(names)], columns=names)
    mlflow.pyfunc.save_model(
        str(work / "mlflow_model"),
        python_model=WithShap(),
        artifacts={"model": str(rung / "model.txt")},
        signature=mlflow.models.infer_signature(example),
        pip_requirements=["lightgbm", "shap", "pandas", "scipy"],
    )
