"""Recognise Norwegian national identity numbers, so that they can be refused wherever they do not belong (R-07).

Fødselsnummer and D-number (11 digits), the synthetic ones of test populations (month + 40, + 65 or + 80), and DUF numbers of the
immigration authorities (12 digits); alone or inside a text, also written with spaces, dots, hyphens or slashes between digits.

Notes
-----
Numbers of 11 digits: day (+ 40 for a D-number), month, year, three individual digits and two check digits, both weighted sums modulo 11
(Skatteetaten). For DUF numbers no official description of the two last digits was found, so every 12 digits that begin with a year 19xx or
20xx count as one: refusing too much is the safe side, and the message says what to do.
"""

from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_WEIGHTS = np.array([[3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0], [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]], dtype=np.float64)
_PREFILTER = r"([0-9][ \x{00a0}./-]?){9}[0-9]"
_SHORTEST = 10
"""No shorter text holds one; eleven digits, or ten in a cell of their own."""
_ELEVEN = re.compile(r"(?<![0-9])(?=([0-9](?:[ \u00a0./-]?[0-9]){10})(?![0-9]))")
"""Looks ahead only, so that a number is also found where other digits stand before it."""
_DUF = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}[ \u00a0./-]?[0-9]{6}[ \u00a0./-]?[0-9]{2}(?![0-9])")
_DUF_JOINTS = (3, 9)
"""After these digits a DUF number may be written apart."""
_TEN_DIGITS = r"^\s*[0-9]{10}([.,]0+)?\s*$"
_NOT_DIGITS = re.compile(r"[^0-9]")
_SMALLEST_WRITTEN_AS_NUMBER = 1_010_000_000
"""A number born on the 1st, its leading zero lost."""


def is_national_id(digits: str) -> bool:
    """Whether these digits alone are a national identity number.

    >>> is_national_id("01010750160"), is_national_id("01010750161"), is_national_id("201212345608")
    (True, False, True)
    """
    if len(digits) == 12:
        return _DUF.fullmatch(digits) is not None
    return len(digits) == 11 and digits.isascii() and digits.isdigit() and bool(_check(np.array([[int(d) for d in digits]]))[0])


def holds_national_id(text: str) -> bool:
    """Whether a text has a national identity number somewhere in it.

    >>> holds_national_id("ring mor, 010107 501 60, etter kl. 12")
    True
    >>> holds_national_id("ring 22 22 22 22 eller 23 23 23 23")
    False
    """
    if _DUF.search(text):
        return True
    return any(is_national_id(_NOT_DIGITS.sub("", run)) for run in _ELEVEN.findall(text))


def is_without_leading_zero(cell: str) -> bool:
    """Whether a cell is an identity number that a spreadsheet has taken for a number: ten digits, right once the zero is back.

    >>> is_without_leading_zero("1010750160"), is_without_leading_zero(" 1010750160.0"), is_without_leading_zero("tlf 1010750160")
    (True, True, False)
    """
    return re.match(_TEN_DIGITS, cell) is not None and is_national_id("0" + cell.strip()[:10])


def rows_with_national_id(column: pa.ChunkedArray | pa.Array) -> NDArray[np.intp]:
    """Positions of the values that hold a national identity number, in order.

    Text is told apart by length and by a regular expression in Arrow; the few cells that are left are read as arrays of digits. Numbers
    count too, and cells of ten digits: a column read as integers or decimals hides them just as well, leading zero lost. Bytes, lists and
    structs are searched as the text they make; only truth values, dates and times can't hold a number.
    """
    pieces = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    found, start = [np.empty(0, dtype=np.intp)], 0
    for piece in pieces:
        found.append(_rows_of_piece(piece) + start)
        start += len(piece)
    return np.concatenate(found)


def _rows_of_piece(piece: pa.Array) -> NDArray[np.intp]:
    kind = piece.type
    if pa.types.is_dictionary(kind):
        cells = _rows_of_piece(piece.dictionary)
        held = pc.is_in(piece.indices, pa.array(cells, piece.indices.type)) if len(cells) else None
        return np.empty(0, dtype=np.intp) if held is None else np.flatnonzero(held.to_numpy(zero_copy_only=False))
    if pa.types.is_boolean(kind) or pa.types.is_temporal(kind) or pa.types.is_null(kind):
        return np.empty(0, dtype=np.intp)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _rows_of_numbers(piece)
    texts = piece if pa.types.is_string(kind) else piece.cast(pa.string()) if pa.types.is_large_string(kind) else _as_text(piece)
    if (pc.max(pc.binary_length(texts)).as_py() or 0) < _SHORTEST:
        return np.empty(0, dtype=np.intp)
    candidates = np.flatnonzero(pc.fill_null(pc.match_substring_regex(texts, _PREFILTER), False).to_numpy(zero_copy_only=False))
    return np.extract(_holding(texts.take(pa.array(candidates))), candidates) if len(candidates) else candidates


