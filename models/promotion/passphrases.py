"""Where a signing key's passphrase comes from: a private file, the environment or a prompt; never the command line, which others list."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from models.promotion.key_files import check_private

VARIABLE = "TIDLIG_SIGNING_PASSPHRASE"


def take_passphrase(path: Path | None, *, environ: Mapping[str, str], ask: Callable[[], str]) -> str:
    """Take a passphrase from a private file where one is named, else from the environment, else by asking.

    Raises
    ------
    GateError
        TID606 when the file is absent or others than its owner can read it.
    """
    if path is not None:
        check_private(path)
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    return environ.get(VARIABLE) or ask()
