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

_WEIGHTS = np.array([[3, 7, 6, 1, 8, 9, 4, 5, 2, 1, 0], [5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1]])
_PREFILTER = r"([0-9][ \x{00a0}./-]?){10}[0-9]"
_ELEVEN = re.compile(r"(?<![0-9])(?=([0-9](?:[ \u00a0./-]?[0-9]){10})(?![0-9]))")
"""Looks ahead only, so that a number is also found where other digits stand before it."""
_DUF = re.compile(r"(?<![0-9])(?:19|20)[0-9]{2}[ \u00a0./-]?[0-9]{6}[ \u00a0./-]?[0-9]{2}(?![0-9])")
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


def rows_with_national_id(column: pa.ChunkedArray | pa.Array) -> NDArray[np.intp]:
    """Positions of the values that hold a national identity number, in order.

    A regular expression in Arrow leaves out nearly everything; only distinct remaining texts are looked at one by one. Numbers count
    too: a column read as integers or decimals hides them just as well, leading zero lost. Bytes, lists and structs are searched as the
    text they make; only truth values, dates and times can't hold a number.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type) or pa.types.is_null(column.type):
        return np.empty(0, dtype=np.intp)
    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return _rows_of_numbers(column)
    if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
        column = _as_text(column)
    candidates = np.flatnonzero(pc.fill_null(pc.match_substring_regex(column, _PREFILTER), False).to_numpy(zero_copy_only=False))
    if not len(candidates):
        return candidates
    return np.extract(_holding(column.take(pa.array(candidates))), candidates)


def _as_text(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """Write values of any other type as text, one by one: such columns are rare, and none may pass unsearched."""
    return pa.array(
        [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in column.to_pylist()], pa.string()
    )


def _rows_of_numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[np.intp]:
    """Find whole numbers of ten to twelve digits that are one, the tenth a lost zero."""
    numbers = pc.fill_null(column.cast(pa.float64(), safe=False), 0.0).to_numpy(zero_copy_only=False)
    candidates = np.flatnonzero((numbers >= _SMALLEST_WRITTEN_AS_NUMBER) & (numbers < 1e12) & (numbers == np.floor(numbers)))
    texts = [str(int(number)).zfill(11) for number in numbers[candidates]]
    return np.extract(np.array([is_national_id(text) for text in texts], dtype=bool), candidates)


def _holding(column: pa.ChunkedArray | pa.Array) -> NDArray[np.bool_]:
    encoded = column.combine_chunks().dictionary_encode() if isinstance(column, pa.ChunkedArray) else column.dictionary_encode()
    plain = np.array([holds_national_id(text) for text in encoded.dictionary.to_pylist()], dtype=bool)
    holding: NDArray[np.bool_] = np.take(plain, encoded.indices.to_numpy())
    return holding


def _check(digits: NDArray[np.int_]) -> NDArray[np.bool_]:
    """Whether rows of 11 digits have a possible date and both check digits right, shape (n,)."""
    day = digits[:, 0] * 10 + digits[:, 1]
    month = digits[:, 2] * 10 + digits[:, 3]
    for shift in (80, 65, 40):
        month = np.where((month > shift) & (month <= shift + 12), month - shift, month)
    day = np.where(day > 40, day - 40, day)
    possible: NDArray[np.bool_] = (day >= 1) & (day <= 31) & (month >= 1) & (month <= 12)
    sums = digits @ _WEIGHTS.T
    both: NDArray[np.bool_] = np.logical_and(possible, (sums % 11 == 0).all(axis=1))
    return both
