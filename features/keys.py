"""The keys of the pseudonyms: one a purpose, never beside the data (R-07).

A key is 32 random bytes, written as 64 hex digits. It comes from the environment (``TIDLIG_KEY_TRAIN``, ``_SCORE``, ``_AUDIT``) or from a
file ``<purpose>.key`` in a folder outside the project that only its owner can read.
"""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from features.errors import PurposeError
from features.manifest import StorePurpose
from features.project import Project

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
        return hashlib.sha256(self.get_key(purpose)).hexdigest()[:8]


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
    if project.screening.project.data == "real":
        raise PurposeError("TID207", f"{project.root} holds real data: its keys are made and kept by the key holder, not by this command.")
    folder = keys_folder(project, environ=environ)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for purpose in PURPOSES:
        path = folder / f"{purpose}.key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(token_bytes(KEY_BYTES).hex() + "\n", encoding="ascii")
    return folder


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
