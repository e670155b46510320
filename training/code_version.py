"""Which code made a model: the installed version, a digest of the sources, and the commit where a git work tree tracks them.

Git itself is not needed: the few files that say it are read directly (gitrepository-layout(5), gitformat-index(5)).
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGES = ("features", "models", "training", "monitoring", "serving")
"""Folders whose Python files make up the code."""


def describe_code(root: Path, installed: str | None) -> str:
    """Say which code lies below a folder.

    Parameters
    ----------
    root
        Folder that holds the packages.
    installed
        Version of the installed package, None where there is none.

    Returns
    -------
    str
        ``<version>+sources.<12 digits>``, or in a git work tree that tracks the code ``<version>+commit.<12 digits>.sources.<12 digits>``,
        with ``.modified`` at the end where a source file is not what git's index holds.

    Notes
    -----
    The digits of the sources tell two states of the code apart whatever git says. What is staged and not committed counts as unmodified.
    """
    sources = {path.relative_to(root).as_posix(): path.read_bytes() for path in _source_files(root)}
    digest = hashlib.sha256()
    for name, content in sources.items():
        digest.update(f"{name}\n{len(content)}\n".encode() + content)
    marks = [f"sources.{digest.hexdigest()[:12]}"]
    tree = find_work_tree(root)
    tracked = {} if tree is None else tree.tracked_below(root)
    if tree is not None and sources.keys() & tracked.keys():
        changed = any(tracked.get(name) != tree.blob_hash(content) for name, content in sources.items())
        marks = [f"commit.{tree.commit[:12]}", *marks, *(("modified",) if changed else ())]
    return f"{installed or 'checkout'}+{'.'.join(marks)}"


@dataclass(frozen=True)
class WorkTree:
    """A git work tree, as far as it says what is checked out.

    Attributes
    ----------
    commit
        Hash of the commit that is checked out, or ``unknown`` where its name leads nowhere, as before the first commit.
    """

    folder: Path
    git_folder: Path
    commit: str

    def tracked_below(self, folder: Path) -> Mapping[str, str]:
        """Path below a folder -> hash of what the index holds for it; nothing where there is no index that reads."""
        prefix = folder.relative_to(self.folder).as_posix()
        start = "" if prefix == "." else f"{prefix}/"
        index = self.git_folder / "index"
        entries = _index_entries(index.read_bytes(), self._hash_size) if index.is_file() else iter(())
        return {name.removeprefix(start): blob for name, blob in entries if name.startswith(start)}

    def blob_hash(self, content: bytes) -> str:
        """Hash under which git keeps a file of this content."""
        # The name of an object, not a seal: SHA-1 is what most repositories name them by.
        made = hashlib.new("sha256" if self._hash_size == 32 else "sha1", b"blob %d\0" % len(content), usedforsecurity=False)
        made.update(content)
        return made.hexdigest()

    @property
    def _hash_size(self) -> int:
        return 32 if len(self.commit) == 64 else 20


def find_work_tree(folder: Path) -> WorkTree | None:
    """Return the git work tree that a folder lies in, None where it lies in none."""
    for parent in (folder, *folder.parents):
        entry = parent / ".git"
        if entry.is_dir():
            return WorkTree(parent, entry, _commit(entry))
        if entry.is_file():  # a linked work tree or a submodule says where its folder is
            git_folder = (parent / entry.read_text(encoding="utf-8").removeprefix("gitdir:").strip()).resolve()
            return WorkTree(parent, git_folder, _commit(git_folder)) if git_folder.is_dir() else None
    return None


def _source_files(root: Path) -> list[Path]:
    return sorted(path for package in PACKAGES for path in (root / package).rglob("*.py"))


def _commit(git_folder: Path) -> str:
    head = _text(git_folder / "HEAD")
    if not head.startswith("ref:"):
        return head or "unknown"
    name, shared = head.removeprefix("ref:").strip(), git_folder
    if _text(git_folder / "commondir"):
        shared = (git_folder / _text(git_folder / "commondir")).resolve()
    loose = _text(git_folder / name) or _text(shared / name)
    packed = (line.split() for line in _text(shared / "packed-refs").splitlines() if not line.startswith(("#", "^")))
    return loose or next((fields[0] for fields in packed if fields[-1] == name), "unknown")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def _index_entries(data: bytes, hash_size: int) -> Iterator[tuple[str, str]]:
    """Path and hash of every file in an index of version 2, 3 or 4; none of another version."""
    signature, version, n_entries = struct.unpack(">4sII", data[:12])
    if signature != b"DIRC" or version not in (2, 3, 4):
        return
    place, name = 12, b""
    for _ in range(n_entries):
        blob = data[place + 40 : place + 40 + hash_size].hex()
        (flags,) = struct.unpack(">H", data[place + 40 + hash_size : place + 42 + hash_size])
        start = place + 42 + hash_size + (2 if flags & 0x4000 else 0)
        kept = 0
        if version == 4:  # a name begins with that of the entry before, less so many bytes
            cut, start = _varint(data, start)
            kept = len(name) - cut
        stop = data.index(b"\0", start)
        name = name[:kept] + data[start:stop]
        place = stop + 1 if version == 4 else place + (stop - place + 8) // 8 * 8
        yield name.decode("utf-8", "surrogateescape"), blob


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """Read a number as git packs offsets, and say where the next byte is."""
    value = data[place] & 0x7F
    while data[place] & 0x80:
        place += 1
        value = ((value + 1) << 7) | (data[place] & 0x7F)
    return value, place + 1
