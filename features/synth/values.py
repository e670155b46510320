"""A column of values as a register delivers it, held against what the project declares as it is written."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from features.declarations.constraints import ValueContract
from features.errors import DataError
from features.synth.events import Events
from features.synth.registers import EventFile


def delivered_values(file: EventFile, events: Events, contract: ValueContract) -> pa.Array:
    """Lay values out as the file has them; the texts of levels are the contract's.

    Raises
    ------
    DataError
        TID464 when the contract does not allow what the generator made.
    """
    if events.names:
        return contract.as_delivered(_stored_by_position(events, contract)[events.value.astype(np.int32)])
    check_values(events.indicator, events.value, contract)
    if file.decimal_comma:
        return with_comma(events.value.astype(np.float64))
    # By way of float64, whose text keeps the very number: the shortest text of a float32 may lie beyond a bound.
    return pa.array(events.value.astype(np.float64)).cast(pa.string()) if file.as_text else pa.array(events.value)


def check_values(indicator: str, values: NDArray[np.floating], contract: ValueContract) -> None:
    """Hold a column to its contract; no value is named.

    Raises
    ------
    DataError
        TID464 when one is outside.
    """
    n_faulty = int(contract.find_faulty(values).sum())
    if n_faulty:
        raise _refusal(indicator, f"makes values outside it ({n_faulty:,} of {len(values):,} in one birth year)", contract)


def _stored_by_position(events: Events, contract: ValueContract) -> NDArray[np.float64]:
    """Give the stored number of each of the generator's names, so that another order of levels changes no meaning."""
    unknown = [name for name in events.names if name not in contract.levels]
    if unknown:
        raise _refusal(events.indicator, f"knows the levels {', '.join(unknown)}, which it lacks", contract)
    return np.array([contract.stored_levels[name] for name in events.names])


def _refusal(indicator: str, fault: str, contract: ValueContract) -> DataError:
    return DataError(
        "TID464",
        f"{indicator}: the project's contract is {contract.describe('en')!r}, and the generator {fault}. The files in data/ are as they "
        "were. The generator follows statistics, not the declaration: correct the declaration in indicators/ if it is too narrow, and "
        "features/synth/ otherwise.",
    )


def with_comma(values: NDArray[np.float64]) -> pa.Array:
    """Write numbers from 0 to 100 with one decimal and a decimal comma.

    >>> with_comma(np.array([3.5, 12.0])).to_pylist()
    ['3,5', '12,0']
    """
    return _TENTHS.take(pa.array(np.rint(values * 10).astype(np.int32)))


_TENTHS = pa.array([f"{tenth // 10},{tenth % 10}" for tenth in range(1_001)])
