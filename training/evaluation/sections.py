"""The sections of a report beside the ladder: each a name and a function from an examined experiment to JSON-ready aggregates.

To add one, write a module here with a function that takes `Examined`, and name it in `SECTIONS`. The report, the run in MLflow and the
papers read sections by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from training.evaluation.calibration import calibration_detail
from training.evaluation.capacity import capacity_plan
from training.evaluation.decision_curve import decision_curve
from training.evaluation.examined import Examined
from training.evaluation.held_out_areas import held_out_areas
from training.evaluation.importance import importance
from training.evaluation.lead_time import lead_time
from training.evaluation.learning_curve import learning_curve
from training.evaluation.proxies import proxies
from training.evaluation.reliability import reliability
from training.evaluation.stability import stability
from training.evaluation.status_codes import status_codes
from training.evaluation.targeting import targeting
from training.evaluation.teaching import teaching
from training.evaluation.uncertainty import uncertainty

Section: TypeAlias = dict[str, Any]

SECTIONS: Mapping[str, Callable[[Examined], Section]] = {
    "calibration_detail": calibration_detail,
    "reliability": reliability,
    "decision_curve": decision_curve,
    "held_out_areas": held_out_areas,
    "lead_time": lead_time,
    "status_codes": status_codes,
    "capacity_plan": capacity_plan,
    "targeting": targeting,
    "uncertainty": uncertainty,
    "learning_curve": learning_curve,
    "teaching": teaching,
    "proxies": proxies,
    "stability": stability,
    "importance": importance,
}
"""Name in the report -> what measures it, in the order of the report."""


def measure_sections(examined: Examined) -> dict[str, Section]:
    """Measure every section of one experiment."""
    return {name: measure(examined) for name, measure in SECTIONS.items()}
