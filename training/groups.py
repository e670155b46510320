"""Audit attributes for the release gates: joined in memory, for the fairness questions alone, and out as aggregates (R-10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.audit import UNKNOWN, audit_groups
from features.declarations.project import Project
from features.errors import PurposeError
from features.store import open_store


@dataclass(frozen=True)
class Groups:
    """Attributes of every subject of the training store, or why they may not be looked at.

    Attributes
    ----------
    frame
        One column per fairness group, indexed by subject id; None where there is nothing to look at.
    reason
        Why not, for the gates that then can't be asked.
    """

    frame: pd.DataFrame | None
    reason: str = ""

    def of(self, subject_id: NDArray[np.str_]) -> Mapping[str, NDArray[np.str_]] | None:
        """Attribute -> value for each of these subjects, empty text where unknown; None where they may not be looked at."""
        if self.frame is None:
            return None
        found = self.frame.loc[subject_id.tolist()]
        columns = {str(name): found[name].to_numpy(dtype=np.str_) for name in found}
        return {name: np.where(values == UNKNOWN, "", values) for name, values in columns.items()}


def why_not_asked(error: PurposeError, *, on: date) -> str:
    """Say in a report why an attribute may not be looked at: what is missing, and never in which folder of which machine.

    >>> why_not_asked(PurposeError("TID202", "no purpose in /home/me/project/screening.toml"), on=date(2026, 11, 22))
    "no purpose of kind 'audit' is valid on 2026-11-22 (TID202): renew it in the project's screening.toml and train again"
    """
    return _REASONS.get(error.code, "the purposes and consents that are recorded do not allow it ({code})").format(code=error.code, on=on)


_REASONS = {
    "TID201": "the project declares no purpose of kind 'audit' ({code}): declare one in its screening.toml and train again",
    "TID202": "no purpose of kind 'audit' is valid on {on} ({code}): renew it in the project's screening.toml and train again",
    "TID220": "an attribute needs people's consent, and the project has no list of consents ({code})",
    "TID221": "an attribute needs people's consent, and the list of consents holds rows that are none ({code})",
}


def read_groups(project: Project, *, on: date) -> Groups:
    """Read the declared fairness groups once for all models of a training."""
    if not project.screening.groups:
        return Groups(None, "the project declares no [groups]")
    subjects = open_store(project, "train").subjects()["subject_id"].tolist()
    try:
        frame = audit_groups(project, subjects, purpose="train", on=on)
    except PurposeError as error:
        return Groups(None, why_not_asked(error, on=on))
    return Groups(frame.set_index("subject_id"))
