"""Private signing keys: each in a file of its own, outside the project, readable by its owner alone."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from features.declarations.project import Project
from features.errors import GateError
from models.promotion.signers import encode_public_key

MIN_PASSPHRASE = 12


def create_key_file(path: Path, *, project: Project, passphrase: str | None) -> str:
    """Make a signing key, write its private half to a new file and return the public half as `signers.toml` has it.

    Parameters
    ----------
    passphrase
        Encrypts the file; None leaves it to the file's mode, 0600.

    Raises
    ------
    GateError
        TID606 the file exists or lies in the project's folder, TID607 a passphrase that is too short.
    """
    check_outside(path, project)
    if path.exists():
        raise GateError("TID606", f"{path} exists already. A key is never overwritten: choose another file.")
    if passphrase is not None and len(passphrase) < MIN_PASSPHRASE:
        raise GateError("TID607", f"a passphrase of {len(passphrase)} letters, expected {MIN_PASSPHRASE} or more.")
    key = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption(passphrase)))
        file.flush()
        os.fsync(file.fileno())
    return encode_public_key(key.public_key())


def read_key_file(path: Path, *, project: Project | None, passphrase: str | None) -> Ed25519PrivateKey:
    """Read a signing key.

    Parameters
    ----------
    project
        The project whose folder the key must not lie in; None where no project is at hand.

    Raises
    ------
    GateError
        TID606 when the file is absent, lies in the project's folder, can be read by others or holds no Ed25519 key, TID607 when its
        passphrase is missing or another.
    """
    if project is not None:
        check_outside(path, project)
    check_private(path)
    try:
        key = load_pem_private_key(path.read_bytes(), None if passphrase is None else passphrase.encode())
    except (TypeError, ValueError) as error:
        if is_encrypted(path):
            raise GateError("TID607", f"{path} does not open: its passphrase is missing or another one.") from error
        if passphrase is not None and isinstance(error, TypeError):
            return read_key_file(path, project=project, passphrase=None)
        raise _no_key(path) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path)
    return key


def is_encrypted(path: Path) -> bool:
    """Whether a key file asks for a passphrase; False where there is no file."""
    return path.is_file() and b"ENCRYPTED" in path.read_bytes()[:80]


def check_outside(path: Path, project: Project) -> None:
    """Refuse a private key in the project's folder, which others read, copy and back up.

    Raises
    ------
    GateError
        TID606.
    """
    if path.resolve().is_relative_to(project.root.resolve()):
        raise GateError("TID606", f"{path} lies in the project's folder {project.root}. A private key never does: choose another place.")


def check_private(path: Path) -> None:
    """Refuse a secret that is absent or that others than its owner can read.

    Raises
    ------
    GateError
        TID606.
    """
    if not path.is_file():
        raise GateError("TID606", f"there is no file {path}. Make a key with `tidlig models new-key`, or give the right path.")
    if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise GateError("TID606", f"{path} can be read by others than its owner. Run `chmod go= {path}`; if it was shared, revoke the key.")


def _encryption(passphrase: str | None) -> KeySerializationEncryption:
    return NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())


def _no_key(path: Path) -> GateError:
    return GateError("TID606", f"{path} holds no Ed25519 private key. Make one with `tidlig models new-key`.")
