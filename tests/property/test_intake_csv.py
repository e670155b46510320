"""Reading CSV, a block at a time or as a stream, against a plain reading of the same text line by line."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.declarations.catalogue import Source
from features.intake import readers
from features.intake.csv_blocks import find_data, read_blocks, read_plain
from features.intake.file_facts import read_facts
from features.intake.readers import Columns, open_file
from features.intake.siphash import siphash

CELLS = st.sampled_from(["", "a", "æøå", "2024-02-29", "2024-02-30", "01.03.2024", " 2024-01-01 ", "1", "true", "TRUE", " true", "x y"])
DATES = st.sampled_from(["2024-02-29", "1999-12-31", "2024-02-30", "29.02.2024", ""])
FLAGS = st.sampled_from(["true", "false", "1", "TRUE", "ja", ""])
LINES = st.lists(st.one_of(st.tuples(CELLS, DATES, FLAGS), st.tuples(CELLS, CELLS), st.tuples(CELLS, CELLS, CELLS, CELLS)), max_size=30)
COLUMNS = ("name", "day", "flag")


def plain_rows(lines: list[tuple[str, ...]]) -> list[tuple[str | None, ...]]:
    return [tuple(cell or None for cell in line) for line in lines if len(line) == 3]


def as_text(value: object) -> str | None:
    return None if value is None else str(value)


@given(lines=LINES, newline=st.sampled_from(["\n", "\r\n"]), ends=st.booleans(), block_bytes=st.integers(80, 400))
def test_blocks_give_the_rows_and_broken_rows_that_stand_there(
    lines: list[tuple[str, ...]], newline: str, ends: bool, block_bytes: int
) -> None:
    text = newline.join([";".join(COLUMNS), *(";".join(line) for line in lines)]) + (newline if ends or not lines else "")
    with tempfile.TemporaryDirectory() as folder:
        path, broken = Path(folder) / "x.csv", list[int]()
        path.write_bytes(text.encode())
        start = find_data(path, lines_before=1)
        tables = read_plain(
            path,
            start=start,
            columns=COLUMNS,
            separator=";",
            repeating=("name",),
            dates=("day",),
            flags=("flag",),
            on_broken=broken.append,
            block_bytes=block_bytes,
        )
        rows: list[tuple[str | None, ...]] = []
        place = 0
        expected = plain_rows(lines)
        for table in tables:
            for row in table.to_pylist():
                typed_flag = row["flag"] if isinstance(row["flag"], bool) else None
                rows.append((row["name"], as_text(row["day"]), expected[place][2] if typed_flag is not None else row["flag"]))
                if typed_flag is not None:
                    assert typed_flag is ((expected[place][2] or "").lower() in ("true", "1"))
                place += 1
        assert rows == expected
        assert broken == [number for number, line in enumerate(lines, start=1) if len(line) != 3]


@given(content=st.binary(max_size=400), block_bytes=st.integers(1, 60))
def test_blocks_are_the_file_cut_behind_line_breaks(content: bytes, block_bytes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(content)
        blocks: list[bytes] = []
        try:
            blocks.extend(bytes(block) for block in read_blocks(path, start=0, block_bytes=block_bytes))
        except pa.ArrowInvalid:
            rest = content[sum(map(len, blocks)) :]
            assert len(rest) >= block_bytes
            assert b"\n" not in rest[:block_bytes]
            return
        assert b"".join(blocks) == content
        assert all(block.endswith((b"\n", b"\r")) for block in blocks[:-1])


@given(st.lists(st.sampled_from([b"a", "å".encode(), b"\xe5", b'"', b"\xc3", b"x" * 3000]), max_size=300))
def test_one_pass_finds_digest_encoding_and_last_quote(pieces: list[bytes]) -> None:
    content = b"".join(pieces)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x"
        path.write_bytes(content)
        facts = read_facts(path)
    try:
        content.decode()
        is_utf8 = True
    except UnicodeDecodeError:
        is_utf8 = False
    assert (facts.sha256, facts.is_utf8) == (hashlib.sha256(content).hexdigest(), is_utf8)
    if is_utf8:
        assert facts.last_quote == content.rfind(b'"')


@pytest.mark.parametrize("quoted", [False, True])
def test_lines_are_counted_over_broken_rows_in_many_blocks(quoted: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken rows in several blocks, and a quote that sends the file through the stream."""
    monkeypatch.setattr(readers, "CHUNK_ROWS", 100_000)
    lines = [f"p{number};2024-01-01;{number}" if number % 50_000 else f"p{number};broken" for number in range(200_000)]
    path = tmp_path / "x.csv"
    path.write_text("a;b;c\n" + "\n".join(lines) + ('\n"p";2024-01-01;x' if quoted else "") + "\n", encoding="utf-8")
    source = Source(
        name="records", layout="events", files=("x.csv",), id_column="a", happened_column="b", value_column="c", purposes=("train",)
    )
    told: list[int] = []
    opened = open_file(
        path, source, expected=("a", "b", "c"), on_bad_lines=lambda _, lines: told.extend(lines), known=Columns(dates=("b",))
    )
    found: list[tuple[int, str]] = []
    n_chunks = 0
    for chunk in opened.chunks:
        n_chunks += 1
        found += zip(chunk.lines.to_pylist(), chunk.table["a"].to_pylist(), strict=True)
    assert told == [number + 2 for number in range(0, 200_000, 50_000)]
    assert found[:199_996] == [(number + 2, f"p{number}") for number in range(200_000) if number % 50_000]
    assert n_chunks > 1


@given(st.lists(st.one_of(st.none(), st.text("abæ\0", max_size=20)), max_size=40), st.binary(min_size=16, max_size=16))
def test_texts_hash_alone_as_together(texts: list[str | None], key: bytes) -> None:
    together = siphash(pa.array(texts, pa.string()), key)
    assert together.tolist() == [int(siphash(pa.array([text], pa.string()), key)[0]) for text in texts]
