"""No raw identifier in any file below ``var/``, nor in a message, whatever identifiers look like and however the ingest ends."""

from __future__ import annotations

import gzip
import tempfile
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.errors import IntakeError
from features.intake.pseudonyms import pseudonym_of
from tests.support.ingesting import ingest_tiny
from tests.support.projects import raw_ids, tiny_project

ALPHABET = st.characters(categories=("Lu", "Ll", "Nd"), include_characters="-_/ ")


@st.composite
def identifiers(draw: st.DrawFn) -> list[str]:
    """Sixty distinct identifiers, recognisable enough not to occur by chance."""
    middle = draw(st.text(ALPHABET, min_size=6, max_size=16).map(str.strip))
    return [f"Q{middle}-{number:05d}Z" for number in range(60)]


def texts_below(folder: Path) -> list[str]:
    """Every file as text: Parquet decoded column by column, since compression would hide a leak."""
    found = []
    for path in folder.rglob("*"):
        if path.suffix == ".parquet":
            table = pq.read_table(path, partitioning=None)
            found += [str(column.to_pylist()) for column in table.columns] + [str(table.schema.metadata)]
        elif path.is_file():
            content = path.read_bytes()
            found.append((gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8", errors="replace"))
        found.append(path.name)
    return found


@pytest.mark.requirement("R-07")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=identifiers(), spoilt=st.booleans())
def test_no_raw_identifier_below_var_or_in_a_message(raw: list[str], spoilt: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = tiny_project(Path(folder) / "project")
        for path in (root / "data").glob("*.csv"):
            text = path.read_text(encoding="utf-8")
            for old, new in zip(raw_ids(), raw, strict=True):
                text = text.replace(old, new)
            if path.name == "school.csv":
                text = text.replace("level-", f"{raw[0]}-").replace("edu_grade_mean", raw[1] if spoilt else "edu_grade_mean")
            path.write_text(text, encoding="utf-8")
        message = ""
        try:
            ingest_tiny(root)
        except IntakeError as error:
            message = str(error)
        assert bool(message) == spoilt
        stem = raw[0].removesuffix("-00000Z")
        for text in [message, *texts_below(root / "var")]:
            assert stem not in text


@given(st.lists(st.text(min_size=1), min_size=2, max_size=2, unique=True), st.binary(min_size=32, max_size=32))
def test_pseudonyms_are_stable_differ_between_people_and_between_keys(raw: list[str], key: bytes) -> None:
    one, other = (pseudonym_of(text, key, synthetic=False) for text in raw)
    assert one != other
    assert one == pseudonym_of(raw[0], key, synthetic=False)
    assert one != pseudonym_of(raw[0], bytes(31) + bytes([key[0] ^ 1]), synthetic=False) or key == bytes(31) + bytes([key[0] ^ 1])
    assert len(one) == 26
