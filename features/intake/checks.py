"""What every row is held against: dates and values read, and the first thing that is wrong with a row named.

Plain array arithmetic, one mask a rule; nothing loops over rows. Persons come as numbers: no raw identifier reaches this module.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from features.declarations.catalogue import Indicator, Kind, Source
from features.declarations.constraints import LARGEST
from features.intake.columns import FAR, NO_DAY, CellReader, Days, Values, encode, read_days, read_values
from features.intake.identifiers import MISSING
from features.intake.reasons import REASONS
from features.records import day_number

EARLIEST = date(1900, 1, 1)
FURTHEST_DAYS = 366
"""How far ahead something may be known to happen."""

REASON_NAMES = ("", *REASONS)
"""`Checked.reason` is a position here; 0 is a good row."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Rules:
    """What depends on the source and the day, beside the indicators."""

    today: date
    decimal: str
    known_lag_days: int | None
    temporality: str = "EVENT"

    @classmethod
    def of(cls, source: Source, *, today: date, temporality: str) -> Rules:
        """Take the rules from a source's declaration."""
        return cls(today, source.decimal, source.known_lag_days, temporality)


@dataclass(frozen=True)
class IndicatorTable:
    """The indicators that a source may give, as arrays; the last entry of each is for a code that is none of them."""

    codes: pa.Array
    position: NDArray[np.int16]
    """Number of each indicator within this ingest."""
    has_levels: Mask
    may_lack_value: Mask
    is_flag: Mask
    is_count: Mask
    is_whole: Mask
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level_texts: pa.Array
    level_numbers: NDArray[np.float64]
    """Indicator x level text -> number in the store, NaN where the indicator does not have this level."""

    @classmethod
    def build(cls, indicators: Mapping[str, Indicator], *, positions: Mapping[str, int]) -> IndicatorTable:
        """Take what the declarations say."""
        contracts = [indicator.contract for indicator in indicators.values()]
        texts = {text: place for place, text in enumerate(dict.fromkeys(text for c in contracts for text in c.stored_levels))}
        numbers = np.full((len(contracts) + 1, len(texts) + 1), np.nan)
        for row, contract in enumerate(contracts):
            for text, number in contract.stored_levels.items():
                numbers[row, texts[text]] = number
        return cls(
            pa.array(list(indicators), pa.string()),
            np.array([*(positions[code] for code in indicators), -1], dtype=np.int16),
            np.array([*(bool(c.levels) for c in contracts), False]),
            np.array([*(c.may_lack_value for c in contracts), False]),
            np.array([*(c.kind is Kind.FLAG for c in contracts), False]),
            np.array([*(c.kind is Kind.COUNT for c in contracts), False]),
            np.array([*(c.is_whole and c.kind is not Kind.FLAG for c in contracts), False]),
            np.array([*(-np.inf if c.low is None else c.low for c in contracts), -np.inf]),
            np.array([*(np.inf if c.high is None else c.high for c in contracts), np.inf]),
            pa.array(list(texts), pa.string()),
            numbers,
        )

    def find(self, column: pa.ChunkedArray) -> NDArray[np.intp]:
        """Give each row's place in this table, ``len(codes)`` where the code is none of them."""
        cells, rows = encode(column)
        places = pc.index_in(pc.utf8_trim(cells.cast(pa.string()), " "), value_set=self.codes)
        return np.append(pc.fill_null(places, len(self.codes)).to_numpy(), len(self.codes))[rows]


@dataclass(frozen=True)
class Checked:
    """Rows that have been read, shape (n_rows,) each. Days are since 1970-01-01, `NO_DAY` where there is none."""

    line: NDArray[np.int64]
    number: NDArray[np.int32]
    """The person within this ingest; negative where the identifier is unknown or missing."""
    indicator: NDArray[np.int16]
    value: NDArray[np.float32]
    happened_on: NDArray[np.int32]
    known_on: NDArray[np.int32]
    start_on: NDArray[np.int32]
    stop_on: NDArray[np.int32]
    record: NDArray[np.int64]
    """Digest of the record's own number, 0 where it has none."""
    reason: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.line)

    def take(self, places: NDArray[np.intp]) -> Self:
        """Return the rows at these places."""
        return type(self)(*(np.take(getattr(self, field.name), places) for field in fields(self)))


