"""What has to be known of a whole file before a row of it is read, found in one pass over its bytes."""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

_PIECE_BYTES = 1 << 18
"""A piece stays in the processor's cache while it is looked at several times."""


@dataclass(frozen=True)
class FileFacts:
    """What one pass over a file's bytes has found."""

    sha256: str
    """Hex digits, as `features.manifest.file_hash` gives them."""
    is_utf8: bool
    last_quote: int
    """Offset of the last double quote, -1 where there is none; says nothing of a file that is not UTF-8."""


def read_facts(path: Path) -> FileFacts:
    """Read a file once, from its first byte to its last.

    >>> import tempfile
    >>> with tempfile.NamedTemporaryFile() as file:
    ...     _ = file.write('"år";1'.encode()), file.flush()
    ...     facts = read_facts(Path(file.name))
    >>> facts.is_utf8, facts.last_quote, facts.sha256[:8]
    (True, 4, '48b528a8')
    """
    digest, text, read = hashlib.sha256(), _Text(), 0
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            digest.update(piece)
            text.add(piece, read)
            read += len(piece)
    return FileFacts(digest.hexdigest(), text.ends(), text.last_quote)


class _Text:
    """Whether the pieces of a file are UTF-8 so far, and where the last quote stood."""

    def __init__(self) -> None:
        self.is_utf8, self.last_quote = True, -1
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def add(self, piece: bytes, start: int) -> None:
        """Look at the next piece, which begins at this offset."""
        if not self.is_utf8:
            return
        if not piece.isascii() or self._decoder.getstate()[0]:
            self._decode(piece)
        place = piece.rfind(b'"')
        if place >= 0:
            self.last_quote = start + place

    def ends(self) -> bool:
        """Whether the whole was UTF-8: no letter is cut off at the end."""
        if self.is_utf8:
            self._decode(b"", final=True)
        return self.is_utf8

    def _decode(self, piece: bytes, *, final: bool = False) -> None:
        try:
            self._decoder.decode(piece, final)
        except UnicodeDecodeError:
            self.is_utf8 = False
