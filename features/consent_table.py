"""What a consent is, as a row: who signed, for what, how long, under which age rule. Everything is coded; no free text (R-23)."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.declarations.project import Project
from features.errors import PurposeError
from features.manifest import StorePurpose

CONSENTS = pa.schema(
    [
        pa.field("subject_id", pa.string(), nullable=False),
        pa.field("scope", pa.string(), nullable=False),
        pa.field("purpose", pa.string(), nullable=False),
        pa.field("valid_from", pa.date32(), nullable=False),
        pa.field("valid_to", pa.date32(), nullable=False),
        pa.field("withdrawn_at", pa.timestamp("us", tz="UTC")),
        pa.field("signed_by", pa.string(), nullable=False),
        pa.field("age_rule", pa.int8(), nullable=False),
        pa.field("language", pa.string(), nullable=False),
    ]
)
"""One row for each subject (of the score purpose), scope and purpose; both ends of the period count, a withdrawal ends it the same day."""

SECTOR = "sector:"
"""A scope is an indicator's code, or this and a sector's name: all indicators of the sector."""
SIGNERS = ("child", "guardian_a", "guardian_b")
SIGNED_BY = tuple("+".join(signers) for n in (1, 2, 3) for signers in combinations(SIGNERS, n))
AGE_RULES = (13, 15, 16, 18)
"""Age from which the child signs alone, of the rule that was used; whether it was the right one is the consent form's matter."""
PURPOSES: tuple[StorePurpose, ...] = ("train", "score", "audit")
LANGUAGES = ("nb", "nn", "en")


def exchange_path(project: Project) -> Path:
    """Where the review service writes consents."""
    return project.var / "exchange" / "consents.parquet"


def check_consents(project: Project, table: pa.Table, *, place: str) -> None:
    """Refuse a table with rows that are no consent: too long, of an unknown scope, purpose, signer, age rule or language.

    Raises
    ------
    PurposeError
        TID221, with the number of rows and never a row.
    """
    problems = {problem: int(pc.sum(mask).as_py() or 0) for problem, mask in _problems(project, table).items()}
    found = [f"{count} rows have {problem}" for problem, count in problems.items() if count]
    if found:
        raise PurposeError("TID221", f"{place}: {'; '.join(found)}. No consent is guessed: have the list corrected (R-23).")


def _problems(project: Project, table: pa.Table) -> dict[str, pa.ChunkedArray]:
    known = [*project.catalogue.declared, *(f"{SECTOR}{file.sector.value}" for file in project.catalogue.sectors)]
    year_later = pa.chunked_array([pa.array(_year_after(table["valid_from"]))])
    return {
        "a scope that is neither an indicator's code nor `sector:` and a sector": _strange(table["scope"], known),
        f"a purpose other than {', '.join(PURPOSES)}": _strange(table["purpose"], PURPOSES),
        "a valid_to before valid_from": pc.less(table["valid_to"], table["valid_from"]),
        "a period of more than 12 months": pc.greater(table["valid_to"], year_later),
        f"a signed_by other than {', '.join(SIGNED_BY)}": _strange(table["signed_by"], SIGNED_BY),
        f"an age_rule other than {', '.join(map(str, AGE_RULES))}": _strange(table["age_rule"], AGE_RULES),
        f"a language other than {', '.join(LANGUAGES)}": _strange(table["language"], LANGUAGES),
    }


def _strange(column: pa.ChunkedArray, known: object) -> pa.ChunkedArray:
    return pc.invert(pc.is_in(column, pa.array(known, column.type)))


def _year_after(days: pa.ChunkedArray) -> NDArray[np.datetime64]:
    """Give the same day a year later, 28 February for a leap day."""
    start = days.cast(pa.int32()).to_numpy().astype("datetime64[D]")
    month = start.astype("datetime64[M]")
    last_day = (month + 13).astype("datetime64[D]") - 1
    later: NDArray[np.datetime64] = np.minimum((month + 12).astype("datetime64[D]") + (start - month.astype("datetime64[D]")), last_day)
    return later
