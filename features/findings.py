"""A coded finding: what a gate, a check or a signal says, in one shape for training and monitoring."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Verdict = Literal["PASSED", "FAILED", "NOT_APPLICABLE"]
"""*Not applicable* is never *passed*: it says that the question could not be answered, and `evidence` says why."""

Evidence = str | int | float | bool | None
"""Aggregates only: counts, rates, names of columns and groups, dates as ISO text. Never a person's value."""

_CODE = re.compile(r"^[A-Z]{1,4}-?\d{2,4}$")


@dataclass(frozen=True)
class Finding:
    """One question with a stable code, its verdict and the figures behind it.

    Parameters
    ----------
    code
        Stable code, such as ``"S-01"`` for a signal or ``"G-03"`` for a gate; each has its entry in the docs.
    title
        What was asked, for a person.
    verdict
        PASSED, FAILED, or NOT_APPLICABLE when there is too little to answer.
    evidence
        Name -> aggregate figure.

    Examples
    --------
    >>> Finding("G-01", "Enough outcomes to learn from", "FAILED", {"n_outcomes": 12, "needed": 50}).is_failed
    True
    """

    code: str
    title: str
    verdict: Verdict
    evidence: Mapping[str, Evidence] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _CODE.match(self.code):
            raise ValueError(f"{self.code!r} is no finding code: expected letters, a dash and digits, such as 'S-01'")

    @property
    def is_failed(self) -> bool:
        """Whether the answer is a plain no."""
        return self.verdict == "FAILED"

    def as_dict(self) -> dict[str, Any]:
        """Give the finding as JSON-ready fields."""
        return {"code": self.code, "title": self.title, "verdict": self.verdict, "evidence": dict(self.evidence)}
