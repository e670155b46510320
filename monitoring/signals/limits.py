"""Which thresholds a report was made with, how they stand to the house's, and which of its signals will stop the model (R-30)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from features.declarations.project import Project
from features.declarations.watching import HOUSE, Thresholds, is_looser
from features.ledger import canonical_json
from monitoring.signals.judging import Signal


def thresholds_content(thresholds: Thresholds) -> list[dict[str, Any]]:
    """List every threshold with the house's beside it, and whether it lets more pass.

    Examples
    --------
    >>> [t["name"] for t in thresholds_content(Thresholds(calibration_bound=0.08)) if t["is_looser"]]
    ['calibration_bound']
    """
    house = HOUSE.model_dump()
    return [
        {"name": name, "value": value, "house": house[name], "is_looser": is_looser(name, value)}
        for name, value in thresholds.model_dump().items()
    ]


def suspension_content(signals: Sequence[Signal], stopping: Sequence[str]) -> dict[str, list[str]]:
    """Say which signals ask for the model to be taken out of use, and which of these the service follows by itself.

    Parameters
    ----------
    stopping
        ``[review] stopping_signals`` of the project.

    Returns
    -------
    dict
        ``suspended_by``, those that fail so; ``stopped_by``, those of them that suspend the model without anybody being asked;
        ``stopping_signals``, those that may ever do so.
    """
    asking = [signal.code for signal in signals if signal.is_failed and signal.suspends]
    return {
        "suspended_by": asking,
        "stopped_by": [code for code in asking if code in stopping],
        "stopping_signals": sorted(stopping),
    }


def settings_bytes(project: Project) -> bytes:
    """Give what a project declares about its signals in one spelling: a changed threshold renews the report."""
    declared = project.screening.monitoring.thresholds.model_dump(mode="json")
    return canonical_json({"thresholds": declared, "stopping_signals": sorted(project.screening.review.stopping_signals)})
