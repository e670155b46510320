"""The keys of the pseudonyms: one a purpose, never beside the data (R-07).

A key is 32 random bytes, written as 64 hex digits. It comes from the environment (``TIDLIG_KEY_TRAIN``, ``_SCORE``, ``_AUDIT``) or from a
file ``<purpose>.key`` in a folder outside the project that only its owner can read. The key that a rotation changes to comes the same two
ways: ``TIDLIG_NEW_KEY_TRAIN`` and so on, or ``<purpose>.key.new``.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.declarations.project import Project
from features.errors import PurposeError
from features.manifest import StorePurpose, flush_folder

PURPOSES: tuple[StorePurpose, ...] = ("train", "score", "audit")
KEY_BYTES = 32

TokenBytes = Callable[[int], bytes]
"""Where randomness comes from: `secrets.token_bytes` at the edge, something repeatable in tests."""


@dataclass(frozen=True)
class KeyRing:
    """Keys by purpose. Printing one never shows a key.

    >>> KeyRing({"train": bytes(32)})
    KeyRing(train=66687aad)
    """

    _keys: Mapping[StorePurpose, bytes] = field(repr=False)
    searched: str = field(default="", repr=False, compare=False)
    """Where keys were looked for, for the message when one is missing."""

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(f'{purpose}={self.key_id(purpose)}' for purpose in self._keys)})"

    @property
    def purposes(self) -> tuple[StorePurpose, ...]:
        """Purposes that there is a key for."""
        return tuple(self._keys)

    def has(self, purpose: StorePurpose) -> bool:
        """Whether there is a key for this purpose."""
        return purpose in self._keys

    def get_key(self, purpose: StorePurpose) -> bytes:
        """Return the purpose's key.

        Raises
        ------
        PurposeError
            TID203 when there is none.
        """
        if purpose not in self._keys:
            raise PurposeError(
                "TID203",
                f"there is no key for the purpose {purpose!r}{self.searched}. Set TIDLIG_KEY_{purpose.upper()} to 64 hex digits, or put "
                f"{purpose}.key there, readable by its owner alone; TIDLIG_KEYS_DIR names another folder.",
            )
        return self._keys[purpose]

    def key_id(self, purpose: StorePurpose) -> str:
        """Name a key without giving it away: the first 8 hex digits of its SHA-256."""
        return key_id_of(self.get_key(purpose))


def key_id_of(key: bytes) -> str:
    """Name a key without giving it away: the first 8 hex digits of its SHA-256."""
    return hashlib.sha256(key).hexdigest()[:8]


@dataclass(frozen=True)
class NewKey:
    """The key that a rotation changes to. Printing it never shows it."""

    purpose: StorePurpose
    key: bytes = field(repr=False)
    path: Path | None
    """Its file, ``<purpose>.key.new``; None when it came from the environment."""

    @property
    def key_id(self) -> str:
        """Name of the key."""
        return key_id_of(self.key)


def keys_folder(project: Project, *, environ: Mapping[str, str]) -> Path:
    """Say where the project's key files belong: ``TIDLIG_KEYS_DIR``, or a folder of its own in the user's configuration.

    Raises
    ------
    PurposeError
        TID203 when neither is known, TID204 when the folder lies in the project's folder.
    """
    folder = Path(environ["TIDLIG_KEYS_DIR"]) if environ.get("TIDLIG_KEYS_DIR") else _own_folder(project, environ)
    if folder.resolve().is_relative_to(project.root.resolve()):
        raise PurposeError(
            "TID204",
            f"the key folder {folder} lies in the project's folder {project.root}. Keys never lie beside the data: choose another folder.",
        )
    return folder


def read_keys(project: Project, *, environ: Mapping[str, str]) -> KeyRing:
    """Read the keys that are there; which of them are needed shows when `KeyRing.get_key` is called.

    Raises
    ------
    PurposeError
        TID204 the folder lies in the project, TID205 others can read a key, TID206 a key is not 64 hex digits.
    """
    found: dict[StorePurpose, bytes] = {}
    for purpose in PURPOSES:
        name = f"TIDLIG_KEY_{purpose.upper()}"
        if environ.get(name):
            found[purpose] = _parse(environ[name], place=f"the environment variable {name}")
    missing = [purpose for purpose in PURPOSES if purpose not in found]
    if not missing:
        return KeyRing(found)
    folder = keys_folder(project, environ=environ)
    found |= {p: _read_file(folder / f"{p}.key") for p in missing if (folder / f"{p}.key").exists()}
    return KeyRing(found, f" in {folder}")


def create_keys(project: Project, *, environ: Mapping[str, str], token_bytes: TokenBytes) -> Path:
    """Make the key files that do not exist yet and return their folder; existing keys stay.

    For synthetic and public data only: with real data the key holder makes the keys and keeps them outside the service.

    Raises
    ------
    PurposeError
        TID204 as `keys_folder`, TID207 when the project holds real data.
    """
    folder = _made_folder(project, environ)
    for purpose in PURPOSES:
        path = folder / f"{purpose}.key"
        if not path.exists():
            _write_key(path, token_bytes)
    return folder


def _made_folder(project: Project, environ: Mapping[str, str]) -> Path:
    """Make the folder that a project may keep keys of its own in; never with real data."""
    if project.screening.project.data == "real":
        raise PurposeError("TID207", f"{project.root} holds real data: its keys are made and kept by the key holder, not by this command.")
    folder = keys_folder(project, environ=environ)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _write_key(path: Path, token_bytes: TokenBytes) -> None:
    """Write a key whole or not at all: half a key would lock its owner out of the store."""
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.touch(mode=0o600)
    with temporary.open("w", encoding="ascii") as file:
        file.write(token_bytes(KEY_BYTES).hex() + "\n")
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    flush_folder(path.parent)


def read_new_key(project: Project, purpose: StorePurpose, *, environ: Mapping[str, str]) -> NewKey:
    """Read the key that a rotation changes to.

    Raises
    ------
    PurposeError
        TID209 when there is none; TID204 to TID206 as `read_keys`.
    """
    name = f"TIDLIG_NEW_KEY_{purpose.upper()}"
    if environ.get(name):
        return NewKey(purpose, _parse(environ[name], place=f"the environment variable {name}"), None)
    folder = keys_folder(project, environ=environ)
    path = new_key_path(folder, purpose)
    if not path.exists():
        raise PurposeError(
            "TID209",
            f"there is no new key for the purpose {purpose!r}. Set {name} to 64 hex digits, or put {path.name} in {folder}, readable by "
            "its owner alone; for synthetic and public data --make-key makes one.",
        )
    return NewKey(purpose, _read_file(path), path)


def create_new_key(project: Project, purpose: StorePurpose, *, environ: Mapping[str, str], token_bytes: TokenBytes) -> Path:
    """Make the file of the key that a rotation changes to; one that is there already, from a rotation that was stopped, stays.

    Raises
    ------
    PurposeError
        TID204 as `keys_folder`, TID207 when the project holds real data.
    """
    folder = _made_folder(project, environ)
    path = new_key_path(folder, purpose)
    if not path.exists():
        _write_key(path, token_bytes)
    return path


def new_key_path(folder: Path, purpose: StorePurpose) -> Path:
    """Where the key that a rotation changes to lies: beside the one in use."""
    return folder / f"{purpose}.key.new"


def adopt_new_key(new_key: NewKey) -> Path | None:
    """Put a new key's file in place of the old one's, which is gone then; return where it lies.

    A key from the environment has no file: None.
    """
    if new_key.path is None:
        return None
    target = new_key.path.with_name(f"{new_key.purpose}.key")
    new_key.path.replace(target)
    flush_folder(target.parent)
    return target


def _own_folder(project: Project, environ: Mapping[str, str]) -> Path:
    place = environ.get("XDG_CONFIG_HOME") or (f"{environ['HOME']}/.config" if environ.get("HOME") else None)
    if place is None:
        raise PurposeError("TID203", "no folder for keys is known: set TIDLIG_KEYS_DIR, or HOME.")
    digest = hashlib.sha256(str(project.root.resolve()).encode()).hexdigest()[:12]
    return Path(place) / "tidlig" / f"{project.id}-{digest}"


def _read_file(path: Path) -> bytes:
    for place in (path.parent, path):
        if place.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise PurposeError(
                "TID205", f"{place} can be read by others than its owner. Run `chmod go= {place}`; if it has been shared, make a new key."
            )
    return _parse(path.read_text(encoding="ascii", errors="replace").strip(), place=str(path))


def _parse(text: str, *, place: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PurposeError(
            "TID206", f"{place} holds no key: expected 64 hex digits (32 random bytes), as `openssl rand -hex 32` prints them."
        )
    return key
