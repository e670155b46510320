"""Find pickles by what is in a file, not by what it is called: loading one runs whatever code its maker liked.

Looked for: a pickle of any protocol from the first byte on; one of protocol 2 or later anywhere inside; one in base64 inside text; and all
of these inside zip, gzip, bz2, xz and zlib, which is how joblib, PyTorch and numpy's archives carry theirs. A numpy file of objects is one
too. joblib puts arrays between a pickle's operations, so a run of them that calls something counts though it does not come to its end.
"""

from __future__ import annotations

import base64
import bz2
import gzip
import io
import lzma
import pickletools
import re
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

SUFFIXES = frozenset((".pkl", ".pickle", ".joblib", ".cloudpickle", ".dill", ".skops", ".pt", ".pth", ".npy", ".npz", ".sav"))
SMALLEST = 4
"""Operations of the shortest pickle of anything but a plain constant; shorter ones are met by chance."""
LONG_RUN = 10
CALLS = frozenset(("GLOBAL", "STACK_GLOBAL", "INST", "REDUCE", "NEWOBJ", "NEWOBJ_EX", "OBJ", "BUILD"))
"""Operations that name, call or fill something of the reader's."""
MAGIC = re.compile(rb"\x80[\x02-\x05]")
IN_BASE64 = re.compile(rb"gA[I-X][A-Za-z0-9+/]{20,}={0,2}")
DEEPEST = 3

UNPACK: dict[bytes, Callable[[bytes], bytes]] = {
    b"\x1f\x8b": gzip.decompress,
    b"BZh": bz2.decompress,
    b"\xfd7zXZ": lzma.decompress,
    b"\x5d\x00\x00": lzma.decompress,
    b"\x78\x01": zlib.decompress,
    b"\x78\x5e": zlib.decompress,
    b"\x78\x9c": zlib.decompress,
    b"\x78\xda": zlib.decompress,
}


def find_pickles(folder: Path) -> list[str]:
    """List what holds a pickle below a folder, or in one file, and why it is thought so."""
    files = [folder] if folder.is_file() else sorted(path for path in folder.rglob("*") if path.is_file())
    return [f"{path}: {why}" for path in files for why in _reasons(path)]


def _reasons(path: Path) -> Iterator[str]:
    if path.suffix.lower() in SUFFIXES:
        yield f"is called {path.suffix}"
    yield from pickles_in(path.read_bytes())


def pickles_in(content: bytes, *, depth: int = 0) -> Iterator[str]:
    """Say each way in which bytes hold a pickle."""
    if _is_pickle(content, at=0, whole=True):
        yield "is a pickle"
    elif any(_is_pickle(content, at=found.start(), whole=False) for found in MAGIC.finditer(content)):
        yield "has a pickle inside"
    if content.startswith(b"\x93NUMPY") and b"|O" in content[:200]:
        yield "is a numpy file of objects"
    for found in IN_BASE64.finditer(content):
        if _is_pickle(_decoded(found.group()), at=0, whole=False):
            yield "has a pickle in base64"
    if depth < DEEPEST:
        yield from (f"packed: {why}" for inner in _unpacked(content) for why in pickles_in(inner, depth=depth + 1))


def _is_pickle(content: bytes, *, at: int, whole: bool) -> bool:
    """Whether a pickle's operations stand here one after the other up to its STOP; `whole`: and nothing after it but white space."""
    stream = io.BytesIO(content)
    stream.seek(at)
    operations: list[str] = []
    try:
        # Bytes of a picture may read as a text with an escape that Python does not know: it warns, and reads on.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            operations += (operation.name for operation, _, _ in pickletools.genops(stream))
    except (ValueError, KeyError, IndexError, UnicodeDecodeError, OverflowError):
        return content[at : at + 1] == b"\x80" and len(operations) >= LONG_RUN and not CALLS.isdisjoint(operations)
    return len(operations) >= SMALLEST and not (whole and content[stream.tell() :].strip())


def _decoded(text: bytes) -> bytes:
    text = text.rstrip(b"=")
    return base64.b64decode(text + b"=" * (-len(text) % 4)) if len(text) % 4 != 1 else b""


def _unpacked(content: bytes) -> Iterator[bytes]:
    for magic, unpack in UNPACK.items():
        if content.startswith(magic):
            try:
                yield unpack(content)
            except (OSError, ValueError, EOFError, lzma.LZMAError, zlib.error):
                continue
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            yield from (archive.read(name) for name in archive.namelist())
