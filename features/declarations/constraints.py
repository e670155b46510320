"""The value contract of an indicator: one declaration that describes a value, checks it and draws valid ones.

From it come the words of the reference pages, the numbers that the intake check compares with, and the columns of synthetic files. It is
the plain statement; the intake check says the same in SQL for millions of rows, and a property test holds the two to each other.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Literal, Self

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Language = Literal["nb", "nn", "en"]
LANGUAGES: tuple[Language, ...] = ("nb", "nn", "en")

LARGEST = 3.4e38
"""Values are kept as float32."""
LARGEST_WHOLE = 2**24
"""Beyond this float32 no longer tells neighbouring whole numbers apart."""


class Kind(StrEnum):
    """What the value of a record means."""

    COUNT = "count"
    AMOUNT = "amount"
    LEVEL = "level"
    CATEGORY = "category"
    FLAG = "flag"


@dataclass(frozen=True)
class ValueContract:
    """What a value of one indicator may be.

    Notes
    -----
    With `levels` a source delivers one of these texts, and the store keeps a number (`stored_levels`); the bounds are then not asked.
    Both bounds are inside. `ages` says for whom the indicator exists; it describes and is not checked, since a record may tell of
    an earlier age than the register's rules foresee.

    Examples
    --------
    >>> points = ValueContract.of(Kind.LEVEL, low=0, high=60, unit="points", ages=(15, 19))
    >>> points.find_fault(61.0)
    'value_above_high'
    >>> points.find_fault(42.5) is None
    True
    >>> points.describe("en")
    'a number from 0 to 60 (points); ages 15–19'
    """

    kind: Kind
    low: float | None
    high: float | None
    is_whole: bool
    levels: tuple[str, ...] = ()
    unit: str | None = None
    ages: tuple[int, int] = (0, 24)

    @classmethod
    def of(
        cls,
        kind: Kind,
        *,
        low: float | None = None,
        high: float | None = None,
        whole: bool | None = None,
        levels: tuple[str, ...] = (),
        unit: str | None = None,
        ages: tuple[int, int] = (0, 24),
    ) -> Self:
        """Fill in what the kind says by itself: a count is whole and not negative, a flag 0 or 1.

        Raises
        ------
        ValueError
            When the declaration contradicts itself: bounds the wrong way round, or bounds on a flag or on levels.
        """
        is_bounded = low is not None or high is not None or whole is not None
        _check_kind(kind, levels, is_bounded=is_bounded)
        if kind is Kind.FLAG:
            return cls(kind, 0.0, 1.0, True, (), unit, ages)
        if kind is Kind.COUNT:
            low, whole = 0.0 if low is None else low, True if whole is None else whole
        _check_bounds(kind, low, high)
        if whole:
            _check_whole(low, high)
        return cls(kind, low, high, bool(whole), levels, unit, ages)

    @property
    def may_lack_value(self) -> bool:
        """Whether a record without a value counts: then the record itself is what happened."""
        return self.kind in (Kind.COUNT, Kind.FLAG)

    @cached_property
    def stored_levels(self) -> dict[str, float]:
        """Level text -> number in the store.

        The position in the declared `levels`; only where a *level* (not a category) declares nothing but numbers are those numbers kept,
        since a grade of 4 has to stay a 4.
        """
        if self.kind is Kind.LEVEL:
            try:
                return {text: float(text) for text in self.levels}
            except ValueError:
                pass
        return {text: float(place) for place, text in enumerate(self.levels)}

    def find_fault(self, value: float | str | None) -> str | None:
        """Give the reason code that this value of a source breaks, or None where it is good.

        Text is read with a decimal point: another decimal mark is the source's business and mended before.
        """
        if value is None or (isinstance(value, float) and math.isnan(value)) or (isinstance(value, str) and not value.strip(" ")):
            return None if self.may_lack_value else "value_missing"
        if self.levels:
            return None if _as_text(value) in self.levels else "value_not_a_level"
        number = _as_number(value, is_flag=self.kind is Kind.FLAG)
        if self.kind is Kind.FLAG:
            return None if number in (0.0, 1.0) else "value_not_0_or_1"
        if number is None or not math.isfinite(number) or abs(number) > LARGEST:
            return "value_not_a_number"
        return self._broken_bound(number)

    def stored(self, value: float | str | None) -> float:
        """Give the number that the store keeps of a good value; NaN for a record without one.

        >>> ValueContract.of(Kind.CATEGORY, levels=("boy", "girl")).stored("girl")
        1.0
        """
        if value is None or (isinstance(value, str) and not value.strip(" ")):
            return math.nan
        number = self.stored_levels[_as_text(value)] if self.levels else _as_number(value, is_flag=self.kind is Kind.FLAG)
        return math.nan if number is None else number

    def _broken_bound(self, number: float) -> str | None:
        if self.kind is Kind.COUNT and number < 0:
            return "value_negative"
        if self.low is not None and number < self.low:
            return "value_below_low"
        if self.high is not None and number > self.high:
            return "value_above_high"
        return "value_not_whole" if self.is_whole and number != math.floor(number) else None

    def find_faulty(self, delivered: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Say of a column of numbers at once which of them `find_fault` would refuse; NaN is a record without a value.

        >>> ValueContract.of(Kind.COUNT, high=31).find_faulty(np.array([0.0, 2.5, 32.0, np.nan])).tolist()
        [False, True, True, False]
        """
        values = np.asarray(delivered, dtype=np.float64)
        if self.levels:
            found, place = np.unique(values, return_inverse=True)
            return np.array([self.find_fault(value) is not None for value in found.tolist()], dtype=np.bool_)[place]
        faulty = ~((values >= (-LARGEST if self.low is None else self.low)) & (values <= (LARGEST if self.high is None else self.high)))
        if self.is_whole:
            faulty |= values != np.floor(values)
        return faulty & ~np.isnan(values) if self.may_lack_value else faulty

    def draw(self, rng: np.random.Generator, n: int) -> NDArray[np.float64]:
        """Draw n valid values as the store keeps them, the bounds among them more often than chance would.

        Notes
        -----
        They obey the contract and nothing else: no distribution, no dependence between indicators. `as_delivered` gives them as a
        source's file would.
        """
        if self.levels:
            return rng.choice(np.fromiter(self.stored_levels.values(), dtype=np.float64), n)
        low, high = _drawing_range(self.low, self.high)
        drawn = low + (high - low) * rng.random(n)
        ends = rng.random(n)
        drawn[ends < 0.05] = low
        drawn[ends > 0.95] = high
        return np.clip(np.floor(drawn), math.ceil(low), math.floor(high)) if self.is_whole else _within_as_float32(drawn, low, high)

    def as_delivered(self, stored: NDArray[np.float64]) -> pa.Array:
        """Turn stored numbers into what a source delivers: the texts of the levels, or the numbers themselves.

        >>> ValueContract.of(Kind.CATEGORY, levels=("boy", "girl")).as_delivered(np.array([1.0, 0.0])).to_pylist()
        ['girl', 'boy']

        Raises
        ------
        ValueError
            When a number is no stored level.
        """
        return pa.array(self.levels).take(pa.array(self.level_places(stored))) if self.levels else pa.array(stored)

    def level_places(self, stored: NDArray[np.float64]) -> NDArray[np.int32]:
        """Give the position in `levels` of each stored number.

        Raises
        ------
        ValueError
            When a number is no stored level.
        """
        numbers = np.fromiter(self.stored_levels.values(), dtype=np.float64)
        ordered = np.argsort(numbers, kind="stable").astype(np.int32)
        places = ordered[np.minimum(np.searchsorted(numbers[ordered], stored), len(numbers) - 1)]
        n_other = int((numbers[places] != stored).sum())
        if n_other:
            raise ValueError(f"{n_other} of {len(stored)} numbers are no stored level of {', '.join(self.levels)}")
        return places

    def describe(self, language: Language) -> str:
        """Say in words what a value may be, for whom, and what a record without one means."""
        words = _WORDS[language]
        parts = [self._values_in(language), f"{words['ages']} {self.ages[0]}–{self.ages[1]}"]
        return "; ".join([*parts, words["lacks"]] if self.may_lack_value else parts)

    def _values_in(self, language: Language) -> str:
        words, unit = _WORDS[language], "" if self.unit is None else f" ({unit_in(self.unit, language)})"
        if self.levels:
            return f"{words['one_of']} {', '.join(self.levels)}{unit}"
        if self.kind is Kind.FLAG:
            return words["flag"]
        return words["whole" if self.is_whole else "number"] + self._bounds_in(words) + unit

    def _bounds_in(self, words: dict[str, str]) -> str:
        if self.low is not None and self.high is not None:
            return f" {words['from']} {_plain(self.low)} {words['to']} {_plain(self.high)}"
        if self.low is not None:
            return f", {words['at_least']} {_plain(self.low)}"
        return f", {words['at_most']} {_plain(self.high)}" if self.high is not None else ""