def _as_text(column: pa.Array) -> pa.Array:
    """Write values of any other type as text, one by one: such columns are rare, and none may pass unsearched."""
    return pa.array(
        [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in column.to_pylist()], pa.string()
    )


def _rows_of_numbers(column: pa.Array) -> NDArray[np.intp]:
    """Find whole numbers of ten to twelve digits that are one, the tenth a lost zero."""
    numbers = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy(zero_copy_only=False)
    if not len(numbers) or numbers.max() < _SMALLEST_WRITTEN_AS_NUMBER:
        return np.empty(0, dtype=np.intp)
    candidates = np.flatnonzero((numbers >= _SMALLEST_WRITTEN_AS_NUMBER) & (numbers < 1e12) & (numbers == np.floor(numbers)))
    whole = numbers[candidates].astype(np.int64)
    digits = whole[:, None] // 10 ** np.arange(10, -1, -1) % 10
    is_duf = (whole >= 190_000_000_000) & (whole < 210_000_000_000)
    return np.extract(np.where(whole < 10**11, _check(digits), is_duf), candidates)


def _holding(texts: pa.Array) -> NDArray[np.bool_]:
    """Whether each text holds a number: what `holds_national_id` and `is_without_leading_zero` say, for many texts at once."""
    offsets = np.frombuffer(texts.buffers()[1], np.int32)[texts.offset : texts.offset + len(texts) + 1]
    letters = np.append(np.frombuffer(texts.buffers()[2], np.uint8)[: offsets[-1]], np.zeros(3, dtype=np.uint8))
    place = np.flatnonzero((letters >= ord("0")) & (letters <= ord("9")))
    place = place[place >= offsets[0]]
    digits, row = letters[place].astype(np.int64) - ord("0"), np.searchsorted(offsets, place, side="right") - 1
    gap = np.where(row[1:] == row[:-1], place[1:] - place[:-1], 0)
    adjacent = gap == 1
    between, second = letters[place[:-1] + 1], letters[place[:-1] + 2]
    apart = ((gap == 2) & np.isin(between, np.frombuffer(b" ./-", np.uint8))) | ((gap == 3) & (between == 0xC2) & (second == 0xA0))
    holding = np.zeros(len(texts), dtype=np.bool_)
    for start in (_eleven_digits(digits, adjacent, apart), _duf_numbers(digits, adjacent, apart)):
        holding[row[start]] = True
    ten = np.flatnonzero(pc.match_substring_regex(texts, _TEN_DIGITS).to_numpy(zero_copy_only=False))
    if len(ten):
        first = np.searchsorted(row, ten)
        holding[ten[_check(np.pad(digits[first[:, None] + np.arange(10)], ((0, 0), (1, 0))))]] = True
    return holding


def _eleven_digits(digits: NDArray[np.int64], adjacent: NDArray[np.bool_], apart: NDArray[np.bool_]) -> NDArray[np.intp]:
    """First digits of numbers of eleven digits that have their check digits right."""
    starts = _windows(11, adjacent, adjacent | apart)
    found: NDArray[np.intp] = starts[_check(digits[starts[:, None] + np.arange(11)])]
    return found


def _duf_numbers(digits: NDArray[np.int64], adjacent: NDArray[np.bool_], apart: NDArray[np.bool_]) -> NDArray[np.intp]:
    starts = _windows(12, adjacent, adjacent | apart)
    starts = starts[np.isin(digits[starts] * 10 + digits[starts + 1], (19, 20))]
    inner = [place for place in range(11) if place not in _DUF_JOINTS]
    found: NDArray[np.intp] = starts[adjacent[starts[:, None] + np.array(inner)].all(axis=1)]
    return found


def _windows(size: int, adjacent: NDArray[np.bool_], linked: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Where so many digits begin that belong together, no digit right before or after them."""
    if len(linked) < size - 1:
        return np.empty(0, dtype=np.intp)
    links = np.append(0, np.cumsum(linked))
    whole = links[size - 1 :] - links[: len(links) - size + 1] == size - 1
    before, after = np.append(False, adjacent), np.append(adjacent, False)
    return np.flatnonzero(whole & ~before[: len(whole)] & ~after[size - 1 :])


def _check(digits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether rows of 11 digits have a possible date and both check digits right, shape (n,)."""
    day = digits[:, 0] * 10 + digits[:, 1]
    month = digits[:, 2] * 10 + digits[:, 3]
    for shift in (80, 65, 40):
        month = np.where((month > shift) & (month <= shift + 12), month - shift, month)
    day = np.where(day > 40, day - 40, day)
    possible: NDArray[np.bool_] = (day >= 1) & (day <= 31) & (month >= 1) & (month <= 12)
    sums = (digits @ _WEIGHTS.T).astype(np.int64)
    both: NDArray[np.bool_] = np.logical_and(possible, (sums % 11 == 0).all(axis=1))
    return both
