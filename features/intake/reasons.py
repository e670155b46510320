"""Why a row goes to quarantine: stable codes, and what each expects."""

from __future__ import annotations

REASONS: dict[str, str] = {
    "wrong_column_count": "as many fields as the header has columns",
    "missing_id": "an identifier in every row",
    "duplicate_id": "one row a person",
    "duplicate_row": "no row twice; where equal rows are different records, declare their number as `record_column` or add them up",
    "changed_without_news": "a later day on which the change became known: as of this one the record, or the end of its state, was told "
    "otherwise, and what was computed with it stays",
    "unknown_person": "an identifier that a source with layout 'persons' also has",
    "unknown_indicator": "the code of an indicator that is declared and switched on for this source",
    "happened_missing": "a date on which it happened",
    "happened_unreadable": "a date as 2024-03-01 or 01.03.2024",
    "happened_too_early": "a date from 1900 on",
    "happened_too_late": "a date at most one year after today",
    "known_missing": "a date on which it became known; `known_lag_days` says what to assume where a row has none",
    "known_unreadable": "a date as 2024-03-01 or 01.03.2024",
    "known_too_early": "a date from 1900 on",
    "known_in_future": "a date that has passed: what becomes known in the future is not known",
    "born_unreadable": "a date of birth as 2010-03-01 or 01.03.2010",
    "born_impossible": "a date of birth from 1900 to today",
    "stop_unreadable": "a stop date as 2024-03-01 or 01.03.2024, or none",
    "stop_before_start": "a stop date on or after the start",
    "stop_missing": "a stop date, as the metadata's temporality has it",
    "stop_not_start": "a stop date equal to the start, since the metadata says STATUS",
    "start_of_fixed": "no start date, since the metadata says FIXED",
    "spells_overlap": "one value at a time for each person; all of several that meet are set aside",
    "value_missing": "a value",
    "value_not_a_number": "a number with the decimal mark that the source declares in `decimal`",
    "value_negative": "a count of 0 or more",
    "value_below_low": "a number not below the indicator's `low`",
    "value_above_high": "a number not above the indicator's `high`",
    "value_not_whole": "a whole number",
    "value_not_0_or_1": "0 or 1",
    "value_not_a_level": "one of the declared `levels`",
    "value_not_of_data_type": "a value of the metadata's `dataType`",
    "value_not_in_code_list": "a code of the metadata's `codeList` or `sentinelAndMissingValues`",
    "value_not_valid_then": "a code that is valid on the day, as the metadata's `validFrom` and `validUntil` have it",
}
"""Reason code -> what was expected."""
