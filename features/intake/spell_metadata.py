"""Statistics Norway's JSON metadata of a spells file: what the dates mean, and which values there may be.

Only what decides how a row is read is taken; titles and descriptions are left alone. A source without such a file holds spells with a
start, perhaps a stop, and any value that its indicator allows.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from features.declarations.catalogue import Indicator, Kind
from features.errors import IntakeError

Temporality = Literal["FIXED", "STATUS", "ACCUMULATED", "EVENT"]
DataType = Literal["STRING", "LONG", "DOUBLE", "DATE"]

PERSONS = ("PERSON",)
"""Unit types whose identifier is a person's."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, populate_by_name=True)


class CodeItem(_Part):
    """One code of an enumerated value domain, and the days on which it is a code."""

    code: str
    valid_from: date | None = Field(default=None, alias="validFrom")
    valid_until: date | None = Field(default=None, alias="validUntil")


class ValueDomain(_Part):
    """Which values there may be: listed codes (with codes for *unknown*), or numbers that are described."""

    code_list: tuple[CodeItem, ...] = Field(default=(), alias="codeList")
    missing: tuple[CodeItem, ...] = Field(default=(), alias="sentinelAndMissingValues")


class Measure(_Part):
    """What a row's value is."""

    data_type: DataType | None = Field(default=None, alias="dataType")
    domain: ValueDomain = Field(default=ValueDomain(), alias="valueDomain")
    unit_type: str | None = Field(default=None, alias="unitType")


class Unit(_Part):
    """What a row is about."""

    unit_type: str = Field(alias="unitType")


class SpellMetadata(_Part):
    """What the metadata says about reading a file.

    Notes
    -----
    The model and its rules by temporality are those of Statistics Norway's microdata-tools (docs/metadata-model.md and
    docs/data-file-format.md there).
    """

    temporality: Temporality = Field(default="EVENT", alias="temporalityType")
    identifiers: tuple[Unit, ...] = Field(default=(), alias="identifierVariables")
    measures: tuple[Measure, ...] = Field(default=(Measure(),), alias="measureVariables", min_length=1, max_length=1)
    is_declared: bool = False
    """False where the source has no metadata file; then microdata's own rules are not asked for."""

    @property
    def measure(self) -> Measure:
        """The one measure of a file."""
        return self.measures[0]


NO_METADATA = SpellMetadata()
"""A source without a metadata file: states from start to stop."""


def read_metadata(path: Path) -> SpellMetadata:
    """Read a metadata file.

    Raises
    ------
    IntakeError
        TID316 when it is not such metadata: its message names the field.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
        if not isinstance(document, dict) or "temporalityType" not in document:
            raise _refused(path, "it has no `temporalityType`")
        return SpellMetadata.model_validate({**document, "is_declared": True})
    except ValidationError as error:
        raise _refused(path, "; ".join(_problems(error))) from error
    except (OSError, ValueError) as error:
        raise _refused(path, "it is not there or is not JSON") from error


def check_metadata_fits(metadata: SpellMetadata, indicator: Indicator | None, *, path: Path, source: str) -> None:
    """Refuse metadata that the source's indicator can't be read by.

    Raises
    ------
    IntakeError
        TID340 the rows are not about persons, TID341 the value is no number or code, TID342 the indicator's levels are not the metadata's
        codes.
    """
    place = f"{path.name} (metadata of source {source})"
    units = [unit.unit_type for unit in metadata.identifiers]
    if any(unit not in PERSONS for unit in units):
        raise IntakeError(
            "TID340", f"{place}: its rows are about {', '.join(units)}. Expected the unit type PERSON; only people have indicators."
        )
    measure = metadata.measure
    if measure.data_type == "DATE" or measure.unit_type is not None:
        what = f"identifiers of {measure.unit_type}" if measure.unit_type is not None else "dates"
        raise IntakeError(
            "TID341", f"{place}: its values are {what}. Expected numbers or codes; leave the file out, it can't be an indicator."
        )
    if indicator is not None:
        _check_levels(measure.domain, indicator, place)


def _check_levels(domain: ValueDomain, indicator: Indicator, place: str) -> None:
    codes = {item.code for item in domain.code_list}
    if not codes or not indicator.levels:
        return
    extra = [level for level in indicator.levels if level not in codes]
    lacking = sorted(codes - set(indicator.levels)) if indicator.kind is Kind.CATEGORY else []
    if extra or lacking:
        told = [f"declares levels that are not in the code list: {', '.join(extra)}"] if extra else []
        told += [f"lacks the codes {', '.join(lacking)}"] if lacking else []
        raise IntakeError(
            "TID342", f"{place}: the indicator {indicator.code} {' and '.join(told)}. Give it the codes of the list as its `levels`."
        )


def _problems(error: ValidationError) -> Iterator[str]:
    """Say which field is wrong; its value is left out, since nobody knows what stands in a wrong file."""
    names = {"temporality": "temporalityType", "measures": "measureVariables", "identifiers": "identifierVariables"}
    for problem in error.errors(include_url=False, include_input=False, include_context=False):
        yield f"`{'.'.join(names.get(str(part), str(part)) for part in problem['loc'])}` {_expected(problem['loc'], problem['type'])}"


def _expected(place: tuple[int | str, ...], kind: str) -> str:
    if place[:1] == ("temporalityType",):
        return "is none of FIXED, STATUS, ACCUMULATED and EVENT"
    return {
        "missing": "is missing",
        "literal_error": "is none of STRING, LONG, DOUBLE and DATE",
        "too_long": "has more than one entry",
    }.get(kind, "is not as the metadata model has it")


def _refused(path: Path, what: str) -> IntakeError:
    return IntakeError(
        "TID316",
        f"{path} is no metadata of a spells file: {what}. Expected Statistics Norway's JSON with `temporalityType` and one of "
        "`measureVariables`.",
    )
