"""What no register knows: for tests and for teaching. No source declares it, so intake never reads it."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from features.synth.career import FIRST_AGE
from features.synth.generate import Cohort


def truth_rows(cohort: Cohort, ids: pa.StringArray) -> dict[str, pa.Array]:
    """Give, for each person, what the outcomes were drawn from and what became of them.

    Notes
    -----
    `probability` is of not completing upper secondary, `status` what came of it, `outside_probability` of being outside at 20 and at 21
    (given what the years before 20 leave behind, though not the status at 19). `status_16` to `status_29` are the codes on 16 November of
    the year of turning that age, also for years that no register has reached; 0 for the dead and emigrated. `household` ties brothers
    and sisters.
    """
    truth, people = cohort.truth, cohort.people
    columns = {
        "person": ids,
        "birth_year": pa.array(np.full(people.n_people, people.birth_year, np.int32)),
        "household": pa.array(people.home.founded.astype(np.int64) * 10_000_000 + people.home.household),
        "arrived_on": pa.array(people.arrived_on).cast(pa.date32()),
        "probability": pa.array(truth.probability, from_pandas=True),
        "status": pa.array(truth.status),
        "outside_probability": pa.array(truth.career.probability),
        "pension_age": pa.array(truth.career.pension_age),
    }
    codes = truth.career.status
    return columns | {f"status_{FIRST_AGE + column}": pa.array(np.ascontiguousarray(codes[:, column])) for column in range(codes.shape[1])}