def stored_levels(indicator: Indicator) -> dict[str, float]:
    """Level text -> number in the store: `ValueContract.stored_levels`."""
    return indicator.contract.stored_levels


def check_chunk(
    reader: CellReader,
    canonical: pa.Table,
    rules: Rules,
    indicators: IndicatorTable,
    *,
    record: NDArray[np.int64],
    born_on: NDArray[np.int32],
) -> Checked:
    """Read dates and values of a canonical chunk and name what is wrong.

    Parameters
    ----------
    canonical
        Its column `id` holds the persons' numbers.
    record
        Digests of the records' own numbers, 0 for none; shape (n_rows,).
    born_on
        By person's number, `NO_DAY` where it is not known: the day from which a value of temporality FIXED is known.
    """
    number = canonical["id"].to_numpy()
    place = indicators.find(canonical["code"])
    days = {name: read_days(reader, canonical[name]) for name in ("happened", "stop", "known")}
    values = read_values(reader, canonical["value"], decimal=rules.decimal)
    is_unknown = _column_flags(canonical, "is_unknown")
    stored = _stored_numbers(values, indicators, place, is_unknown)
    happened = _happened(rules, days["happened"].number, days["stop"].number, number, born_on)
    known = _known(rules, days["known"], happened)
    facts = _Facts(number, place, days["happened"], days["stop"], days["known"], happened, known, values.is_given, is_unknown, stored)
    with np.errstate(over="ignore"):  # what float32 can't hold is no number to the rules below
        value = (stored + 0.0).astype(np.float32)  # minus zero is zero
    return Checked(
        canonical["line"].to_numpy(),
        number,
        indicators.position[place],
        value,
        happened,
        known,
        days["happened"].number,
        days["stop"].number,
        record,
        _reasons(facts, indicators, rules, given=canonical["problem"] if "problem" in canonical.column_names else None),
    )


@dataclass(frozen=True)
class _Facts:
    """What the rules ask of a row, shape (n_rows,) each."""

    number: NDArray[np.int32]
    place: NDArray[np.intp]
    start: Days
    stop: Days
    learned: Days
    happened_on: NDArray[np.int32]
    known_on: NDArray[np.int32]
    has_value: Mask
    is_unknown: Mask | None
    stored: NDArray[np.float64]


def _stored_numbers(values: Values, indicators: IndicatorTable, place: NDArray[np.intp], is_unknown: Mask | None) -> NDArray[np.float64]:
    """The number that the store keeps of each value; NaN where there is none."""
    stored = values.number
    has_levels = indicators.has_levels[place] if indicators.has_levels.any() else None
    if has_levels is not None and has_levels.any():
        texts = pc.index_in(values.texts, value_set=indicators.level_texts)
        unlisted = len(indicators.level_texts)
        level = np.append(pc.fill_null(texts, unlisted).to_numpy(), unlisted)[values.rows]
        stored = np.where(has_levels, indicators.level_numbers[place, level], stored)
    if indicators.is_flag.any():
        worded = indicators.is_flag[place] & np.isnan(stored) & values.is_given
        if worded.any():
            stored = np.where(worded, values.truth(), stored)
    return stored if is_unknown is None else np.where(is_unknown, np.nan, stored)


