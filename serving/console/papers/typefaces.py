"""The typefaces of papers: Inter in two weights, unpacked from its npm package when the console's assets are built.

A page's typeface is compressed and variable, which Typst does not read; the same package's fixed weights are unpacked once, on
installation. Letters outside Western Europe, the Sámi ones among them, lie in a second file of each weight and are a family apart.
"""

from __future__ import annotations

from functools import cache
from io import BytesIO
from pathlib import Path

from fontTools.ttLib import TTFont

PACKAGE = Path("@fontsource/inter/files")
WEIGHTS = (400, 600)
FAMILIES = {"latin": "Inter", "latin-ext": "Inter Latin"}
"""Part of the alphabet, as the package names its files -> family that Typst knows it by."""

FACES = {
    f"inter-{part}-{weight}.ttf": (f"inter-{part}-{weight}-normal.woff", family) for part, family in FAMILIES.items() for weight in WEIGHTS
}
"""File that is built -> file of the package, and its family."""

_NAMES_OF_FAMILY = (1, 3, 4, 16)
"""Entries of a typeface's table of names that hold its family in words."""


def unpack_typeface(packed: bytes, *, family: str) -> bytes:
    """Unpack a WOFF file to plain TrueType under a family's name; the same bytes each time.

    Raises
    ------
    fontTools.ttLib.TTLibError
        When it is no font.
    """
    font = TTFont(BytesIO(packed), recalcTimestamp=False)
    font.flavor = None
    for record in font["name"].names:
        if record.nameID in _NAMES_OF_FAMILY:
            record.string = str(record).replace("Inter", family, 1)
    unpacked = BytesIO()
    font.save(unpacked)
    return unpacked.getvalue()


@cache
def letters_of(folder: Path) -> frozenset[int]:
    """List the code points that every weight of the typefaces in a folder can draw."""
    drawn = {name: _letters(folder / name) for name in FACES}
    weights = [frozenset().union(*(letters for name, letters in drawn.items() if f"-{weight}." in name)) for weight in WEIGHTS]
    return frozenset.intersection(*weights)


def _letters(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap())
