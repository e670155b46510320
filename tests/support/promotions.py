"""Promotions for tests: a bundle that serves with an entry in the ledger, and people with keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from features.declarations.project import Project
from models.bundle import Bundle, load_bundle, save_bundle
from models.deployment import Champion, bundle_folder, write_champion
from models.promoting import step_for
from models.promotion.signers import FILE, encode_public_key
from models.promotion.writing import Signed, record_step
from tests.support.projects import NOW

REASON = "The first model of the tests."
TYPED = Signed(typed=("data-scientist", "leader"))


def let_serve(project: Project, bundle: Bundle, *, version: str = "1", now: datetime = NOW) -> Champion:
    """Save a bundle where it serves from, write its promotion with typed names, and point at it."""
    folder = bundle_folder(project, bundle.name, version)
    folder.parent.mkdir(parents=True, exist_ok=True)
    save_bundle(bundle, folder)
    saved = load_bundle(folder)
    entry = record_step(project, step_for(project, saved, version, reason=REASON, justification=None), TYPED, now=now)
    champion = Champion(bundle.name, version, saved.hash, entry.hash, now)
    write_champion(project, champion)
    return champion


@dataclass(frozen=True)
class Person:
    """Somebody with a signing key."""

    person: str
    role: str
    key: Ed25519PrivateKey
    valid_from: date = date(2026, 1, 1)
    valid_to: date = date(2028, 1, 1)
    revoked_on: date | None = None

    def lines(self) -> str:
        """What declares the key in `signers.toml`."""
        revoked = [] if self.revoked_on is None else [f"revoked_on = {self.revoked_on}"]
        return "\n".join(
            [
                "[[signer]]",
                f'person = "{self.person}"',
                f'role = "{self.role}"',
                f'public_key = "{encode_public_key(self.key.public_key())}"',
                f"valid_from = {self.valid_from}",
                f"valid_to = {self.valid_to}",
                *revoked,
                "",
            ]
        )


def a_person(number: int, person: str, *, role: str = "leder") -> Person:
    """Make somebody whose key depends on a number only."""
    return Person(person, role, Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32))


def declare(root: Path, *people: Person) -> None:
    """Write a project's `signers.toml`."""
    (root / FILE).write_text("\n".join(person.lines() for person in people), encoding="utf-8")
