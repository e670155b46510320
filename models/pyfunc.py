"""A bundle as MLflow knows models: a DataFrame in; score, band and reasons out.

The product itself scores through `models.bundle`; this is for others who speak MLflow (``mlflow models serve``,
``mlflow.pyfunc.load_model``).
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.errors import ModelError
from models.bundle import Bundle, load_bundle
from models.disclosure import VisibleReason, visible_gaps, visible_reasons
from models.reasons import Reason

with warnings.catch_warnings():
    # MLflow warns about type hints of its own while it is imported.
    warnings.filterwarnings("ignore", message=r".*inferred as AnyType", category=UserWarning)
    from mlflow.pyfunc.model import PythonModel

SCORES = ("score", "band", "of_100_low", "of_100_high", "reasons")
"""Columns that `predict` returns: calibrated probability, value of the band, between how many and how many of 100 with much the same score
the outcome came (NaN where nothing is known of it), and JSON text of the visible reasons."""
TEXTS = frozenset({"band", "reasons"})


class BundleModel(PythonModel):
    """Score and explain with the bundle in the model's artefacts.

    Notes
    -----
    Reasons are those that a reader of no service may see. A bundle that learnt from real people answers only while a
    declared test purpose runs (R-18): its proposals belong in assigned cases.
    """

    def load_context(self, context: Any) -> None:
        """Load the bundle; refused as `load_bundle` refuses. What its explanation builds once is built here, before anybody asks."""
        self._bundle = load_bundle(Path(context.artifacts["bundle"]))
        self._bundle.explain(np.empty((0, len(self._bundle.feature_names))))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Score rows whose columns are the bundle's features, in any order, NaN where missing.

        Raises
        ------
        ModelError
            TID505 when a column is missing, TID513 when the bundle learnt from real people and no test purpose covers today.
        """
        check_may_answer(self._bundle, context.model_config or {}, today=datetime.now(UTC).date())
        return answer(self._bundle, model_input)


def answer(bundle: Bundle, frame: pd.DataFrame) -> pd.DataFrame:
    """Score and explain rows; the columns of the result are `SCORES`.

    Reasons are of the picture that a reader of no service may know, with what is missing among them; when a record happened, a table of
    features does not say.
    """
    matrix = bundle.matrix_from(list(frame.columns), frame.to_numpy(dtype=np.float64))
    scores = bundle.score(matrix)
    shown = [_reasons_and_gaps(reasons) for reasons in bundle.reasons(bundle.as_seen(matrix))]
    texts = [json.dumps([_as_dict(reason) for reason in reasons], ensure_ascii=False) for reasons in shown]
    spans = [bundle.rate_table.span(float(log_odds)) for log_odds in scores.log_odds]
    columns = {
        "score": scores.probability,
        "band": scores.band,
        "of_100_low": [np.nan if span is None else float(span.low) for span in spans],
        "of_100_high": [np.nan if span is None else float(span.high) for span in spans],
        "reasons": texts,
    }
    return pd.DataFrame(columns, index=frame.index)


def _reasons_and_gaps(reasons: Sequence[Reason]) -> list[VisibleReason]:
    """List the strongest reasons, then what else is missing, then the coarse one."""
    shown = visible_reasons(reasons, services_of_reader=frozenset())
    named = {reason.indicator for reason in shown}
    gaps = [gap for gap in visible_gaps(reasons, services_of_reader=frozenset()) if gap.indicator not in named]
    return [*shown[:-1], *gaps, shown[-1]]


def check_may_answer(bundle: Bundle, config: dict[str, Any], *, today: date) -> None:
    """Refuse a person's score outside a case for a model of real people, unless a test purpose covers the day (R-18).

    Raises
    ------
    ModelError
        TID513.
    """
    if bundle.data != "real":
        return
    first, last = config.get("test_purpose_from"), config.get("test_purpose_until")
    if first is None or last is None or not date.fromisoformat(first) <= today <= date.fromisoformat(last):
        raise ModelError(
            "TID513",
            f"{bundle.name} learnt from real people: a person's score exists only in an assigned case (R-18). "
            "To try it here, declare a purpose of kind 'test' and log the model with it.",
        )


def _as_dict(reason: VisibleReason) -> dict[str, Any]:
    return {
        "label": reason.label.model_dump(include={"nb", "nn", "en"}),
        "direction": reason.direction,
        "strength": reason.strength,
        "indicator": reason.indicator,
        "sector": reason.sector,
        "feature": None if reason.main_feature is None else reason.main_feature.name,
        "value": reason.value,
        "unit": reason.unit,
        "typical": reason.typical,
        "missing": reason.is_missing,
    }