def _plain(number: float) -> str:
    return str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else f"{number:g}"


UNITS: dict[str, tuple[str, str, str]] = {
    "changes": ("endringer", "endringar", "changes"),
    "clicks": ("klikk", "klikk", "clicks"),
    "contacts": ("kontakter", "kontaktar", "contacts"),
    "credits": ("studiepoeng", "studiepoeng", "credits"),
    "days": ("dager", "dagar", "days"),
    "episodes": ("forløp", "forløp", "episodes"),
    "hours": ("timer", "timar", "hours"),
    "mark": ("karakter", "karakter", "mark"),
    "months": ("måneder", "månader", "months"),
    "moves": ("flyttinger", "flyttingar", "moves"),
    "notifications": ("meldinger", "meldingar", "notifications"),
    "pages": ("sider", "sider", "pages"),
    "parents": ("foreldre", "foreldre", "parents"),
    "percent": ("prosent", "prosent", "per cent"),
    "points": ("poeng", "poeng", "points"),
    "rank": ("ønske nr.", "ønske nr.", "rank"),
    "subjects": ("fag", "fag", "subjects"),
    "visits": ("besøk", "besøk", "visits"),
    "years": ("år", "år", "years"),
}
"""Units in Bokmål, Nynorsk and English."""


def unit_in(unit: str, language: Language) -> str:
    """Give a unit's name; one that is not in `UNITS` goes by what the project calls it, in every language."""
    return dict(zip(LANGUAGES, UNITS[unit], strict=True))[language] if unit in UNITS else unit


