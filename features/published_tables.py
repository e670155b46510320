"""How the published tables that the project knows are written; `features.published` reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TOTALS = ("hele landet", "landet", "norge", "alle fylker", "i alt", "totalt")
"""Names of a whole, by which a table of places gives itself away."""


@dataclass(frozen=True)
class PublishedLayout:
    """How one published table is written.

    Attributes
    ----------
    keys
        Columns that say what a row is about; kept, blanks around their text removed.
    values
        Columns with figures, for a table with one period a row. Empty: every other column is a period's.
    scale
        Column (or measure) -> what its figures are multiplied by, so that a share lies in [0, 1]. 1.0 where nothing is said.
    dates
        Key columns that hold dates.
    header_rows
        Rows of the header; in all but a single one a cell reads ``Name: value``.
    parts
        What the parts of a column's name are, in order, where the header is one row: ``2011-12.Alle trinn.Begge kjønn`` has three.
    note_part
        Last part of the name of a column with notes on a break in the series; they go with the figure of the same period.
    """

    keys: tuple[str, ...]
    values: tuple[str, ...] = ()
    scale: Mapping[str, float] = field(default_factory=dict)
    dates: tuple[str, ...] = ()
    decimal: str = "."
    header_rows: int = 1
    parts: tuple[str, ...] = ()
    note_part: str | None = None


LAYOUTS: Mapping[str, PublishedLayout] = {
    "slutta_vgo": PublishedLayout(
        keys=("EnhetNivaa", "Nasjonaltkode", "Fylkekode", "Organisasjonsnummer", "Nasjonalt", "Fylke", "EnhetNavn"),
        parts=("Skoleår", "Eierform", "Trinn", "Kjønn", "Mål"),
        note_part="Brudd",
        decimal=",",
        scale={"Andel sluttet": 0.01},
    ),
    "videregaende_fullfort": PublishedLayout(keys=("Region", "Navn"), header_rows=4, scale={"Prosent": 0.01}),
    "andel_unge_utenfor_kommuner": PublishedLayout(keys=("Kommune",), values=("Andel (2024)",), scale={"Andel (2024)": 0.01}),
    "barnevern": PublishedLayout(keys=("Geografi", "År", "Kjønn", "Alder"), values=("Andel",), dates=("År",)),
    "grunnskolepoeng": PublishedLayout(
        keys=("Kommune", "År (intervall)", "År", "Kjønn", "Foreldrenes utdanningsnivå", "Innvandringsbakgrunn", "Måltall"),
        values=("Andel",),
        dates=("År",),
        scale={"Andel": 100.0},
    ),
    "nedsatt_arbeidsevne": PublishedLayout(
        keys=("Nivå", "Geografisk enhet", "Kjønn", "Alder", "Dato"),
        values=("Antall personer", "Andel av befolkningen"),
        dates=("Dato",),
        scale={"Andel av befolkningen": 0.01},
    ),
}
"""Name of a table -> its layout. Shares come out in [0, 1]; `grunnskolepoeng` are points (10 to 60), published divided by 100."""
