"""Where people live, as reports call it: the municipalities that the project names, and all others together.

Nobody is proposed in a municipality that works no cases here. Told one by one, hundreds of them would each have too few people to say
anything of, and what protects them would cost the others their figures.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.declarations.project import Project

OTHER_PLACES = "(other municipalities)"


def name_places(project: Project, numbers: pd.Series) -> NDArray[np.object_]:
    """Name the municipality of each number; None where it is not known.

    A project that declares no municipality has the numbers themselves.
    """
    names = {one.number: one.name for one in project.screening.municipality}
    return np.array([None if pd.isna(one) else names.get(str(one), OTHER_PLACES if names else str(one)) for one in numbers], dtype=object)
