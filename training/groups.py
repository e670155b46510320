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


def read_groups(project: Project, *, on: date) -> Groups:
    """Read the declared fairness groups once for all models of a training."""
    if not project.screening.groups:
        return Groups(None, "the project declares no [groups]")
    subjects = open_store(project, "train").subjects()["subject_id"].tolist()
    try:
        frame = audit_groups(project, subjects, purpose="train", on=on)
    except PurposeError as error:
        return Groups(None, error.message)
    return Groups(frame.set_index("subject_id"))
