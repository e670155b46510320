"""The script that MLflow runs to get the model ("models from code"): nothing is pickled."""

from __future__ import annotations

from mlflow.models import set_model

from models.pyfunc import BundleModel

set_model(BundleModel())