def _happened(
    rules: Rules, start: NDArray[np.int32], stop: NDArray[np.int32], number: NDArray[np.int32], born_on: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Day of a row by temporality. What never changes holds from birth; a sum over a period is there when the period is over."""
    if rules.temporality == "FIXED":
        born = np.append(born_on, NO_DAY)[np.where(number >= 0, number, len(born_on))]
        return np.where(born != NO_DAY, born, stop)
    first, second = (stop, start) if rules.temporality == "ACCUMULATED" else (start, stop)
    return first if second is start and not (first == NO_DAY).any() else np.where(first != NO_DAY, first, second)


def _known(rules: Rules, learned: Days, happened: NDArray[np.int32]) -> NDArray[np.int32]:
    if rules.known_lag_days is None or not (learned.number == NO_DAY).any():
        return learned.number
    assumed = np.where(happened == NO_DAY, NO_DAY, np.minimum(happened, FAR) + np.int32(rules.known_lag_days))
    return np.where((learned.number == NO_DAY) & ~learned.is_given, assumed, learned.number)


def _reasons(facts: _Facts, indicators: IndicatorTable, rules: Rules, *, given: pa.ChunkedArray | None) -> NDArray[np.uint8]:
    """First of the rules that a row breaks; what a person could mend first comes first, and what `given` says before all."""
    reason = np.zeros(len(facts.place), dtype=np.uint8)
    if given is not None and given.null_count < len(given):
        cells, rows = encode(given)
        reason = np.append(np.array([REASON_NAMES.index(cell) for cell in cells.to_pylist()], dtype=np.uint8), np.uint8(0))[rows]
    for name, broken in (*_date_rules(facts, indicators, rules), *_value_rules(facts, indicators)):
        if broken.any():
            reason[broken & (reason == 0)] = REASON_NAMES.index(name)
    return reason


def _date_rules(facts: _Facts, indicators: IndicatorTable, rules: Rules) -> Iterator[tuple[str, Mask]]:
    today, early = np.int32(day_number(rules.today)), np.int32(day_number(EARLIEST))
    start, stop, learned = facts.start, facts.stop, facts.learned
    yield "missing_id", facts.number == MISSING
    yield "unknown_indicator", facts.place == len(indicators.codes)
    yield "happened_unreadable", start.is_given & (start.number == NO_DAY)
    if stop.is_given.any():
        yield "stop_unreadable", stop.is_given & ((stop.number == NO_DAY) | (np.abs(stop.number) >= FAR))
    yield "happened_missing", facts.happened_on == NO_DAY
    yield "happened_too_early", facts.happened_on < early
    yield "happened_too_late", facts.happened_on > today + FURTHEST_DAYS
    if stop.is_given.any():
        yield "stop_before_start", (stop.number < start.number) & (stop.number != NO_DAY) & (start.number != NO_DAY)
    yield "known_unreadable", learned.is_given & (learned.number == NO_DAY)
    yield "known_missing", facts.known_on == NO_DAY
    yield "known_too_early", facts.known_on < early
    yield "known_in_future", learned.number > today


def _value_rules(facts: _Facts, indicators: IndicatorTable) -> Iterator[tuple[str, Mask]]:
    """The contract of each indicator; `ValueContract.find_fault` says the same of one value."""
    place, stored = facts.place, facts.stored
    wanted = facts.has_value if facts.is_unknown is None else facts.has_value & ~facts.is_unknown
    lacking = ~facts.has_value & ~indicators.may_lack_value[place]
    yield "value_missing", lacking if facts.is_unknown is None else lacking & ~facts.is_unknown
    has_none = np.isnan(stored)
    if has_none.any():
        yield "value_not_a_level", wanted & has_none & indicators.has_levels[place]
    if indicators.is_flag.any():
        yield "value_not_0_or_1", wanted & indicators.is_flag[place] & (stored != 0) & (stored != 1)
    yield "value_not_a_number", wanted & ~(np.abs(stored) <= LARGEST)
    if indicators.is_count.any():
        yield "value_negative", indicators.is_count[place] & (stored < 0)
    for name, broken in _bound_rules(stored, place, indicators):
        yield name, wanted & broken
    yield "unknown_person", facts.number < 0


def _bound_rules(stored: NDArray[np.float64], place: NDArray[np.intp], indicators: IndicatorTable) -> Iterator[tuple[str, Mask]]:
    if np.isfinite(indicators.low).any():
        yield "value_below_low", stored < indicators.low[place]
    if np.isfinite(indicators.high).any():
        yield "value_above_high", stored > indicators.high[place]
    if indicators.is_whole.any():
        yield "value_not_whole", indicators.is_whole[place] & (stored != np.floor(stored))


def _column_flags(table: pa.Table, name: str) -> Mask | None:
    if name not in table.column_names:
        return None
    flags: NDArray[Any] = pc.fill_null(table[name], False).to_numpy()
    return np.asarray(flags, dtype=bool)
