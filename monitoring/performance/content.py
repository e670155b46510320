"""The report's part on performance as JSON-ready content: what is expected, what came, and how the two compare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from monitoring.performance.interventions import Interventions, publish_interventions
from monitoring.performance.periods import Period, compare_with_what_came, publish_periods
from monitoring.published_counts import publish_counts


def performance_content(
    periods: Sequence[Period],
    interventions: Interventions,
    *,
    fairness: Sequence[Mapping[str, Any]],
    oversight: Mapping[str, Any],
) -> dict[str, Any]:
    """Give label-free figures, figures of matured outcomes, both side by side, and all screenings of the model.

    Parameters
    ----------
    periods
        Every screening of the model, oldest first; the last is the one that the report is about.
    fairness, oversight
        The report's parts on groups and on reviews as they are published: what they withhold is withheld here.
    """
    newest = periods[-1]
    n_proposed = int(newest.proposed.sum())
    counts = publish_counts({"proposed": n_proposed, "left": len(newest.proposed) - n_proposed})
    told = publish_periods(periods, current=len(periods) - 1, everybody=fairness[0]["everybody"] if fairness else None)
    current, matured = told[-1], told[-1]["matured"]
    return {
        "n_proposed": None if counts["proposed"] is None else current["n_proposed"],
        "threshold": newest.threshold,
        "expected": _untold(current["expected"]) if counts["proposed"] is None else current["expected"],
        "matured": matured,
        "compared": compare_with_what_came(current),
        "interventions": publish_interventions(
            interventions,
            everybody=None if matured is None else matured["ppv"],
            n_known=int((~np.isnan(newest.label) & newest.proposed).sum()),
            steps=oversight["steps"],
        ),
        "periods": told,
    }


def _untold(expected: Mapping[str, Any]) -> dict[str, Any]:
    """Withhold figures of those proposed where the report withholds how many they are."""
    nothing = {"point": None, "low": None, "high": None, "verdict": "too small"}
    return {name: nothing if name in ("ppv", "tpr") else figure for name, figure in expected.items()}