_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")

_WORDS: dict[Language, dict[str, str]] = {
    "nb": {
        "one_of": "én av",
        "flag": "0 eller 1",
        "whole": "et helt tall",
        "number": "et tall",
        "from": "fra",
        "to": "til",
        "at_least": "minst",
        "at_most": "høyst",
        "ages": "alder",
        "lacks": "en rad uten verdi telles som registrering og gir ikke noe tall",
    },
    "nn": {
        "one_of": "éin av",
        "flag": "0 eller 1",
        "whole": "eit heilt tal",
        "number": "eit tal",
        "from": "frå",
        "to": "til",
        "at_least": "minst",
        "at_most": "høgst",
        "ages": "alder",
        "lacks": "ei rad utan verdi blir talt som registrering og gir ikkje noko tal",
    },
    "en": {
        "one_of": "one of",
        "flag": "0 or 1",
        "whole": "a whole number",
        "number": "a number",
        "from": "from",
        "to": "to",
        "at_least": "at least",
        "at_most": "at most",
        "ages": "ages",
        "lacks": "a row without a value counts as a record and gives no number",
    },
}


def _check_kind(kind: Kind, levels: tuple[str, ...], *, is_bounded: bool) -> None:
    if levels and kind not in (Kind.LEVEL, Kind.CATEGORY):
        raise ValueError(f"`levels` belong to a level or a category, not to a {kind.value}")
    if is_bounded and (kind in (Kind.FLAG, Kind.CATEGORY) or levels):
        raise ValueError("`low`, `high` and `whole` bound a number: leave them out of a flag, a category and whatever lists its `levels`")


def _check_bounds(kind: Kind, low: float | None, high: float | None) -> None:
    if kind is Kind.COUNT and low is not None and low < 0:
        raise ValueError(f"a count is not negative, and `low` = {low:g}")
    if low is not None and high is not None and low >= high:
        raise ValueError(f"`low` = {low:g} is not below `high` = {high:g}")


def _check_whole(low: float | None, high: float | None) -> None:
    if low is not None and high is not None and math.ceil(low) > math.floor(high):
        raise ValueError(f"there is no whole number from `low` = {low:g} to `high` = {high:g}")
    if any(bound is not None and abs(bound) > LARGEST_WHOLE for bound in (low, high)):
        raise ValueError(f"whole numbers are told apart up to {LARGEST_WHOLE:,}: give a running number instead of a long one")


def _as_number(value: float | str, *, is_flag: bool) -> float | None:
    if not isinstance(value, str):
        return float(value)
    text = value.strip(" ")
    if is_flag and text.lower() in ("true", "false"):
        return float(text.lower() == "true")
    return float(text) if _NUMBER.fullmatch(text) else None


def _as_text(value: float | str) -> str:
    """A level that came as a whole number in a float column loses its ``.0``."""
    if isinstance(value, str):
        return value.strip(" ")
    return str(int(value)) if math.isfinite(value) and value == math.floor(value) else str(value)


def _within_as_float32(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """Round to what the store can keep, towards the inside where the nearest such number lies beyond a bound."""
    kept = values.astype(np.float32)
    kept = np.where(kept.astype(np.float64) > high, np.nextafter(kept, np.float32(-np.inf)), kept)
    return np.where(kept.astype(np.float64) < low, np.nextafter(kept, np.float32(np.inf)), kept).astype(np.float64)


def _drawing_range(low: float | None, high: float | None) -> tuple[float, float]:
    """Where a bound is missing, a hundred beyond the other one."""
    if low is None:
        return (-100.0, 100.0) if high is None else (high - 100.0, high)
    return low, low + 100.0 if high is None else high
