"""A query does not see a denied column of its files, whatever it calls it (R-03)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from features.declarations.catalogue import Source
from features.errors import IntakeError
from features.intake.queries import query_columns

QUERIES = {
    "by place": "SELECT * FROM (FROM extract) AS t(person, value)",
    "by pattern": "SELECT person, COLUMNS('^stats') AS value FROM extract",
    "by union": "SELECT NULL AS person, NULL AS value WHERE false UNION ALL SELECT * FROM extract",
}


@pytest.mark.requirement("R-03")
@pytest.mark.parametrize("how", QUERIES)
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_denied_column_is_not_there_under_another_name(tmp_path: Path, how: str, kind: str) -> None:
    file = tmp_path / f"extract.{kind}"
    table = pd.DataFrame({"person": ["a", "b"], "statsborgerskap": [1, 2]})
    table.to_csv(file, index=False, sep=";") if kind == "csv" else table.to_parquet(file, index=False)
    query = tmp_path / "q.sql"
    query.write_text(QUERIES[how], encoding="utf-8")
    source = Source.model_validate({"name": "extract", "layout": "events", "files": [file.name], "query": "q.sql"})
    with pytest.raises(IntakeError, match="TID310"):
        query_columns(query, [file], source)
