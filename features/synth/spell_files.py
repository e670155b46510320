"""Rows and metadata of Statistics Norway's spells format, as its samples have them."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from features.synth.events import STILL, Spells
from features.synth.registers import SpellFile

COLUMNS = ("unit_id", "value", "start", "stop", "attributes")
WATERMARK = "synthetic=true"
"""In every row's attributes: the layout has no column of its own for it (R-33)."""


def spell_rows(spells: Spells, ids: pa.StringArray) -> pa.Table:
    """Lay spells out as text; a spell that has not ended has an empty stop."""
    stop = pa.array(np.where(spells.stop >= STILL, 0, spells.stop).astype(np.int32)).cast(pa.date32()).cast(pa.string())
    columns = (
        ids.take(pa.array(spells.person)),
        pa.array(spells.value.astype(np.int32)).cast(pa.string()),
        pa.array(spells.start).cast(pa.date32()).cast(pa.string()),
        pc.if_else(pa.array(spells.stop >= STILL), "", stop),
        pa.repeat(WATERMARK, len(spells)),
    )
    return pa.table(dict(zip(COLUMNS, columns, strict=True)))


def spell_metadata(file: SpellFile) -> str:
    """Write the metadata of a file in Statistics Norway's metadata model; titles in Norwegian, as in its samples."""
    document: dict[str, Any] = {
        "temporalityType": file.temporality,
        "sensitivityLevel": "PERSON_GENERAL",
        "populationDescription": [_no("SYNTETISK: oppdiktede personer 0–24 år")],
        "spatialCoverageDescription": [_no("Norge (oppdiktet)")],
        "subjectFields": [[_no("SYNTETISK")]],
        "dataRevision": {"description": [_no("Laget av tidlig synth.")]},
        "identifierVariables": [{"unitType": "PERSON"}],
        "measureVariables": [
            {
                "name": [_no(file.title)],
                "description": [_no(file.title)],
                "dataType": "LONG",
                "valueDomain": {"description": [_no(file.title)], "measurementType": "AMOUNT"},
            }
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _no(text: str) -> dict[str, str]:
    return {"languageCode": "no", "value": text}
